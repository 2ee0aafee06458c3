"""The kind of classifiers: from a model on disk to a bundle that the engine serves, and back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import torch
from long_runs import cases
from tiny_corpus import VOCABULARY
from tiny_tokenizer import make_tokenizer
from toy_labels import write_toy_set
from transformers import BertConfig, BertForSequenceClassification

from briefd_build.classification import exporting
from briefd_build.classification.kind import ClassificationKind
from briefd_build.classification.opening import open_classifier
from briefd_build.classification.teaching import network_of
from briefd_build.compression.anatomy import Shape
from briefd_build.compression.structured import prune_structure
from briefd_build.compression.vocabulary import prune_vocabulary
from briefd_build.errors import BuildError
from briefd_build.pipeline.model import Calibration, Form, Kind, Lesson, Precision
from briefd_build.pipeline.results import Answer
from briefd_server.bundle import BASELINE, OPTIMIZED, read_bundle
from briefd_server.engines import load_classifier
from briefd_server.engines.base import UnwatchedCall

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from briefd_build.base_model import BaseModel
    from briefd_build.pipeline.model import Model

INT8 = Form(Precision.INT8_DYNAMIC, is_optimized=True)
FORMS = cases(
    [INT8],
    [
        Form(),
        Form(is_optimized=True),
        Form(Precision.FLOAT16),
        Form(Precision.INT8_STATIC, Calibration(batches=4)),
        Form(Precision.INT8_WEIGHTS),
    ],
)


def silent(_what: str, _share: float) -> None:
    pass


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("classification")


@pytest.fixture(scope="module")
def kind(base: BaseModel, folder: Path) -> ClassificationKind:
    write_toy_set(folder / "toy.jsonl")
    return make_kind(base, folder)


def make_kind(base: BaseModel, folder: Path, **evaluation: Any) -> ClassificationKind:
    def no_corpora() -> Path:
        raise AssertionError

    model = {"source": str(base.directory), "window_pieces": 64}
    data = {"train": str(folder / "toy.jsonl"), "may_be_shown": True}
    return ClassificationKind(model, data, {"texts": 10, **evaluation}, no_corpora)


@pytest.fixture(scope="module")
def trained(kind: ClassificationKind, base: BaseModel, folder: Path) -> Path:
    """A classifier that knows the task, saved."""
    model = kind.open(str(base.directory))
    kind.train(model, Lesson(epochs=8, rate=3e-3, head_rate=1e-2), None, folder / "checkpoint", silent)
    kind.finish(model, silent)
    (folder / "trained").mkdir()
    kind.save(model, folder / "trained")
    return folder / "trained"


@pytest.fixture
def model(kind: ClassificationKind, trained: Path) -> Model:
    return kind.load(trained)


def prune(kind: Kind, model: Model) -> None:
    anatomy = kind.anatomy(model)
    model.tokenizer, kept = prune_vocabulary(model.tokenizer, list(kind.texts(model))[:20])
    anatomy.keep_rows(kept)
    prune_structure(anatomy, lambda: kind.losses(model, 2), Shape(1, 1, 48))


def test_it_is_a_kind(kind: ClassificationKind) -> None:
    seam: Kind = kind
    assert [each.name for each in seam.metrics] == ["accuracy", "macro_f1", "agreement"]


@pytest.mark.parametrize("form", FORMS, ids=lambda form: f"{form.precision.value}{'-fused' * form.is_optimized}")
def test_every_form_is_served_as_pytorch_says(
    kind: ClassificationKind, model: Model, tmp_path: Path, form: Form
) -> None:
    prune(kind, model)
    model.form = form
    checked = kind.write_bundle(model, tmp_path / "bundle", silent)
    assert ("within" in checked) == (form.precision is Precision.FLOAT32)
    classifier = load_classifier(read_bundle(tmp_path / "bundle"), OPTIMIZED, 1)
    run = kind.run_in_pytorch(model)
    for text in kind.timed_texts():
        (logits,) = run(text)  # type: ignore[misc]
        expected = torch.softmax(logits[0], -1).max().item()
        best = classifier.classify(text, UnwatchedCall()).labels[0]
        assert best.name == model.facts["labels"][logits[0].argmax()]
        assert best.probability == pytest.approx(expected, abs=1e-4 if form.precision is Precision.FLOAT32 else 0.1)
    assert network_of(model).config._attn_implementation == "sdpa"


def test_a_pruned_model_is_read_back_as_it_was(kind: ClassificationKind, model: Model, tmp_path: Path) -> None:
    prune(kind, model)
    model.form = INT8
    (tmp_path / "saved").mkdir()
    kind.save(model, tmp_path / "saved")
    again = kind.load(tmp_path / "saved")
    assert kind.anatomy(again).shape == Shape(1, 1, 48)
    assert again.tokenizer.to_str() == model.tokenizer.to_str()
    assert (again.form, again.facts) == (model.form, model.facts)
    for one, other in zip(model.network.state_dict().items(), again.network.state_dict().items(), strict=True):
        assert one[0] == other[0]
        assert torch.equal(one[1], other[1])
    text = kind.timed_texts()[0]
    assert torch.equal(kind.run_in_pytorch(model)(text)[0], kind.run_in_pytorch(again)(text)[0])  # type: ignore[index]


@pytest.mark.long
def test_bundles_of_one_model_are_the_same(kind: ClassificationKind, model: Model, tmp_path: Path) -> None:
    model.form = INT8
    digests = set()
    for name in ("a", "b"):
        kind.write_bundle(model, tmp_path / name, silent)
        digests.add(read_bundle(tmp_path / name).digest)
    assert len(digests) == 1


@pytest.mark.long
def test_answers_are_scored(kind: ClassificationKind, base: BaseModel, model: Model, tmp_path: Path) -> None:
    untrained = kind.open(str(base.directory))
    kind.write_bundle(model, tmp_path / "trained", silent)
    kind.write_bundle(untrained, tmp_path / "untrained", silent)
    answers, others = (kind.answer(tmp_path / name, 1, silent) for name in ("trained", "untrained"))
    assert len(answers) >= 10
    assert answers[0].text
    assert kind.score(answers, answers)["accuracy"] > 0.9
    assert kind.score(answers, answers)["agreement"] == 1
    right = sum(each.given == each.expected[0] for each in others) / len(others)
    assert kind.score(others, answers)["accuracy"] == pytest.approx(right)


@pytest.mark.long
def test_texts_that_may_not_be_shown_leave_no_trace(
    base: BaseModel, folder: Path, model: Model, tmp_path: Path
) -> None:
    data = {"train": str(folder / "toy.jsonl")}
    kind = ClassificationKind({"source": str(base.directory)}, data, {"texts": 10}, lambda: tmp_path)
    kind.write_bundle(model, tmp_path / "bundle", silent)
    answers = kind.answer(tmp_path / "bundle", 1, silent)
    assert {each.text for each in answers} == {""}
    assert {each.expected for each in answers} == {()}
    assert kind.score(answers, answers)["accuracy"] > 0.9


def numbered(pairs: Sequence[tuple[int, int]]) -> list[Answer]:
    return [Answer("", (), str(given), {"expected": expected, "given": given}) for expected, given in pairs]


def test_scores_are_those_of_the_book(kind: ClassificationKind) -> None:
    answers = numbered([(0, 0), (0, 1), (1, 1), (1, 1), (2, 1)])
    found = kind.score(answers, numbered([(0, 0), (0, 0), (1, 0), (1, 1), (2, 2)]))
    assert found["accuracy"] == pytest.approx(3 / 5)
    # Label 0: 1 of 1 given, 1 of 2 found; label 1: 2 of 4 given, 2 of 2 found; label 2: never given.
    assert found["macro_f1"] == pytest.approx((2 / 3 + 2 / 3 + 0) / 3)
    assert found["agreement"] == pytest.approx(2 / 5)


@pytest.mark.long
def test_the_baseline_lies_beside_with_its_own_tokenizer(
    kind: ClassificationKind, model: Model, tmp_path: Path
) -> None:
    kind.write_bundle(model, tmp_path / "float32", silent)
    texts, labels = kind.timed_texts(), []
    float32 = load_classifier(read_bundle(tmp_path / "float32"), OPTIMIZED, 1)
    prune(kind, model)
    model.form = INT8
    kind.write_bundle(model, tmp_path / "int8", silent)
    kind.add_baseline(tmp_path / "int8", tmp_path / "float32")
    bundle = read_bundle(tmp_path / "int8")
    assert set(bundle.variants) == {OPTIMIZED, BASELINE}
    labels = [load_classifier(bundle, BASELINE, 1).classify(text, UnwatchedCall()).labels for text in texts]
    assert labels == [float32.classify(text, UnwatchedCall()).labels for text in texts]
    load_classifier(bundle, OPTIMIZED, 1)


@pytest.mark.long
def test_graphs_that_say_something_else_stop_the_run(
    kind: ClassificationKind, model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = exporting.export_encoder

    def broken(network: torch.nn.Module, *rest: Any) -> object:
        with torch.no_grad():
            network.get_submodule("network.classifier").bias += torch.tensor([9.0, -9.0])  # type: ignore[operator]
            result = whole(network, *rest)
            network.get_submodule("network.classifier").bias -= torch.tensor([9.0, -9.0])  # type: ignore[operator]
        return result

    monkeypatch.setattr(exporting, "export_encoder", broken)
    with pytest.raises(BuildError, match="differ from PyTorch's by 9"):
        kind.write_bundle(model, tmp_path / "a", silent)
    model.form = Form(Precision.INT8_DYNAMIC)
    with pytest.raises(BuildError, match="texts keep their label in this form"):
        kind.write_bundle(model, tmp_path / "b", silent)


def test_losses_are_the_same_each_time(kind: ClassificationKind, model: Model) -> None:
    first, again = ([loss.item() for loss in kind.losses(model, 3)] for _ in range(2))
    assert first == again
    assert len(first) == 3
    next(iter(kind.losses(model, 1))).backward()  # type: ignore[no-untyped-call]


def test_timed_texts_are_of_all_lengths(kind: ClassificationKind) -> None:
    texts = kind.timed_texts()
    assert 20 <= len(texts) <= 50
    assert texts == sorted(texts, key=len)


def test_too_few_texts_to_measure_on_are_told(base: BaseModel, folder: Path, trained: Path, tmp_path: Path) -> None:
    kind = make_kind(base, folder, texts=5000)
    with pytest.raises(BuildError, match="asks for 5,000; add texts"):
        kind.answer(tmp_path, 1, silent)


@pytest.mark.parametrize(
    ("tables", "fix"),
    [
        (({"source": "x", "window": 64}, {"train": "x"}, {}), "did you mean window_pieces"),
        (({"source": "x", "window_pieces": 4}, {"train": "x"}, {}), "from 8 to 512"),
        (({}, {"train": "x"}, {}), "model.source is lacking"),
        (({"source": "x"}, {"train": "x", "sett": "files"}, {}), "did you mean set"),
        (({"source": "x"}, {"train": "x"}, {"text": 3}), "did you mean texts"),
    ],
)
def test_tables_are_checked(tables: tuple[dict[str, Any], dict[str, Any], dict[str, Any]], fix: str) -> None:
    with pytest.raises(BuildError, match=fix):
        ClassificationKind(*tables, lambda: None)  # type: ignore[arg-type,return-value]


def write_classifier(directory: Path, names: Sequence[str], **changes: Any) -> None:
    tokenizer = make_tokenizer(VOCABULARY)
    config = BertConfig(
        vocab_size=tokenizer.get_vocab_size(), hidden_size=32, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=64, max_position_embeddings=64, id2label=dict(enumerate(names)),
    )  # fmt: skip
    torch.manual_seed(5)
    BertForSequenceClassification(config).save_pretrained(directory)
    tokenizer.save(str(directory / "tokenizer.json"))
    written = json.loads((directory / "config.json").read_text())
    (directory / "config.json").write_text(json.dumps({**written, **changes}))


@pytest.mark.parametrize(
    ("names", "order", "keeps_head"),
    [
        (["good", "bad"], ["good", "bad"], True),
        (["LABEL_0", "LABEL_1"], ["bad", "good"], True),
        (["joy", "anger"], ["bad", "good"], False),
        (["a", "b", "c"], ["bad", "good"], False),
    ],
)
def test_a_head_is_kept_where_it_fits(tmp_path: Path, names: list[str], order: list[str], keeps_head: bool) -> None:
    write_classifier(tmp_path, names)
    network, _, labels, _ = open_classifier(str(tmp_path), ("bad", "good"), 64)
    saved = BertForSequenceClassification.from_pretrained(tmp_path).classifier.weight
    assert labels == order
    assert network.classifier.weight.shape == (2, 32)
    assert torch.equal(network.classifier.weight, saved) == keeps_head


def test_a_new_head_is_always_the_same(base: BaseModel) -> None:
    torch.manual_seed(1)
    first = open_classifier(str(base.directory), ("a", "b"), 64)[0].classifier.weight
    torch.manual_seed(2)
    assert torch.equal(first, open_classifier(str(base.directory), ("a", "b"), 64)[0].classifier.weight)
    drawn = torch.rand(1)
    torch.manual_seed(2)
    assert torch.equal(drawn, torch.rand(1)), "opening must leave what is random as it was"


@pytest.mark.parametrize(
    ("changes", "window", "fix"),
    [
        ({"model_type": "roberta"}, 64, "is a roberta model"),
        ({}, 65, "reads 64 pieces at most"),
        ({"max_position_embeddings": None}, 64, "config.json .* is damaged"),
    ],
)
def test_models_that_cannot_be_used_are_refused(tmp_path: Path, changes: dict[str, Any], window: int, fix: str) -> None:
    write_classifier(tmp_path, ["bad", "good"], **changes)
    with pytest.raises(BuildError, match=fix):
        open_classifier(str(tmp_path), ("bad", "good"), window)
