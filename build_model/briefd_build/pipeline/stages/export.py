"""Exporting: the ONNX graph of the model as it is, checked against PyTorch."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from briefd_build.pipeline.model import Model, Work

# The first that PyTorch's exporter writes, and the last that ONNX Runtime 1.23 knows all operators of.
_FIRST_OPSET, _LAST_OPSET = 18, 21


@dataclass(frozen=True)
class Export:
    """Fixes how graphs are written; every stage is exported, and checked, as its form says then.

    Attributes:
        opset: version of ONNX's operators, from 18 to 21; None: the kind's own.
    """

    opset: int | None = None

    def __post_init__(self) -> None:
        if self.opset is not None and not _FIRST_OPSET <= self.opset <= _LAST_OPSET:
            raise ValueError(f"opset must be from {_FIRST_OPSET} to {_LAST_OPSET}")

    def apply(self, model: Model, work: Work) -> str:
        """Set the version of the operators."""
        work.report("exporting", 0.0)
        model.form = replace(model.form, opset=self.opset)
        version = "" if self.opset is None else f" of operator set {self.opset}"
        return f"the ONNX graph{version}, {model.form.precision.value}, checked against PyTorch"
