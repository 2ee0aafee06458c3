"""What measuring loads into processes of its own, in small: a model of a kind, and a spy on a bundle's process."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from briefd_build.measures.metered import ServedBundle

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@dataclass(frozen=True)
class SpiedBundle(ServedBundle):
    """A bundle whose process tells what it imported."""

    def load(self, thread_count: int) -> Any:
        super().load(thread_count).call("any text at all", is_warmed=False)
        return self

    def modules(self) -> set[str]:
        return {name.partition(".")[0] for name in sys.modules}


class FailingBundle(ServedBundle):
    """A bundle of which no process can be made."""

    def load(self, thread_count: int) -> Any:
        raise MemoryError("cannot allocate")


class LayerKind:
    """A kind of one layer: as many inputs as the text has characters, some of its weights zeros."""

    def load(self, folder: Path) -> Any:
        import torch  # noqa: PLC0415 - in the process that runs it

        shape = json.loads((folder / "shape.json").read_text(encoding="utf-8"))
        layer = torch.nn.Linear(*shape, bias=False)
        torch.nn.init.ones_(layer.weight)
        layer.weight.data[0] = 0
        return ModelOf(layer)

    def run_in_pytorch(self, model: Any) -> Callable[[str], object]:
        import torch  # noqa: PLC0415 - likewise

        assert torch.get_num_threads() == 1

        def run(text: str) -> object:
            with torch.inference_mode():
                return model.network(torch.full((len(text), model.network.in_features), 1.0))

        return run


@dataclass
class ModelOf:
    network: Any
