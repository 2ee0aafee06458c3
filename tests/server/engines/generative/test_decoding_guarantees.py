"""Whatever a model answers, the sentence is what was asked for."""

from __future__ import annotations

import unicodedata
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from language_models import (
    CORPUS,
    END_OF_TEXT,
    ScoringModel,
    byte_level_tokenizer,
    random_scores,
    scripted_scores,
    unigram_tokenizer,
    vocabulary_of,
)

from briefd_server.engines.base import UnwatchedCall
from briefd_server.engines.generative.decoding import FIRST_KINDS, Length, most_tokens, write_sentence
from briefd_server.engines.generative.drafts import with_drafts
from briefd_server.engines.generative.model import TokenKind
from briefd_server.engines.generative.sentence import SentenceSoFar
from briefd_server.engines.generative.stopping import capitalized
from briefd_server.text.sentences import find_sentences
from briefd_server.text.words import find_words

_TOKENIZERS = {"byte-level": byte_level_tokenizer(), "unigram": unigram_tokenizer()}
_VOCABULARIES = {name: vocabulary_of(tokenizer) for name, tokenizer in _TOKENIZERS.items()}

_DRAFT_TOKENS = 5
_names = st.sampled_from(sorted(_TOKENIZERS))
_lengths = st.tuples(st.integers(3, 60), st.integers(0, 12)).map(lambda pair: Length(pair[0], min(60, sum(pair))))
_seeds = st.integers(0, 2**31)


class _Listener(UnwatchedCall):
    def __init__(self) -> None:
        self.chunks: list[str] = []
        self.checks = 0

    def checkpoint(self) -> None:
        self.checks += 1

    def emit(self, chunk: str) -> None:
        self.chunks.append(chunk)


def _is_asked_for(text: str, length: Length) -> bool:
    """Tell whether a text is one sentence of that length without repetition, by means of its own."""
    words = [text[word.start : word.end].casefold() for word in find_words(text)]
    trigrams = list(zip(words, words[1:], words[2:], strict=False))
    return (
        length.least <= len(words) <= length.most
        and text.rstrip("\"'”’»)]}」』）】")[-1:] in set(".!?…؟۔।॥。｡！？")
        and len(find_sentences(text)) == 1
        and all(first != second for first, second in pairwise(words))
        and all(words[i : i + 2] != words[i + 2 : i + 4] for i in range(len(words) - 3))
        and len(trigrams) == len(set(trigrams))
    )


def _write(name: str, score, length: Length, *, draft_ids=None) -> str:
    """Write a sentence and assert all that is guaranteed of any."""
    vocabulary = _VOCABULARIES[name]
    model = ScoringModel(vocabulary, score)
    listener = _Listener()
    reader = model if draft_ids is None else with_drafts(model, draft_ids, _DRAFT_TOKENS, vocabulary.kinds)
    written = write_sentence(reader, vocabulary, model.first(FIRST_KINDS), 0, " ".join(CORPUS), length, listener)
    text = written.text
    assert model.longest <= 1 + most_tokens(length.most) + (0 if draft_ids is None else _DRAFT_TOKENS)
    assert model.run_count <= 2 * most_tokens(length.most)
    assert _is_asked_for(text, length)
    assert written.word_count == len(find_words(text))
    assert text.encode().decode() == text
    assert text == text.strip()
    assert "  " not in text
    assert not any(unicodedata.category(character) in {"Cc", "Cs", "Co", "Cn", "Zl", "Zp"} for character in text)
    assert "\ufffd" not in text
    first = text.split(" ")[0]
    assert not (first.isascii() and first.isalpha() and first.islower())
    assert text.startswith("".join(listener.chunks))
    assert all(chunk.strip() for chunk in listener.chunks)
    assert all(chunk[0] == " " for chunk in listener.chunks[1:])
    assert text[len("".join(listener.chunks)) :][:1] in {" ", text[:1]}
    assert draft_ids is not None or listener.checks == model.run_count
    return text


@settings(max_examples=40, deadline=None)
@given(_names, _seeds, _lengths, st.sampled_from([0.01, 1.0, 5.0]), st.integers(0, 3))
def test_a_model_with_random_weights(name, seed, length, spread, context):
    _write(name, random_scores(_VOCABULARIES[name].size, seed, spread, context), length)


@pytest.mark.long
def test_a_thousand_prompts_of_a_random_model():
    for seed in range(1000):
        length = Length(3, 5) if seed % 10 else Length(10, 15)
        _write("byte-level", random_scores(_VOCABULARIES["byte-level"].size, seed % 13, context=3), length)


@settings(max_examples=40, deadline=None)
@given(_names, _seeds, _lengths, st.sampled_from([kind for kind in TokenKind if kind in TokenKind.ANY]))
def test_a_model_that_prefers_one_kind_of_token(name, seed, length, kind):
    vocabulary = _VOCABULARIES[name]
    preference = np.where(vocabulary.kinds & np.uint8(kind), np.float32(4), np.float32(0))
    score = random_scores(vocabulary.size, seed)
    _write(name, lambda tokens: score(tokens) + preference, length)


@settings(max_examples=40, deadline=None)
@given(_names, st.data(), _lengths)
def test_a_model_that_always_says_the_same(name, data, length):
    size = _VOCABULARIES[name].size
    favourites = data.draw(st.lists(st.integers(0, size - 1), max_size=6))
    scores = np.zeros(size, np.float32)
    scores[favourites] = np.arange(len(favourites), dtype=np.float32) + 1
    _write(name, lambda tokens: scores, length)


@pytest.mark.parametrize("name", sorted(_TOKENIZERS))
@pytest.mark.parametrize("length", [Length(3, 3), Length(10, 15), Length(60, 60)], ids=str)
def test_a_model_with_one_favourite(name, length):
    size = _VOCABULARIES[name].size
    for favourite in range(length.most % 7, size, 7 if length.most < 60 else 40):
        scores = np.zeros(size, np.float32)
        scores[favourite] = 1
        _write(name, lambda tokens, scores=scores: scores, length)


@pytest.mark.parametrize("name", sorted(_TOKENIZERS))
def test_a_model_that_finds_everything_equal(name):
    for length in (Length(3, 3), Length(10, 15), Length(60, 60)):
        _write(name, lambda tokens: np.zeros(_VOCABULARIES[name].size, np.float32), length)


@settings(max_examples=40, deadline=None)
@given(_names, _seeds, _lengths)
def test_a_model_that_never_stops(name, seed, length):
    vocabulary = _VOCABULARIES[name]
    penalty = np.where(vocabulary.kinds & np.uint8(TokenKind.STOP | TokenKind.END), np.float32(-50), np.float32(0))
    score = random_scores(vocabulary.size, seed)
    _write(name, lambda tokens: score(tokens) + penalty, length)


_odd_words = st.one_of(
    st.sampled_from(
        "The the a of Dr. Smith U.S. e.g. 3.5 $1.65 “it is” it's over.” (and) — – food—which well...maybe body(like "
        "example.com https://www.example.com/a/b?c=d Inc. Mr. No. 5 p.m. Ph.D. stop! what? Wait… ... 中文句子。 但是， "
        "नमस्ते। 🙂 café 'tis - & :-) x) }; ); | {".split()
    ),
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=8),
    st.sampled_from([word for line in CORPUS for word in line.split()]),
)


@settings(max_examples=80, deadline=None)
@given(_names, st.lists(_odd_words, min_size=1, max_size=30).map(" ".join), _lengths, st.integers(0, 3))
def test_a_model_that_writes_odd_texts(name, script, length, seed):
    _write(name, scripted_scores(_TOKENIZERS[name], script, seed=seed), length)


@settings(max_examples=40, deadline=None)
@given(_names, st.lists(_odd_words, min_size=1, max_size=30).map(" ".join), st.data(), _lengths, st.integers(0, 3))
def test_drafts_change_nothing(name, script, data, length, seed):
    tokenizer = _TOKENIZERS[name]
    score = scripted_scores(tokenizer, script, seed=seed)
    prompt = data.draw(st.lists(st.sampled_from([script, *CORPUS]), min_size=1, max_size=3).map(" ".join))
    prompt_ids = tokenizer.encode(prompt).ids
    assert _write(name, score, length, draft_ids=prompt_ids) == _write(name, score, length)


@pytest.mark.long
@settings(max_examples=40, deadline=None)
@given(_names, _seeds, st.data(), _lengths)
def test_drafts_change_nothing_of_a_random_model(name, seed, data, length):
    size = _VOCABULARIES[name].size
    prompt_ids = data.draw(st.lists(st.integers(0, size - 1), max_size=60))
    score = random_scores(size, seed, context=1)
    assert _write(name, score, length, draft_ids=prompt_ids) == _write(name, score, length)


def _unconstrained(name: str, score) -> str:
    """Write as the model does by itself, until it ends or breaks the line; nothing where that is no sane spelling."""
    vocabulary = _VOCABULARIES[name]
    allowed = np.where(vocabulary.kinds & np.uint8(TokenKind.ANY), np.float32(0), -np.inf)
    end = _TOKENIZERS[name].token_to_id(END_OF_TEXT)
    tokens: list[int] = []
    so_far: SentenceSoFar | None = SentenceSoFar()
    while len(tokens) < most_tokens(60):
        token = int(np.argmax(score(tokens) + allowed))
        piece = vocabulary.piece(token)
        if token == end or vocabulary.kind(token) == TokenKind.END:
            break
        tokens.append(token)
        so_far = so_far.extend(piece, " ".join(CORPUS))
        if so_far is None:
            return ""
        if vocabulary.ends_line(token):
            break
    return so_far.text.strip(" ")


@settings(max_examples=80, deadline=None)
@given(_names, st.lists(_odd_words, min_size=4, max_size=20).map(" ".join), _seeds)
def test_what_meets_the_request_by_itself_is_the_answer(name, script, seed):
    score = scripted_scores(_TOKENIZERS[name], script.capitalize() + " end.", seed=seed % 3)
    by_itself = _unconstrained(name, score)
    if _is_asked_for(by_itself, Length(3, 60)):
        assert _write(name, score, Length(3, 60)) == capitalized(by_itself)
