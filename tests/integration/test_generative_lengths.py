"""The guarantee of the length, through bundles that `brief-build generate` makes of models with random weights.

Such a model has no idea where a sentence ends: what is right about its answers is due to the decoding alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tiny_models import FAMILIES, make_tiny_model
from written_sentences import check_sentence

from briefd_build.generative.building import build_generative
from briefd_build.generative.conversion import Options
from briefd_server.bundle import read_bundle
from briefd_server.engines import load_engine

if TYPE_CHECKING:
    from briefd_server.engines.base import Engine

VARIANT = "int8-shortlist"
# A thousand texts a family, in parts that take less than what a test may hang for.
PART = 250


@pytest.fixture(scope="module", params=FAMILIES)
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Engine:
    folder, family = tmp_path_factory.mktemp("made"), request.param
    context = {"n_positions": 512} if family == "gpt2" else {"max_position_embeddings": 512} if family != "t5" else {}
    model = make_tiny_model(family, folder / "model", **context)
    options = Options(shortlist_size=150, thread_count=1)
    build_generative(str(model), folder / "bundle", [VARIANT], options, lambda *_: None)
    return load_engine(read_bundle(folder / "bundle"), VARIANT, 1)


@pytest.mark.long
@pytest.mark.parametrize("first", range(0, 1000, PART))
def test_a_thousand_texts_have_a_sentence_of_the_length_each(engine: Engine, first: int) -> None:
    for seed in range(first, first + PART):
        check_sentence(engine, seed)
