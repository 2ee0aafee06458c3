"""The stages that a recipe may name; one module each."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from briefd_build.errors import BuildError
from briefd_build.pipeline.parsing import build, nearest

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


def check_type(name: str, place: str) -> None:
    """Refuse a type of stage that there is not.

    Raises:
        BuildError: there is none of this name.

    """
    if name not in STAGES:
        raise BuildError(f"{place}: there is no stage {name!r}; {nearest(name, STAGES)}")


def make_stage(name: str, parameters: Mapping[str, Any], place: str) -> Stage:
    """Make a stage of this type.

    Args:
        name: its type.
        parameters: the fields of its dataclass.
        place: in the recipe, for refusals.

    Raises:
        BuildError: there is no such type, or a parameter is not what it must be.

    """
    check_type(name, place)
    module_name, class_name = STAGES[name].split(":")
    stage: Stage = build(getattr(import_module(f"{__name__}.{module_name}"), class_name), parameters, place)
    return stage
