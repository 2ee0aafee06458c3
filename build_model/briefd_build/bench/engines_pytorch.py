"""PyTorch as an engine of ONNX graphs: a graph with its shapes fixed becomes a module of PyTorch's own functions."""

from __future__ import annotations

import logging
import os
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from briefd_build.bench.contender import AbsentError

if TYPE_CHECKING:
    from pathlib import Path

    import onnx

    from briefd_build.bench.engines import Arrays, Case, Run, Step


@dataclass(frozen=True)
class PyTorch:
    """PyTorch, eagerly or by way of `torch.compile`; `device` is PyTorch's name of it."""

    name: str
    device: str
    is_compiled: bool

    @property
    def note(self) -> str:
        """See `Engine`."""
        return (
            "the float32 graph as a module of PyTorch's own functions, its shapes fixed; quantized forms are made of "
            "ONNX Runtime's operators"
        )

    def prepare(self, case: Case) -> None:
        """See `Engine`."""
        # torch.compile would keep a pool of processes that compile, which live on beside what is measured.
        os.environ["TORCHINDUCTOR_COMPILE_THREADS"] = "1"
        import torch  # noqa: PLC0415 - kept out of the parent

        if self.device == "cuda" and not torch.cuda.is_available():
            raise AbsentError(f"PyTorch {torch.__version__} finds no CUDA device")
        from briefd_build.bench.onnx_in_pytorch import missing_operators  # noqa: PLC0415 - likewise

        for number, step in enumerate(case.steps):
            path = _folded(case, number)
            if not path.exists():
                write_folded(case.graph, step, path)
            if missing := missing_operators(path):
                raise AbsentError(f"the graph has operators that PyTorch has no function for: {', '.join(missing)}")

    def open(self, case: Case, thread_count: int) -> Run:
        """See `Engine`."""
        import torch  # noqa: PLC0415 - kept out of the parent

        from briefd_build.bench.onnx_in_pytorch import read_module  # noqa: PLC0415 - likewise

        torch.set_num_threads(thread_count)
        modules: list[Any] = [read_module(_folded(case, number)).to(self.device) for number in range(len(case.steps))]
        if self.is_compiled:
            modules = [torch.compile(module, dynamic=False) for module in modules]

        def run(number: int, feeds: Arrays) -> Arrays:
            with torch.inference_mode():
                outputs = modules[number](
                    **{name: torch.from_numpy(array).to(self.device) for name, array in feeds.items()}
                )
            return {name: output.cpu().numpy() for name, output in outputs.items()}

        return run


def _folded(case: Case, number: int) -> Path:
    return case.work / f"{case.form}-{number}.onnx"


def write_folded(graph: Path, step: Step, path: Path) -> None:
    """Write a graph with the shapes of a step's inputs fixed, and all that follows from them computed."""
    import onnx  # noqa: PLC0415 - kept out of the parent
    import onnxscript.optimizer  # noqa: PLC0415 - likewise

    model = onnx.load(graph)
    _fix_shapes(model, step)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the optimizer warns of its own internals
        logging.getLogger("onnxscript").setLevel(logging.ERROR)
        folded = onnxscript.optimizer.optimize(model, onnx_shape_inference=True)
    onnx.save(folded, path)


def _fix_shapes(model: onnx.ModelProto, step: Step) -> None:
    for given in model.graph.input:
        if given.name in step.feeds:
            for dimension, size in zip(given.type.tensor_type.shape.dim, step.feeds[given.name].shape, strict=True):
                dimension.dim_value = size
    for output in model.graph.output:
        output.type.tensor_type.ClearField("shape")
