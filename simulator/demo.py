"""``hexiao demo``: sets the counter up, redeems a first voucher at it, and serves it until it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import shutil
import signal
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from provisioning.errors import ProvisioningError
from simulator import furnish
from simulator.api.app import Server
from simulator.api.errors import ApiError
from simulator.browser import open_browser
from simulator.configurations import PortPlan
from simulator.counter import BROKER, CARDS, GATEWAY, HEADOFFICE, Counter
from simulator.first_voucher import redeem_first_voucher
from simulator.hub import KioskOffError, KioskSilentError
from simulator.layout import HOST, STORES, Layout, store_of
from simulator.narrator import Narrator
from simulator.ports import PortError, Ports
from simulator.processes import PartError
from simulator.services import ServiceDownError
from simulator.together import together

if TYPE_CHECKING:
    from collections.abc import Iterator

    from simulator.counter import Kiosk

#: The first port that is tried for the counter's page where none is given.
FIRST_PORT = 8080
_PORTS_TRIED = 1000
#: Kiosks that start at the same time; each is busy for half a second.
MOST_AT_ONCE = 4
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_EXPECTED = (
    ApiError,
    PartError,
    ProvisioningError,
    PortError,
    ServiceDownError,
    KioskOffError,
    KioskSilentError,
    OSError,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the command line said."""

    port: int | None
    data: Path | None
    kiosks: int
    browser: bool
    database: str | None = None
    """The address of the head office's database; without one its books are a file in the folder."""
    platform: bool = False
    """Whether a platform of cards takes part."""


class DemoError(RuntimeError):
    """The rehearsal cannot begin; the message says why and what to do."""


def run(wishes: Wishes) -> int:
    """Run the rehearsal until SIGINT or SIGTERM; return the exit code: 0, or 1 where it could not begin."""
    narrator = Narrator()
    try:
        with _folder(wishes.data) as folder:
            return asyncio.run(_Demo(wishes, Layout(folder), narrator).run())
    except DemoError as error:
        narrator.trouble(str(error), [])
        return 1


class _Demo:
    """One run of the rehearsal."""

    def __init__(self, wishes: Wishes, layout: Layout, narrator: Narrator) -> None:
        self._wishes = wishes
        self._layout = layout
        self._narrator = narrator
        self._ports = Ports()
        self._stopping = asyncio.Event()
        self._sockets = asyncio.Semaphore(MOST_AT_ONCE)

    async def run(self) -> int:
        """Set up, serve, and leave nothing running, whatever happens on the way."""
        loop = asyncio.get_running_loop()
        for number in _SIGNALS:  # also where they were ignored at our start
            loop.add_signal_handler(number, self._stopping.set)
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup: to outlive the terminal is its purpose
            loop.add_signal_handler(signal.SIGHUP, self._stopping.set)
        counter = server = None
        try:
            ports = self._choose_ports()
            wishes, told = self._wishes, self._narrator.part_ended
            counter = Counter(
                self._layout, ports, wishes.kiosks, told, database=wishes.database, platform=wishes.platform
            )
            server = Server(counter, ports.counter)
            return await self._until_stopped(counter, server)
        except _EXPECTED as error:
            self._narrator.trouble(*_what_failed(error, counter))
            return 1
        finally:
            if server is not None:
                await server.close()
            if counter is not None:
                await counter.close()
            self._ports.close()

    async def _until_stopped(self, counter: Counter, server: Server) -> int:
        setting_up = asyncio.create_task(self._set_up(counter, server))
        stopped = asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait({setting_up, stopped}, return_when=asyncio.FIRST_COMPLETED)
            if setting_up.done():
                setting_up.result()
                await stopped
        finally:
            for task in (setting_up, stopped):
                task.cancel()
            await asyncio.gather(setting_up, stopped, return_exceptions=True)
        self._narrator.say("stopping: everything is being shut down")
        return 0

    async def _set_up(self, counter: Counter, server: Server) -> None:
        step = self._narrator.step
        layout, ports = self._layout, counter.ports
        with step("certificates and configuration"):
            counter.write_configurations()
            authority = await asyncio.to_thread(furnish.write_certificates, layout, ports)
        await counter.start_links()
        with step(f"broker: Mosquitto on port {ports.broker}, TLS with client certificates"):
            await counter.parts[BROKER].start()
        if CARDS in counter.parts:
            with step(f"platform of cards on port {ports.platform}"):
                await counter.parts[CARDS].start()
        with step(f"head office on port {ports.headoffice}"):
            await counter.parts[HEADOFFICE].start()
            await asyncio.to_thread(furnish.register_gateway, counter.headoffice)
        with step(f"gateway, its console on port {ports.console}"):
            await counter.parts[GATEWAY].start()
        with step("stores:") as names:
            await asyncio.to_thread(furnish.open_stores, counter.headoffice, counter.gateway)
            names.append(", ".join(store.name for store in STORES))
        with step(f"certificates and configuration of {len(counter.kiosks)} kiosk{'s'[: len(counter.kiosks) - 1]}"):
            for kiosk in counter.kiosks.values():
                kiosk.clear_camera()
                hand_out = (layout, ports, kiosk.folder, authority, counter.gateway)
                await asyncio.to_thread(furnish.hand_out_kiosk, *hand_out)
                kiosk.write_configuration()
        await together(self._switch_on(kiosk) for kiosk in counter.kiosks.values())
        await redeem_first_voucher(counter, self._narrator)
        await server.start()
        url = f"http://{HOST}:{ports.counter}"
        self._narrator.say(f"READY {url}")
        if self._wishes.browser:
            open_browser(url)

    async def _switch_on(self, kiosk: Kiosk) -> None:
        async with self._sockets:
            with self._narrator.step(f"kiosk {kiosk.identity} in {store_of(kiosk.identity).name}"):
                await kiosk.power_on()

    def _choose_ports(self) -> PortPlan:
        """Choose where everybody listens: where they did in this folder the last time, else where there is room."""
        before = _ports_of_last_time(self._layout.ports)
        parts = [name for name in PortPlan.__struct_fields__ if name != "counter"]
        ports = PortPlan(counter=self._counter_port(), **{name: self._ports.choose(before.get(name)) for name in parts})
        self._layout.ports.write_bytes(msgspec.json.encode(ports))
        return ports

    def _counter_port(self) -> int:
        wish = self._wishes.port
        if wish is None:
            free = (port for port in range(FIRST_PORT, FIRST_PORT + _PORTS_TRIED) if self._ports.claim(port))
            return next(free, None) or self._ports.choose()
        if not self._ports.claim(wish):
            msg = f"port {wish} of {HOST} is taken; give another one with --port, or none"
            raise PortError(msg)
        return wish


@contextlib.contextmanager
def _folder(data: Path | None) -> Iterator[Path]:
    """Give the rehearsal's folder, held against other rehearsals; a temporary one is removed at the end."""
    root = Path(tempfile.mkdtemp(prefix="hexiao-demo-")) if data is None else data.resolve()
    try:
        root.mkdir(parents=True, exist_ok=True)
        handle = os.open(root / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        msg = f"{root}: cannot be used as the data folder ({error.strerror}); name another one with --data"
        raise DemoError(msg) from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            msg = f"{root}: another rehearsal runs on this folder; stop it, or name another one with --data"
            raise DemoError(msg) from error
        yield root
    finally:
        os.close(handle)
        if data is None:
            shutil.rmtree(root, ignore_errors=True)


def _ports_of_last_time(path: Path) -> dict[str, int]:
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, int])
    except (FileNotFoundError, msgspec.DecodeError):
        return {}


def _what_failed(error: Exception, counter: Counter | None) -> tuple[str, list[str]]:
    """Return what failed in words, and the last lines of the log of the part that it concerns."""
    if isinstance(error, PartError):
        return str(error), error.lines
    part = getattr(error, "part", "").replace(" ", "")
    process = counter.parts.get(part) if counter is not None else None
    return str(error), process.tail() if process is not None else []
