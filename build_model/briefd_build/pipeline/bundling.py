"""The bundle that a run ends with: the last stage's, with the run's record, and the baseline beside it."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from briefd_build.generative.replacing import replaced
from briefd_build.reporting.record import EVALUATION_KEY, record_to_json
from briefd_server.bundle import BASELINE, read_bundle, write_manifest

if TYPE_CHECKING:
    from pathlib import Path

    from briefd_build.pipeline.model import Kind
    from briefd_build.pipeline.results import RunRecord


@runtime_checkable
class HoldsBaseline(Protocol):
    """A kind whose bundles can hold the float32 model beside the optimized one."""

    def add_baseline(self, directory: Path, baseline: Path) -> None:
        """Put the model of the bundle `baseline` into the bundle in `directory`, as its variant `baseline`."""


def write_run_bundle(kind: Kind, optimized: Path, baseline: Path | None, record: RunRecord, directory: Path) -> None:
    """Write the bundle of a run; its directory appears whole or not at all.

    Args:
        kind: of the model.
        optimized: bundle of the last stage.
        baseline: bundle of the baseline, where it is a float32 one; it is put beside where the kind can.
        record: of the run, for the manifest.
        directory: to write.

    Raises:
        BuildError: nothing can be written there, or something is there that is no bundle.

    """
    with replaced(directory) as made:
        shutil.copytree(optimized, made, dirs_exist_ok=True)
        if baseline is not None and baseline != optimized and isinstance(kind, HoldsBaseline):
            _add_baseline(kind, made, baseline)
        manifest = read_bundle(made).manifest
        write_manifest(
            made,
            replace(
                manifest,
                name=record.recipe["name"],
                provenance={**manifest.provenance, "recipe": record.recipe},
                evaluation={**manifest.evaluation, EVALUATION_KEY: record_to_json(record)},
            ),
        )


def _add_baseline(kind: HoldsBaseline, made: Path, baseline: Path) -> None:
    if BASELINE not in read_bundle(made).manifest.variants:
        kind.add_baseline(made, baseline)
