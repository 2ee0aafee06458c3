"""Stages that a run beside this one did already: a recipe whose later stages change goes on after those it shares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from briefd_build.folder import MADE_BY, BuildFolder
from briefd_build.pipeline.recipe import SOURCE
from briefd_build.pipeline.stage_folder import stage_folder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

# Of a recipe: what may differ between two runs whose first stages leave the same.
_OWN = ("name", "stages")


def take_over_stages(folder: Path) -> None:
    """Take the first stages of a run that has none yet over from the run beside it that did most of them alike.

    Alike is a stage that all that decides it is the same for (see `made_by`), the stages before it included.

    Args:
        folder: of the run, claimed for it.
    """
    made_by = _read_made_by(folder)
    if stage_folder(folder, 0, SOURCE).path.exists():
        return
    found = [(_alike(made_by, other), other) for other in sorted(folder.parent.iterdir()) if other != folder]
    stages, other = max(found, key=lambda each: len(each[0]), default=((), folder))
    for number, name in enumerate(stages):
        stage_folder(folder, number, name).take_over(stage_folder(other, number, name), other.name)


def _alike(made_by: dict[str, Any], other: Path) -> Sequence[str]:
    """Name the stages that a run's folder has whole and that are alike, from the first on."""
    theirs = _read_made_by(other)
    if not theirs or _deciding(theirs) != _deciding(made_by):
        return ()
    names = [SOURCE]
    for own_step, their_step in zip(made_by["recipe"]["stages"], theirs["recipe"]["stages"], strict=False):
        if own_step != their_step:
            break
        names.append(own_step["name"])
    whole = [stage_folder(other, number, name).is_measured for number, name in enumerate(names)]
    return names[: [*whole, False].index(False)]


def _read_made_by(folder: Path) -> dict[str, Any]:
    """Read what made a run's folder; nothing of any other folder or file."""
    try:
        made_by = BuildFolder(folder).read_json(MADE_BY)
    except (OSError, ValueError):
        return {}
    is_run = isinstance(made_by, dict) and isinstance(made_by.get("recipe"), dict) and "stages" in made_by["recipe"]
    return made_by if is_run else {}


def _deciding(made_by: dict[str, Any]) -> dict[str, Any]:
    recipe = {key: value for key, value in made_by["recipe"].items() if key not in _OWN}
    return {**made_by, "recipe": recipe}
