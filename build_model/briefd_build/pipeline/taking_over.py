"""Stages that a run beside this one did already: a recipe whose later stages change goes on after those it shares."""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING, Any

from briefd_build.errors import BuildError
from briefd_build.folder import MADE_BY, BuildFolder
from briefd_build.pipeline.made_with import made_with
from briefd_build.pipeline.recipe import SOURCE
from briefd_build.pipeline.stage_folder import stage_folder
from briefd_build.room import free_disk_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from briefd_build.pipeline.stage_folder import StageFolder

# Of a recipe: what may differ between two runs whose first stages leave the same. Of a stage: which tasks it is for.
_MAY_DIFFER, _STAGE_MAY_DIFFER = ("name", "stages"), "tasks"


def take_over_stages(folder: Path) -> None:
    """Copy the first stages that a run lacks from the run beside it that did most of them alike.

    Alike are stages that everything is the same for that decides what they leave: recipe, model, data, threads (see
    `made_by`), libraries, instructions and this program (see `made_with`), of them and of all stages before them.
    What can't be copied is done.

    Args:
        folder: of the run, claimed for it.
    """
    own = folder.resolve()
    try:
        beside = [each for each in sorted(own.parent.iterdir()) if each != own]
    except OSError:
        return
    made_by = _read_made_by(own)
    alike, other = max(((_count_alike(made_by, each), each) for each in beside), default=(0, own), key=lambda it: it[0])
    for number, name in enumerate(_stage_names(made_by)[:alike]):
        mine, theirs = stage_folder(own, number, name), stage_folder(other, number, name)
        if not mine.path.exists() and not _copy(theirs, mine, other.name):
            return


def _copy(theirs: StageFolder, mine: StageFolder, run: str) -> bool:
    """Copy a stage; tells whether it is there, whole, and there was room for it."""
    try:
        if theirs.size_bytes() > free_disk_bytes(mine.path.parent):
            return False
        mine.take_over(theirs, run)
    except (OSError, BuildError):
        return False
    return True


def _count_alike(made_by: dict[str, Any], other: Path) -> int:
    """Count the stages that a run's folder has and that are alike, from the first on."""
    theirs = _read_made_by(other)
    if not theirs or _without_stages(theirs) != _without_stages(made_by):
        return 0
    pairs = zip(_steps(made_by), _steps(theirs), strict=False)
    names = [SOURCE, *(str(own["name"]) for own, _ in takewhile(lambda pair: pair[0] == pair[1], pairs))]
    folders = (stage_folder(other, number, name) for number, name in enumerate(names))
    return sum(1 for _ in takewhile(lambda each: each.made_with == made_with(), folders))


def _read_made_by(folder: Path) -> dict[str, Any]:
    """Read what made a run's folder; nothing of any other folder or file."""
    try:
        made_by = BuildFolder(folder).read_json(MADE_BY)
    except (OSError, ValueError):
        return {}
    recipe = made_by.get("recipe") if isinstance(made_by, dict) else None
    is_run = isinstance(recipe, dict) and isinstance(recipe.get("stages"), list)
    return made_by if is_run else {}


def _without_stages(made_by: dict[str, Any]) -> dict[str, Any]:
    recipe = {key: value for key, value in made_by["recipe"].items() if key not in _MAY_DIFFER}
    return {**made_by, "recipe": recipe}


def _steps(made_by: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for step in made_by["recipe"]["stages"]:
        yield {key: value for key, value in dict(step).items() if key != _STAGE_MAY_DIFFER}


def _stage_names(made_by: dict[str, Any]) -> list[str]:
    return [SOURCE, *(step["name"] for step in _steps(made_by))]
