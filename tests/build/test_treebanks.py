"""Treebanks as the parser sees them: CoNLL-U read, tokens collapsed onto words, a tree always."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sentence_readings import trees
from tiny_corpus import write_corpus, write_gzipped

from briefd_build.corpora.collapse import ParsedSentence, collapse
from briefd_build.corpora.conllu import Token, read_documents
from briefd_build.corpora.documents import read_treebank
from briefd_server.text.words import find_words

if TYPE_CHECKING:
    from collections.abc import Iterable

PUBLISHED = Path(__file__).parents[3] / "shared/data"

TREEBANK = """# newdoc id = first
# meta::summary1 = (human) Tom can't.
# meta::summary2 = (Model-2.5; postedited) An e-mail.
# meta::title = Not a summary
# sent_id = 1
# s_prominence = 2
1\tTom\t_\tPROPN\t_\t_\t4\tnsubj\t_\t_
2-3\tcan't\t_\t_\t_\t_\t_\t_\t_\t_
2\tca\t_\tAUX\t_\t_\t4\taux\t_\t_
3\tn't\t_\tPART\t_\t_\t4\tadvmod\t_\tSpaceAfter=No
4\tswim\t_\tVERB\t_\t_\t0\troot\t_\tSpaceAfter=No|Cxn=x
4.1\tswim\t_\tVERB\t_\t_\t_\t_\t_\t_
5\t.\t_\tPUNCT\t_\t_\t4\tpunct\t_\t_

# sent_id = 2
1\t—\t_\tPUNCT\t_\t_\t0\troot\t_\t_

# newdoc id = second
# sent_id = 3
1-2\tdata\t_\t_\t_\t_\t_\t_\t_\tSpaceAfter=No
1\tda\t_\tNOUN\t_\t_\t3\tcompound\t_\t_
2\tta\t_\tNOUN\t_\t_\t3\tcompound\t_\t_
3\t!\t_\tPUNCT\t_\t_\t0\troot\t_\t_
"""


def write_treebank(directory: Path) -> Path:
    write_gzipped(directory / "t.conllu.gz", TREEBANK)
    return directory / "t.conllu.gz"


def test_reads_documents_tokens_and_comments(tmp_path: Path) -> None:
    first, second = read_documents(write_treebank(tmp_path))
    assert first.comments["newdoc id"] == "first"
    assert [len(sentence.tokens) for sentence in first.sentences] == [5, 1]
    assert first.sentences[0].comments["s_prominence"] == "2"
    assert first.sentences[0].tokens[3] == Token("swim", "VERB", 3, "root", False)
    assert [token.space_after for token in first.sentences[0].tokens] == [True, False, True, False, True]
    assert [token.space_after for token in second.sentences[0].tokens] == [False, False, True]


def test_sentences_before_the_first_document_are_one(tmp_path: Path) -> None:
    write_gzipped(tmp_path / "t.gz", TREEBANK.replace("# newdoc id = first\n", "").replace("# newdoc", "# newpar"))
    (document,) = read_documents(tmp_path / "t.gz")
    assert len(document.sentences) == 3


def test_a_document_has_its_summaries_and_prominence(tmp_path: Path) -> None:
    first, second = read_treebank(write_treebank(tmp_path))
    assert first.sentences == ("Tom can't swim.",)  # a dash is no sentence
    assert first.references == ("Tom can't.", "An e-mail.") or first.references == (
        "Tom can't.",
        "(Model-2.5; postedited) An e-mail.",
    )
    assert first.prominence == (0.75,)
    assert (second.references, second.prominence) == ((), ())


def test_the_spaced_guise_has_the_same_words_apart(tmp_path: Path) -> None:
    first, _ = read_treebank(write_treebank(tmp_path), spaced=True)
    assert first.sentences == ("Tom ca n't swim .",)
    assert first.trees[0].words == ("Tom", "ca", "n't", "swim")


def tokens(annotated: str) -> list[Token]:
    """Read "do/2/aux/AUX~ n't/2/advmod/PART": form, head from 0, relation, tag; "~" where no space follows."""
    fields = [token.rstrip("~").rsplit("/", 3) for token in annotated.split()]
    glued = [token.endswith("~") for token in annotated.split()]
    return [
        Token(form, tag, int(head), relation, not is_glued)
        for (form, head, relation, tag), is_glued in zip(fields, glued, strict=True)
    ]


def tree_of(annotated: str) -> ParsedSentence:
    tree = collapse(tokens(annotated))
    assert tree is not None
    return tree


def test_a_contraction_takes_the_place_of_its_first_outward_part() -> None:
    tree = tree_of("I/3/nsubj/PRON do/3/aux/AUX~ n't/3/advmod/PART go/3/root/VERB~ ./3/punct/PUNCT")
    assert tree.words == ("I", "don't", "go")
    assert tree.heads == (2, 2, 2)
    assert tree.relations == ("nsubj", "aux", "root")
    assert tree.text == "I don't go."


def test_a_compound_with_a_hyphen_takes_the_place_of_its_head() -> None:
    tree = tree_of("data/2/compound/NOUN~ -/2/punct/PUNCT~ driven/3/amod/ADJ work/3/root/NOUN")
    assert (tree.words, tree.heads, tree.tags) == (("data-driven", "work"), (1, 1), ("ADJ", "NOUN"))


def test_what_hung_on_a_mark_hangs_on_its_head() -> None:
    tree = tree_of("go/0/root/VERB -/0/punct/PUNCT now/1/advmod/ADV")
    assert (tree.words, tree.heads, tree.relations) == (("go", "now"), (0, 0), ("root", "advmod"))


def test_a_sentence_whose_root_is_a_mark_has_one_root_still() -> None:
    tree = tree_of("go/1/nsubj/VERB -/1/root/PUNCT now/1/advmod/ADV")
    assert (tree.heads, tree.relations) == ((0, 0), ("root", "advmod"))


def test_a_stop_within_a_word_does_not_speak_for_it() -> None:
    tree = tree_of("see/0/root/VERB pumps/0/obj/NOUN etc/1/conj/NOUN~ ./0/punct/PUNCT now/0/advmod/ADV")
    assert (tree.words[2], tree.heads[2], tree.relations[2]) == ("etc.", 1, "conj")


def test_two_words_whose_parts_hang_on_each_other_make_a_tree() -> None:
    tree = tree_of("10/3/nummod/NUM to/2/case/ADP 50/0/nmod/NUM~ %/4/compound/SYM chance/4/root/NOUN")
    assert (tree.words, tree.heads) == (("10", "to", "50%", "chance"), (2, 2, 3, 3))


def test_a_sentence_without_words_is_none() -> None:
    assert collapse(tokens("-/0/root/PUNCT !/0/punct/PUNCT")) is None


def assert_tree(tree: ParsedSentence) -> None:
    count = len(tree.words)
    assert len(tree.heads) == len(tree.relations) == len(tree.tags) == count > 0
    assert tree.words == tuple(tree.text[word.start : word.end] for word in find_words(tree.text))
    roots = [word for word, head in enumerate(tree.heads) if head == word]
    assert len(roots) == 1
    assert [word for word, relation in enumerate(tree.relations) if relation == "root"] == roots
    for start in range(count):
        word = start
        for _ in range(count):
            word = tree.heads[word]
        assert word == roots[0]


_FORMS = st.sampled_from(["the", "pump", "-", "n't", "'s", ",", '"', "3", "%", ".", "—", "(", ")", "U.S", "…", "e"])


@given(st.data(), trees(10), st.booleans())
def test_any_tokens_become_a_tree_over_words(data: st.DataObject, heads: list[int], spaced: bool) -> None:
    count = len(heads)
    drawn = [
        Token(data.draw(_FORMS), "X", head, "root" if head == token else "dep", data.draw(st.booleans()))
        for token, head in enumerate(heads)
    ]
    tree = collapse(drawn, spaced=spaced)
    if tree is None:
        assert not find_words("".join(token.form + " " * (spaced or token.space_after) for token in drawn))
    else:
        assert_tree(tree)
        assert len(tree.words) <= count


def trees_of(paths: Iterable[Path], spaced: bool) -> list[ParsedSentence]:
    return [tree for path in paths for document in read_treebank(path, spaced=spaced) for tree in document.trees]


@pytest.mark.parametrize("spaced", [False, True])
def test_a_treebank_becomes_trees(tmp_path: Path, spaced: bool) -> None:
    write_corpus(tmp_path)
    found = trees_of(tmp_path.glob("*/*.conllu.gz"), spaced)
    assert len(found) > 300
    for tree in found:
        assert_tree(tree)


@pytest.mark.skipif(not PUBLISHED.is_dir(), reason="the published treebanks are not at hand")
@pytest.mark.parametrize("folder", ["ud_english_ewt", "gum"])
@pytest.mark.parametrize("spaced", [False, True])
def test_a_published_treebank_becomes_trees(folder: str, spaced: bool) -> None:
    found = trees_of([PUBLISHED / folder / "test.conllu.gz"], spaced)
    assert len(found) > 800
    for tree in found:
        assert_tree(tree)
