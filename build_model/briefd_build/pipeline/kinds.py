"""The kinds of models that a recipe's task may name."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from briefd_build.pipeline.model import Kind

KINDS = {
    "extractive": "briefd_build.encoder.kind:ExtractiveKind",
    "generative": "briefd_build.generative.kind:GenerativeKind",
    "classification": "briefd_build.classification.kind:ClassificationKind",
}
"""Module and class of each task's kind; loaded when a recipe is run, since they import PyTorch."""


def make_kind(
    task: str,
    model: Mapping[str, Any],
    data: Mapping[str, Any],
    evaluation: Mapping[str, Any],
    data_directory: Callable[[], Path],
) -> Kind:
    """Make the kind of a task from a recipe's tables.

    Args:
        task: a key of `KINDS`.
        model: the recipe's `[model]`.
        data: its `[data]`.
        evaluation: its `[evaluation]`.
        data_directory: finds the corpora, and fetches them where needed.

    Raises:
        BuildError: a key is unknown, or a value is not what it must be.

    """
    module_name, class_name = KINDS[task].split(":")
    kind: Kind = getattr(import_module(module_name), class_name)(model, data, evaluation, data_directory)
    return kind
