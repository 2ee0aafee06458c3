"""Engines: one sub-package each behind a protocol of `base`, found by the name in the manifest."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, cast

from briefd_server.bundle import CLASSIFY, SUMMARIZE
from briefd_server.errors import EngineLoadError

if TYPE_CHECKING:
    from briefd_server.bundle import Bundle
    from briefd_server.engines.base import Classifier, Engine

# Each module has `load(bundle, variant, thread_count)`, which gives an `Engine` or, of bundles whose task is to
# classify, a `Classifier`; it is imported when a bundle first asks for it.
_MODULES = {
    "extractive": "briefd_server.engines.extractive",
    "generative": "briefd_server.engines.generative",
    "classifier": "briefd_server.engines.classifier",
}


def load_engine(bundle: Bundle, variant: str, thread_count: int) -> Engine | Classifier:
    """Load one variant of a bundle, to run on `thread_count` threads; the manifest's task tells what is given.

    Raises:
        EngineLoadError: the bundle asks for an engine that this version does not have.
        BundleError: the engine refuses the bundle's parameters or files.

    """
    name = bundle.manifest.engine
    if name not in _MODULES:
        raise EngineLoadError(
            f"bundle {bundle.manifest.name} asks for the engine {name!r}, which this version of briefd does not have; "
            f"it has {', '.join(_MODULES)}"
        )
    engine: Engine | Classifier = import_module(_MODULES[name]).load(bundle, variant, thread_count)
    return engine


def load_summarizer(bundle: Bundle, variant: str, thread_count: int) -> Engine:
    """Load one variant of a bundle that summarizes; raises what `load_engine` does, and refuses other bundles."""
    _require_task(bundle, SUMMARIZE)
    return cast("Engine", load_engine(bundle, variant, thread_count))


def load_classifier(bundle: Bundle, variant: str, thread_count: int) -> Classifier:
    """Load one variant of a bundle that classifies; raises what `load_engine` does, and refuses other bundles."""
    _require_task(bundle, CLASSIFY)
    return cast("Classifier", load_engine(bundle, variant, thread_count))


def _require_task(bundle: Bundle, task: str) -> None:
    name, given = bundle.manifest.name, bundle.manifest.task
    if given != task:
        raise EngineLoadError(f"bundle {name} is there to {given} texts; name one that can {task} them")
