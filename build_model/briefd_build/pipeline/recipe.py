"""Recipes: what is made of which model, by which stages, and how good it must be; the schema of their TOML files."""

from __future__ import annotations

import math
import re
from dataclasses import asdict, dataclass, field
from typing import Any

from briefd_build.pipeline.kinds import KINDS
from briefd_build.pipeline.parsing import build, nearest
from briefd_build.pipeline.stages import STAGES

SOURCE = "source"
"""Name of the stage that is the model as it was opened."""

BASELINE = "baseline"
"""What stages may call the baseline, whatever its name is: presets don't know it."""

_BUNDLE_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_STAGE_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
MOST_SEED = 2**32 - 1
"""The most that numpy takes."""


@dataclass(frozen=True)
class Step:
    """A stage of a recipe.

    Attributes:
        stage: its type, a key of `STAGES`.
        name: unique in the recipe; the type, with a number where it repeats, unless the recipe says otherwise.
        tasks: that it is for; it is left out where the recipe's is not among them. Empty: for all.
        parameters: fields of its dataclass.
    """

    stage: str
    name: str
    tasks: tuple[str, ...] = ()
    parameters: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not _STAGE_NAME.fullmatch(self.name):
            raise ValueError("name must be of a-z, 0-9, - and _, 64 of them at most")
        _check_tasks(self.tasks)

    def fits(self, task: str) -> bool:
        """Whether it is for this task."""
        return not self.tasks or task in self.tasks

    def to_json(self) -> dict[str, Any]:
        """Give the step's table."""
        only = {"tasks": list(self.tasks)} if self.tasks else {}
        return {"stage": self.stage, "name": self.name, **only, **self.parameters}


POINTS = "points."
"""What the names of gates on losses of single metrics begin with."""
FLOORS = "floors."
"""What the names of gates on metrics themselves begin with."""


@dataclass(frozen=True)
class Gates:
    """The most that a run may cost and lose, and the least that it must reach; what is not given is not looked at.

    Attributes:
        quality_loss: of the leading metric, as a share of the baseline's: 0.02 is 2 %.
        quality_points: of the leading metric, in points of it.
        points: of other metrics by name, in points of each.
        floors: least values of metrics by name, in the unit of each.
        size_bytes: of the served variant's files.
        size_ratio: to the baseline's files.
        latency_ratio: median latency to the baseline's, both served.
        pytorch_latency_ratio: to that of the baseline run by PyTorch in float32.
        memory_ratio: resident memory to the baseline's.
        energy_ratio: joules a call to the baseline's.
    """

    quality_loss: float | None = None
    quality_points: float | None = None
    size_bytes: int | None = None
    size_ratio: float | None = None
    latency_ratio: float | None = None
    pytorch_latency_ratio: float | None = None
    memory_ratio: float | None = None
    energy_ratio: float | None = None
    points: dict[str, Any] = field(default_factory=dict)
    floors: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, value in self._of_metrics().items():
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < math.inf:
                raise ValueError(f"{name} must be a number, 0 or more")
        for name, value in self.given().items():
            if value < 0 or (value == 0 and not name.startswith(("quality", POINTS, FLOORS))):
                raise ValueError(f"{name} must be above 0")

    def given(self) -> dict[str, float]:
        """Give those that the recipe states, in the order above."""
        by_metric = {"points", "floors"}
        single = {name: value for name, value in asdict(self).items() if name not in by_metric and value is not None}
        return single | self._of_metrics()

    def to_json(self) -> dict[str, Any]:
        """Give the gates' table."""
        return {name: value for name, value in asdict(self).items() if value not in (None, {})}

    def _of_metrics(self) -> dict[str, Any]:
        points = {f"{POINTS}{name}": value for name, value in self.points.items()}
        return points | {f"{FLOORS}{name}": value for name, value in self.floors.items()}


@dataclass(frozen=True)
class Recipe:
    """One recipe.

    Attributes:
        name: of the bundle too.
        task: a key of `KINDS`.
        stages: in order.
        description: one line.
        seed: of everything random.
        model: for the kind; `source` is where the model is.
        data: for the kind: what is learned from.
        evaluation: for the kind; `baseline` names the stage that quality is compared with.
        gates: see `Gates`.
    """

    name: str
    task: str
    stages: tuple[Step, ...] = ()
    description: str = ""
    seed: int = 1
    model: dict[str, Any] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)
    evaluation: dict[str, Any] = field(default_factory=dict)
    gates: Gates = field(default_factory=Gates)

    def __post_init__(self) -> None:
        if not _BUNDLE_NAME.fullmatch(self.name):
            raise ValueError("name must be of a-z, 0-9, ., - and _, 64 of them at most, as bundles are named")
        _check_tasks((self.task,))
        if not 0 <= self.seed <= MOST_SEED:
            raise ValueError(f"seed must be from 0 to {MOST_SEED}")
        _check_source(self.model.get("source", ""))
        for step in self.stages:
            _check_step(step)
        names = [step.name for step in self.stages]
        if repeated := next((name for name in names if names.count(name) > 1), None):
            raise ValueError(f"two stages are named {repeated}; name one of them otherwise")
        done = [SOURCE, *(step.name for step in self.steps)]
        if self.baseline not in done:
            raise ValueError(f"evaluation.baseline names no stage; {nearest(str(self.baseline), done)}")

    @property
    def steps(self) -> tuple[Step, ...]:
        """The stages that are done: those that are for the task."""
        return tuple(step for step in self.stages if step.fits(self.task))

    @property
    def baseline(self) -> str:
        """Name of the stage that quality is compared with."""
        baseline: str = self.evaluation.get("baseline", SOURCE)
        return baseline

    @property
    def source(self) -> str:
        """Where the model is: a directory or a hub name."""
        source: str = self.model["source"]
        return source

    def to_json(self) -> dict[str, Any]:
        """Give the recipe as a table again, of the stages that are done."""
        return {
            "name": self.name,
            "description": self.description,
            "task": self.task,
            "seed": self.seed,
            "model": self.model,
            "data": self.data,
            "stages": [step.to_json() for step in self.steps],
            "evaluation": self.evaluation,
            "gates": self.gates.to_json(),
        }


SECTIONS = tuple(Recipe.__dataclass_fields__)
"""The keys of a recipe."""


def parse_recipe(table: dict[str, Any], place: str) -> Recipe:
    """Read a recipe from a TOML table.

    Args:
        table: of the whole file.
        place: names the file in refusals.

    Raises:
        BuildError: something is unknown, lacking or wrong.

    """
    return build(Recipe, {**table, **_with_steps(table)}, f"{place}:")


def step_names(steps: list[dict[str, Any]]) -> list[Any]:
    """Name the steps of a recipe's table: as they say, else by their type, with a number where that is taken.

    What a recipe says may be no text: it is refused when the recipe is read.
    """
    taken = [step["name"] for step in steps if "name" in step]
    names = []
    for step in steps:
        name = step["name"] if "name" in step else _free_name(str(step.get("stage")), taken)
        names.append(name)
        taken.append(name)
    return names


def is_list_of_tables(value: object) -> bool:
    """Whether a value of a TOML file is what `[[stages]]` makes."""
    return isinstance(value, list) and all(isinstance(each, dict) for each in value)


def _free_name(stage: str, taken: list[Any]) -> str:
    number = 1
    while (name := stage if number == 1 else f"{stage}-{number}") in taken:
        number += 1
    return name


def _with_steps(table: dict[str, Any]) -> dict[str, Any]:
    """Give the stages' tables as `Step` has its fields; what is no list of tables is left to be refused."""
    steps = table.get("stages")
    if not is_list_of_tables(steps):
        return {}
    assert isinstance(steps, list)
    return {"stages": [_step_fields(step, name) for step, name in zip(steps, step_names(steps), strict=True)]}


def _step_fields(step: dict[str, Any], name: object) -> dict[str, Any]:
    own: dict[str, Any] = {key: step[key] for key in ("stage", "tasks") if key in step}
    parameters = {key: value for key, value in step.items() if key not in {"stage", "name", "tasks"}}
    return {**own, "name": name, "parameters": parameters}


def _check_source(source: object) -> None:
    if not isinstance(source, str):
        raise ValueError("model.source must be a text: a directory or a hub name")  # noqa: TRY004 - `build` tells these
    if not source:
        raise ValueError("model.source is lacking: give a directory or a hub name (--set model.source=...)")


def _check_step(step: Step) -> None:
    if step.stage not in STAGES:
        raise ValueError(f"stages: there is no stage {step.stage!r}; {nearest(step.stage, STAGES)}")
    if step.name in {SOURCE, BASELINE, *SECTIONS}:
        raise ValueError(f"stages: {step.name} is no name for a stage: it means something else in a recipe")


def _check_tasks(tasks: tuple[str, ...]) -> None:
    for task in tasks:
        if task not in KINDS:
            raise ValueError(f"there is no task {task!r}; choose among {', '.join(KINDS)}")
