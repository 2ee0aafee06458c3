"""Unigram tokenizers: offsets are the words' own, no text is cut into special pieces, and fewer rows do as well."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from briefd_build.compression import vocabulary
from briefd_build.compression.vocabulary import prune_vocabulary
from briefd_build.errors import BuildError
from briefd_build.unigram import make_unigram, padding_first

SPECIAL = ("<pad>", "<s>", "</s>", "<unk>", "<mask>")
LETTERS = [(letter, -9.0 - number / 10) for number, letter in enumerate("abcdefghijklmnopqrstuvwxyz<>/'.,-")]
WORDS = [
    (f"\u2581{word}", -5.0 - number / 10) for number, word in enumerate(["the", "pump", "stop", "don", "data", "pad"])
]
PARTS = [("\u2581", -4.0), ("ped", -6.0), ("driven", -7.0), ("é", -9.0), ("ing", -6.5), ("mask", -6.0)]
WHOLE = make_unigram([*((name, 0.0) for name in SPECIAL), *LETTERS, *WORDS, *PARTS])
WHOLE.encode_special_tokens = True


@pytest.fixture(autouse=True)
def few_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vocabulary, "_FREQUENT_WORDS", 0)


def spelt(text: str) -> list[str]:
    encoding = WHOLE.encode(text, add_special_tokens=False)
    return [text[start:end] for start, end in encoding.offsets]


def test_the_blank_is_no_part_of_a_word() -> None:
    assert spelt("the pump stopped") == ["the", "pump", "stop", "ped"]
    assert spelt("  data-driven\tthe") == ["data", "-", "driven", "the"]
    assert spelt("don’t") == ["don", "’", "t"]


def test_text_is_normalized_as_the_published_tokenizer_does() -> None:
    same = ["the pump", "the\u00a0pump", "the\u200bpump", "the\npump", "t\u0001he p\x7fump", "ｔｈｅ ｐｕｍｐ"]
    assert len({tuple(WHOLE.encode(text, add_special_tokens=False).ids) for text in same}) == 1


@pytest.mark.parametrize("name", SPECIAL)
def test_names_of_special_pieces_are_plain_text(name: str) -> None:
    tokens = WHOLE.encode(f"the {name}pump", add_special_tokens=False).tokens
    assert not set(SPECIAL) & set(tokens)
    assert "".join(tokens).replace("\u2581", " ").strip() == f"the {name}pump"


def test_padding_changes_places_with_the_first() -> None:
    assert padding_first(4, 1) == [1, 0, 2, 3]
    assert padding_first(3, 0) == [0, 1, 2]


@given(st.lists(st.sampled_from(["the", "pump", "stopped", "pad", "masking"]), min_size=1, max_size=8))
def test_texts_of_kept_pieces_are_cut_as_before(words: list[str]) -> None:
    text = " ".join(words)
    smaller, kept = prune_vocabulary(WHOLE, [text] * 5)
    assert smaller.get_vocab_size() == len(kept) < WHOLE.get_vocab_size()
    encoded, before = (each.encode(text, add_special_tokens=False) for each in (smaller, WHOLE))
    assert encoded.tokens == before.tokens
    assert [kept[number] for number in encoded.ids] == before.ids
    assert [smaller.id_to_token(number) for number in range(4)] == list(SPECIAL[:4])


def test_what_is_written_in_ascii_can_still_be_spelt() -> None:
    smaller, _ = prune_vocabulary(WHOLE, ["the pump"] * 5)
    assert "driven" not in smaller.get_vocab()
    assert "<unk>" not in smaller.encode("data-driven", add_special_tokens=False).tokens
    assert smaller.encode("漢", add_special_tokens=False).ids[-1] == smaller.token_to_id("<unk>")


def test_the_commonest_words_of_each_language_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vocabulary, "_FREQUENT_WORDS", 300)
    assert "é" not in prune_vocabulary(WHOLE, ["the pump"] * 5)[0].get_vocab()
    assert "é" in prune_vocabulary(WHOLE, ["the pump"] * 5, ["en", "fr"])[0].get_vocab()
    with pytest.raises(BuildError, match="no list of words of the language 'xx'"):
        prune_vocabulary(WHOLE, [], ["xx"])
