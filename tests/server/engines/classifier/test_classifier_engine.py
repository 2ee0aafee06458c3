"""The classifier engine with a model that one can do in the head."""

from __future__ import annotations

import threading
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest
from bundle_factory import make_bundle
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from odd_texts import LONG_ENOUGH, TOO_SHORT, WITHOUT_WORDS
from tiny_classifier import LABELS, WINDOW_PIECES, WORDS, make_classifier_bundle, make_graph, tokenizer_file
from tiny_tokenizer import make_tokenizer

from briefd_server.bundle import BASELINE, OPTIMIZED, BundleError, read_bundle
from briefd_server.engines import load_classifier, load_engine, load_summarizer
from briefd_server.engines.base import CallContext, CallStopped, Classification, Classifier, Stage, UnwatchedCall
from briefd_server.engines.classifier import ClassifierEngine, Parameters
from briefd_server.engines.classifier.engine import softmax
from briefd_server.engines.classifier.windows import WindowEncoder
from briefd_server.errors import EngineLoadError


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_classifier_bundle(tmp_path_factory.mktemp("classifier"))


@pytest.fixture(scope="module")
def classifier(directory: Path) -> Classifier:
    return load_classifier(read_bundle(directory), OPTIMIZED, 1)


def probabilities_of(answer: Classification) -> list[float]:
    scores = {label.name: label.probability for label in answer.labels}
    return [scores[name] for name in LABELS]


def test_the_most_probable_label_comes_first(classifier: Classifier) -> None:
    answer = classifier.classify("It is good, good and bad today", UnwatchedCall())
    assert [label.name for label in answer.labels] == ["positive", "negative", "neutral"]
    assert answer.words_read == 7
    assert answer.language == "en"
    logits = np.log(probabilities_of(answer))
    assert logits[2] - logits[1] == pytest.approx(2 * (logits[0] - logits[1]))


def test_a_text_in_another_language_is_classified_all_the_same(classifier: Classifier) -> None:
    answer = classifier.classify("Das Wetter ist heute nicht gut, aber die Reise war good", UnwatchedCall())
    assert (answer.language, answer.labels[0].name) == ("und", "positive")


def test_probabilities_are_those_of_the_logits(classifier: Classifier) -> None:
    # [CLS] good [SEP]: a mean of 12 / 3.
    expected = np.exp([0, 0, 4]) / np.exp([0, 0, 4]).sum()
    assert probabilities_of(classifier.classify("good", UnwatchedCall())) == pytest.approx(expected)


def test_the_baseline_is_a_form_of_its_own(directory: Path) -> None:
    baseline = load_classifier(read_bundle(directory), BASELINE, 1)
    expected = np.exp([0, 0, 8]) / np.exp([0, 0, 8]).sum()
    assert probabilities_of(baseline.classify("good", UnwatchedCall())) == pytest.approx(expected)


def test_a_form_may_have_a_tokenizer_of_its_own(tmp_path: Path) -> None:
    # It takes good for bad.
    swapped = {"tokenizer.baseline.json": tokenizer_file(WORDS[::-1])}
    bundle = read_bundle(make_classifier_bundle(tmp_path, swapped))
    best = {
        form: load_classifier(bundle, form, 1).classify("good", UnwatchedCall()).labels[0].name
        for form in (OPTIMIZED, BASELINE)
    }
    assert best == {OPTIMIZED: "positive", BASELINE: "negative"}


def test_a_long_text_is_read_to_its_end(classifier: Classifier) -> None:
    # Fourteen letters fill a window; what speaks is in the last of 101.
    text = "a " * 1400 + "good"
    answer = classifier.classify(text, UnwatchedCall())
    assert answer.labels[0].name == "positive"
    # The last window has 3 pieces of 100 * 16 + 3, and a mean of 4.
    logit = 3 * 4 / 1603
    assert probabilities_of(answer)[2] == pytest.approx(np.exp(logit) / (np.exp(logit) + 2))
    assert answer.words_read == 1401


def test_special_pieces_in_a_text_are_only_text(classifier: Classifier) -> None:
    spelled = classifier.classify("[SEP] good", UnwatchedCall())
    # [CLS] [ s ##e ##p ] good [SEP]
    assert probabilities_of(spelled) == pytest.approx(np.exp([0, 0, 1.5]) / np.exp([0, 0, 1.5]).sum())


def test_what_steers_a_terminal_is_no_part_of_a_text(classifier: Classifier) -> None:
    plain, coloured = (classifier.classify(text, UnwatchedCall()) for text in ("good", "\x1b[31mgood\x1b[0m"))
    assert plain == coloured


@pytest.mark.parametrize(
    "text", [*LONG_ENOUGH.values(), *TOO_SHORT.values(), *WITHOUT_WORDS.values(), "\ufffe", "", "\0"]
)
def test_odd_texts_are_classified(classifier: Classifier, text: str) -> None:
    check(classifier.classify(text, UnwatchedCall()))


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=300))
@example("\u0301" * 50)
@example("\u115f")
def test_any_text_is_classified(classifier: Classifier, text: str) -> None:
    check(classifier.classify(text, UnwatchedCall()))


def check(answer: Classification) -> None:
    probabilities = [label.probability for label in answer.labels]
    assert sum(probabilities) == pytest.approx(1)
    assert all(0 <= probability <= 1 for probability in probabilities)
    assert probabilities == sorted(probabilities, reverse=True)
    assert {label.name for label in answer.labels} == set(LABELS)
    assert answer.language in ("en", "und")


class StoppingCall(UnwatchedCall):
    """A call that another thread stops as soon as the model runs."""

    def __init__(self) -> None:
        self.is_stopped = False
        self.stages: list[Stage] = []

    def checkpoint(self) -> None:
        if self.is_stopped:
            raise CallStopped

    def stage(self, stage: Stage) -> nullcontext[None]:
        self.stages.append(stage)
        return nullcontext()

    def on_stop(self, callback):
        def stop() -> None:
            self.is_stopped = True
            callback()

        threading.Timer(0.05, stop).start()
        return nullcontext()


def test_a_run_ends_once_its_call_is_stopped(classifier: Classifier) -> None:
    call = StoppingCall()
    with pytest.raises(CallStopped):
        classifier.classify("a slow day", call)
    assert call.stages == [Stage.TOKENIZE, Stage.INFERENCE]
    check(classifier.classify("good", UnwatchedCall()))


def test_a_call_that_was_stopped_before_does_not_reach_the_model(classifier: Classifier) -> None:
    call = StoppingCall()
    call.is_stopped = True
    with pytest.raises(CallStopped):
        classifier.classify("good", call)
    assert call.stages == [Stage.TOKENIZE]


class NotingSession:
    """A session that notes after which windows it was to give memory back."""

    def __init__(self) -> None:
        self.notes: list[bool] = []

    def read(
        self, window: NDArray[np.int64], call: CallContext, *, is_last_of_many: bool = False
    ) -> NDArray[np.float32]:
        self.notes.append(is_last_of_many)
        return np.zeros(len(LABELS), dtype=np.float32)


@pytest.mark.parametrize(("text", "notes"), [("good", [False]), ("a " * 30, [False, False, True])])
def test_memory_is_given_back_after_the_last_of_many_windows(text: str, notes: list[bool]) -> None:
    session = NotingSession()
    encoder = WindowEncoder(make_tokenizer(WORDS), WINDOW_PIECES)
    ClassifierEngine(encoder, session, Parameters(LABELS, "en", WINDOW_PIECES), 1).classify(text, UnwatchedCall())
    assert session.notes == notes


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"engine_parameters": {}}, "'labels'"),
        ({"engine_parameters": {"labels": "a b"}}, "must be a list of names"),
        ({"engine_parameters": {"labels": ["a", ""]}}, "must be a list of names"),
        ({"engine_parameters": {"labels": ["a", "\x1b[31m"]}}, "printable"),
        ({"engine_parameters": {"labels": ["a", "a", "b"]}}, "names that differ"),
        ({"engine_parameters": {"labels": ["a"]}}, "2 to 1024 names"),
        ({"engine_parameters": {"labels": ["a", "b"]}}, "has other labels; rebuild it"),
        ({"limits": {}}, "'window_pieces'"),
        ({"limits": {"window_pieces": 513}}, "from 8 to 512"),
    ],
)
def test_wrong_parameters_are_refused(tmp_path: Path, changes: dict[str, object], complaint: str) -> None:
    bundle = read_bundle(make_classifier_bundle(tmp_path, **changes))
    with pytest.raises(BundleError, match=complaint) as caught:
        load_engine(bundle, OPTIMIZED, 1)
    assert "rebuild it" in str(caught.value)


@pytest.mark.parametrize(
    "contents",
    [
        {"tokenizer.json": tokenizer_file((*WORDS, "words", "that", "the", "model", "lacks"))},
        {"tokenizer.json": b"{}"},
        {"optimized.onnx": b"no graph"},
    ],
)
def test_parts_that_do_not_fit_together_are_refused_when_loaded(tmp_path: Path, contents: dict[str, bytes]) -> None:
    bundle = read_bundle(make_classifier_bundle(tmp_path, contents))
    with pytest.raises(BundleError, match="its optimized model can't be loaded; rebuild it"):
        load_engine(bundle, OPTIMIZED, 1)


def test_a_model_that_gives_no_numbers_is_refused_when_loaded(tmp_path: Path) -> None:
    bundle = read_bundle(make_classifier_bundle(tmp_path, {"optimized.onnx": make_graph(float("nan"))}))
    with pytest.raises(BundleError, match="its optimized model gives logits that are no numbers; rebuild it"):
        load_engine(bundle, OPTIMIZED, 1)


@pytest.mark.parametrize("score", [float("nan"), float("inf"), float("-inf")])
def test_a_call_whose_logits_are_no_numbers_fails(tmp_path: Path, score: float) -> None:
    graph = make_graph(12.0, bad_score=score)
    engine = load_engine(read_bundle(make_classifier_bundle(tmp_path, {"optimized.onnx": graph})), OPTIMIZED, 1)
    assert engine.classify("good", UnwatchedCall()).labels[0].name == "positive"
    # In the second of two windows too.
    for text in ("bad", "good " * WINDOW_PIECES + "bad"):
        with pytest.raises(FloatingPointError):
            engine.classify(text, UnwatchedCall())


@pytest.mark.parametrize("logit", [float("nan"), float("inf"), float("-inf")])
def test_a_logit_that_is_no_number_is_no_probability(logit: float) -> None:
    with pytest.raises(FloatingPointError):
        softmax(np.array([0.0, logit]))


@given(st.lists(st.floats(-1e4, 1e4), min_size=1, max_size=50))
def test_a_softmax_sums_to_1_and_keeps_the_order(logits: list[float]) -> None:
    probabilities = softmax(np.array(logits))
    assert probabilities.sum() == pytest.approx(1)
    assert (probabilities >= 0).all()
    assert (np.diff(probabilities[np.argsort(logits)]) >= 0).all()


def test_a_bundle_of_the_other_task_is_refused(directory: Path, tmp_path: Path) -> None:
    with pytest.raises(EngineLoadError, match="tiny-mood is there to classify texts; name one that can summarize them"):
        load_summarizer(read_bundle(directory), OPTIMIZED, 1)
    with pytest.raises(EngineLoadError, match="tiny-en is there to summarize texts; name one that can classify them"):
        load_classifier(read_bundle(make_bundle(tmp_path)), OPTIMIZED, 1)


@pytest.mark.parametrize("changes", [{"task": "summarize"}, {"engine": "extractive"}, {"engine": "generative"}])
def test_engine_and_task_go_together(tmp_path: Path, changes: dict[str, object]) -> None:
    with pytest.raises(BundleError, match=r"task must be (summarize|classify), which is what the \w+ engine is for"):
        make_classifier_bundle(tmp_path, **changes)
