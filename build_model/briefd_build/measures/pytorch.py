"""What a model takes that PyTorch runs eagerly in float32: the row that a bundle's gain is told against."""

from __future__ import annotations

import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from briefd_build.measures.aside import loaded, percentile_ms, sum_up, warn_if_starved
from briefd_build.measures.files import compressed_bytes, served_variant, total_bytes
from briefd_build.measures.metered import MeteredModel, ServedBundle
from briefd_build.measures.turns import take_turns
from briefd_build.pipeline.results import Cost
from briefd_server.bundle import read_bundle
from briefd_server.heap import give_back_memory
from briefd_server.threads import bound_thread_pools

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import nn

    from briefd_build.pipeline.model import Kind

ENGINE = "pytorch"


@dataclass(frozen=True)
class PytorchModel:
    """A model that its kind saved in `folder`, to be loaded and run by PyTorch; `kind_maker` can be pickled."""

    folder: Path
    kind_maker: Callable[[], Kind]

    def load(self, thread_count: int) -> PytorchMetered:
        """Load it; making the kind and importing PyTorch are no part of that."""
        bound_thread_pools(os.environ)
        import torch  # noqa: PLC0415 - only the process that runs it should hold it

        torch.set_num_threads(thread_count)
        kind = self.kind_maker()
        started = time.perf_counter()
        model = kind.load(self.folder)
        run = kind.run_in_pytorch(model)
        load_seconds = time.perf_counter() - started
        give_back_memory()
        return PytorchMetered(run, load_seconds, model.network)


class PytorchMetered(MeteredModel):
    """A `MeteredModel` that knows its network."""

    def __init__(self, run: Callable[[str], object], load_seconds: float, network: nn.Module) -> None:
        super().__init__(run, load_seconds)
        self._network = network

    def weights(self) -> tuple[int, int]:
        """Count the network's parameters, each once however often it is used, and those that are not 0."""
        parameters = list(self._network.parameters())
        return sum(each.numel() for each in parameters), sum(int(each.count_nonzero()) for each in parameters)


def measure_pytorch(
    model_folder: Path, kind_maker: Callable[[], Kind], bundle: Path, texts: Sequence[str], thread_count: int
) -> Cost:
    """Measure a saved model in PyTorch, eagerly, with the texts and the threads that its bundles are measured with.

    What a call computes and reads is not told: it is what the float32 bundle's does. Loading is timed once.

    Args:
        model_folder: the saved model.
        kind_maker: makes its kind; can be pickled.
        bundle: takes turns with it, in the form that the daemon would serve here, so that the times of the two can be
            compared.
        texts: that are timed; at least one.
        thread_count: threads that run the models.

    Raises:
        BuildError: a process failed.
        BriefdError: the directory holds no bundle, or one of which this processor runs no form.
    """
    served = ServedBundle(bundle, served_variant(read_bundle(bundle)))
    files = sorted(file for file in model_folder.rglob("*") if file.is_file())
    with loaded([PytorchModel(model_folder, kind_maker), served], thread_count) as processes:
        calls, bundle_calls = take_turns(processes, texts, lambda _: None)
        process = processes[0]
        memory = process.memory()
        parameters, nonzeros = cast("tuple[int, int]", process.ask("weights"))
        load_seconds = cast("float", process.ask("load_seconds"))
    figures = sum_up(calls)
    warn_if_starved(figures)
    return Cost(
        file_bytes=total_bytes(files),
        compressed_bytes=compressed_bytes(files),
        parameters=parameters,
        nonzeros=nonzeros,
        macs=None,
        bytes_read=None,
        load_seconds=load_seconds,
        rss_bytes=memory.rss_bytes,
        rss_peak_bytes=memory.rss_peak_bytes,
        previous_p50_ms=percentile_ms(bundle_calls, 50),
        engine=ENGINE,
        **asdict(figures),
    )
