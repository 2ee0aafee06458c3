"""What a run takes is estimated by what its stages do."""

from __future__ import annotations

import pytest

from briefd_build.pipeline.preflight import estimate_run
from briefd_build.pipeline.recipe import Step

MODEL_BYTES = 100 << 20


@pytest.mark.parametrize(
    "step",
    [Step("finetune", "a"), Step("distil", "a"), Step("quantize", "a", parameters={"method": "qat"})],
    ids=lambda step: step.stage,
)
def test_stages_that_train_take_more_memory(step: Step) -> None:
    exporting = estimate_run(MODEL_BYTES, "classification", [Step("quantize", "a", parameters={"method": "dynamic"})])
    training = estimate_run(MODEL_BYTES, "classification", [step])
    # One copy of the weights more: weights, gradients, two moments and a teacher.
    assert training.memory_bytes >= exporting.memory_bytes + MODEL_BYTES
    assert training.disk_bytes == exporting.disk_bytes


def test_every_stage_leaves_its_model_and_bundle() -> None:
    one, two = (
        estimate_run(MODEL_BYTES, "generative", [Step("optimize", name) for name in names]) for names in ("a", "ab")
    )
    assert two.disk_bytes - one.disk_bytes == 2 * MODEL_BYTES
