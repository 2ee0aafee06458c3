"""Documents as batches: every label beside its word, whichever window and padding it ends up in."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from tiny_corpus import VOCABULARY, write_corpus
from tiny_tokenizer import make_tokenizer

from briefd_build.corpora.collapse import ParsedSentence
from briefd_build.corpora.collection import Corpora, read_corpora
from briefd_build.corpora.documents import Document
from briefd_build.encoder.batches import IGNORED, encode_document, examples_of, make_batches
from briefd_build.encoder.mixture import Mixture
from briefd_build.encoder.network import PAD_PIECE_ID, TAGS
from briefd_server.engines.extractive.pieces import PieceEncoder

if TYPE_CHECKING:
    from pathlib import Path

RELATIONS = ["det", "nsubj", "obl", "root"]
TREE = ParsedSentence(
    "The pump stopped.", ("The", "pump", "stopped"), (1, 2, 2), ("det", "nsubj", "root"), ("DET", "NOUN", "VERB")
)
RUN = ParsedSentence(
    "It ran late.", ("It", "ran", "late"), (1, 1, 1), ("nsubj", "root", "obl:x"), ("PRON", "VERB", "?")
)


def tiny() -> PieceEncoder:
    return PieceEncoder(make_tokenizer(VOCABULARY))


def document_of(*trees: ParsedSentence, references: tuple[str, ...] = ("The pump.", "A tank")) -> Document:
    return Document(
        tuple(tree.text for tree in trees), references, trees, tuple(1.0 / (1 + n) for n in range(len(trees)))
    )


def test_labels_stand_beside_their_words() -> None:
    encoded = encode_document(document_of(TREE, RUN), tiny(), RELATIONS)
    assert encoded.heads.tolist() == [1, 2, 2, 4, 4, 4]  # counted from the document's first word
    assert encoded.relations.tolist() == [0, 1, 3, 1, 3, 2]  # a subtype that is not predicted counts as its relation
    assert encoded.tags.tolist() == [TAGS.index(tag) for tag in ("DET", "NOUN", "VERB", "PRON", "VERB")] + [IGNORED]
    assert encoded.salience.tolist() == [0.5, 0.5, 0.0, 0.0, 0.0, 0.0]
    assert encoded.prominence.tolist() == [1.0, 1.0, 1.0, 0.5, 0.5, 0.5]


def test_what_nobody_annotated_has_no_label() -> None:
    encoded = encode_document(Document(("The pump stopped.",), ()), tiny(), RELATIONS)
    assert encoded.heads.tolist() == encoded.relations.tolist() == encoded.tags.tolist() == [IGNORED] * 3
    assert np.isnan(encoded.salience).all()
    assert np.isnan(encoded.prominence).all()
    unknown = encode_document(document_of(TREE), tiny(), ["root"])
    assert unknown.relations.tolist() == [IGNORED, IGNORED, 0]


@pytest.mark.parametrize("capacity", [12, 20, 96])
def test_examples_hold_whole_sentences_with_heads_of_their_own(capacity: int) -> None:
    encoder = tiny()
    encoded = encode_document(document_of(*[TREE, RUN] * 6), encoder, RELATIONS)
    examples = list(examples_of(encoded, encoded, (encoder, encoder), capacity))
    assert sum(len(example.window.word_starts) for example in examples) == 36
    for example in examples:
        heads = example.labels["heads"]
        sentences = example.window.sentences
        assert len(heads) == len(sentences) == len(example.labels["salience"])
        assert (sentences[heads] == sentences).all()
        assert (heads[heads] == heads).sum() >= 2 * len(set(sentences.tolist()))
        assert len(example.window.piece_ids) <= capacity
    assert len(list(examples_of(encoded, encoded, (encoder, encoder), capacity, 1))) == 1


def test_a_sentence_longer_than_a_window_is_left_out() -> None:
    words = ("pump",) * 40
    long = ParsedSentence(" ".join(words), words, (0,) * 40, ("root", *["obl"] * 39), ("NOUN",) * 40)
    encoder = tiny()
    encoded = encode_document(document_of(TREE, long, RUN), encoder, RELATIONS)
    examples = list(examples_of(encoded, encoded, (encoder, encoder), 32))
    assert [len(example.window.word_starts) for example in examples] == [3, 3]
    assert [example.labels["heads"].tolist() for example in examples] == [[1, 2, 2], [1, 1, 1]]


def test_the_teacher_reads_the_same_words_in_its_own_pieces() -> None:
    own, others = tiny(), PieceEncoder(make_tokenizer(["the", "pu", "##mp"]))
    document = document_of(TREE, RUN)
    (example,) = examples_of(
        encode_document(document, own, RELATIONS), encode_document(document, others, RELATIONS), (own, others), 64
    )
    assert example.window.sentences.tolist() == example.teacher_window.sentences.tolist()
    assert len(example.teacher_window.piece_ids) > len(example.window.piece_ids)


def test_batches_hold_every_example_once_and_little_padding() -> None:
    encoder = tiny()
    documents = [document_of(*[TREE] * count) for count in range(1, 9)]
    examples = []
    for document in documents:
        encoded = encode_document(document, encoder, RELATIONS)
        examples += examples_of(encoded, encoded, (encoder, encoder), 64)
    batches = make_batches(examples, 100, random.Random(0))
    assert sum(len(batch.piece_ids) for batch in batches) == len(examples)
    for batch in batches:
        assert batch.piece_ids.numel() <= 100 or len(batch.piece_ids) == 1
        present = batch.sentences >= 0
        assert batch.heads.shape == batch.sentences.shape == batch.salience.shape
        assert (batch.heads[~present] == IGNORED).all()
        assert (batch.relations[~present] == IGNORED).all()
        assert batch.salience[~present].isnan().all()
        assert (batch.heads[present] >= 0).all()
        assert (batch.piece_ids[:, 0] != PAD_PIECE_ID).all()
        firsts = batch.piece_ids.gather(1, batch.word_starts)
        assert (firsts[present] != PAD_PIECE_ID).all()


def test_an_epoch_is_the_same_every_time_and_others_are_others(tmp_path: Path) -> None:
    write_corpus(tmp_path, train_count=6)
    corpora = read_corpora(tmp_path, "train")
    encoder = tiny()

    def epoch(number: int, seed: int = 1) -> list:
        mixture = Mixture(corpora, RELATIONS, (encoder, encoder), seed)
        return [batch.piece_ids.tolist() for batch in mixture.batches_of_epoch(number)]

    assert epoch(0) == epoch(0)
    assert epoch(0) != epoch(1)
    assert epoch(0) != epoch(0, seed=2)


def test_every_document_is_seen_in_some_epoch(tmp_path: Path) -> None:
    write_corpus(tmp_path, train_count=6)
    corpora = read_corpora(tmp_path, "train")
    encoder = tiny()
    only = Corpora((), (), corpora.abstracts, corpora.posts)
    mixture = Mixture(only, RELATIONS, (encoder, encoder), 1)
    words = sum(int((batch.sentences >= 0).sum()) for number in range(30) for batch in mixture.batches_of_epoch(number))
    abstracts = sum(sentence.count(" ") + 1 for each in corpora.abstracts for sentence in each.sentences)
    posts = sum(sentence.count(" ") + 1 for each in corpora.posts for sentence in each.sentences)
    assert words == 5 * abstracts + 3 * posts


def test_a_taught_epoch_reads_a_post_to_its_end(tmp_path: Path) -> None:
    write_corpus(tmp_path, train_count=1)
    (post,) = read_corpora(tmp_path, "train").posts
    long_post = replace(post, sentences=post.sentences * 200, prominence=())
    encoder = tiny()

    def words_of_epoch(taught: list[Document] | None) -> int:
        mixture = Mixture(Corpora((), (), (), (long_post,)), RELATIONS, (encoder, encoder), 1, taught=taught)
        return sum(int((batch.sentences >= 0).sum()) for batch in mixture.batches_of_epoch(0))

    words = sum(sentence.count(" ") + 1 for sentence in long_post.sentences)
    assert words_of_epoch([]) == words
    assert words_of_epoch(None) <= 2 * 256 < words


def test_texts_without_labels_are_read_in_turns_for_the_teacher_alone() -> None:
    texts = [Document((f"The old pump {'stopped ' * (number + 1)}.",), ()) for number in range(7)]
    encoder = tiny()
    mixture = Mixture(Corpora((), (), (), ()), RELATIONS, (encoder, encoder), 1, taught=texts)
    words = [
        [int(n) for each in mixture.batches_of_epoch(epoch) for n in (each.sentences >= 0).sum(1)] for epoch in range(5)
    ]
    assert sorted(n for epoch in words for n in epoch) == [4, 5, 6, 7, 8, 9, 10]
    assert [len(epoch) for epoch in words] == [2, 2, 1, 1, 1]
    (batch, *_) = mixture.batches_of_epoch(2)
    assert (batch.heads == IGNORED).all()
    assert batch.salience.isnan().all()
    assert batch.prominence.isnan().all()
