"""Openings that people will read summaries of: nothing is trained on them, and what is left is whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiny_corpus import write_corpus

from briefd_build.corpora.collection import read_corpora, read_set_aside
from briefd_build.corpora.documents import Document, read_treebank
from briefd_build.corpora.set_aside import opening_lengths, openings, without_openings
from briefd_server.text.words import count_words

if TYPE_CHECKING:
    from pathlib import Path

LONG = Document(tuple(f"The pump number {number} in the cellar stopped again today." for number in range(40)), ())


def test_every_third_document_gives_whole_sentences_of_150_words_at_most() -> None:
    documents = [LONG] * 200
    lengths = opening_lengths(documents)
    assert [number for number, length in enumerate(lengths) if length] == list(range(0, 120, 3))
    taken, rest = openings(documents, lengths), without_openings(documents, lengths)
    assert {count_words(" ".join(each.sentences)) for each in taken} == {150}
    assert (taken[0].sentences, rest[0].sentences) == (LONG.sentences[:15], LONG.sentences[15:])
    assert rest[1] == LONG
    assert len(rest) == 200


def test_a_document_that_is_all_opening_is_left_out_and_a_long_sentence_gives_none() -> None:
    short, endless = Document(("It rained.",), ()), Document(("the pump " * 100,), ())
    assert opening_lengths([short, short, short, endless]) == [1, 0, 0, 0]
    assert without_openings([short, LONG], [1, 0]) == [LONG]


def test_no_opening_is_in_the_training_set(tmp_path: Path) -> None:
    write_corpus(tmp_path, train_count=7)
    corpora, aside = read_corpora(tmp_path, "train"), read_set_aside(tmp_path)
    whole = read_treebank(tmp_path / "gum/train.conllu.gz")
    assert [each.sentences for each in aside] == [each.sentences for each in whole[::3]]
    for treebanks in (corpora.treebanks, corpora.spaced_treebanks):
        # The tiny documents are openings from end to end; the other treebank is left alone.
        assert len(treebanks) == 7 + 4
    assert not {each.sentences for each in aside} & {each.sentences for each in corpora.treebanks}
    assert all(len(each.trees) == len(each.prominence) == len(each.sentences) for each in aside)


def test_held_out_splits_are_whole(tmp_path: Path) -> None:
    write_corpus(tmp_path)
    (tmp_path / "ud_english_ewt/dev.conllu.gz").write_bytes((tmp_path / "ud_english_ewt/test.conllu.gz").read_bytes())
    assert len(read_corpora(tmp_path, "dev").treebanks) == 6
