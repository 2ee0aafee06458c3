from __future__ import annotations

import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from briefd_server.engines.base import Span
from briefd_server.engines.extractive.realize import Selection, find_spans, realize
from briefd_server.text.sentences import find_sentences
from briefd_server.text.words import find_words


def read(annotated: str) -> tuple[str, Selection]:
    """Read "The/1/det/DET ~pump/2/nsubj/NOUN": word, head from 0, relation and tag; "~" marks what is dropped."""
    fields = [token.rsplit("/", 3) for token in annotated.split(" ")]
    text = " ".join(field[0].removeprefix("~").replace("_", " ") for field in fields)
    words = find_words(text)
    assert len(words) == len(fields)
    selection = Selection(
        words,
        [i for i, field in enumerate(fields) if not field[0].startswith("~")],
        [int(field[1]) for field in fields],
        [field[2] for field in fields],
        [field[3] for field in fields],
    )
    return text, selection


def written(annotated: str) -> str:
    text, selection = read(annotated)
    return realize(text, [selection])


def keep(text: str, kept: str, tag: str = "X") -> Selection:
    """Keep the words of `kept` from a text without a tree."""
    words = find_words(text)
    cores = [text[word.start : word.end] for word in words]
    positions: list[int] = []
    for core in kept.split():
        positions.append(cores.index(core, positions[-1] + 1 if positions else 0))
    count = len(words)
    return Selection(words, positions, [0] * count, ["dep"] * count, [tag] * count)


@pytest.mark.parametrize(
    ("annotated", "expected"),
    [
        (  # a parenthesis goes with both its commas
            "The/1/det/DET pump,/4/nsubj/NOUN ~which/3/nsubj/PRON ~failed,/1/acl:relcl/VERB stopped./4/root/VERB",
            "The pump stopped.",
        ),
        (  # and stays with both
            "The/1/det/DET pump,/5/nsubj/NOUN which/4/nsubj/PRON ~often/4/advmod/ADV failed,/1/acl:relcl/VERB "
            "~finally/5/advmod/ADV stopped./5/root/VERB",
            "The pump, which failed, stopped.",
        ),
        (  # an introduction goes with its comma
            "~In/1/case/ADP ~May,/4/obl/PROPN the/3/det/DET pump/4/nsubj/NOUN stopped./4/root/VERB",
            "The pump stopped.",
        ),
        (  # a second introduction goes, the first keeps its comma
            "In/1/case/ADP May,/7/obl/PROPN ~after/4/case/ADP ~the/4/det/DET ~flood,/7/obl/NOUN the/6/det/DET "
            "pump/7/nsubj/NOUN stopped./7/root/VERB",
            "In May, the pump stopped.",
        ),
        (  # the comma before an introduction is the introduction's
            "But,/5/cc/CCONJ ~in/2/case/ADP ~May,/5/obl/PROPN the/4/det/DET pump/5/nsubj/NOUN stopped./5/root/VERB",
            "But the pump stopped.",
        ),
        (  # a list keeps its commas
            "We/1/nsubj/PRON sell/1/root/VERB apples,/1/obj/NOUN ~figs,/2/conj/NOUN pears/2/conj/NOUN and/6/cc/CCONJ "
            "plums./2/conj/NOUN",
            "We sell apples, pears and plums.",
        ),
        (  # two items need none
            "We/1/nsubj/PRON sell/1/root/VERB figs,/1/obj/NOUN ~pears,/2/conj/NOUN and/5/cc/CCONJ nuts./2/conj/NOUN",
            "We sell figs and nuts.",
        ),
        (  # three keep the one before "and"
            "We/1/nsubj/PRON sell/1/root/VERB apples,/1/obj/NOUN ~figs,/2/conj/NOUN pears,/2/conj/NOUN and/6/cc/CCONJ "
            "plums./2/conj/NOUN",
            "We sell apples, pears, and plums.",
        ),
        (  # the conjunction went with the last item
            "We/1/nsubj/PRON sell/1/root/VERB figs,/1/obj/NOUN pears/2/conj/NOUN ~and/5/cc/CCONJ ~nuts./2/conj/NOUN",
            "We sell figs, pears.",
        ),
        (  # a clause after "and" keeps its comma
            "He/1/nsubj/PRON came,/1/root/VERB ~quite/3/advmod/ADV ~late,/1/advmod/ADV and/6/cc/CCONJ she/6/nsubj/PRON "
            "left./1/conj/VERB",
            "He came, and she left.",
        ),
        (  # adjectives of one noun
            "A/4/det/DET big,/4/amod/ADJ ~old,/4/amod/ADJ red/4/amod/ADJ pump/5/nsubj/NOUN stopped./5/root/VERB",
            "A big, red pump stopped.",
        ),
        (  # a dash pair goes
            "The/1/det/DET pump—/5/nsubj/NOUN ~an/4/det/DET ~old/4/amod/ADJ ~one—/1/appos/NOUN stopped./5/root/VERB",
            "The pump stopped.",
        ),
        (  # a clause after a semicolon
            "He/1/nsubj/PRON came/1/root/VERB ~late;/1/advmod/ADV she/4/nsubj/PRON left./1/parataxis/VERB",
            "He came; she left.",
        ),
        (  # a colon without what it announced
            "We/1/nsubj/PRON need/1/root/VERB these:/1/obj/PRON ~nails,/2/appos/NOUN ~screws./3/conj/NOUN",
            "We need these.",
        ),
        (  # the attribution goes, the comma and the quotation marks with it
            '"The/1/det/DET pump/2/nsubj/NOUN stopped,"/4/ccomp/VERB ~he/4/nsubj/PRON ~said./4/root/VERB',
            "The pump stopped.",
        ),
        (  # a whole quotation stays one
            'He/1/nsubj/PRON said,/1/root/VERB "It/3/nsubj/PRON stopped"/1/ccomp/VERB ~today./1/advmod/NOUN',
            'He said, "It stopped."',
        ),
        (  # a cut one doesn't
            'He/1/nsubj/PRON said,/1/root/VERB "It/4/nsubj/PRON ~just/4/advmod/ADV stopped."/1/ccomp/VERB',
            "He said, it stopped.",
        ),
        (  # brackets stay around what is left of them
            "The/1/det/DET pump/5/nsubj/NOUN (the/3/det/DET one/1/appos/NOUN ~out)/3/advmod/ADV stopped./5/root/VERB",
            "The pump (the one) stopped.",
        ),
        (
            "The/1/det/DET pump/4/nsubj/NOUN ~(the/3/det/DET ~one)/1/appos/NOUN stopped./4/root/VERB",
            "The pump stopped.",
        ),
        (  # a question without its end is still one
            "Did/2/aux/AUX it/2/nsubj/PRON stop/2/root/VERB ~yesterday?/2/advmod/NOUN",
            "Did it stop?",
        ),
        (  # a statement out of a question isn't
            "~Do/2/aux/AUX ~you/2/nsubj/PRON ~know/2/root/VERB it/4/nsubj/PRON stopped/2/ccomp/VERB ~now?/4/advmod/ADV",
            "It stopped.",
        ),
        (  # nor is a statement whose question was dropped
            "It/1/nsubj/PRON stopped,/1/root/VERB ~what/3/obj/PRON ~now?/1/parataxis/ADV",
            "It stopped.",
        ),
        ("It/1/nsubj/PRON stopped!/1/root/VERB", "It stopped!"),
        ("It/1/nsubj/PRON stopped/1/root/VERB ~today!/1/advmod/NOUN", "It stopped."),
        (  # prices and shares of spaced text keep their sign
            "It/1/nsubj/PRON costs/1/root/VERB ~only/3/advmod/ADV $_5/1/obj/NUM or/5/cc/CCONJ 10_%/3/conj/NUM "
            "~more./5/advmod/ADJ",
            "It costs $ 5 or 10 %.",
        ),
    ],
)
def test_trees(annotated: str, expected: str) -> None:
    assert written(annotated) == expected


@pytest.mark.parametrize(
    ("text", "kept", "expected"),
    [
        ("food—which was good—and cheap", "food which was good and", "Food — which was good — and."),
        ("well...maybe it is", "well maybe it is", "Well... maybe it is."),
        ("He lives in the U.S. now.", "He lives in the U.S.", "He lives in the U.S."),
        ("Does he live in the U.S.?", "Does he live in the U.S.", "Does he live in the U.S.?"),
        ("He came (by Acme Inc.).", "He came by Acme Inc.", "He came (by Acme Inc.)."),
        ("iPhone sales rose.", "iPhone sales rose", "iPhone sales rose."),
        ("eBay and https://example.org/a are up", "eBay and", "eBay and."),
        ("see https://example.org/a, now", "https://example.org/a", "https://example.org/a."),
        ("config.toml is missing", "config.toml is missing", "config.toml is missing."),
        ("well-known it's", "well-known it's", "Well-known it's."),
        ("élan was lost", "élan was lost", "Élan was lost."),
        ("Mp3 sales rose.", "Mp3 sales rose", "Mp3 sales rose."),
        ("THE PUMP FAILED", "THE PUMP FAILED", "THE PUMP FAILED."),
        ("today , he 's ( very ) late .", "today he 's very late", "Today, he 's (very) late."),
        ("`` I left , '' he said .", "I left he said", '"I left," he said.'),
        ("Line one\n\tand  line\r\ntwo\xa0here", "Line one and line two here", "Line one and line two here."),
        ("a\u200bb\u202e c\u00add \x07e", "a\u200bb c\u00add e", "Ab cd e."),
        ("**Bold** and _soft_ `code` 🎉 here", "Bold and soft code here", "Bold and soft code here."),
        ("| bay 3 | dry |", "bay 3 dry", "Bay 3, dry."),
        ("pre- and post-war flats", "pre- and post-war flats".replace("pre-", "pre"), "Pre- and post-war flats."),
        ("the workers' rights grew", "the workers rights grew", "The workers' rights grew."),
        ("a 'quoted' word", "a quoted word", "A 'quoted' word."),
        ('an "unclosed word (here', "an unclosed word here", "An unclosed word here."),
        ("Joe <joe@example.org> wrote", "Joe joe@example.org wrote", "Joe (joe@example.org) wrote."),
        ("A & B + C / D", "A B C D", "A & B + C / D."),
        ("Look here:", "Look here", "Look here."),
        ("Really?!", "Really", "Really?"),
        ("so much!!!", "so much", "So much!"),
        ("no stop at all", "no stop at all", "No stop at all."),
        ("你好，世界。", "你好 世界", "你好， 世界。"),
        ("(See page 5.)", "See page 5", "See page 5."),
        ("x" * 5000, "x" * 5000, "X" + "x" * 4999 + "."),
        (
            "Pumps (and (all (the valves) in)) stopped.",
            "Pumps and all the valves in stopped",
            "Pumps (and (all the valves in)) stopped.",
        ),
    ],
)
def test_without_a_tree(text: str, kept: str, expected: str) -> None:
    assert realize(text, [keep(text, kept)]) == expected


def select(text: str, tags: str) -> list[Selection]:
    """Keep every word of every sentence, all with the tags given in order."""
    remaining = iter(tags.split())
    selections = []
    for sentence in find_sentences(text):
        words = find_words(text, sentence.start, sentence.end)
        count = len(words)
        word_tags = [next(remaining) for _ in words]
        selections.append(Selection(words, range(count), [0] * count, ["root"] * count, word_tags))
    return selections


@pytest.mark.parametrize(
    ("text", "tags", "expected"),
    [
        ("It stopped. The crew left.", "PRON VERB DET NOUN VERB", "It stopped; the crew left."),
        ("It stopped! Joe left?", "PRON VERB PROPN VERB", "It stopped; Joe left?"),
        ("It stopped. I left.", "PRON VERB PRON VERB", "It stopped; I left."),
        ("It stopped. NASA left.", "PRON VERB PROPN VERB", "It stopped; NASA left."),
        ("It stopped. Russian crews left.", "PRON VERB ADJ NOUN VERB", "It stopped; Russian crews left."),
        ("Buy:\n- Milk\n- Eggs", "VERB NOUN NOUN", "Buy: milk, eggs."),
        ("- bread\n- Red wine\n- eggs", "NOUN ADJ NOUN NOUN", "Bread, red wine, eggs."),
        ("It is the U.S. The crew left.", "PRON AUX DET PROPN DET NOUN VERB", "It is the U.S.; the crew left."),
        ('He said "Stop." Then he left.', "PRON VERB VERB ADV PRON VERB", 'He said "Stop"; then he left.'),
    ],
)
def test_neighbours_are_joined(text: str, tags: str, expected: str) -> None:
    assert realize(text, select(text, tags)) == expected


def test_spans_merge_neighbours_and_end_at_gaps() -> None:
    text = "The (old) pump, they say, stopped."
    selection = keep(text, "The old pump stopped")
    assert find_spans([selection]) == (Span(0, 14), Span(26, 33))
    assert text[0:14] == "The (old) pump"


CHARACTERS = "aZ5 .,;:!?-—…'\"‘’“”()[]{}<>|*#`~_&/$%\n\t\xa0。，é我\u0301\u200b\u202e\xad\x07 "
STRINGS = [
    "U.S.",
    "Mr.",
    " the ",
    " and ",
    "n't ",
    "''",
    "``",
    " - ",
    "--",
    " (",
    ") ",
    ' "',
    '" ',
    " '90s ",
    ".NET",
    "a)b",
]
TEXTS = st.one_of(st.text(), st.lists(st.sampled_from([*CHARACTERS, *STRINGS]), max_size=60).map("".join))
RELATIONS = ["nsubj", "obj", "obl", "advmod", "conj", "cc", "amod", "appos", "acl:relcl", "advcl", "parataxis", "case"]
TAGS = ["NOUN", "VERB", "CCONJ", "PROPN", "DET", "ADJ", "PRON", "AUX"]


@st.composite
def texts_with_selections(draw: st.DrawFn) -> tuple[str, list[Selection]]:
    text = draw(TEXTS)
    selections = []
    for sentence in find_sentences(text):
        words = find_words(text, sentence.start, sentence.end)
        positions = st.integers(0, len(words) - 1)
        kept = sorted(draw(st.sets(positions)))
        if kept:
            heads = [draw(positions) for _ in words]
            relations = [draw(st.sampled_from(RELATIONS)) for _ in words]
            tags = [draw(st.sampled_from(TAGS)) for _ in words]
            selections.append(Selection(words, kept, heads, relations, tags))
    return text, selections


def visible(core: str) -> str:
    """What a word is compared by: a final stop may join an abbreviation, what can't be seen may go."""
    if all(unicodedata.category(c) not in {"Cc", "Cf", "Cs"} for c in core):
        return core.lower().rstrip(".")
    return "".join(c for c in core.lower() if c.isalnum())


@given(texts_with_selections())
def test_exactly_the_kept_words_are_written(example: tuple[str, list[Selection]]) -> None:
    text, selections = example
    if not selections:
        return
    summary = realize(text, selections)
    kept = [text[s.words[i].start : s.words[i].end] for s in selections for i in s.kept]
    found = [summary[word.start : word.end] for word in find_words(summary)]
    assert len(found) == len(kept)
    for core, original in zip(found, kept, strict=True):
        assert visible(core) == visible(original) or visible(original) == "".join(filter(str.isalnum, core.lower()))
    assert len(kept) == sum(any(c.isalnum() for c in run) for run in summary.split())


@given(texts_with_selections())
def test_what_is_written_is_clean(example: tuple[str, list[Selection]]) -> None:
    text, selections = example
    if not selections:
        return
    summary = realize(text, selections)
    assert summary == " ".join(summary.split())
    assert all(unicodedata.category(c) not in {"Cc", "Cf", "Cs"} for c in summary)
    assert not summary.startswith((",", ";", ":", "—"))
    assert summary.rstrip("\"'”’»」』)]}）】").endswith((".", "?", "!", "؟", "？", "！", "。", "…", "।", "॥", "۔", "｡"))


@given(texts_with_selections())
def test_spans_hold_the_kept_words_in_order(example: tuple[str, list[Selection]]) -> None:
    _, selections = example
    spans = find_spans(selections)
    kept = [s.words[i] for s in selections for i in s.kept]
    assert all(a.end <= b.start for a, b in pairwise(spans))
    assert all(any(span.start <= word.start and word.end <= span.end for span in spans) for word in kept)
