"""What people should know of a run besides its figures: what was left out, and what would come out otherwise again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from briefd_build.errors import BuildError
from briefd_build.measures.aside import is_starved
from briefd_build.pipeline.claiming import without_judging
from briefd_build.reporting.record import find_record
from briefd_server.bundle import read_bundle
from briefd_server.errors import BriefdError

if TYPE_CHECKING:
    from pathlib import Path

    from briefd_build.pipeline.recipe import Recipe
    from briefd_build.pipeline.results import RunRecord

# Fewer tell little: of 200 texts, a share of a half has an interval of 14 points.
_LEAST_TEXTS = 200


def notes_of(recipe: Recipe, record: RunRecord, out: Path) -> list[str]:
    """Write the notes of a run.

    Args:
        recipe: of the run.
        record: of the run, whose own notes are not looked at.
        out: where the bundle will be written, and that of an earlier run may be.

    """
    threads = record.environment["threads"]
    notes = [
        f"Timings differ from run to run, and so does the digest of the manifest; the model files' digest is "
        f"{record.stages[-1].files_digest}.",
        f"The same recipe and seed give the same files with the same libraries on the same kind of processor and "
        f"{threads} threads: another number adds up in another order.",
    ]
    if torch.cuda.is_available():
        notes.append(
            f"Trained on {torch.cuda.get_device_name()}, which does not always add up in one order: another run can "
            "differ in the last bits, and in what is chosen by them."
        )
    notes += [
        f"Left out, as it is not for {recipe.task}: {step.name}." for step in recipe.stages if step not in recipe.steps
    ]
    costs = {each.name: each.cost for each in record.stages} | ({"PyTorch": record.pytorch} if record.pytorch else {})
    if waited := [name for name, cost in costs.items() if is_starved(cost.p50_ms, cost.cpu_seconds)]:
        notes.append(
            f"Other programs kept the machine busy while {', '.join(waited)} was timed: calls took far longer than "
            "their processor time, so that p50, p95 and ratios to PyTorch say little there."
        )
    if (texts := record.evaluation["texts answered"]) < _LEAST_TEXTS:
        notes.append(f"Only {texts} texts were answered, fewer than {_LEAST_TEXTS}: quality is known roughly.")
    return notes + compare_with_earlier(record, _earlier_record(out))


def compare_with_earlier(record: RunRecord, earlier: RunRecord | None) -> list[str]:
    """Say where an earlier run of the same recipe and seed left other files."""
    if earlier is None or without_judging(earlier.recipe) != without_judging(record.recipe):
        return []
    pairs = zip(record.stages, earlier.stages, strict=True)
    other = next((now.name for now, before in pairs if now.files_digest != before.files_digest), None)
    if other is None:
        return ["An earlier run of this recipe and seed left the same model files after every stage."]
    changed = sorted(key for key, value in record.environment.items() if earlier.environment.get(key) != value)
    reason = f"; what differs is {', '.join(changed)}" if changed else ""
    return [f"An earlier run of this recipe and seed left other model files from the stage {other} on{reason}."]


def _earlier_record(out: Path) -> RunRecord | None:
    try:
        return find_record(read_bundle(out)) if out.is_dir() else None
    except (BuildError, BriefdError):
        return None
