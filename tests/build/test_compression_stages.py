"""The stages that make a model smaller or faster: what they change, what they say, and which parameters they refuse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest
import torch
from tiny_tokenizer import make_tokenizer
from torch import Tensor, nn
from transformers import BertConfig, BertModel

from briefd_build.compression.bert import Bert
from briefd_build.compression.factored import FactoredLinear
from briefd_build.errors import BuildError
from briefd_build.pipeline.model import Calibration, Form, Kind, Lesson, Model, Precision, Work
from briefd_build.pipeline.stages import make_stage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from briefd_build.pipeline.model import Report


class Classifier(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(2)
        config = BertConfig(
            vocab_size=30, hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=48
        )
        self.bert = BertModel(config, add_pooling_layer=False)
        self.output = nn.Linear(32, 3)

    def forward(self, ids: Tensor) -> Tensor:
        return self.output(self.bert(ids).last_hidden_state[:, 0])


class FakeKind:
    """Trains towards its teacher for a few steps, and counts."""

    output_layers = ("full",)

    def __init__(self) -> None:
        torch.manual_seed(3)
        self.ids = torch.randint(1, 30, (16, 12))
        self.lessons: list[Lesson] = []
        self.was_rounding = self.finished = False

    def anatomy(self, model: Model) -> Bert:
        return Bert(cast("Classifier", model.network).bert)

    def losses(self, model: Model, batches: int) -> Iterator[Tensor]:
        for rows in self.ids.split(4)[:batches]:
            yield model.network(rows).square().mean()

    def train(self, model: Model, lesson: Lesson, teacher: Model | None, checkpoint: Path, report: Report) -> None:
        assert teacher is not None
        self.lessons.append(lesson)
        self.was_rounding = not torch.equal(model.network(self.ids), teacher.network(self.ids))
        optimizer = torch.optim.Adam(model.network.parameters(), lesson.rate)
        for _ in range(20 * lesson.epochs):
            optimizer.zero_grad()
            (model.network(self.ids) - teacher.network(self.ids).detach()).square().mean().backward()
            optimizer.step()

    def finish(self, model: Model, report: Report) -> None:
        self.finished = True


@pytest.fixture
def model() -> Model:
    return Model(Classifier().eval(), make_tokenizer(["the"]))


@pytest.fixture
def work(tmp_path: Path) -> Work:
    def refuse(name: str) -> Model:
        raise BuildError(name)

    return Work(cast("Kind", FakeKind()), tmp_path, refuse, 5, lambda *_: None)


def apply(name: str, model: Model, work: Work, **parameters: Any) -> str:
    return make_stage(name, parameters, "recipe.toml").apply(model, work)


def weights(model: Model) -> int:
    return sum(each.numel() for each in model.network.parameters())


def test_pruning_says_how_many_weights_are_zero(model: Model, work: Work) -> None:
    said = apply("prune-unstructured", model, work, share=0.25)
    linear = [each for each in model.network.modules() if isinstance(each, nn.Linear)]
    zeros, total = (
        sum(int(count(each.weight)) for each in linear)
        for count in (lambda weight: (weight == 0).sum(), lambda weight: weight.numel())
    )
    assert said == f"set {zeros:,} of {total:,} weights in {len(linear)} layers to 0, the smallest of all"
    assert zeros == round(0.25 * total)
    said = apply("prune-unstructured", model, work, share=0.5, scope="layer", embeddings=True, leave=["output"])
    assert said.endswith("the smallest of each")
    embedding = cast("Classifier", model.network).bert.embeddings.word_embeddings.weight
    assert int((embedding == 0).sum()) >= embedding.numel() // 2


def test_the_largest_layers_are_factored_at_a_rank(model: Model, work: Work) -> None:
    before = weights(model)
    said = apply("low-rank", model, work, layers=4, rank=4)
    assert said.startswith("factored 4 of 4 layers at rank 4, 6,144 to 1,280 weights, ")
    assert weights(model) == before - (6144 - 1280)
    factored = [path for path, each in model.network.named_modules() if isinstance(each, FactoredLinear)]
    assert factored == [
        f"bert.encoder.layer.{layer}.{part}.dense" for layer in (0, 1) for part in ("intermediate", "output")
    ]
    assert apply("low-rank", model, work, layers=1, rank=30) == "factored none of 1 layers: none would get smaller"
    assert weights(model) == before - (6144 - 1280)
    apply("low-rank", model, work, layers=1, rank=30, only_if_smaller=False)
    assert weights(model) > before - (6144 - 1280)


@pytest.mark.parametrize("batches", [0, 2])
@pytest.mark.parametrize("rule", [{"energy": 0.8}, {"budget_share": 0.5}, {"budget_bytes": 4 * 7168}])
def test_each_rule_keeps_its_word_and_the_heads_stay(
    model: Model, work: Work, rule: dict[str, float], batches: int
) -> None:
    cast("Classifier", model.network).output = nn.Linear(32, 200)
    before = weights(model)
    apply("low-rank", model, work, **rule, batches=batches)
    assert weights(model) < before
    assert isinstance(cast("Classifier", model.network).output, nn.Linear)
    if "energy" not in rule:
        linear = [each for each in cast("Classifier", model.network).bert.modules() if isinstance(each, nn.Linear)]
        assert sum(each.weight.numel() for each in linear) <= 7168
    assert model.network(torch.ones((1, 4), dtype=torch.int64)).isfinite().all()


@pytest.mark.parametrize(
    ("parameters", "precision"),
    [
        ({"method": "dynamic"}, Precision.INT8_DYNAMIC),
        ({"method": "static"}, Precision.INT8_STATIC),
        ({"method": "float16"}, Precision.FLOAT16),
        ({"method": "weight-only"}, Precision.INT8_WEIGHTS),
        ({"method": "weight-only", "bits": 4}, Precision.INT4_WEIGHTS),
    ],
)
def test_quantizing_sets_the_form(model: Model, work: Work, parameters: dict[str, Any], precision: Precision) -> None:
    model.form = Form(is_optimized=True, opset=20)
    assert apply("quantize", model, work, **parameters)
    assert model.form == Form(precision, is_optimized=True, opset=20)


def test_only_language_models_have_an_output_layer_to_choose(model: Model, work: Work) -> None:
    with pytest.raises(BuildError, match="leave output out"):
        apply("quantize", model, work, method="dynamic", output="shortlist")


def test_static_quantization_takes_how_it_is_calibrated(model: Model, work: Work) -> None:
    said = apply("quantize", model, work, method="static", calibration={"method": "entropy", "batches": 3})
    assert said == "INT8 weights and activations, ranges by entropy, 3 batches at most"
    assert model.form.calibration == Calibration("entropy", 3)


def test_quantization_aware_training_rounds_and_is_taught_by_the_model_before(model: Model, work: Work) -> None:
    before = {name: each.clone() for name, each in model.network.state_dict().items()}
    said = apply("quantize", model, work, method="qat", epochs=1, rate=1e-4)
    kind = cast("FakeKind", work.kind)
    assert kind.was_rounding
    assert kind.finished
    assert kind.lessons == [Lesson(1, 1e-4, seed=5)]
    assert (
        said == "trained 13 layers for 1 epochs with their rounding; INT8 weights, activations quantized as they come"
    )
    assert model.form.precision is Precision.INT8_DYNAMIC
    after = model.network.state_dict()
    assert list(after) == list(before)
    assert any(not torch.equal(each, before[name]) for name, each in after.items())
    assert not any("forward" in vars(each) for each in model.network.modules())


def test_exporting_fixes_the_operators_and_optimizing_is_done_once(model: Model, work: Work) -> None:
    assert "operator set 20" in apply("export", model, work, opset=20)
    apply("optimize", model, work)
    assert model.form == Form(is_optimized=True, opset=20)
    with pytest.raises(BuildError, match="leave the second optimize out"):
        apply("optimize", model, work)


@pytest.mark.parametrize(
    ("name", "parameters", "fix"),
    [
        ("prune-unstructured", {"share": 1.0}, "share must be above 0 and below 1"),
        ("prune-unstructured", {"share": 0.1, "scope": "row"}, "scope"),
        ("low-rank", {}, "give one of rank, energy"),
        ("low-rank", {"rank": 2, "energy": 0.5}, "give one of rank, energy"),
        ("low-rank", {"rank": 0}, "must be 1 or more"),
        ("low-rank", {"energy": 1.5}, "energy must be above 0"),
        ("low-rank", {"budget_share": 1.0}, "budget_share must be above 0"),
        ("low-rank", {"rank": 2, "batches": -1}, "batches must be 0 or more"),
        ("low-rank", {"budget_bytes": 9, "only_if_smaller": False}, "a budget only ever makes smaller"),
        ("quantize", {"method": "weight-only", "bits": 16}, "bits must be 8 or 4"),
        ("quantize", {"method": "dynamic", "bits": 4}, "bits must be 8 with"),
        ("finetune", {"epochs": 1, "rate": 1e-4, "lora_rank": 0}, "lora_rank must be 1 or more"),
        ("finetune", {"epochs": 1, "rate": 1e-4, "seed": -1}, "seed must be from 0"),
        ("distil", {"teacher": "source", "epochs": 1, "rate": 1e-4, "head_rate": -1.0}, "head_rate must be above 0"),
        ("quantize", {"method": "qat"}, "give epochs and rate"),
        ("quantize", {"method": "dynamic", "epochs": 1}, "nothing else trains"),
        ("quantize", {"method": "dynamic", "calibration": {}}, "calibration goes with"),
        ("quantize", {"method": "static", "calibration": {"method": "mean"}}, "must be one of min-max, entropy"),
        ("quantize", {"method": "static", "calibration": {"batches": 0}}, "batches must be 1 or more"),
        ("quantize", {"method": "static", "calibration": {"percentile": 1.0}}, "percentile must be above 50"),
        ("quantize", {"method": "qat", "epochs": 1, "rate": 1e-4, "logits": -1.0}, "0 or more"),
        ("export", {"opset": 11}, "opset must be from 18 to 21"),
        ("optimize", {"level": 3}, "level"),
    ],
)
def test_wrong_parameters_are_refused_with_the_fix(name: str, parameters: dict[str, Any], fix: str) -> None:
    with pytest.raises(BuildError, match=fix):
        make_stage(name, parameters, "recipe.toml")


def test_a_budget_that_nothing_fits_and_a_model_without_layers_are_refused(model: Model, work: Work) -> None:
    with pytest.raises(BuildError, match="raise it"):
        apply("low-rank", model, work, budget_bytes=100)
    with pytest.raises(BuildError, match="leave fewer out"):
        apply("low-rank", model, work, rank=2, leave=["*"])


def test_structures_are_pruned_before_layers_are_factored(model: Model, work: Work) -> None:
    apply("low-rank", model, work, rank=4)
    with pytest.raises(BuildError, match="put prune-structured before low-rank"):
        apply("prune-structured", model, work, heads=1)
