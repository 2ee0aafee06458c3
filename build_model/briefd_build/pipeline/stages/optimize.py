"""Graph optimization: ONNX Runtime's fused operators, and nothing computed that no output depends on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from briefd_build.errors import BuildError

if TYPE_CHECKING:
    from briefd_build.pipeline.model import Model, Work


@dataclass(frozen=True)
class Optimize:
    """From here on graphs are optimized."""

    def apply(self, model: Model, work: Work) -> str:
        """Set the form.

        Raises:
            BuildError: it was set before.
        """
        if model.form.is_optimized:
            raise BuildError("the graph is optimized already; leave the second optimize out")
        work.report("optimizing", 0.0)
        model.form = replace(model.form, is_optimized=True)
        return "graphs are made of ONNX Runtime's fused operators"
