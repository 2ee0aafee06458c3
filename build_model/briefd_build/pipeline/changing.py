"""Changes to a recipe's table before it is read: `--set key=value`, and presets that are laid on it."""

from __future__ import annotations

import copy
from typing import Any

from briefd_build.errors import BuildError
from briefd_build.pipeline.parsing import nearest
from briefd_build.pipeline.recipe import SECTIONS, is_list_of_tables, step_names
from briefd_build.pipeline.recipe_files import parse_toml


def set_values(table: dict[str, Any], settings: tuple[str, ...]) -> dict[str, Any]:
    """Change values of a recipe.

    Args:
        table: the recipe's; it stays as it is.
        settings: `key=value` each. A key is a dotted path that begins with a key of the recipe or a stage's name; a
            value is TOML, or a text that needs no quotes.

    Raises:
        BuildError: there is no equals sign, or the path leads nowhere.

    """
    table = copy.deepcopy(table)
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals or not key.strip():
            raise BuildError(f"--set {setting}: give a key and its value, such as --set seed=3")
        _set_value(table, key.strip(), _parse_value(value))
    return table


def lay_preset(table: dict[str, Any], preset: dict[str, Any]) -> dict[str, Any]:
    """Lay a preset on a recipe: the preset's stages follow those that make the baseline, its gates replace the others.

    Args:
        table: the recipe's.
        preset: the preset's.

    Raises:
        BuildError: the preset is none, or one of them has no list of stages.

    """
    if {"task", "model"} & preset.keys():
        raise BuildError(
            f"--preset {preset.get('name')}: this is a recipe with a model of its own; lay conservative, balanced, "
            "aggressive or a file without task and [model] on a recipe"
        )
    steps, added = (_steps_of(each) for each in (table, preset))
    evaluation = table.get("evaluation")
    baseline = evaluation.get("baseline") if isinstance(evaluation, dict) else None
    names = step_names(steps)
    kept = names.index(baseline) + 1 if baseline in names else 0
    return {
        **table,
        "name": f"{table.get('name')}-{preset.get('name')}",
        "description": f"{table.get('description', '')}; {preset.get('name')}: {preset.get('description', '')}",
        "stages": [*steps[:kept], *added],
        "gates": preset.get("gates", {}),
    }


def _set_value(table: dict[str, Any], key: str, value: object) -> None:
    """Change one value; tables on the way that are lacking are made."""
    place, parts = f"--set {key}", key.split(".")
    if parts[0] == "stages" and len(parts) > 1:
        parts = parts[1:]
    target = table
    if parts[0] not in SECTIONS:
        target = _find_step(table, parts.pop(0), place)
    if not parts:
        raise BuildError(f"{place}: names a whole stage; name one of its keys, such as {key}.name")
    *path, last = parts
    for part in path:
        target = target.setdefault(part, {})
        if not isinstance(target, dict):
            raise BuildError(f"{place}: {part} holds no table; leave out what follows it")
    target[last] = value


def _find_step(table: dict[str, Any], name: str, place: str) -> dict[str, Any]:
    steps = _named_steps(table)
    if name not in steps:
        raise BuildError(f"{place}: there is no {name!r}; {nearest(name, [*steps, *SECTIONS])}")
    return steps[name]


def _named_steps(table: dict[str, Any]) -> dict[str, dict[str, Any]]:
    steps = table.get("stages", [])
    if not is_list_of_tables(steps):
        return {}
    return {name: step for name, step in zip(step_names(steps), steps, strict=True) if isinstance(name, str)}


def _steps_of(table: dict[str, Any]) -> list[dict[str, Any]]:
    steps = table.get("stages", [])
    if not is_list_of_tables(steps):
        raise BuildError(f"{table.get('name')}.toml: stages must be a list, each a table")
    listed: list[dict[str, Any]] = steps
    return listed


def _parse_value(text: str) -> object:
    try:
        table = parse_toml(f"value = {text}")
    except ValueError:
        return text
    # A text of several lines can be a whole document of TOML.
    return table["value"] if table.keys() == {"value"} else text
