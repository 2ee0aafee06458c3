"""The stages that a recipe may name; one module each."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from briefd_build.pipeline.parsing import build

if TYPE_CHECKING:
    from collections.abc import Mapping

    from briefd_build.pipeline.model import Stage

STAGES = {
    "finetune": "finetune:Finetune",
    "distil": "distil:Distil",
    "prune-unstructured": "prune_unstructured:PruneUnstructured",
    "prune-structured": "prune_structured:PruneStructured",
    "low-rank": "low_rank:LowRank",
    "quantize": "quantize:Quantize",
    "export": "export:Export",
    "optimize": "optimize:Optimize",
}
"""Module and class of each type of stage; loaded when a recipe names it, since they import PyTorch."""


def make_stage(name: str, parameters: Mapping[str, Any], place: str) -> Stage:
    """Make a stage of this type.

    Args:
        name: its type, a key of `STAGES`.
        parameters: the fields of its dataclass.
        place: in the recipe, for refusals.

    Raises:
        BuildError: a parameter is not what it must be.

    """
    module_name, class_name = STAGES[name].split(":")
    stage: Stage = build(getattr(import_module(f"{__name__}.{module_name}"), class_name), parameters, place)
    return stage
