"""The daemon: its object graph and its life: bind, load, serve, drain."""

from __future__ import annotations

import asyncio
import gc
import logging
import platform
import time
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING

from briefd_server.admission import Admission
from briefd_server.cpu_features import read_cpu_features
from briefd_server.engines import load_engine
from briefd_server.errors import BriefdError, EngineLoadError
from briefd_server.forms import check_memory, choose_forms
from briefd_server.heap import give_back_memory
from briefd_server.listening import Listeners
from briefd_server.metering import device
from briefd_server.metering.base import Meter
from briefd_server.metering.carbon import WORLD_GRID, CarbonProbe, Grid
from briefd_server.metering.cpu import CpuProbe
from briefd_server.metering.energy import CpuTimeEnergyProbe, default_watts_per_core
from briefd_server.metering.memory import MemoryProbe
from briefd_server.metering.totals import Ledger
from briefd_server.rehearsal import rehearse
from briefd_server.service.reporting import Facts, Reporting
from briefd_server.service.server import SERVICE_NAME, Servers, add_services, make_server
from briefd_server.service.serving import Serving
from briefd_server.service.standard_health import StandardHealth
from briefd_server.signals import StopSignals
from briefd_server.threads import default_thread_count, usable_core_count
from briefd_server.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Callable

    import grpc

    from briefd.address import Address
    from briefd_server.bundle import Bundle
    from briefd_server.config import Config
    from briefd_server.engines.base import Classifier, Engine

    LoadEngine = Callable[[Bundle, str, int], Engine | Classifier]

_LOGGER = logging.getLogger(__name__)
# How long the last messages of finished calls may take to be sent.
_FLUSH_SECONDS = 0.5
# How often the daemon looks whether its socket files are still there.
_LOOK_SECONDS = 5.0


class Daemon:
    """Serves one bundle until it is told to stop. Made on a running loop, and used once.

    `load` gives an engine of the bundle's variant that runs on so many threads; tests put another in its place.
    Making one raises `EngineLoadError` where this processor runs no form of the bundle.
    """

    def __init__(self, config: Config, bundle: Bundle, load: LoadEngine = load_engine) -> None:
        self._config = config
        self._bundle = bundle
        self._forms = choose_forms(bundle, read_cpu_features())
        self._model_threads = config.threads or default_thread_count(usable_core_count(), config.workers)
        self._workers = [
            Worker(number, lambda form: self._load_engine(form, load), partial(rehearse, bundle.manifest))
            for number in range(1, config.workers + 1)
        ]
        self._admission = Admission(self._workers, config.queue)
        memory = MemoryProbe()
        ledger = Ledger()
        self._serving = Serving(
            bundle=bundle,
            forms=self._forms,
            admission=self._admission,
            meter=_make_meter(config, memory),
            max_text_bytes=config.max_text_bytes,
            ledger=ledger,
        )
        self._reporting = Reporting(self._facts(), self._admission, memory, ledger)
        self._standard_health = StandardHealth(("", SERVICE_NAME))
        self._servers = Servers(self._make_server)

    async def run(self) -> bool:
        """Live from start to stop; returns whether it was left to drain, and not forced to end by a second signal.

        Raises:
            StartError: an address cannot be listened on, or the engine cannot be loaded.

        """
        with StopSignals() as signals, Listeners(self._servers.bind) as listeners:
            try:
                was_in_order = await self._live(signals, listeners)
            finally:
                await self._close()
        _LOGGER.info("stopped")
        return was_in_order

    @property
    def is_busy(self) -> bool:
        """Whether a worker still works, on a call that would not stop."""
        return any(worker.is_busy for worker in self._workers)

    async def _live(self, signals: StopSignals, listeners: Listeners) -> bool:
        # Before the engine is loaded, which takes longer: who comes early waits, and a failure is told soon.
        addresses = listeners.listen(self._config.listen)
        if await signals.interrupts(self._load()):
            return True
        give_back_memory()
        # What was imported and loaded stays for good: collections during calls need not walk through it.
        gc.freeze()
        await self._serve(addresses)
        await signals.interrupts(self._keep_listening(listeners))
        return not await signals.interrupts_again(self._drain())

    async def _keep_listening(self, listeners: Listeners) -> None:
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            await self._servers.start(listeners.restore(), self._config.grace_seconds)

    def _make_server(self) -> grpc.aio.Server:
        server = make_server(self._config.max_text_bytes)
        add_services(server, self._serving, self._reporting, self._standard_health)
        return server

    def _load_engine(self, form: str, load: LoadEngine) -> Engine | Classifier:
        attainable_bytes = device.attainable_memory_bytes()
        if attainable_bytes is not None:
            check_memory(self._bundle, form, attainable_bytes)
        return load(self._bundle, form, self._model_threads)

    async def _load(self) -> None:
        try:
            await asyncio.gather(*(worker.warm(self._forms.choices[0]) for worker in self._workers))
        except BriefdError:
            raise
        except Exception as error:  # whatever an engine's libraries raise, a start that fails is said in one line
            reason = " ".join(f"{type(error).__name__}: {error}".split())
            raise EngineLoadError(f"bundle {self._bundle.manifest.name} cannot be loaded: {reason}") from error

    async def _serve(self, addresses: list[Address]) -> None:
        await self._servers.start(self._config.listen, self._config.grace_seconds)
        self._reporting.ready()
        self._standard_health.set_serving(is_serving=True)
        _LOGGER.info(
            "serving bundle %s (%s) as %s on %s; %s worker(s) with %s model thread(s) each, queue of %s",
            self._bundle.manifest.name,
            self._bundle.digest,
            self._forms.choices[0],
            " ".join(map(str, addresses)),
            self._config.workers,
            self._model_threads,
            self._config.queue,
        )

    async def _drain(self) -> None:
        _LOGGER.info(
            "stopping: %s running and %s queued call(s) have %s s",
            self._admission.running_count,
            self._admission.queued_count,
            self._config.grace_seconds,
        )
        self._standard_health.set_serving(is_serving=False)
        await self._serving.drain(self._config.grace_seconds)

    async def _close(self) -> None:
        self._serving.abandon()
        self._standard_health.close()
        await self._servers.stop(_FLUSH_SECONDS)
        self._serving.close()
        for worker in self._workers:
            worker.close()

    def _facts(self) -> Facts:
        age_seconds = device.process_age_seconds() or 0.0
        return Facts(
            version=version("briefd"),
            start_seconds=time.monotonic() - age_seconds,
            bundle=self._bundle,
            forms=self._forms,
            max_text_bytes=self._config.max_text_bytes,
            queue_limit=self._config.queue,
            worker_count=self._config.workers,
            model_threads=self._model_threads,
        )


def _make_meter(config: Config, memory: MemoryProbe) -> Meter:
    watts = default_watts_per_core(platform.machine()) if config.watts_per_core is None else config.watts_per_core
    grid = WORLD_GRID if config.grid_grams_per_kwh is None else Grid(config.grid_grams_per_kwh, "configured")
    return Meter([CpuProbe(), memory, CpuTimeEnergyProbe(watts), CarbonProbe(grid)])
