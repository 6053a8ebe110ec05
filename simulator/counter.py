"""The counter as a whole: parts, links and kiosks, and what can be done to them while it stands."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import shutil
import sys
from typing import TYPE_CHECKING

import aiohttp

from device.ports import Button
from device.view import LinkState as KioskLink
from device.view import Screen, View
from provisioning.clients import read_token
from simulator import configurations
from simulator.frames import clear
from simulator.hub import KioskHub, KioskOffError, KioskSilentError
from simulator.layout import HOST, PLATFORM, kiosk_identities
from simulator.links import Link, LinkState
from simulator.processes import PartError, Process, Program
from simulator.services import TIMEOUT, Service

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulator.configurations import PortPlan
    from simulator.layout import Layout

BROKER = "broker"
HEADOFFICE = "headoffice"
GATEWAY = "gateway"
CARDS = "platform"
PARTS = (BROKER, HEADOFFICE, GATEWAY)
LINKS = ("kiosk-broker", "gateway-broker", "gateway-headoffice")
#: Those that are there where a platform takes part, or a database that is no file.
PLATFORM_LINK, DATABASE_LINK = "headoffice-platform", "headoffice-database"

#: How long a kiosk that has started is given to find its gateway; where a link is cut it never does.
FIND_GATEWAY_S = 5.0
IDLE_WITHIN_S = 20.0
_WANT_A_PRESS = {Screen.RESULT, Screen.HANDED_OVER}
_SBIN = ("/usr/local/sbin", "/usr/sbin", "/sbin")


class Counter:
    """Everything that runs; made of a furnished folder, started part by part, closed as a whole."""

    def __init__(  # noqa: PLR0913 - what a rehearsal is chosen by
        self,
        layout: Layout,
        ports: PortPlan,
        kiosks: int,
        on_unexpected_end: Callable[[PartError], None],
        *,
        database: str | None = None,
        platform: bool = False,
    ) -> None:
        """Keep what it is made of; ``database`` is the address of the head office's, where that is not a file."""
        self.layout = layout
        self.ports = ports
        self._report = on_unexpected_end
        parts = (*PARTS, CARDS) if platform else PARTS
        self.parts = {name: Process(self._program(name), on_unexpected_end) for name in parts}
        self.kiosks = {name: Kiosk(self, name) for name in kiosk_identities(kiosks)}
        self.links = {
            "kiosk-broker": Link("kiosk-broker", ports.kiosk_broker, (HOST, ports.broker)),
            "gateway-broker": Link("gateway-broker", ports.gateway_broker, (HOST, ports.broker)),
            "gateway-headoffice": Link("gateway-headoffice", ports.gateway_headoffice, (HOST, ports.upstream)),
        }
        if platform:
            self.links[PLATFORM_LINK] = Link(PLATFORM_LINK, ports.headoffice_platform, (HOST, ports.platform))
        if database is not None and (there := configurations.address_here(database)) is not None:
            self.links[DATABASE_LINK] = Link(DATABASE_LINK, ports.headoffice_database, there)
        self._database = database
        self._session: aiohttp.ClientSession | None = None

    # --- the parts as they are reached, not behind links

    @property
    def session(self) -> aiohttp.ClientSession:
        """The connections to gateway and head office; made at the first use, inside the loop."""
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=TIMEOUT, cookie_jar=aiohttp.DummyCookieJar())
        return self._session

    @property
    def headoffice(self) -> Service:
        """The head office's API, with the administrator's token; raise ProvisioningError before its first start."""
        token = read_token(self.layout.headoffice_token)
        return Service("head office", f"http://{HOST}:{self.ports.headoffice}", token, self.session)

    @property
    def gateway(self) -> Service:
        """The gateway's console, with its token; raise ProvisioningError before its first start."""
        token = read_token(self.layout.gateway_token)
        return Service("gateway", f"http://{HOST}:{self.ports.console}", token, self.session)

    @property
    def platform(self) -> Service:
        """The platform of cards; raise ProvisioningError where none takes part."""
        token = read_token(self.layout.platform_secret)
        return Service("platform", f"http://{HOST}:{self.ports.platform}", token, self.session)

    # --- beginning and end

    async def start_links(self) -> None:
        """Plug the cables in; raise OSError where a port is taken."""
        for link in self.links.values():
            await link.start()

    async def close(self) -> None:
        """End everything, kiosks first; what does not end when asked is killed."""
        await asyncio.gather(*(kiosk.stop() for kiosk in self.kiosks.values()))
        for part in reversed(self.parts.values()):
            await part.stop()
        for link in self.links.values():
            await link.close()
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _program(self, name: str) -> Program:
        log = self.layout.logs / f"{name}.log"
        if name == BROKER:
            broker = self.layout.broker
            command = (_mosquitto(), "-c", str(broker.configuration))
            return Program(name=name, command=command, log=log, folder=broker.folder, port=self.ports.broker)
        if name == CARDS:
            run = _cards(ports := self.ports, self.layout)
            return Program(name=name, command=run, log=log, folder=self.layout.platform, port=ports.platform)
        folder = {HEADOFFICE: self.layout.headoffice, GATEWAY: self.layout.gateway}[name]
        run = _hexiao(name, "run", "--config", str(folder / f"{name}.toml"))
        return Program(name=name, command=run, log=log, folder=folder)

    def write_configurations(self) -> None:
        """Write what gateway and head office are told at their start, and options for the technician's verbs."""
        layout, ports, platform = self.layout, self.ports, CARDS in self.parts
        if platform and not layout.platform_secret.exists():
            configurations.write(layout.platform_secret, secrets.token_hex(16))
        headoffice = configurations.headoffice_configuration(layout, ports, self._database, platform=platform)
        configurations.write(layout.headoffice / "headoffice.toml", headoffice)
        configurations.write(layout.gateway / "gateway.toml", configurations.gateway_configuration(layout, ports))
        configurations.write(layout.provision, configurations.provision_configuration(layout, ports))

    def lost(self, kiosk: Kiosk, error: PartError) -> None:
        """Note that a kiosk's process has ended by itself."""
        kiosk.hub.power_off()
        self._report(error)


class Kiosk:
    """One kiosk: its process, its power, and what can be seen of it."""

    def __init__(self, counter: Counter, identity: str) -> None:
        self.identity = identity
        self.folder = counter.layout.kiosk(identity)
        self.hub = KioskHub(self.folder.socket)
        self._counter = counter
        self._power = asyncio.Lock()
        program = Program(
            name=identity,
            command=_hexiao("device", "run", "--config", str(self.folder.configuration)),
            log=counter.layout.logs / f"{identity}.log",
            folder=self.folder.root,
        )
        self.process = Process(program, lambda error: counter.lost(self, error))

    def write_configuration(self) -> None:
        """Write what it is told at its start, from what it was provisioned with."""
        configuration = configurations.kiosk_configuration(self.folder, self._counter.ports)
        configurations.write(self.folder.configuration, configuration)

    async def power_on(self) -> float:
        """Start it from what is on disk; return the seconds until it was ready. Raises PartError."""
        async with self._power:
            if self.process.running:
                return 0.0
            await self.hub.power_on()
            try:
                took = await self.process.start()
            except PartError:
                self.hub.power_off()
                raise
            if self._can_find_gateway:
                with contextlib.suppress(KioskOffError, KioskSilentError):
                    await self.hub.until_view(_has_found_gateway, FIND_GATEWAY_S)
            return took

    async def power_cut(self) -> int | None:
        """Kill its processes with -9; return when they are gone: the id of the main one, None where it was off."""
        async with self._power:
            killed = await self.process.kill()
            self.hub.power_off()
            return killed

    async def stop(self) -> None:
        """Ask it to end."""
        async with self._power:
            await self.process.stop()
            self.hub.power_off()

    def clear_camera(self) -> None:
        """Take away what stands before its camera."""
        self.folder.frame.parent.mkdir(parents=True, exist_ok=True)
        clear(self.folder.frame)

    @property
    def in_service(self) -> bool:
        """Whether it shows that it serves customers; a revoked one says that it does not."""
        return self.hub.state()["screen"] not in {"off", Screen.STARTING, Screen.OUT_OF_SERVICE}

    async def come_to_rest(self) -> None:
        """Return when it waits for a customer, or says that it is out of service; raise PartError.

        A result is acknowledged, and a question whether the goods were handed over is answered with yes.
        """
        try:
            seen = await self.hub.until_view(_stands, IDLE_WITHIN_S)
            while seen.screen in _WANT_A_PRESS:
                await self.hub.press(Button.OK, 0.1)
                seen = await self.hub.until_view(_stands_after(seen), IDLE_WITHIN_S)
        except (KioskOffError, KioskSilentError) as error:
            what = f"does not come to rest: {error}; it shows {' / '.join(self.hub.state().get('lines', []))}"
            raise PartError(self.identity, what, self.process.tail()) from error

    @property
    def _can_find_gateway(self) -> bool:
        links, parts = self._counter.links, self._counter.parts
        cables = (links["kiosk-broker"], links["gateway-broker"])
        return all(link.state is LinkState.OPEN for link in cables) and all(
            parts[name].running for name in (BROKER, GATEWAY)
        )


def _stands(view: View) -> bool:
    """Whether a view stays until somebody does something."""
    at_rest = view.screen is Screen.IDLE and view.link is KioskLink.UP
    return at_rest or view.screen is Screen.OUT_OF_SERVICE or view.screen in _WANT_A_PRESS


def _stands_after(seen: View) -> Callable[[View], bool]:
    return lambda view: view.seq > seen.seq and _stands(view)


def _has_found_gateway(view: View) -> bool:
    return view.link is KioskLink.UP or view.screen is Screen.OUT_OF_SERVICE


def _hexiao(*arguments: str) -> tuple[str, ...]:
    """Return the product's own command, run by this very Python, with nothing of the current folder in its way."""
    return (sys.executable, "-P", "-m", "cli.main", *arguments)


def _cards(ports: PortPlan, layout: Layout) -> tuple[str, ...]:
    events = f"http://{HOST}:{ports.headoffice}/platforms/{PLATFORM}/event"
    options = ("--port", str(ports.platform), "--secret", str(layout.platform_secret), "--events", events)
    return (sys.executable, "-P", "-m", "simulator.cards", *options)


def _mosquitto() -> str:
    folders = os.pathsep.join([os.environ.get("PATH", os.defpath), *_SBIN])
    return shutil.which("mosquitto", path=folders) or "mosquitto"
