"""Small vocabularies trained on the spot, and language models of a few lines, in place of a network."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from briefd_server.engines.generative.model import CANDIDATE_COUNT, Candidates, TokenKind
from briefd_server.engines.generative.vocabulary import Vocabulary

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    Scores = npt.NDArray[np.float32]

END_OF_TEXT = "<|endoftext|>"
CORPUS = (
    "The council approved the new bridge on Tuesday, but its cost of $3.5 million worries many people in the town.",
    "Dr. Smith of the U.S. Geological Survey said that the river rose by 2.4 metres after the storm on Monday.",
    'He said "it is over." and left, e.g. for the airport; nobody at Acme Inc. had asked him to stay any longer!',
    "Is the harvest late this year? Farmers (in the north, at least) think so, and the markets do not like it.",
    "See https://www.example.com/reports/2024/annual for more: prices fell 12% while wages grew, the bank reported...",
    "Große Städte wie Köln wollen weniger Autos, während cafés naïve Gäste über Öffnungszeiten täuschen – angeblich.",
    "市议会周二批准了新桥，但其三百万美元的费用令许多人担忧。 日本の首相は、火曜日に新しい計画を発表した。 नई सड़क बनी।",
    "The police, who had been called at 5 p.m., found no one; a neighbour’s dog had barked all night — loudly.",
    "A company that makes pumps will close its oldest plant in March, because orders from abroad fell last year.",
    "Scientists found water under the ice of a small moon, which may mean that life could exist there, they wrote.",
)


@cache
def byte_level_tokenizer(size: int = 700) -> Tokenizer:
    """Train a byte-level BPE tokenizer like those of GPT-2 and GPT-NeoX."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=[END_OF_TEXT],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator((*CORPUS, " \n\n", ".\n"), trainer)
    return tokenizer


@cache
def unigram_tokenizer(size: int = 500) -> Tokenizer:
    """Train a SentencePiece-like tokenizer like T5's, with the bytes of Llama 2 added."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=size, special_tokens=[END_OF_TEXT, "<unk>"], unk_token="<unk>", show_progress=False
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    pieces = [(piece, score) for piece, score in json.loads(tokenizer.to_str())["model"]["vocab"]]
    pieces.extend((f"<0x{byte:02X}>", -20.0) for byte in range(256))
    tokenizer.model = models.Unigram(pieces, unk_id=1, byte_fallback=True)
    return tokenizer


def vocabulary_of(tokenizer: Tokenizer) -> Vocabulary:
    """Read the vocabulary of one of these tokenizers."""
    return Vocabulary(tokenizer, [tokenizer.token_to_id(END_OF_TEXT)])


class ScoringModel:
    """A model that scores its whole vocabulary by a function of the tokens so far, the prompt aside."""

    def __init__(
        self, vocabulary: Vocabulary, score: Callable[[Sequence[int]], Scores], prompt_length: int = 1
    ) -> None:
        self._vocabulary = vocabulary
        self._score = score
        self._prompt_length = prompt_length
        self._tokens: list[int] = [0] * prompt_length
        self.run_count = 0
        self.longest = prompt_length

    @property
    def position(self) -> int:
        return len(self._tokens)

    def first(self, allowed: TokenKind) -> Candidates:
        return self._candidates(allowed)

    def advance(self, token_ids: Sequence[int], allowed: TokenKind) -> Candidates:
        assert token_ids
        self.run_count += 1
        self._tokens.extend(token_ids)
        self.longest = max(self.longest, len(self._tokens))
        return self._candidates(allowed)

    def verify(self, token_ids: Sequence[int]) -> list[Candidates]:
        self.run_count += 1
        answers = []
        for token_id in token_ids:
            self._tokens.append(token_id)
            answers.append(self._candidates(TokenKind.ANY))
        self.longest = max(self.longest, len(self._tokens))
        return answers

    def rewind(self, position: int) -> None:
        assert 0 <= position <= len(self._tokens)
        del self._tokens[position:]

    def _candidates(self, allowed: TokenKind) -> Candidates:
        scores = self._score(self._tokens[self._prompt_length :])
        kinds = self._vocabulary.kinds
        masked = np.where(kinds & np.uint8(allowed), scores, -np.inf)
        best = np.argpartition(-masked, CANDIDATE_COUNT)[:CANDIDATE_COUNT]
        best = best[np.isfinite(masked[best])]
        best = best[np.argsort(-masked[best], kind="stable")]
        ending = scores[(kinds & np.uint8(TokenKind.STOP | TokenKind.END)) != 0]
        return Candidates(best.astype(np.int64), masked[best].astype(np.float32), float(ending.max() - scores.max()))


def random_scores(size: int, seed: int, spread: float = 1.0, context: int = 2) -> Callable[[Sequence[int]], Scores]:
    """Score by chance, the same after the same `context` tokens."""
    table = np.random.default_rng(seed).normal(0, spread, (97, size)).astype(np.float32)
    return lambda tokens: table[hash((seed, *tokens[len(tokens) - context :])) % len(table)] if context else table[0]


def scripted_scores(
    tokenizer: Tokenizer, script: str, *, likes: dict[str, float] | None = None, seed: int = 0
) -> Callable[[Sequence[int]], Scores]:
    """Score as a model that wants to write `script` and then end; led astray, it goes on after its last token there.

    Args:
        tokenizer: Spells the script.
        script: What the model wants to say; as the tokenizer has it, with a blank at its start.
        likes: Scores of other tokens at all times; the script's next token has 10, any other about 0.
        seed: Of the scores of all others.

    """
    size = tokenizer.get_vocab_size()
    wanted = [*tokenizer.encode(script, add_special_tokens=False).ids, tokenizer.token_to_id(END_OF_TEXT)]
    noise = np.random.default_rng(seed).uniform(-1, 0, size).astype(np.float32)
    for token, liking in (likes or {}).items():
        noise[tokenizer.token_to_id(token)] = liking

    def score(tokens: Sequence[int]) -> Scores:
        scores = noise.copy()
        place = len(tokens)
        if list(tokens) != wanted[:place] and tokens:
            places = [place for place, token_id in enumerate(wanted) if token_id == tokens[-1]]
            place = min(places, key=lambda place: abs(place + 1 - len(tokens)), default=-1) + 1
        if place < len(wanted) and (place or not tokens):
            scores[wanted[place]] = 10
        return scores

    return score


def weighted_texts(tokenizer: Tokenizer, weights: dict[str, float]) -> Callable[[Sequence[int]], Scores]:
    """Score as a model that knows a few texts by heart and likes some better than others.

    Args:
        tokenizer: Spells the texts.
        weights: Each text, with a blank at its start where the tokenizer wants one, and the score of its next token
            wherever it begins like what was written; the greatest where several do. Any other token has about -20.

    """
    end = tokenizer.token_to_id(END_OF_TEXT)
    spelled = [([*tokenizer.encode(text, add_special_tokens=False).ids, end], score) for text, score in weights.items()]
    noise = np.random.default_rng(0).uniform(-21, -20, tokenizer.get_vocab_size()).astype(np.float32)

    def score(tokens: Sequence[int]) -> Scores:
        scores = noise.copy()
        for text, weight in spelled:
            if len(tokens) < len(text) and text[: len(tokens)] == list(tokens):
                scores[text[len(tokens)]] = max(scores[text[len(tokens)]], weight)
        return scores

    return score
