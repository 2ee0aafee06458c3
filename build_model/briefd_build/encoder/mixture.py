"""The training mixture: which documents an epoch holds, and in which guise."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from briefd_build.encoder.batches import Batch, EncodedDocument, Example, encode_document, examples_of, make_batches

if TYPE_CHECKING:
    from collections.abc import Sequence

    from briefd_build.corpora.collection import Corpora
    from briefd_build.corpora.documents import Document
    from briefd_server.engines.extractive.pieces import PieceEncoder

# Share of treebank documents that an epoch shows with a space after every token, so that text which was tokenized
# before it was sent ("they 've") is read as well. Set once.
_SPACED_SHARE = 0.15
# A student sees an abstract in every 3rd epoch, a post in every 5th. Who learns from labels alone sees them half as
# often: only what is salient is labelled in them, and the treebanks stay the most of the diet.
_ABSTRACT_EVERY, _POST_EVERY = 3, 5
_RARER_WITHOUT_TEACHER = 2
# A text without labels is read in every 5th epoch: about as many words an epoch as there are labelled ones.
_TAUGHT_EVERY = 5
# Summaries are about a post's beginning more often than about its end. A teacher has something to say about all of it.
_LABELLED_WINDOWS_OF_POST = 2
_CAPACITIES = (96, 128, 192, 256)  # pieces of a window; serving uses the largest
_PIECES_PER_BATCH = 2400  # 12 windows of 200 pieces


class Mixture:
    """Batches for every epoch, reproducible from a seed.

    `encoders` are the student's and the teacher's, one and the same where nobody teaches. Where somebody does, `taught`
    are the documents without labels that are read for what the teacher says of them, and posts are read to their ends.
    """

    def __init__(
        self,
        corpora: Corpora,
        relations: Sequence[str],
        encoders: tuple[PieceEncoder, PieceEncoder],
        seed: int,
        *,
        taught: Sequence[Document] | None = None,
    ) -> None:
        self._encoders = encoders
        self._seed = seed
        rarer = _RARER_WITHOUT_TEACHER if taught is None else 1
        self._abstract_every, self._post_every = _ABSTRACT_EVERY * rarer, _POST_EVERY * rarer
        self._windows_of_post = _LABELLED_WINDOWS_OF_POST if taught is None else None
        self._treebanks = self._encode(corpora.treebanks, relations)
        self._spaced = self._encode(corpora.spaced_treebanks, relations)
        self._abstracts = self._encode(corpora.abstracts, relations)
        self._posts = self._encode(corpora.posts, relations)
        self._taught = self._encode(taught or (), relations)

    def batches_of_epoch(self, epoch: int) -> list[Batch]:
        """Make the batches of an epoch."""
        chance = random.Random(f"{self._seed}-{epoch}")  # noqa: S311 - shuffling, not secrets
        guises = zip(self._treebanks, self._spaced, strict=True)
        documents = [spaced if chance.random() < _SPACED_SHARE else plain for plain, spaced in guises]
        documents += self._abstracts[epoch % self._abstract_every :: self._abstract_every]
        examples = [example for pair in documents for example in self._examples(pair, chance)]
        for pair in self._posts[epoch % self._post_every :: self._post_every]:
            examples += self._examples(pair, chance, self._windows_of_post)
        examples += [
            each
            for pair in self._taught[epoch % _TAUGHT_EVERY :: _TAUGHT_EVERY]
            for each in self._examples(pair, chance)
        ]
        return make_batches(examples, _PIECES_PER_BATCH, chance)

    def _encode(
        self, documents: Sequence[Document], relations: Sequence[str]
    ) -> list[tuple[EncodedDocument, EncodedDocument]]:
        own, teachers = self._encoders
        pairs = []
        for document in documents:
            encoded = encode_document(document, own, relations)
            pairs.append((encoded, encoded if teachers is own else encode_document(document, teachers, relations)))
        return pairs

    def _examples(
        self, pair: tuple[EncodedDocument, EncodedDocument], chance: random.Random, most: int | None = None
    ) -> list[Example]:
        return list(examples_of(*pair, self._encoders, chance.choice(_CAPACITIES), most))
