"""Smaller vocabularies of byte pairs: texts of kept tokens are cut as before, and every other text can be spelt."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_models import CORPUS
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

from briefd_build.compression import vocabulary
from briefd_build.compression.vocabulary import prune_vocabulary
from briefd_build.errors import BuildError

END = "<|endoftext|>"


def make_tokenizer(**options: str) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE(**options))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    prefix = {"continuing_subword_prefix": "##"} if options else {}
    trainer = trainers.BpeTrainer(
        vocab_size=900, special_tokens=["<|padding|>", END], initial_alphabet=alphabet, show_progress=False, **prefix
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    number = tokenizer.token_to_id(END)
    tokenizer.post_processor = processors.TemplateProcessing(single=f"$A {END}", special_tokens=[(END, number)])
    return tokenizer


@pytest.fixture(autouse=True)
def few_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vocabulary, "_FREQUENT_WORDS", 5)


WHOLE = make_tokenizer()
WORDS = sorted({word for text in CORPUS for word in text.split()})


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=8), st.text(max_size=40))
def test_texts_of_kept_tokens_are_cut_as_before_and_all_others_are_spelt(words: list[str], other: str) -> None:
    text = " ".join(words)
    smaller, kept = prune_vocabulary(WHOLE, [text] * 5)
    assert smaller.get_vocab_size() == len(kept)
    assert smaller.encode(text).tokens == WHOLE.encode(text).tokens
    assert [kept[number] for number in smaller.encode(text).ids] == WHOLE.encode(text).ids
    encoded = smaller.encode(other)
    assert encoded.tokens[-1] == END
    assert smaller.decode(encoded.ids) == WHOLE.decode(WHOLE.encode(other).ids)


def test_tokens_that_are_seldom_used_go(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = ["The council voted."] * 5 + ["The museum opened."] * 4
    smaller, kept = prune_vocabulary(WHOLE, texts)
    assert "Ġcouncil" in smaller.get_vocab()
    assert "Ġmuseum" in WHOLE.get_vocab()
    assert "Ġmuseum" not in smaller.get_vocab()
    # Bytes, what the kept tokens are made of, and special tokens.
    assert len(kept) < 400
    assert {"<|padding|>", END, "Ġ", "ÿ"} <= smaller.get_vocab().keys()
    assert smaller.encode("a museum").ids


def test_pieces_with_a_prefix_are_merged_without_it() -> None:
    whole = make_tokenizer(continuing_subword_prefix="##")
    smaller, kept = prune_vocabulary(whole, ["The council"] * 5)
    assert smaller.encode("The council").tokens == whole.encode("The council").tokens
    assert len(kept) < whole.get_vocab_size()


@pytest.mark.parametrize(
    "processor",
    [
        lambda number: processors.Sequence(
            [
                processors.ByteLevel(),
                processors.TemplateProcessing(single=f"$A {END}", special_tokens=[(END, number)]),
            ]
        ),
        lambda number: processors.RobertaProcessing((END, number), (END, number)),
        lambda _number: processors.ByteLevel(),
    ],
)
def test_what_is_put_around_a_text_stays(processor: object) -> None:
    whole = make_tokenizer()
    whole.post_processor = processor(whole.token_to_id(END))  # type: ignore[operator]
    smaller, kept = prune_vocabulary(whole, ["The council voted on Monday."] * 5)
    text = "The council voted"
    assert smaller.encode(text).tokens == whole.encode(text).tokens
    assert [kept[number] for number in smaller.encode(text).ids] == whole.encode(text).ids


def test_other_vocabularies_are_refused() -> None:
    with pytest.raises(BuildError, match=r"one of WordLevel, .* leave vocabulary out"):
        prune_vocabulary(Tokenizer(models.WordLevel({"a": 0}, "a")), ["a"])
