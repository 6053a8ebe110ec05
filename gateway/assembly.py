"""One running gateway: its parts put together, started in order, supervised, and closed."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.activations import Activations
from gateway.alarms import Watch
from gateway.approvals import Approvals
from gateway.books import Books
from gateway.changes import Changes, Topic
from gateway.comparing import Comparing
from gateway.console.access import Access, read_or_make_token
from gateway.console.parts import Parts
from gateway.console.server import ConsoleServer
from gateway.desk import Desk
from gateway.duties import Duties
from gateway.headoffice import HeadOffice
from gateway.journal import Journal
from gateway.kioskbooks import KioskBooks
from gateway.leases import Leases
from gateway.limits import Limit
from gateway.link import Link
from gateway.looks import Looks
from gateway.offers import Seal
from gateway.presence import Attendance
from gateway.registry import Registry
from gateway.relays import TICK_S, Relays
from gateway.signet import signet_from
from gateway.staff import Staff
from gateway.standing import HEAD_OFFICE, Standing
from gateway.storelist import StoreList
from gateway.tls import ends_at, identity_of
from gateway.trials import Trials
from gateway.undos import Undos
from gateway.upstream import Upstream
from gateway.webcounter import WebCounter
from protocol import codec
from protocol.topics import PRESENCE
from service.notify import notify, watchdog_period_s

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from gateway.config import Config
    from protocol.messages import GatewayMessage

log = logging.getLogger(__name__)

#: How long what is in flight may take to end once the gateway is told to stop.
GRACE_S = 2.0


class Gateway:
    """Everything between the broker, the head office, the journal and the manager's page."""

    def __init__(self, config: Config) -> None:
        """Build the parts; nothing is opened yet. Raises IdentityError where the certificate names nobody."""
        data = Path(config.data)
        self._config = config
        self._data = data
        self.identity = identity_of(Path(config.broker.certificate))
        self._changes = Changes()
        self._attendance = Attendance()
        self._seal = Seal(boot=secrets.token_hex(4), key=secrets.token_bytes(32))
        self._registry = Registry(data / "registry.json")
        self._journal = Journal(data / "journal.db")
        self._upstream = Upstream(config.headoffice, lambda: self._changes.tell(Topic.LINKS))
        self._standing = Standing(self.identity, self._journal, self._changes, signet_from(Path(config.broker.key)))
        self._owner = HeadOffice(self._upstream, self._standing, self._journal, config.headoffice.refresh_s)
        self._link = Link(self.identity, config.broker, self._received, self._connected)
        self._relays = Relays(self._journal, self._owner, self._say, self._changes)
        self._kiosk_books = KioskBooks(self._link, self._standing)
        self._leases = Leases(self._journal, self._standing, self._relays)
        guesses = Limit(config.limits.unknown_per_minute)
        self._looks = Looks(
            owner=self._owner,
            journal=self._journal,
            relays=self._relays,
            leases=self._leases,
            seal=self._seal,
            guesses=guesses,
            changes=self._changes,
        )
        self._duties = Duties(
            registry=self._registry,
            journal=self._journal,
            guesses=guesses,
            refresh=self._refresh,
            idle_s=config.clerks.idle_s,
        )
        self._desk = Desk(
            registry=self._registry,
            journal=self._journal,
            standing=self._standing,
            relays=self._relays,
            looks=self._looks,
            duties=self._duties,
            activations=Activations(owner=self._owner, duties=self._duties, refresh=self._refresh, guesses=guesses),
            approvals=Approvals(duties=self._duties, seal=self._seal),
            undos=Undos(journal=self._journal, duties=self._duties, seal=self._seal),
            leases=self._leases,
            kiosk_books=self._kiosk_books,
            seal=self._seal,
            outbox=self._link,
            changes=self._changes,
            open_per_kiosk=config.limits.open_per_kiosk,
        )
        self._counter = WebCounter(self._standing, self._looks, self._relays, self._seal)
        self._books = Books(data / "journal.db")
        self._comparing = Comparing(
            registry=self._registry,
            journal=self._journal,
            books=self._books,
            owner=self._owner,
            relays=self._relays,
            kiosks=self._kiosk_books,
        )
        self._watch = Watch(
            identity=self.identity,
            data=data,
            settings=config.alarms,
            ends_at=ends_at(Path(config.broker.certificate)),
            registry=self._registry,
            journal=self._journal,
            attendance=self._attendance,
            guesses=guesses,
            connected=lambda: self._link.connected,
        )
        self._trials = Trials(
            registry=self._registry, attendance=self._attendance, hellos=self._desk.hellos, changes=self._changes
        )
        self._store_list = StoreList(
            self._owner, self._registry, self._desk, self._changes, config.headoffice.refresh_s
        )

    async def serve(self, stop: asyncio.Event) -> None:
        """Serve until ``stop`` is set; raise what made a part die."""
        async with AsyncExitStack() as parts:
            self._data.mkdir(parents=True, exist_ok=True)
            parts.push_async_callback(self._registry.close)
            self._registry.start()
            parts.push_async_callback(self._journal.close)
            self._journal.start()
            self._journal.name(self.identity, counted_by=HEAD_OFFICE)
            self._duties.start()
            parts.push_async_callback(self._upstream.close)
            self._upstream.start()
            parts.push_async_callback(self._drain)
            self._relays.start()
            self._leases.start()
            parts.push_async_callback(self._link.close)
            self._link.start()
            console = self._console()
            parts.push_async_callback(console.close)
            await console.start()
            log.info("gateway_serves identity=%s console=%s:%s", self.identity, *self._console_address)
            notify("READY=1")
            try:
                await self._until(stop)
            finally:
                notify("STOPPING=1")

    def _console(self) -> ConsoleServer:
        settings = self._config.console
        token = read_or_make_token(self._data / "console.token")
        parts = Parts(
            identity=self.identity,
            registry=self._registry,
            journal=self._journal,
            books=self._books,
            comparing=self._comparing,
            relays=self._relays,
            standing=self._standing,
            desk=self._desk,
            counter=self._counter,
            store_list=self._store_list,
            staff=Staff(owner=self._owner, registry=self._registry, journal=self._journal, refresh=self._refresh),
            attendance=self._attendance,
            link=self._link,
            upstream=self._upstream,
            changes=self._changes,
            call=settings.call,
        )
        return ConsoleServer(settings, parts, Access(token, settings.port, settings.embedded_in))

    @property
    def _console_address(self) -> tuple[str, int]:
        return self._config.console.host, self._config.console.port

    async def _until(self, stop: asyncio.Event) -> None:
        """Run until told to stop, or until a part dies: then nothing may go on as if it were there."""
        stopped = asyncio.create_task(stop.wait())
        lists = (self._store_list.run(), self._watch.run(self._upstream.tell_alarms))
        compared = (self._comparing.run(), self._comparing.run_contradicted())
        trials = self._trials.run(self._upstream.tell_status)
        parts = (self._link.run(), self._owner.run(self._leases), *lists, *compared, trials, self._tick())
        work = {asyncio.create_task(part) for part in parts}
        watched: list[Awaitable[object] | None] = [*work, self._journal.work, self._relays.broken]
        try:
            futures = [asyncio.ensure_future(part) for part in watched if part is not None]
            done, _ = await asyncio.wait([stopped, *futures], return_when=asyncio.FIRST_COMPLETED)
            for future in done:
                future.result()
        finally:
            for task in (stopped, *work):
                task.cancel()
            await asyncio.gather(stopped, *work, return_exceptions=True)

    async def _tick(self) -> None:
        period_s, fed_at = watchdog_period_s(), time.monotonic()
        while True:
            self._relays.tick()
            self._desk.tick()
            if period_s is not None and time.monotonic() - fed_at >= period_s:
                fed_at = time.monotonic()
                notify("WATCHDOG=1")
            await asyncio.sleep(TICK_S)

    async def _drain(self) -> None:
        await asyncio.gather(self._desk.drain(GRACE_S), self._relays.drain(GRACE_S))

    async def _refresh(self) -> bool:
        """Fetch stores and clerks anew, because somebody came whom nobody knows."""
        return await self._store_list.refresh()

    def _say(self, requester: str, message: GatewayMessage) -> None:
        """Answer a requester; what our own counter asked is waited for, not sent."""
        if not self._standing.is_own(requester):
            self._desk.say(requester, message)

    def _received(self, identity: str, topic: str, payload: bytes) -> None:
        if topic != PRESENCE.name:
            self._desk.handle(identity, payload)
            return
        try:
            presence = codec.presence(payload)
        except codec.MessageError as error:
            log.warning("bad_presence kiosk=%s error=%s", identity, error)
            return
        if self._attendance.heard(identity, presence, time.time()):
            self._changes.tell(Topic.KIOSKS)

    def _connected(self) -> None:
        if not self._link.connected:
            self._attendance.forget()
        self._changes.tell(Topic.KIOSKS)
        self._changes.tell(Topic.LINKS)
