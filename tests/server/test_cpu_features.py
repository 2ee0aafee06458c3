"""The processor's features, from small trees in the form of `/proc`."""

from __future__ import annotations

from pathlib import Path

import pytest

from briefd_server.cpu_features import read_cpu_features

X86 = """\
processor\t: 0
vendor_id\t: AuthenticAMD
flags\t\t: fpu avx2 avx512_vnni
vmx flags\t: vnmi
bugs\t\t: sysret_ss_attrs

processor\t: 1
flags\t\t: fpu avx2 avx512_vnni
"""
ARM = """\
processor\t: 0
BogoMIPS\t: 108.00
Features\t: fp asimd asimddp
CPU implementer\t: 0x41

processor\t: 1
Features\t: fp asimd

Revision\t: c04170
Model\t\t: Raspberry Pi 5 Model B Rev 1.0
"""


@pytest.mark.parametrize(
    ("content", "features"),
    [
        (X86, {"fpu", "avx2", "avx512_vnni"}),
        (ARM, {"fp", "asimd"}),
        ("processor\t: 0\nisa\t: rv64imafdc\n", set()),
        ("flags\n\n:\n\x00\x00", set()),
        ("", set()),
    ],
)
def test_features_are_those_that_every_processor_has(tmp_path: Path, content: str, features: set[str]) -> None:
    (tmp_path / "cpuinfo").write_text(content)
    assert read_cpu_features(str(tmp_path)) == features


def test_a_kernel_that_does_not_say_has_none(tmp_path: Path) -> None:
    assert read_cpu_features(str(tmp_path)) == frozenset()
    (tmp_path / "cpuinfo").write_bytes(b"flags : \xff\xfe sse\n")
    assert "sse" in read_cpu_features(str(tmp_path))
