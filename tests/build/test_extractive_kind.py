"""The default summarizer in the pipeline: trained, pruned, taught, saved, exported, served and judged."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, cast

import pytest
import torch
from tiny_corpus import write_corpus

from briefd_build.compression.bert import Bert
from briefd_build.compression.relations import recorded_projections, relations_distance
from briefd_build.encoder.kind import ExtractiveKind
from briefd_build.errors import BuildError
from briefd_build.pipeline.model import Form, Lesson, Precision, Work
from briefd_build.pipeline.stages.distil import Distil
from briefd_build.pipeline.stages.finetune import Finetune
from briefd_build.pipeline.stages.prune_structured import PruneStructured
from briefd_server.bundle import read_bundle
from briefd_server.engines import load_engine
from briefd_server.engines.base import Task, UnwatchedCall

if TYPE_CHECKING:
    from pathlib import Path

    from briefd_build.base_model import BaseModel
    from briefd_build.encoder.network import MultiTaskEncoder
    from briefd_build.pipeline.model import Model

PRUNED = PruneStructured(layers=1, heads=1, feed_forward_width=32, vocabulary=True, batches=2)


def ignore(_what: str, _share: float) -> None:
    """Tell nobody."""


@pytest.fixture(scope="module")
def kind(base: BaseModel, tmp_path_factory: pytest.TempPathFactory) -> ExtractiveKind:
    data = tmp_path_factory.mktemp("data")
    write_corpus(data)
    table = {"source": str(base.directory), "window_pieces": 128}
    return ExtractiveKind(table, {"least_relation_uses": 2}, {"baseline": "teacher", "texts": 20}, lambda: data)


@pytest.fixture(scope="module")
def teacher(kind: ExtractiveKind, base: BaseModel, tmp_path_factory: pytest.TempPathFactory) -> Model:
    model = kind.open(str(base.directory))
    stage = Finetune(epochs=10, rate=2e-3, head_rate=5e-3)
    assert "10 epochs" in stage.apply(model, work_of(kind, tmp_path_factory.mktemp("teacher")))
    return model


@pytest.fixture(scope="module")
def student(kind: ExtractiveKind, teacher: Model, tmp_path_factory: pytest.TempPathFactory) -> Model:
    folder = tmp_path_factory.mktemp("student")
    kind.save(teacher, folder)
    work = work_of(kind, folder, teacher)
    model = kind.load(folder)
    assert "kept 1 of 2 layers, 1 of 2 heads, 32 of 64 neurons" in PRUNED.apply(model, work)
    # After 6 epochs in float32 only half of its answers were its teacher's.
    Distil("teacher", epochs=10, rate=2e-3, states=1.0).apply(model, work)
    return model


def work_of(kind: ExtractiveKind, folder: Path, teacher: Model | None = None) -> Work:
    def open_stage(name: str) -> Model:
        assert (name, teacher is None) == ("teacher", False)
        return teacher  # type: ignore[return-value]

    return Work(kind, folder, open_stage, 1, ignore)


def bundle_of(kind: ExtractiveKind, model: Model, form: Form, directory: Path) -> Path:
    before, model.form = model.form, form
    try:
        assert kind.write_bundle(model, directory, ignore)
    finally:
        model.form = before
    return directory


@pytest.mark.long
def test_every_form_is_served_and_nearly_as_good_as_its_teacher(
    kind: ExtractiveKind, teacher: Model, student: Model, tmp_path: Path
) -> None:
    taught = kind.answer(bundle_of(kind, teacher, Form(), tmp_path / "teacher"), 1, ignore)
    full = kind.score(taught, taught)
    # The corpus has one grammar: a network that learned anything knows it.
    assert full["labelled_attachment"] > 95
    assert full["agreement"] == full["within_length"] == 1
    assert set(full) == {metric.name for metric in kind.metrics} - missing_metrics(full)
    for precision in (Precision.FLOAT32, Precision.INT8_DYNAMIC):
        directory = bundle_of(kind, student, Form(precision, is_optimized=True), tmp_path / precision.value)
        scores = kind.score(kind.answer(directory, 1, ignore), taught)
        assert scores["labelled_attachment"] > 90
        assert scores["agreement"] > 0.5


def missing_metrics(scores: dict[str, float]) -> set[str]:
    """Embeddings need published weights, which need not be at hand; the corpus has no long sentences."""
    return {"embedding_similarity", "gold_tree_faultless", "gold_tree_needed_kept"} - set(scores)


def test_texts_of_the_compression_sets_are_not_kept(kind: ExtractiveKind, teacher: Model, tmp_path: Path) -> None:
    answers = kind.answer(bundle_of(kind, teacher, Form(), tmp_path / "b"), 1, ignore)
    hidden = [answer for answer in answers if "compression_word_f1" in answer.scores]
    assert len(hidden) == 8
    assert not any(answer.text or answer.expected for answer in hidden)


def test_what_was_saved_is_what_is_loaded(kind: ExtractiveKind, student: Model, tmp_path: Path) -> None:
    student.form = Form(Precision.INT8_DYNAMIC)
    kind.save(student, tmp_path)
    loaded = kind.load(tmp_path)
    assert (loaded.form, loaded.facts) == (student.form, student.facts)
    assert loaded.tokenizer.to_str() == student.tokenizer.to_str()
    for mine, other in zip(loaded.network.state_dict().values(), student.network.state_dict().values(), strict=True):
        torch.testing.assert_close(mine, other, atol=0, rtol=0)


@pytest.mark.long
def test_pytorch_reads_what_the_bundle_reads(kind: ExtractiveKind, teacher: Model, tmp_path: Path) -> None:
    engine = load_engine(read_bundle(bundle_of(kind, teacher, Form(), tmp_path / "b")), "optimized", 1)
    run = kind.run_in_pytorch(teacher)
    for text in kind.timed_texts()[:3]:
        assert run(text) == engine.summarize(Task(text, 10, 15), UnwatchedCall())  # type: ignore[union-attr]


@pytest.mark.long
def test_the_baseline_stands_beside_the_optimized_model(
    kind: ExtractiveKind, teacher: Model, student: Model, tmp_path: Path
) -> None:
    baseline = bundle_of(kind, teacher, Form(), tmp_path / "baseline")
    directory = bundle_of(kind, student, Form(Precision.INT8_DYNAMIC), tmp_path / "bundle")
    kind.add_baseline(directory, baseline)
    bundle = read_bundle(directory)
    assert set(bundle.manifest.variants) == {"optimized", "baseline"}
    text = kind.timed_texts()[0]
    expected = load_engine(read_bundle(baseline), "optimized", 1).summarize(Task(text, 10, 15), UnwatchedCall())
    assert load_engine(bundle, "baseline", 1).summarize(Task(text, 10, 15), UnwatchedCall()) == expected


def test_training_again_gives_the_same_weights(kind: ExtractiveKind, base: BaseModel, tmp_path: Path) -> None:
    networks = []
    for name in ("a", "b"):
        torch.rand(3)  # whatever was drawn before does not matter
        model = kind.open(str(base.directory))
        kind.train(model, Lesson(1, 2e-3, seed=4), None, tmp_path / name, ignore)
        kind.finish(model, ignore)
        networks.append(model.network.state_dict())
    for mine, other in zip(networks[0].values(), networks[1].values(), strict=True):
        torch.testing.assert_close(mine, other, atol=0, rtol=0)


def attention_of(model: Model) -> list[torch.Tensor]:
    """Projections of what the last layer attends to, while it reads some pieces."""
    bert = cast("MultiTaskEncoder", model.network).bert
    with torch.no_grad(), recorded_projections(Bert(bert)) as projections:
        bert(torch.arange(2, 42).reshape(2, 20))
    return projections


def attention_distance(student: Model, teacher: Model) -> float:
    present = torch.ones(2, 20, dtype=torch.bool)
    return relations_distance(attention_of(student), attention_of(teacher), present, 2).item()


def test_a_student_learns_what_its_teacher_attends_to(
    kind: ExtractiveKind, base: BaseModel, teacher: Model, tmp_path: Path
) -> None:
    student = kind.open(str(base.directory))
    before = attention_distance(student, teacher)
    kind.train(student, Lesson(4, 5e-3, labels=0.0, logits=0.0, attention=1.0), teacher, tmp_path / "c", ignore)
    assert attention_distance(student, teacher) < 0.7 * before


def test_lora_changes_the_encoder_by_matrices_of_its_rank(kind: ExtractiveKind, teacher: Model, tmp_path: Path) -> None:
    student = copy.deepcopy(teacher)
    kind.train(student, Lesson(1, 1e-2, lora_rank=2), None, tmp_path / "c", ignore)
    before, after = (each.network.state_dict() for each in (teacher, student))
    assert before.keys() == after.keys()
    changed = {name for name, weight in after.items() if not torch.equal(weight, before[name])}
    layer = "bert.encoder.layer.0.intermediate.dense.weight"
    assert {layer, "tag.weight"} <= changed
    assert "bert.embeddings.word_embeddings.weight" not in changed
    assert torch.linalg.matrix_rank(after[layer] - before[layer], rtol=1e-3) == 2


def test_unknown_keys_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"data\.least_relation is unknown; did you mean least_relation_uses"):
        ExtractiveKind({"source": "x"}, {"least_relation": 2}, {}, lambda: tmp_path)


@pytest.mark.parametrize(
    ("stage", "fix"),
    [
        (lambda: PruneStructured(feed_forward_width=100), "multiple of 16"),
        (lambda: PruneStructured(layers=0), "1 or more"),
        (lambda: PruneStructured(heads_share=1.5), "heads_share must be above 0 and at most 1"),
        (lambda: PruneStructured(layers=1, layers_share=0.5), "layers_share or layers, not both"),
        (lambda: Distil("teacher", epochs=0, rate=1e-3), "epochs must be 1 or more"),
        (lambda: Distil("teacher", epochs=1, rate=1e-3, logits=0.0), "a weight above 0"),
        (lambda: Finetune(epochs=1, rate=2.0), "rate must be above 0"),
    ],
)
def test_parameters_out_of_range_are_refused(stage: object, fix: str) -> None:
    with pytest.raises(ValueError, match=fix):
        stage()  # type: ignore[operator]


def test_shares_are_of_what_the_model_has(kind: ExtractiveKind, teacher: Model, tmp_path: Path) -> None:
    kind.save(teacher, tmp_path)
    stage = PruneStructured(layers_share=0.5, heads_share=0.4, feed_forward_share=0.3, batches=1)
    # Rounded up: 0.4 of 2 heads is one, 0.3 of 64 neurons is 20 and so 32.
    expected = "kept 1 of 2 layers, 1 of 2 heads, 32 of 64 neurons"
    assert expected in stage.apply(kind.load(tmp_path), work_of(kind, tmp_path))


def test_more_than_there_is_cannot_be_kept(kind: ExtractiveKind, teacher: Model, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="2 layers of 2 heads; ask for no more"):
        PruneStructured(layers=9).apply(teacher, work_of(kind, tmp_path))
