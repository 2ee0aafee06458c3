"""Tokenizers of SentencePiece's unigram kind, as XLM-R has them, in the form that the default summarizer wants.

Padding is piece 0 (see `encoder.network`), and no text is ever cut into the names of special pieces.
"""

from __future__ import annotations

from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers

Vocabulary = list[tuple[str, float]]
"""Pieces and their scores (log-probabilities), by id."""

PAD, OPEN, CLOSE, UNKNOWN, MASK = "<pad>", "<s>", "</s>", "<unk>", "<mask>"
_SPECIAL = (PAD, OPEN, CLOSE, UNKNOWN, MASK)
# Below what any spelling of their names comes to (single characters score -21 at least), so that "<s>" in somebody's
# text is three characters.
_SPECIAL_SCORE = -200.0
# What the published table of code points changes beyond NFKC: control characters go, and what is as good as a blank
# becomes one. (It was made of an earlier Unicode: 74 characters that NFKC changes it leaves, none of them in English
# or French.)
_NOTHING = Regex(r"[\x00-\x08\x0b\x0e-\x1f\x7f\x8f\x9f]")
_BLANK = Regex(r"[\t\n\f\r\u1680\u200b-\u200f\u2028\u2029\u2581\ufeff\ufffd]")


def padding_first(rows: int, padding_id: int) -> list[int]:
    """Give the old ids of all pieces in their new order: padding changes places with piece 0."""
    order = list(range(rows))
    order[0], order[padding_id] = padding_id, 0
    return order


def make_unigram(vocabulary: Vocabulary) -> Tokenizer:
    """Make a tokenizer.

    It normalizes as XLM-R's, but that an apostrophe is always the straight one, as the treebanks write most of them.
    The blank before a word is no part of the word's offsets.

    Args:
        vocabulary: with `<unk>`, and with padding where it should be.
    """
    names = [piece for piece, _ in vocabulary]
    scored = [(piece, _SPECIAL_SCORE if piece in _SPECIAL else score) for piece, score in vocabulary]
    tokenizer = Tokenizer(models.Unigram(scored, unk_id=names.index(UNKNOWN), byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.Replace(_NOTHING, ""),
            normalizers.Replace(_BLANK, " "),
            normalizers.NFKC(),
            normalizers.Replace("\N{RIGHT SINGLE QUOTATION MARK}", "'"),
        ]
    )
    # Metaspace alone would count the blank among a word's characters.
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(prepend_scheme="always")]
    )
    tokenizer.add_special_tokens(
        [AddedToken(each, special=True, normalized=False) for each in _SPECIAL if each in names]
    )
    return tokenizer
