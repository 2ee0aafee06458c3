"""What the decoding makes of models that know what they want to say."""

from __future__ import annotations

import pytest
from language_models import ScoringModel, byte_level_tokenizer, vocabulary_of, weighted_texts
from tokenizers import Tokenizer

from briefd_server.engines.base import CallStopped, UnwatchedCall
from briefd_server.engines.generative.decoding import FIRST_KINDS, Length, Written, write_sentence
from briefd_server.engines.generative.drafts import with_drafts

_TOKENIZER = byte_level_tokenizer()
_VOCABULARY = vocabulary_of(_TOKENIZER)


def _model(texts: dict[str, float]) -> ScoringModel:
    return ScoringModel(_VOCABULARY, weighted_texts(_TOKENIZER, {f" {text}": score for text, score in texts.items()}))


def _write(texts: dict[str, float], length: tuple[int, int] = (10, 15), *, call=None, source: str = "") -> Written:
    model = _model(texts)
    return write_sentence(
        model, _VOCABULARY, model.first(FIRST_KINDS), 0, source, Length(*length), call or UnwatchedCall()
    )


@pytest.mark.parametrize(
    "text",
    [
        "The council approved the new bridge on Tuesday after a long debate.",
        "Is the harvest in the north of the country late again this year?",
        "Nobody in the whole town had ever seen such a large storm!",
        "The old bridge over the river will be opened by Dr. Smith on Tuesday.",
        "Prices of bread rose by 3.5 percent in a year, the bank said.",
        "The report is at https://www.example.com/reports/2024/annual for all to read this week.",
        'The mayor of the town said that the bridge "is not safe."',
        "The mayor (who was there) said the new bridge is not safe.",
        "He had worked as a driver for many years in the U.S.",
        "Shares of Acme Inc. rose on Monday after the company closed its plant.",
        "The company, e.g. its oldest plant, will close in March next year.",
        "Nodes of the network run node.js and answer within a few seconds.",
        "Wait… there is more of it to come for the whole town.",
        "Große Städte wie Köln wollen weniger Autos, während Cafés naïve Gäste täuschen.",
        "Nobody in the whole town had ever seen such a storm?!",
        "Nobody in the whole town had ever seen such a storm...",
        "The dog – a small one – barked all night at the neighbour’s door.",
    ],
)
def test_a_sentence_that_is_what_was_asked_for_is_left_alone(text):
    assert _write({text: 0}, source=f"It said: {text}").text == text


@pytest.mark.parametrize(
    ("texts", "length", "expected"),
    [
        pytest.param(
            {"The council met.": 0, "The council met and approved the new bridge on Tuesday after a debate.": -5},
            (10, 15),
            "The council met and approved the new bridge on Tuesday after a debate.",
            id="stops too early",
        ),
        pytest.param(
            {
                "The council approved the new bridge on Tuesday after a long debate about what it will cost the town "
                "over the coming years.": 0,
                "The council approved the new bridge on Tuesday after a long debate.": -1,
            },
            (10, 15),
            "The council approved the new bridge on Tuesday after a long debate.",
            id="runs too long, could have stopped",
        ),
        pytest.param(
            {
                "Will the council approve the new bridge on Tuesday after a long debate about what it will cost the "
                "town over the coming years?": 0,
                "Will the council approve the new bridge on Tuesday after a long debate?": -1,
            },
            (10, 15),
            "Will the council approve the new bridge on Tuesday after a long debate?",
            id="a question that runs too long stays one",
        ),
        pytest.param(
            {
                "The council approved the new bridge on the edge of town on Tuesday morning.": 0,
                "The council approved the new bridge on the edge yesterday.": -2,
            },
            (10, 10),
            "The council approved the new bridge on the edge yesterday.",
            id="a second-best word where the best would strand",
        ),
        pytest.param(
            {
                "The council approved the new bridge on Tuesday, as its members had said they would do in May.": 0,
                "The council approved the new bridge on Tuesday.": -1,
                "The council approved the new bridge on Tuesday, as its members.": -3,
            },
            (8, 11),
            "The council approved the new bridge on Tuesday.",
            id="stops before a comma",
        ),
        pytest.param(
            {"The council approved the new bridge on Tuesday after a long debate": 0},
            (10, 15),
            "The council approved the new bridge on Tuesday after a long debate.",
            id="ends without a stop",
        ),
        pytest.param(
            {"the council approved the new bridge on Tuesday after a long debate.\nThe": 0},
            (10, 15),
            "The council approved the new bridge on Tuesday after a long debate.",
            id="breaks the line; begins with a small letter",
        ),
        pytest.param(
            {"The council approved the new bridge on Tuesday after a long debate. It cost a lot.": 0},
            (10, 15),
            "The council approved the new bridge on Tuesday after a long debate.",
            id="goes on with another sentence",
        ),
        pytest.param(
            {"The council approved the new bridge of Acme Inc. The cost is high.": 0},
            (8, 15),
            "The council approved the new bridge of Acme Inc.",
            id="another sentence after an abbreviation",
        ),
        pytest.param(
            {
                "The council approved the the new bridge on Tuesday.": 0,
                "The council approved the old and new bridge on Tuesday.": -3,
            },
            (8, 15),
            "The council approved the old and new bridge on Tuesday.",
            id="says a word twice",
        ),
        pytest.param(
            {
                "The council met and the council met and the council met and the council met.": 0,
                "The council met and the council members approved it.": -3,
            },
            (8, 15),
            "The council met and the council members approved it.",
            id="runs in a circle",
        ),
        pytest.param(
            {"The company is at https://www.example.com/reports/2024/annual/pumps/and/plants/of/all/kinds now.": 0},
            (5, 8),
            "The company is at https://www.example.com/reports/2024/annual/pumps/and/plants/of/all/kinds now.",
            id="copies a long address",
        ),
        pytest.param(
            {"市议会周二批准了新桥，但其三百万美元的费用，令许多人担忧。市议会": 0},
            (3, 8),
            "市议会周二批准了新桥，但其三百万美元的费用，令许多人担忧。",
            id="a script without blanks",
        ),
        pytest.param(
            {"「市议会周二批准了新桥，但其三百万美元的费用，令许多人担忧。」": 0},
            (3, 8),
            "「市议会周二批准了新桥，但其三百万美元的费用，令许多人担忧。」",
            id="a bracket after a full-width stop",
        ),
        pytest.param(
            {
                "The dog was walkinginginging home with his old friend in the rain.": 0,
                "The dog was walking home with his old friend in the rain.": -2,
            },
            (10, 15),
            "The dog was walking home with his old friend in the rain.",
            id="stutters within a word",
        ),
    ],
)
def test_a_sentence_that_is_not_becomes_one(texts, length, expected):
    source = "See https://www.example.com/reports/2024/annual/pumps/and/plants/of/all/kinds for more."
    assert _write(texts, length, source=source).text == expected


def test_a_first_token_that_is_odd_by_itself_is_passed_over():
    tokenizer = Tokenizer.from_str(_TOKENIZER.to_str())
    tokenizer.add_tokens(["xxxx"])
    vocabulary = vocabulary_of(tokenizer)
    text = "The council approved the new bridge on Tuesday after a long debate."
    model = ScoringModel(vocabulary, weighted_texts(tokenizer, {"xxxx": 0, f" {text}": -5}))
    written = write_sentence(model, vocabulary, model.first(FIRST_KINDS), 0, "", Length(10, 15), UnwatchedCall())
    assert written.text == text


_LONG = "The council approved the new bridge on Tuesday after a long debate about what it will cost the town by May."


class _Listener(UnwatchedCall):
    """Notes what was sent after how many runs, and stops the call at a run."""

    def __init__(self, last_run: int = 1000) -> None:
        self.runs = 0
        self.sent: list[tuple[int, str]] = []
        self._last_run = last_run

    def checkpoint(self) -> None:
        if self.runs == self._last_run:
            raise CallStopped
        self.runs += 1

    def emit(self, chunk: str) -> None:
        self.sent.append((self.runs, chunk))


def test_words_are_sent_as_soon_as_they_are_certain():
    listener = _Listener()
    written = _write({_LONG: 0}, call=listener)
    assert [chunk for _, chunk in listener.sent] == (
        ["The", " council", " approved", " the", " new", " bridge", " on", " Tuesday", " after"]
    )
    assert written.text.startswith("The council approved the new bridge on Tuesday after")
    first, *_, last = (runs for runs, _ in listener.sent)
    assert first <= 4
    assert last < listener.runs


@pytest.mark.parametrize("last_run", [0, 1, 7])
def test_a_stopped_call_costs_no_further_run(last_run):
    model = _model({_LONG: 0})
    with pytest.raises(CallStopped):
        write_sentence(
            model, _VOCABULARY, model.first(FIRST_KINDS), 0, "", Length(10, 15), _Listener(last_run=last_run)
        )
    assert model.run_count == last_run


def test_a_copied_sentence_takes_fewer_runs_with_drafts():
    text = "The council approved the new bridge on Tuesday after a long debate."
    prompt_ids = _TOKENIZER.encode(f"He wrote: {text}").ids
    plain, drafted = _model({text: 0}), _model({text: 0})
    for model in (plain, drafted):
        reader = model if model is plain else with_drafts(model, prompt_ids, 6, _VOCABULARY.kinds)
        written = write_sentence(reader, _VOCABULARY, model.first(FIRST_KINDS), 0, "", Length(10, 15), UnwatchedCall())
        assert written == (text, 12)
    assert drafted.run_count < plain.run_count / 2
