"""Engines are found by the name in the manifest."""

from __future__ import annotations

from pathlib import Path

import pytest
from bundle_factory import make_bundle

from briefd_server.bundle import read_bundle
from briefd_server.engines import load_engine
from briefd_server.errors import EngineLoadError


def test_an_engine_that_this_version_lacks_is_refused(tmp_path: Path) -> None:
    bundle = read_bundle(make_bundle(tmp_path, engine="oracle"))
    with pytest.raises(EngineLoadError, match=r"asks for the engine 'oracle'.*it has extractive"):
        load_engine(bundle, "optimized", 1)
