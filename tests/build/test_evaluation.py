"""The measures: against their definitions, by hand and by brute force."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from briefd_build.corpora.collapse import ParsedSentence
from briefd_build.corpora.documents import Document
from briefd_build.evaluation.attachment import score_attachment
from briefd_build.evaluation.compression import first_words, read_compression_sets, score_compressions, word_f1
from briefd_build.evaluation.lengths import score_compliance
from briefd_build.evaluation.salience import fractional_auc, salience_auc
from briefd_build.evaluation.speed import time_engine
from briefd_server.engines.base import Summary, Task
from briefd_server.engines.extractive.reading import SentenceReading
from briefd_server.text.words import find_words

shares = st.floats(0, 1)


@given(st.lists(st.tuples(st.integers(-3, 3), shares), min_size=1, max_size=12))
def test_the_area_is_the_probability_that_a_positive_outscores_a_negative(items: list[tuple[int, float]]) -> None:
    wins = total = 0.0
    for score, share in items:
        for other, other_share in items:
            weight = share * (1 - other_share)
            wins += weight * ((score > other) + 0.5 * (score == other))
            total += weight
    scores, positive = (np.array(column, dtype=float) for column in zip(*items, strict=True))
    if total > 1e-9:
        assert fractional_auc(scores, positive) == pytest.approx(wins / total)


def test_word_f1_counts_words_as_often_as_both_have_them() -> None:
    assert word_f1("The pump, the tank", "the THE pump") == pytest.approx(2 * 3 / 7)
    assert word_f1("a b c", "A, b; c!") == 1
    assert word_f1("a", "b") == 0
    assert word_f1("a", "…") == 0


def test_the_first_words_keep_what_stands_between() -> None:
    assert first_words('"The pump," he said.', 2) == '"The pump'
    assert first_words("The pump.", 9) == "The pump"
    assert first_words("…", 3) == ""


class FirstWords:
    """An engine that keeps the first words, and reads every sentence as a chain."""

    thread_count = 1

    def __init__(self, salience: float = 1.0, extra: str = "") -> None:
        self.lengths: list[int] = []
        self._salience = salience
        self._extra = extra

    def summarize(self, task: Task, _call: object) -> Summary:
        self.lengths.append(task.max_word_count)
        text = first_words(task.text, task.max_word_count) + self._extra
        return Summary(text, len(find_words(text)), None, (), "en", 1, len(find_words(task.text)))

    def read_document(self, sentences):
        readings = []
        for sentence in sentences:
            words = [sentence[word.start : word.end] for word in find_words(sentence)]
            count = len(words)
            salience = self._salience * np.array([float(word[0].isupper()) for word in words])
            heads = [max(0, word - 1) for word in range(count)]
            relations = ["root", *["obl:x"] * (count - 1)]
            readings.append(SentenceReading(words, heads, relations, ["X"] * count, salience, salience, 0.0))
        return readings


def test_compressions_are_compared_at_the_length_of_their_set(tmp_path) -> None:
    text = " ".join(f"w{n}" for n in range(20))
    for name in ("broadcast", "newsroom"):
        record = f'{{"text": "{text}", "summaries": ["w0 w1", "x"]}}\n'
        (tmp_path / f"{name}.jsonl").write_text(record * 2, encoding="utf-8")
    for compressions, most in zip(read_compression_sets(tmp_path), (15, 11), strict=True):
        engine = FirstWords()
        scores = score_compressions(engine, compressions)
        assert set(engine.lengths) == {most}
        assert scores.text_count == 2
        assert scores.word_f1 == scores.first_words_f1 == pytest.approx((2 * 2 / (most + 2) + 0) / 2)
        assert scores.rouge_l == scores.first_words_rouge_l == pytest.approx(scores.word_f1)


def test_attachment_counts_heads_and_relations() -> None:
    tree = ParsedSentence("a b c d", ("a", "b", "c", "d"), (0, 0, 1, 0), ("root", "obl", "obl:x", "obl:x"), ("X",) * 4)
    scores = score_attachment(FirstWords(), [Document(("a b c d",), (), (tree,))])
    assert (scores.word_count, scores.unlabelled, scores.labelled) == (4, 75.0, 75.0)
    assert scores.labelled_with_subtypes == 50.0


def test_salience_is_measured_where_there_are_references() -> None:
    documents = [
        Document(("Pumps leak now.", "It Rained."), ("Pumps",)),
        Document(("Nobody wrote a summary.",), ()),
    ]
    # Pumps: one positive; It, Rained level with it; leak, now below.
    assert salience_auc(FirstWords(), documents) == pytest.approx((2 + 2 * 0.5) / 4)
    assert salience_auc(FirstWords(-1.0), documents) == pytest.approx(1 - (2 + 2 * 0.5) / 4)


def test_compliance_counts_lengths_and_words_in_order() -> None:
    texts = ["one two three four five six", "one two"]
    kept = score_compliance(FirstWords(), texts, 3, 4)
    assert (kept.text_count, kept.within_length, kept.words_in_order) == (2, 100.0, 100.0)
    invented = score_compliance(FirstWords(extra=" seven"), texts, 3, 4)
    assert invented.within_length == 0.0
    assert invented.words_in_order == pytest.approx(100 * 6 / 8)
    # The stop that closes a summary makes an abbreviation of its last letter.
    stopped = score_compliance(FirstWords(extra="."), ["It is 80 F for hours."], 3, 4)
    assert stopped.words_in_order == 100.0


def test_latency_is_of_the_texts_that_are_nearest_to_100_words() -> None:
    class Clocked(FirstWords):
        def summarize(self, task: Task, call: object) -> Summary:
            self.lengths.append(len(find_words(task.text)))
            return super().summarize(task, call)

    engine = Clocked()
    latency = time_engine(engine, ["word " * count for count in (5, 95, 100, 104, 300)], count=3)
    assert latency.text_count == 3
    assert {95, 100, 104} <= set(engine.lengths) <= {95, 100, 104, 15}
    assert 0 < latency.p50_ms <= latency.p95_ms
