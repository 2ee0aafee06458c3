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
    from pathlib import Path

PROMPT_COUNT = 1000
VARIANT = "int8-shortlist"


@pytest.mark.long
@pytest.mark.parametrize("family", FAMILIES)
def test_a_thousand_texts_have_a_sentence_of_the_length_each(family: str, tmp_path: Path) -> None:
    context = {"n_positions": 512} if family == "gpt2" else {"max_position_embeddings": 512} if family != "t5" else {}
    model = make_tiny_model(family, tmp_path / "model", **context)
    options = Options(shortlist_size=150, thread_count=1)
    build_generative(str(model), tmp_path / "bundle", [VARIANT], options, lambda *_: None)
    engine = load_engine(read_bundle(tmp_path / "bundle"), VARIANT, 1)
    for seed in range(PROMPT_COUNT):
        check_sentence(engine, seed)
