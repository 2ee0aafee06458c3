"""Language models in the pipeline: what stages change of them is exported, kept, and learned as it is."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import onnx
import pytest
import torch
from long_runs import cases
from safetensors import safe_open
from tiny_kinds import factor, logits, make_kind, open_model, write_pairs
from tiny_models import CORPUS
from torch import nn

from briefd_build.compression.decoders import known_anatomy
from briefd_build.compression.factored import FactoredLinear
from briefd_build.compression.relations import recorded_projections, relations_distance
from briefd_build.errors import BuildError
from briefd_build.generative import conversion, judging
from briefd_build.generative.kind import GenerativeKind
from briefd_build.generative.source import find_model, load_model
from briefd_build.measures.embedding import NoEmbedder
from briefd_build.pipeline.model import Form, Lesson, Precision
from briefd_build.pipeline.stages import make_stage
from briefd_server.bundle import read_bundle
from briefd_server.engines import load_summarizer
from briefd_server.engines.base import Task, UnwatchedCall

if TYPE_CHECKING:
    from pathlib import Path

    from briefd_build.pipeline.model import Model


@pytest.fixture(autouse=True)
def few_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = conversion.read_texts()[:3]
    monkeypatch.setattr(conversion, "read_texts", lambda: texts)


def ignore(_what: str, _share: float) -> None:
    pass


@pytest.mark.parametrize(
    ("family", "wanted"),
    cases(
        [("gpt2", "")],
        [
            ("gpt_neox", ""),
            ("gpt_neox", "attention"),
            ("gpt_neox", "dense_h_to_4h"),
            ("llama", "q_proj"),
            ("t5", ""),
            ("bart", "fc2"),
        ],
    ),
)
def test_layers_of_low_rank_are_exported_as_two_products(tmp_path: Path, family: str, wanted: str) -> None:
    kind = make_kind(tmp_path, family)
    model = open_model(kind, tmp_path, family)
    assert factor(model, lambda path: wanted in path) >= 2
    # The export is compared with the changed network, token by token.
    checked = kind.write_bundle(model, tmp_path / "bundle", ignore)
    assert checked.endswith("greedy tokens as PyTorch's")
    (weights,) = (tmp_path / "bundle").glob("decode.*.weights")
    whole = sum(each.numel() for each in kind.open(str(tmp_path / family)).network.parameters())
    thinner = sum(each.numel() for each in model.network.parameters())
    if not model.network.config.is_encoder_decoder and not wanted:
        assert thinner < whole
        # Rotations and pages aside.
        assert weights.stat().st_size < 4 * whole


@pytest.mark.long
def test_a_shortlist_serves_an_output_layer_of_low_rank(tmp_path: Path) -> None:
    kind = make_kind(tmp_path)
    model = open_model(kind, tmp_path)
    factor(model, lambda path: True)
    for output in ("screened", "shortlist"):
        model.form = Form(Precision.INT8_WEIGHTS, output=output)
        kind.write_bundle(model, tmp_path / output, ignore)
        assert summarize(tmp_path / output, f"int8-{output}")


@pytest.mark.parametrize("family", ["gpt_neox", "llama", "t5"])
def test_a_saved_model_is_a_hugging_face_directory(tmp_path: Path, family: str) -> None:
    kind = make_kind(tmp_path, family)
    model = open_model(kind, tmp_path, family)
    model.form = Form(Precision.INT4_WEIGHTS, output="shortlist")
    kind.save(model, tmp_path / "saved")

    loaded = kind.load(tmp_path / "saved")
    assert torch.equal(logits(loaded), logits(model))
    assert (loaded.form, loaded.facts) == (model.form, model.facts)
    assert loaded.tokenizer.to_str() == model.tokenizer.to_str()
    assert not loaded.network.training
    opened = load_model(find_model(str(tmp_path / "saved")))
    assert [opened.tokenizer.id_to_token(each) for each in opened.end_ids] == list(model.facts["end_tokens"])
    outputs = [each.get_output_embeddings().weight for each in (opened.model, model.network)]
    assert torch.equal(*outputs)


@pytest.mark.parametrize("family", ["gpt_neox", "llama"])
def test_a_model_of_low_rank_is_saved_as_it_is(tmp_path: Path, family: str) -> None:
    kind = make_kind(tmp_path, family)
    model = open_model(kind, tmp_path, family)
    factor(model, lambda path: True)
    kind.save(model, tmp_path / "saved")
    loaded = kind.load(tmp_path / "saved")
    assert torch.equal(logits(loaded), logits(model))
    assert sum(isinstance(each, FactoredLinear) for each in loaded.network.modules()) >= 8


@pytest.mark.parametrize(
    ("precision", "output", "name"),
    cases(
        [(Precision.FLOAT32, "full", "float32"), (Precision.INT8_DYNAMIC, "full", "int8-dynamic")],
        [
            (Precision.FLOAT16, "full", "float16"),
            (Precision.INT8_WEIGHTS, "full", "int8"),
            (Precision.INT8_WEIGHTS, "shortlist", "int8-shortlist"),
            (Precision.INT4_WEIGHTS, "full", "int4-full"),
            (Precision.INT4_WEIGHTS, "screened", "int4"),
            (Precision.INT4_WEIGHTS, "shortlist", "int4-compact"),
        ],
    ),
)
def test_a_bundle_holds_the_form_alone(tmp_path: Path, precision: Precision, output: str, name: str) -> None:
    kind = make_kind(tmp_path)
    model = open_model(kind, tmp_path)
    model.form = Form(precision, output=output)
    checked = kind.write_bundle(model, tmp_path / "bundle", ignore)
    assert "greedy tokens as" in checked
    manifest = read_bundle(tmp_path / "bundle").manifest
    assert manifest.variants.keys() == {name}
    assert {path.name for path in (tmp_path / "bundle").iterdir()} == {*manifest.files, "bundle.json"}
    assert not manifest.evaluation
    assert summarize(tmp_path / "bundle", name)
    if precision is Precision.FLOAT16:
        # The exporter turns constants of up to 8,192 numbers into float32 itself.
        large = sum(each.numel() for each in model.network.parameters() if each.numel() > 8192)
        assert count_halves(tmp_path / "bundle" / "decode.float16.onnx") == large > 0


def summarize(bundle: Path, variant: str) -> str:
    engine = load_summarizer(read_bundle(bundle), variant, 1)
    summary = engine.summarize(Task(" ".join(CORPUS[:5]), 10, 15), UnwatchedCall())
    assert 10 <= summary.word_count <= 15
    return summary.text


def count_halves(graph: Path) -> int:
    """Count the weights that a graph keeps as float16."""
    initializers = onnx.load(graph, load_external_data=False).graph.initializer
    return sum(math.prod(each.dims) for each in initializers if each.data_type == onnx.TensorProto.FLOAT16)


@pytest.mark.parametrize(
    ("form", "advice"),
    [
        (Form(Precision.INT8_STATIC), "choose dynamic INT8, or INT8 or INT4 weights"),
        (Form(opset=18), "leave opset out"),
        (Form(Precision.FLOAT32, output="shortlist"), "choose full, or int8-weights or int4-weights"),
        (Form(Precision.INT8_DYNAMIC, output="screened"), "choose full, or int8-weights or int4-weights"),
        (Form(Precision.INT8_WEIGHTS, output="short"), "choose full or screened or shortlist"),
    ],
)
def test_forms_that_no_kernel_computes_are_refused_with_others(tmp_path: Path, form: Form, advice: str) -> None:
    kind = make_kind(tmp_path)
    model = kind.open(str(tmp_path / "gpt_neox"))
    model.form = form
    with pytest.raises(BuildError, match=advice):
        kind.write_bundle(model, tmp_path / "bundle", ignore)
    assert not (tmp_path / "bundle").exists()


def test_a_form_that_chooses_other_tokens_stops_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kind = make_kind(tmp_path)
    model = open_model(kind, tmp_path)
    model.form = Form(Precision.INT8_DYNAMIC)
    really_check = conversion._check

    def check_then_forget(*arguments: Any) -> Any:
        exported = really_check(*arguments)
        return conversion.dataclasses.replace(exported, written=[[5] * len(each) for each in exported.written])

    monkeypatch.setattr(conversion, "_check", check_then_forget)
    with pytest.raises(BuildError, match="int8-dynamic chooses float32's next token in"):
        kind.write_bundle(model, tmp_path / "bundle", ignore)
    assert not (tmp_path / "bundle").exists()


def distance(model: Model, teacher: Model) -> float:
    mine, theirs = (logits(each).log_softmax(-1) for each in (model, teacher))
    return float(nn.functional.kl_div(mine, theirs, log_target=True, reduction="batchmean"))


@pytest.mark.parametrize("weights", [{"logits": 1.0, "temperature": 2.0}, {"logits": 0.5, "states": 1.0}])
def test_a_student_comes_closer_to_its_teacher(tmp_path: Path, weights: dict[str, float]) -> None:
    kind = make_kind(tmp_path, data=write_pairs(tmp_path))
    teacher, student = open_model(kind, tmp_path), open_model(kind, tmp_path)
    factor(student, lambda path: "mlp" in path)
    before = distance(student, teacher)
    taught = [each.clone() for each in teacher.network.parameters()]
    lesson = Lesson(epochs=10, rate=3e-3, labels=0.0, **weights)
    kind.train(student, lesson, teacher, tmp_path / "checkpoint", ignore)
    assert distance(student, teacher) < 0.7 * before
    assert all(torch.equal(*pair) for pair in zip(taught, teacher.network.parameters(), strict=True))
    assert not student.network.training


@pytest.mark.parametrize("lora_rank", [None, 4])
def test_a_model_of_low_rank_learns(tmp_path: Path, lora_rank: int | None) -> None:
    kind = make_kind(tmp_path, data=write_pairs(tmp_path))
    model = open_model(kind, tmp_path)
    factor(model, lambda path: "dense_h_to_4h" in path)
    before = sum(loss.item() for loss in kind.losses(model, 2))
    stage = make_stage("finetune", {"epochs": 20, "rate": 0.01, **({"lora_rank": lora_rank} if lora_rank else {})}, "")
    assert "trained" in stage.apply(model, make_work(kind, tmp_path))
    assert sum(loss.item() for loss in kind.losses(model, 2)) < 0.8 * before
    assert sum(isinstance(each, FactoredLinear) for each in model.network.modules()) == 2
    kind.save(model, tmp_path / "saved")
    assert torch.equal(logits(kind.load(tmp_path / "saved")), logits(model))
    with safe_open(tmp_path / "saved" / "model.safetensors", framework="np") as saved:
        assert not [name for name in saved.keys() if "lora" in name]  # noqa: SIM118 - it is no mapping


def make_work(kind: GenerativeKind, folder: Path) -> Any:
    from briefd_build.pipeline.model import Work  # noqa: PLC0415 - for its annotations' sake

    return Work(kind, folder, lambda _: pytest.fail("no stage is asked for"), 1, ignore)


def test_gradients_flow_for_importance(tmp_path: Path) -> None:
    kind = make_kind(tmp_path, data=write_pairs(tmp_path))
    model = open_model(kind, tmp_path)
    first, second = ([loss.item() for loss in kind.losses(model, 2)] for _ in range(2))
    assert first == second
    for loss in kind.losses(model, 1):
        loss.backward()
    assert model.network.get_output_embeddings().weight.grad.abs().sum() > 0
    (text, *_) = kind.texts(model)
    assert CORPUS[0] in text
    assert text.endswith(" ".join(CORPUS[0].split()[:4]) + ".")


@pytest.mark.parametrize("family", ["gpt_neox", "llama"])
def test_a_student_learns_what_its_teacher_attends_to(tmp_path: Path, family: str) -> None:
    kind = make_kind(tmp_path, family, data=write_pairs(tmp_path))
    teacher, student = open_model(kind, tmp_path, family), open_model(kind, tmp_path, family)
    make_stage("prune-structured", {"heads": 1 if family == "gpt_neox" else 2, "layers": 1, "batches": 1}, "").apply(
        student, make_work(kind, tmp_path)
    )
    before = attention_distance(student, teacher)
    lesson = Lesson(epochs=10, rate=3e-3, labels=0.0, logits=0.0, attention=1.0)
    kind.train(student, lesson, teacher, tmp_path / "checkpoint", ignore)
    assert attention_distance(student, teacher) < 0.7 * before


def attention_distance(student: Model, teacher: Model) -> float:
    attended = []
    for model in (student, teacher):
        with recorded_projections(known_anatomy(model.network)) as projections:  # type: ignore[arg-type]
            count = logits(model).shape[1]
        attended.append(projections)
    return relations_distance(*attended, torch.ones(1, count, dtype=torch.bool), 2).item()


@pytest.mark.parametrize(
    ("family", "lesson", "message"),
    [
        ("gpt2", Lesson(1, 1e-3, attention=1.0), "gpt2 models are not known, .* leave attention out"),
        ("gpt_neox", Lesson(1, 1e-3, head_rate=1e-3), "leave head_rate out"),
    ],
)
def test_lessons_that_teach_nothing_here_are_refused(tmp_path: Path, family: str, lesson: Lesson, message: str) -> None:
    kind = make_kind(tmp_path, family, data=write_pairs(tmp_path))
    model = kind.open(str(tmp_path / family))
    with pytest.raises(BuildError, match=message):
        kind.train(model, lesson, model, tmp_path / "checkpoint", ignore)


def test_without_pairs_the_summaries_of_the_corpora_teach(tmp_path: Path) -> None:
    kind = make_kind(tmp_path)
    model = open_model(kind, tmp_path)
    before = next(kind.losses(model, 1)).item()
    kind.train(model, Lesson(epochs=2, rate=1e-3), None, tmp_path / "checkpoint", ignore)
    assert next(kind.losses(model, 1)).item() < before - 0.3


def test_without_pairs_the_corpora_tell_what_vocabulary_is_needed(tmp_path: Path) -> None:
    kind = make_kind(tmp_path)
    texts = kind.texts(open_model(kind, tmp_path))
    assert len(texts) >= 3
    assert all(text.endswith(texts[0][-5:]) for text in texts)


@pytest.mark.parametrize("family", ["gpt_neox", "t5"])
def test_pytorch_writes_what_the_bundle_writes(tmp_path: Path, family: str) -> None:
    kind = make_kind(tmp_path, family)
    model = open_model(kind, tmp_path, family)
    written = kind.run_in_pytorch(model)(CORPUS[0])
    prepared = conversion.load_prepared(find_model(str(tmp_path / family)), conversion.Options())
    prepared.loaded.model.load_state_dict(model.network.state_dict())
    (prompt,) = conversion.make_prompts(prepared, [CORPUS[0]])
    read = torch.tensor([[*prompt.start_ids, *written[:-1]]])
    network: Any = prepared.loaded.model
    with torch.no_grad():
        inputs = {"input_ids": read}
        if prepared.is_encoder_decoder:
            inputs = {"input_ids": torch.tensor([prompt.prompt_ids]), "decoder_input_ids": read}
        assert network(**inputs).logits[0, -20:].argmax(-1).tolist() == written


@pytest.mark.long
def test_answers_are_scored_with_the_choices_of_the_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "find_embedder", NoEmbedder)
    kind = make_kind(tmp_path, evaluation={"texts": 4})
    source = kind.open(str(tmp_path / "gpt_neox"))
    kind.write_bundle(source, tmp_path / "float32", ignore)
    other = open_model(kind, tmp_path)
    kind.write_bundle(other, tmp_path / "other", ignore)
    before, after = (kind.answer(tmp_path / name, 1, ignore) for name in ("float32", "other"))
    assert len(before) == 4
    same = kind.score(before, before)
    assert {metric.name for metric in kind.metrics} - same.keys() == {"embedding_similarity"}
    assert (same["agreement"], same["baseline_rougeL"], same["token_agreement"]) == (1.0, 1.0, 1.0)
    changed = kind.score(after, before)
    assert 0 <= changed["token_agreement"] < 0.5
    assert changed["baseline_rougeL"] < 1


@pytest.mark.parametrize(
    ("table", "value", "message"),
    [
        ("model", {"shortlist": 5}, r"model\.shortlist is unknown; did you mean shortlist_size\?"),
        ("evaluation", {"leading": "rouge"}, "leading names no metric; did you mean rouge"),
        ("evaluation", {"baseline": "tuned", "leading": "token_agreement"}, "leading names no metric"),
        ("data", {"batch_pairs": 0}, "batch_pairs must be 1 or more"),
    ],
)
def test_tables_are_refused_with_the_nearest_right_key(
    tmp_path: Path, table: str, value: dict[str, Any], message: str
) -> None:
    with pytest.raises(BuildError, match=message):
        make_kind(tmp_path, **{table: value})


def test_the_leading_metric_comes_first(tmp_path: Path) -> None:
    assert make_kind(tmp_path).metrics[0].name == "word_f1"
    leading = make_kind(tmp_path / "2", evaluation={"leading": "baseline_rougeL"})
    assert leading.metrics[0].name == "baseline_rougeL"
