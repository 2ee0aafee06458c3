"""Fewer vocabulary rows: word pieces that no text needs leave the tokenizer and the embedding."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import wordfreq
from tokenizers import Tokenizer
from torch import nn

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from transformers import BertModel

# A piece stays when the permissive corpora use it at least this often, or one of the most frequent English words does.
# With 5 and 10,000, 15,651 of 30,522 rows stay; 99.2 % of the held-out documents' words are cut as before.
_LEAST_USES = 5
_FREQUENT_WORDS = 10_000
_CONTINUATION = "##"


def prune_vocabulary(tokenizer: Tokenizer, texts: Iterable[str]) -> tuple[Tokenizer, list[int]]:
    """Leave out the word pieces that neither the texts nor a general list of English words use.

    Args:
        tokenizer: a WordPiece tokenizer with `[PAD]` as piece 0.
        texts: the training texts.

    Returns:
        The smaller tokenizer, and the old ids of the pieces that stay, in their new order.
    """
    pieces = sorted(tokenizer.get_vocab().items(), key=lambda entry: entry[1])
    uses = Counter[int]()
    for encoding in tokenizer.encode_batch(list(texts), add_special_tokens=False):
        uses.update(encoding.ids)
    frequent = set[int]()
    for encoding in tokenizer.encode_batch(wordfreq.top_n_list("en", _FREQUENT_WORDS), add_special_tokens=False):
        frequent.update(encoding.ids)
    kept = [
        piece_id
        for piece, piece_id in pieces
        if uses[piece_id] >= _LEAST_USES or piece_id in frequent or _is_indispensable(piece)
    ]
    definition: dict[str, Any] = json.loads(tokenizer.to_str())
    definition["model"]["vocab"] = {pieces[old][0]: new for new, old in enumerate(kept)}
    new_ids = {old: new for new, old in enumerate(kept)}
    for special in definition["added_tokens"]:
        special["id"] = new_ids[special["id"]]
    for special in (definition["post_processor"] or {}).get("special_tokens", {}).values():
        special["ids"] = [new_ids[old] for old in special["ids"]]
    return Tokenizer.from_str(json.dumps(definition)), kept


def _is_indispensable(piece: str) -> bool:
    """Whether it is special or a single ASCII character: with these every English word can still be spelt."""
    if piece in {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"}:
        return True
    character = piece.removeprefix(_CONTINUATION)
    return len(character) == 1 and character.isascii()


def keep_vocabulary_rows(bert: BertModel, kept: Sequence[int]) -> None:
    """Shrink the embedding to the rows `kept`, in place."""
    rows = bert.embeddings.word_embeddings.weight.detach()[list(kept)].clone()
    bert.embeddings.word_embeddings = nn.Embedding(len(kept), rows.shape[1], padding_idx=0, _weight=rows)
    bert.config.vocab_size = len(kept)
