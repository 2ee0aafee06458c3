"""What a summary is scored by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch

from briefd_build.errors import BuildError
from briefd_build.measures import embedding
from briefd_build.measures.embedding import NoEmbedder, SentenceEmbedder, find_embedder
from briefd_build.measures.summaries import SUMMARY_METRICS, answer_summary, score_summaries
from briefd_server.engines.base import Task

if TYPE_CHECKING:
    from collections.abc import Sequence

    from briefd_build.base_model import BaseModel

TEXT = "the old pump filled the tank in the cellar of the house and then stopped"
REFERENCES = ("The old pump filled the tank.", "The pump stopped.")


class HalfAlike:
    def similarities(self, sentences: Sequence[str], other: str) -> list[float]:
        return [0.5] * len(sentences)


def test_scores_are_means_over_references() -> None:
    answer = answer_summary(Task(TEXT, 4, 6), REFERENCES, "the old pump filled the tank", HalfAlike())
    assert (answer.text, answer.expected, answer.given) == (TEXT, REFERENCES, "the old pump filled the tank")
    # Against the second reference: 2 words of 6 and of 3 in common; in order, they are no neighbours.
    assert answer.scores == pytest.approx({
        "word_f1": (1 + 4 / 9) / 2,
        "rouge1": (1 + 4 / 9) / 2,
        "rouge2": 0.5,
        "rougeL": (1 + 4 / 9) / 2,
        "embedding_similarity": 0.5,
        "within_length": 1.0,
    })  # fmt: skip


@pytest.mark.parametrize(("least", "most", "expected"), [(6, 6, 1.0), (7, 9, 0.0), (2, 5, 0.0), (16, 20, None)])
def test_the_length_counts_where_the_text_has_enough_words(least: int, most: int, expected: float | None) -> None:
    answer = answer_summary(Task(TEXT, least, most), (), "the old pump filled the tank", HalfAlike())
    assert answer.scores == ({} if expected is None else {"within_length": expected})


def test_means_are_over_the_answers_that_have_a_score() -> None:
    ours = [
        answer_summary(Task(TEXT, 4, 6), REFERENCES, "the old pump filled the tank", NoEmbedder()),
        answer_summary(Task("two words", 4, 6), (), "two words", NoEmbedder()),
    ]
    theirs = [ours[0], answer_summary(Task("two words", 4, 6), (), "words", NoEmbedder())]
    metrics = score_summaries(ours, theirs)
    assert metrics["word_f1"] == ours[0].scores["word_f1"]
    assert metrics["within_length"] == 1.0
    assert metrics["agreement"] == 0.5
    assert "embedding_similarity" not in metrics
    assert set(metrics) <= {metric.name for metric in SUMMARY_METRICS}
    assert SUMMARY_METRICS[0].name == "word_f1"


def test_embeddings_are_means_over_a_sentences_own_pieces(base: BaseModel) -> None:
    short, long = "the pump stopped", "the old pump near the station filled the new tank in the village"
    alone, together = SentenceEmbedder(base), SentenceEmbedder(base)
    together.embed([short, long])
    alone.embed([short])
    expected = base.load_encoder().eval()(torch.tensor([base.load_tokenizer().encode(short).ids]))
    mean = expected.last_hidden_state[0].mean(0).detach()
    cosine = float(torch.nn.functional.cosine_similarity(alone._kept[short], mean, dim=0))
    assert cosine == pytest.approx(1, abs=1e-5)
    # What stands beside a sentence in its batch, and so how it is filled up, changes nothing.
    assert together._kept[short] == pytest.approx(alone._kept[short], abs=1e-5)


def test_a_sentence_is_like_itself(base: BaseModel) -> None:
    same, other = SentenceEmbedder(base).similarities(["the pump stopped", "a village"], "the pump stopped")
    assert same == pytest.approx(1, abs=1e-5)
    assert -1 <= other < 0.999


def test_without_weights_the_similarity_is_left_out(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def absent() -> BaseModel:
        raise BuildError("no base model; install it")

    monkeypatch.setattr(embedding, "find_base", absent)
    assert find_embedder().similarities(["any"], "any") == []
    assert "left out: no base model; install it" in caplog.text
