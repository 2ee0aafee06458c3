"""A bench of engines from a bundle's directory to the report."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from briefd_build.bench.child import PROCESS_BYTES
from briefd_build.bench.engines import Case, GraphRow
from briefd_build.bench.engines_measuring import EnginesOutcome, measure_engines
from briefd_build.bench.engines_onnx import OnnxRuntimeCpu, OnnxRuntimeProvider, OpenVino
from briefd_build.bench.engines_pytorch import PyTorch
from briefd_build.bench.engines_report import EnginesReport
from briefd_build.bench.engines_work import FLOAT32, list_cases, read_text
from briefd_build.bench.turns import Absence
from briefd_build.errors import BuildError
from briefd_build.machine import describe_processor
from briefd_build.room import check_memory, free_memory_bytes
from briefd_server.bundle import read_bundle

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from briefd_build.bench.engines import Engine

REFERENCE = OnnxRuntimeCpu()
# The first is what the others' times are told in.
FLOAT32_ENGINES: tuple[Engine, ...] = (
    PyTorch("PyTorch eager", "cpu", is_compiled=False),
    PyTorch("torch.compile", "cpu", is_compiled=True),
    REFERENCE,
    OpenVino(),
    PyTorch("PyTorch eager CUDA", "cuda", is_compiled=False),
    PyTorch("torch.compile CUDA", "cuda", is_compiled=True),
    OnnxRuntimeProvider("ONNX Runtime CUDA", "CUDAExecutionProvider"),
    OnnxRuntimeProvider("ONNX Runtime TensorRT", "TensorrtExecutionProvider"),
)
SERVED_ENGINES: tuple[Engine, ...] = (REFERENCE, OpenVino())


def run_engines(
    directory: Path, text: str | None, rounds: int, thread_counts: Sequence[int], tell: Callable[[str], None]
) -> EnginesReport:
    """Measure the engines that are there on a bundle's float32 graph, and on the form that is served here.

    Args:
        directory: of the bundle.
        text: what is read; None takes the builder's own.
        rounds: turns of every engine.
        thread_counts: the engines are measured with each of them, one after the other.
        tell: told what is being done.

    Raises:
        BuildError: the machine or the text won't do, or nothing could be measured.
        BriefdError: there is no bundle, or this processor runs none of its forms.

    """
    bundle = read_bundle(directory)
    with tempfile.TemporaryDirectory(prefix="briefd-bench-") as work:
        cases = list_cases(bundle, read_text() if text is None else text, Path(work))
        rows = _rows(cases)
        # Weights, and what an engine makes of them.
        memory_bytes = sum(PROCESS_BYTES + 2 * _graph_bytes(row.case) for row in rows)
        remedy = "end other programs, or measure on a larger machine"
        check_memory("the bench takes about", memory_bytes, free_memory_bytes(), remedy)
        outcome = _join([measure_engines(rows, REFERENCE.name, count, rounds, tell) for count in thread_counts])
    if not outcome.measurements:
        raise BuildError(f"no engine could be measured: {outcome.absences[0].name}: {outcome.absences[0].reason}")
    outcome.absences[:0] = _without_float32(cases)
    return EnginesReport(bundle.manifest.name, bundle.digest, describe_processor(), REFERENCE.name, outcome)


def _rows(cases: Sequence[Case]) -> list[GraphRow]:
    """Pair engines and graphs; only those that read the ONNX file itself run quantized ones."""
    return [
        GraphRow(engine, case)
        for case in cases
        for engine in (FLOAT32_ENGINES if case.form == FLOAT32 else SERVED_ENGINES)
    ]


def _without_float32(cases: Sequence[Case]) -> list[Absence]:
    """Name what can't be measured of a bundle whose float32 graph was left out."""
    if cases[0].form == FLOAT32:
        return []
    reason = "the bundle's float32 graph, its variant baseline, isn't there; give the bundle as it was built"
    return [Absence(f"{engine.name} {FLOAT32}", reason) for engine in FLOAT32_ENGINES]


def _graph_bytes(case: Case) -> int:
    """Add up the graph's file and the files of weights beside it, which are named after it."""
    return sum(file.stat().st_size for file in case.graph.parent.glob(f"{case.graph.stem}.*"))


def _join(outcomes: Sequence[EnginesOutcome]) -> EnginesOutcome:
    """Put outcomes together; an absence for the same reason is one."""
    absences: dict[Absence, None] = {}
    for outcome in outcomes:
        absences.update(dict.fromkeys(outcome.absences))
    return EnginesOutcome([each for outcome in outcomes for each in outcome.measurements], list(absences))
