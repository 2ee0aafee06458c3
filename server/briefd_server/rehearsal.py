"""The calls that an engine has to answer before the daemon serves: a bundle may load, and fail at every text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from briefd_server.bundle import CLASSIFY
from briefd_server.call import Call
from briefd_server.engines.base import MAX_LABEL_COUNT, AnyTask, ClassifyTask, Task
from briefd_server.errors import EngineLoadError
from briefd_server.metering.base import Meter

if TYPE_CHECKING:
    from briefd_server.bundle import Manifest
    from briefd_server.engines.base import Classifier, Engine

# For bundles without examples of their own; numerals are words of every language.
NUMERALS = "1 2 3 4 5 6 7 8 9 10 11 12."


def rehearse(manifest: Manifest, engine: Engine | Classifier, form: str, most: int | None = None) -> None:
    """Have an engine answer the bundle's examples. It is warm afterwards: its first call takes no longer than others.

    At `most` so many of them are answered.

    Raises:
        EngineLoadError: it fails at one; what it raised is the cause.

    """
    for number, text in enumerate((manifest.examples or (NUMERALS,))[:most], start=1):
        task = _task(manifest.task, text)
        try:
            task.run_on(engine, Call(task, form, meter=Meter([]), emit=_ignore))
        except Exception as error:
            raise EngineLoadError(
                f"bundle {manifest.name} cannot be served: its form {form} fails at example {number} of its manifest "
                f"({type(error).__name__}); install the bundle again, or another"
            ) from error


def _task(task: str, text: str) -> AnyTask[Any]:
    return ClassifyTask(text, MAX_LABEL_COUNT) if task == CLASSIFY else Task(text)


def _ignore(chunk: str) -> None:
    """Take a chunk that nobody waits for."""
