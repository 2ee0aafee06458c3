"""What a report says of the machine that it was measured on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from briefd_build.pipeline.environment import describe_environment

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("cpuinfo", "processor", "instructions"),
    [
        ("model name\t: AMD EPYC\nflags\t\t: fpu avx2 sha_ni\n", "AMD EPYC", "avx2"),
        (
            "model name\t: AMD EPYC\nflags\t\t: avx512_bf16 avx512_vnni avx2 fpu\n",
            "AMD EPYC",
            "avx2, avx512_vnni, avx512_bf16",
        ),
        ("Features\t: fp asimd asimddp\n", None, "asimd, asimddp"),
        ("", None, "unknown"),
    ],
)
def test_processors_of_one_name_are_told_apart(
    tmp_path: Path, cpuinfo: str, processor: str | None, instructions: str
) -> None:
    (tmp_path / "cpuinfo").write_text(cpuinfo)
    described = describe_environment(2, str(tmp_path))
    assert described["instructions"] == instructions
    assert processor in (None, described["processor"])
    assert described["threads"] == "2"
