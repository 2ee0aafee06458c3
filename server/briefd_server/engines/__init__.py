"""Engines: one sub-package or file each behind the `Engine` protocol of `base`, found by the name in the manifest."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from briefd_server.errors import EngineLoadError

if TYPE_CHECKING:
    from briefd_server.bundle import Bundle
    from briefd_server.engines.base import Engine

# Each module has `load(bundle, variant, thread_count) -> Engine`; it is imported when a bundle first asks for it.
_MODULES = {
    "extractive": "briefd_server.engines.extractive",
    "generative": "briefd_server.engines.generative",
}


def load_engine(bundle: Bundle, variant: str, thread_count: int) -> Engine:
    """Load one variant of a bundle, to run on `thread_count` threads.

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
    engine: Engine = import_module(_MODULES[name]).load(bundle, variant, thread_count)
    return engine
