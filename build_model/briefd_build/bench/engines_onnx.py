"""Engines that read ONNX files themselves: ONNX Runtime with its providers, and OpenVINO."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from briefd_build.bench.contender import AbsentError, import_peer
from briefd_server.engines.onnx_sessions import open_session

if TYPE_CHECKING:
    from briefd_build.bench.engines import Arrays, Case, Run


@dataclass(frozen=True)
class OnnxRuntimeCpu:
    """ONNX Runtime as the daemon uses it."""

    name: ClassVar[str] = "ONNX Runtime"
    note: ClassVar[str] = "the daemon's session: waiting threads sleep, shapes may change from call to call"

    def prepare(self, case: Case) -> None:
        """Do nothing: it was imported with this module, and reads the graph's own file."""

    def open(self, case: Case, thread_count: int) -> Run:
        """See `Engine`."""
        return _run_session(open_session(case.graph, thread_count))


@dataclass(frozen=True)
class OnnxRuntimeProvider:
    """ONNX Runtime on an accelerator; what the accelerator can't do runs on the processor."""

    name: str
    provider: str
    note: ClassVar[str] = "inputs and outputs are copied to and from the accelerator"

    def prepare(self, case: Case) -> None:  # noqa: ARG002 - it reads the graph's own file
        """See `Engine`."""
        import onnxruntime  # noqa: PLC0415 - kept out of the parent

        if self.provider not in onnxruntime.get_available_providers():
            raise AbsentError(f"this ONNX Runtime has no {self.provider} (pip install onnxruntime-gpu)")

    def open(self, case: Case, thread_count: int) -> Run:
        """See `Engine`."""
        import onnxruntime  # noqa: PLC0415 - kept out of the parent

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = thread_count
        providers = [self.provider, "CPUExecutionProvider"]
        session = onnxruntime.InferenceSession(str(case.graph), options, providers=providers)
        # Where the driver or a library is missing, it goes on with the processor and only logs that.
        if self.provider not in session.get_providers():
            raise AbsentError(f"{self.provider} can't be used here: its driver or a library is missing")
        return _run_session(session)


@dataclass(frozen=True)
class OpenVino:
    """OpenVINO on the processor."""

    name: ClassVar[str] = "OpenVINO"
    note: ClassVar[str] = "reads the ONNX file; float32 kept, latency hint, shapes may change from call to call"

    def prepare(self, case: Case) -> None:  # noqa: ARG002 - it reads the graph's own file
        """See `Engine`."""
        import_peer("openvino", "openvino")

    def open(self, case: Case, thread_count: int) -> Run:
        """See `Engine`."""
        openvino = import_peer("openvino", "openvino")
        settings = {
            "INFERENCE_NUM_THREADS": thread_count,
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_PRECISION_HINT": "f32",
            # The others' threads aren't bound to processors either.
            "ENABLE_CPU_PINNING": False,
        }
        request = openvino.compile_model(case.graph, "CPU", settings).create_infer_request()

        def run(_number: int, feeds: Arrays) -> Arrays:
            outputs = request.infer(feeds, share_inputs=True)
            return {output.get_any_name(): array for output, array in outputs.items()}

        return run


def _run_session(session: Any) -> Run:
    names = [output.name for output in session.get_outputs()]

    def run(_number: int, feeds: Arrays) -> Arrays:
        return dict(zip(names, session.run(names, dict(feeds)), strict=True))

    return run
