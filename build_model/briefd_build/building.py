"""From nothing to a measured default bundle."""

from __future__ import annotations

import json
from importlib import resources
from typing import TYPE_CHECKING

from briefd_build.default_bundle import DefaultBuild, Recipe
from briefd_build.evaluation.report import evaluate
from briefd_build.folder import BuildFolder
from briefd_server.bundle import OPTIMIZED, read_bundle
from briefd_server.engines.extractive.costs import Costs

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from briefd_build.base_model import BaseModel

_COSTS = "default-en.costs.json"


def build_default(
    base: BaseModel,
    data: Path,
    folder: Path,
    bundle: Path,
    report: Callable[[str, float], None],
    recipe: Recipe | None = None,
) -> None:
    """Do every stage of the default bundle that is not done yet, and write the bundle with its evaluation."""
    folder.mkdir(parents=True, exist_ok=True)
    build = DefaultBuild(recipe or Recipe(), base, data, BuildFolder(folder), report)
    build.run()
    build.write_bundle(bundle, tuned_costs(), evaluation={})
    evaluation = evaluate(read_bundle(bundle), OPTIMIZED, data, 2, report)
    build.write_bundle(bundle, tuned_costs(), {OPTIMIZED: evaluation.to_json()})


def tuned_costs() -> Costs:
    """Read the table of costs that ships, as `brief-build tune` left it; the starting table where there is none."""
    table = resources.files("briefd_build") / _COSTS
    return Costs.from_json(json.loads(table.read_text(encoding="utf-8"))) if table.is_file() else Costs()
