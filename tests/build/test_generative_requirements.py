"""Too little disk or memory is said before anything is loaded."""

from __future__ import annotations

from pathlib import Path

import pytest
from tiny_models import make_tiny_model

from briefd_build.errors import BuildError
from briefd_build.generative import requirements
from briefd_build.generative.requirements import (
    ModelSize,
    check_download,
    check_needs,
    estimate_needs,
    read_size,
)
from briefd_build.generative.source import find_model, load_model
from briefd_build.generative.variants import BASELINE, VARIANTS
from briefd_build.room import Needs

MB = 1_000_000


def test_the_size_is_read_from_the_headers(tmp_path: Path) -> None:
    source = find_model(str(make_tiny_model("gpt_neox", tmp_path)))
    model = load_model(source).model
    size = read_size(source)
    assert (size.table_rows, size.table_width) == tuple(model.get_input_embeddings().weight.shape)
    assert size.layer_weights + 2 * size.table_weights == model.num_parameters()


# Numbers of pythia-70m: 18.9 million weights in layers, tables of 50,304 rows of 512.
PYTHIA = ModelSize(18_915_328, 50_304, 512)


@pytest.mark.parametrize(
    ("names", "least_mb", "most_mb"),
    [
        ([BASELINE], 281, 330),
        (["int8"], 18.9 * 2 + 25.8 * 3, 160),
        # What int8 shares with its shortlisted form is not stored twice.
        (["int8", "int8-shortlist"], 18.9 * 3 + 25.8 * 3, 185),
        (["int4"], 18.9 * 1.6 + 25.8 * 2.6, 150),
    ],
)
def test_the_disk_is_that_of_the_weights(names: list[str], least_mb: float, most_mb: float) -> None:
    needs = estimate_needs(PYTHIA, [VARIANTS[name] for name in names], 8192)
    assert least_mb * MB < needs.disk_bytes < most_mb * MB


def test_memory_holds_the_float32_model_several_times() -> None:
    needs = estimate_needs(PYTHIA, [VARIANTS["int4"]], 8192)
    assert 1_900 * MB < needs.memory_bytes < 2_300 * MB


@pytest.mark.parametrize(
    ("disk_mb", "memory_mb", "message"),
    [
        (99, 200, r"too little disk: .* up to 100 MB in /out, where 99 MB are free; make room, name another --out"),
        (100, 199, r"too little memory: .* up to 200 MB, and 199 MB are free; end other programs"),
    ],
)
def test_what_does_not_fit_is_one_line_with_what_is_needed_and_free(disk_mb: int, memory_mb: int, message: str) -> None:
    with pytest.raises(BuildError, match=message) as raised:
        check_needs(Needs(100 * MB, 200 * MB), Path("/out"), lambda _: disk_mb * MB, lambda: memory_mb * MB)
    assert "\n" not in str(raised.value)


def test_what_just_fits_is_let_through() -> None:
    check_needs(Needs(100, 200), Path("/out"), lambda _: 100, lambda: 200)


def test_a_download_without_room_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requirements, "free_disk_bytes", lambda _: 5 * MB)
    check_download(tmp_path, 5 * MB)
    with pytest.raises(BuildError, match=r"too little disk: the model takes 6 MB in .* 5 MB are free; .*HF_HOME"):
        check_download(tmp_path, 6 * MB)
