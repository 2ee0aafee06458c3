"""The daemon: its object graph and its life: bind, load, serve, drain."""

from __future__ import annotations

import asyncio
import gc
import logging
import platform
import resource
import sys
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
from briefd_server.service.reporting import Reporting
from briefd_server.service.served import Served
from briefd_server.service.server import SERVICE_NAME, Servers, add_services, make_server, most_connections
from briefd_server.service.serving import Serving
from briefd_server.service.standard_health import StandardHealth
from briefd_server.service.status import describe
from briefd_server.service_manager import ServiceManager
from briefd_server.signals import StopSignals
from briefd_server.threads import default_thread_count, usable_core_count
from briefd_server.vital_signs import give_signs_of_life
from briefd_server.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Callable

    import grpc

    from briefd.address import Address
    from briefd_server.bundle import Bundle
    from briefd_server.config import Config
    from briefd_server.engines.base import Classifier, Engine

    LoadEngine = Callable[[Bundle, str, int], Engine | Classifier]
    Reread = Callable[[], tuple[Config, Bundle]]

_LOGGER = logging.getLogger(__name__)
# How long the last messages of finished calls may take to be sent.
_FLUSH_SECONDS = 0.5
# How often the daemon looks whether its socket files are still there.
_LOOK_SECONDS = 5.0


class Daemon:
    """Serves one bundle until it is told to stop. Made on a running loop, and used once.

    `load` gives an engine of the bundle's variant that runs on so many threads; tests put another in its place.
    `reread` gives what SIGHUP reloads: settings, of which all but those of listening are taken, and a checked bundle.
    Making one raises `EngineLoadError` where this processor runs no form of the bundle.
    """

    def __init__(
        self, config: Config, bundle: Bundle, load: LoadEngine = load_engine, reread: Reread | None = None
    ) -> None:
        self._config = config
        self._load_engine = load
        self._reread = reread
        self._memory = MemoryProbe()
        self._served = self._make_served(config, bundle)
        self._loading: Served | None = None
        self._retiring: dict[asyncio.Task[None], Served] = {}
        self._addresses: list[Address] = []
        ledger = Ledger()
        self._serving = Serving(self._served, ledger)
        self._reporting = Reporting(self._served, version("briefd"), self._memory, ledger)
        self._standard_health = StandardHealth(("", SERVICE_NAME))
        self._servers = Servers(self._make_server)
        self._manager = ServiceManager()

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
        sets = (self._served, self._loading, *self._retiring.values())
        return any(served.is_busy for served in sets if served is not None)

    async def _live(self, signals: StopSignals, listeners: Listeners) -> bool:
        # Before the engine is loaded, which takes longer: who comes early waits, and a failure is told soon.
        addresses = listeners.listen(self._config.listen)
        if await signals.interrupts(self._load(self._served)):
            return True
        give_back_memory()
        # What was imported and loaded stays for good: collections during calls need not walk through it.
        gc.freeze()
        await self._serve(addresses)
        await signals.interrupts(self._tend(signals, listeners))
        return not await signals.interrupts_again(self._drain())

    async def _tend(self, signals: StopSignals, listeners: Listeners) -> None:
        await asyncio.gather(
            self._keep_listening(listeners),
            self._keep_reloading(signals.hangup),
            give_signs_of_life(lambda: self._served, self._manager),
        )

    async def _keep_reloading(self, hangup: asyncio.Event) -> None:
        while True:
            await hangup.wait()
            hangup.clear()
            self._manager.reloading()
            try:
                await self._reload()
            except (BriefdError, OSError) as error:
                _LOGGER.error("the reload failed, all stays as it was: %s", error)  # noqa: TRY400 - one line says all
            except Exception as error:  # whatever it is, the calls go on
                _LOGGER.error("the reload failed, all stays as it was: %s", describe(error))  # noqa: TRY400 - likewise
            self._manager.ready(f"serving {self._description()}")

    async def _reload(self) -> None:
        """Read the settings and the bundle again, load it, and have it answer the calls that come from then on."""
        if self._reread is None:
            return
        config, bundle = await asyncio.to_thread(self._reread)
        self._loading = served = self._make_served(config, bundle)
        try:
            await self._load(served)
        except BaseException:  # a signal that stops the daemon too
            served.close()
            raise
        self._loading = None
        previous, self._served, self._config = self._served, served, config
        self._serving.switch(served)
        self._reporting.switch(served)
        retiring = asyncio.create_task(previous.retire())
        self._retiring[retiring] = previous
        retiring.add_done_callback(self._forget)
        _LOGGER.info("reloaded: %s", self._description())

    def _forget(self, retired: asyncio.Task[None]) -> None:
        del self._retiring[retired]
        give_back_memory()

    async def _keep_listening(self, listeners: Listeners) -> None:
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            await self._servers.start(listeners.restore(), self._config.grace_seconds)

    def _make_server(self) -> grpc.aio.Server:
        descriptor_limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        if descriptor_limit == resource.RLIM_INFINITY:
            descriptor_limit = sys.maxsize
        connection_limit = most_connections(len(self._config.listen), descriptor_limit)
        server = make_server(self._config.max_text_bytes, connection_limit)
        add_services(server, self._serving, self._reporting, self._standard_health)
        return server

    def _make_served(self, config: Config, bundle: Bundle) -> Served:
        forms = choose_forms(bundle, read_cpu_features())
        model_threads = config.threads or default_thread_count(usable_core_count(), config.workers)

        def load(form: str) -> Engine | Classifier:
            attainable_bytes = device.attainable_memory_bytes()
            if attainable_bytes is not None:
                check_memory(bundle, form, attainable_bytes)
            return self._load_engine(bundle, form, model_threads)

        numbers = range(1, config.workers + 1)
        workers = [Worker(number, load, partial(rehearse, bundle.manifest)) for number in numbers]
        return Served(
            bundle=bundle,
            forms=forms,
            workers=workers,
            admission=Admission(workers, config.queue),
            meter=_make_meter(config, self._memory),
            queue_limit=config.queue,
            model_threads=model_threads,
            max_text_bytes=config.max_text_bytes,
        )

    async def _load(self, served: Served) -> None:
        try:
            await served.warm()
        except BriefdError:
            raise
        except Exception as error:  # whatever an engine's libraries raise, a start that fails is said in one line
            reason = " ".join(f"{type(error).__name__}: {error}".split())
            raise EngineLoadError(f"bundle {served.bundle.manifest.name} cannot be loaded: {reason}") from error

    async def _serve(self, addresses: list[Address]) -> None:
        await self._servers.start(self._config.listen, self._config.grace_seconds)
        self._reporting.ready()
        self._standard_health.set_serving(is_serving=True)
        self._addresses = addresses
        _LOGGER.info("serving %s", self._description())
        self._manager.ready(f"serving {self._description()}")

    def _description(self) -> str:
        served = self._served
        return (
            f"bundle {served.bundle.manifest.name} ({served.bundle.digest}) as {served.forms.choices[0]} "
            f"on {' '.join(map(str, self._addresses))}; {len(served.workers)} worker(s) "
            f"with {served.model_threads} model thread(s) each, queue of {served.queue_limit}"
        )

    async def _drain(self) -> None:
        _LOGGER.info(
            "stopping: %s running and %s queued call(s) have %s s",
            self._served.admission.running_count,
            self._served.admission.queued_count,
            self._config.grace_seconds,
        )
        self._manager.stopping()
        self._standard_health.set_serving(is_serving=False)
        await self._serving.drain(self._config.grace_seconds)

    async def _close(self) -> None:
        self._serving.abandon()
        self._standard_health.close()
        await self._servers.stop(_FLUSH_SECONDS)
        self._serving.close()
        for retiring, previous in tuple(self._retiring.items()):
            retiring.cancel()
            previous.close()
        self._served.close()


def _make_meter(config: Config, memory: MemoryProbe) -> Meter:
    watts = default_watts_per_core(platform.machine()) if config.watts_per_core is None else config.watts_per_core
    grid = WORLD_GRID if config.grid_grams_per_kwh is None else Grid(config.grid_grams_per_kwh, "configured")
    return Meter([CpuProbe(), memory, CpuTimeEnergyProbe(watts), CarbonProbe(grid)])
