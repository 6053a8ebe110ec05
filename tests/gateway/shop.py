"""A gateway's decider without its outer edges: a link that only keeps what is sent, a clock that is set by hand."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from gateway.activations import Activations
from gateway.approvals import Approvals
from gateway.books import Books
from gateway.changes import Changes
from gateway.config import HeadOffice
from gateway.desk import Desk
from gateway.duties import Duties
from gateway.headoffice import HeadOffice as HeadOfficePeer
from gateway.journal import Journal
from gateway.kioskbooks import KioskBooks
from gateway.leases import Leases
from gateway.limits import Limit
from gateway.looks import Looks
from gateway.offers import Seal
from gateway.places import Clerk, Roster, Store
from gateway.registry import Registry
from gateway.relays import Relays
from gateway.signet import Signet
from gateway.standing import Standing
from gateway.undos import Undos
from gateway.upstream import Upstream
from gateway.webcounter import WebCounter
from protocol import codec
from protocol.duty import SignIn
from protocol.lease import Clock as MachineClock
from protocol.messages import Answer, Confirm, Hello, Intent, Look, Method, Notice, Offered, Refused, Resolve, Signed
from protocol.pins import hash_pin
from tests.fakes.minimal_headoffice import MinimalHeadOffice

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from gateway.ports import Owner
    from gateway.usage import Usage
    from protocol.messages import GatewayMessage
    from protocol.upstream import UpstreamAnswer, UpstreamRequest
    from tests.gateway.certificates import Authority

WAIT_S = 5.0
SIGNET = Signet(b"s" * 32)


def badge_of(number: str) -> str:
    """Return the text of a clerk's badge."""
    return f"HEXIAO:CLERK:{number:0>32}"


def badge_hash(number: str) -> str:
    """Return what is kept of it."""
    return hashlib.sha256(badge_of(number).encode()).hexdigest()


PIN, OTHER_PIN = "408217", "113355"
STORES = (
    Store(id="nanjing-lu", name="南京路店"),
    Store(id="pudong", name="浦东店", clerk_required=True),
    Store(id="hongqiao", name="虹桥店"),
)

CLERKS = (
    Clerk(number="1001", name="王小明", stores=("nanjing-lu", "pudong"), badge=badge_hash("1001"), pin=hash_pin(PIN)),
    Clerk(number="1002", name="李红", stores=("pudong",), badge=badge_hash("1002"), pin=hash_pin(OTHER_PIN)),
    Clerk(number="1003", name="赵六", stores=("nanjing-lu", "pudong"), badge=badge_hash("1003"), disabled=True),
)


class Clock:
    """Monotonic seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 5_000.0

    def __call__(self) -> float:
        return self.now


class KeptOutbox:
    """Keeps what would go to kiosks, and lets a test wait for it."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, GatewayMessage]] = []
        self._more = asyncio.Event()

    def send(self, identity: str, message: GatewayMessage) -> None:
        self.sent.append((identity, message))
        self._more.set()

    def to(self, identity: str) -> list[GatewayMessage]:
        return [message for name, message in self.sent if name == identity]

    async def until(self, found: Callable[[], bool]) -> None:
        async with asyncio.timeout(WAIT_S):
            while not found():
                self._more.clear()
                await self._more.wait()


class SilentOwner:
    """A head office of which nothing is heard, or what a test puts into ``answers`` for each kind of question."""

    def __init__(self) -> None:
        self.asked: list[UpstreamRequest] = []
        self.timeouts: list[float | None] = []
        self.answer: Callable[[Any], UpstreamAnswer | None] = lambda _: None
        self.gate = asyncio.Event()
        self.gate.set()
        self._arrived = asyncio.Event()

    async def ask(self, message: UpstreamRequest, timeout_s: float | None = None) -> UpstreamAnswer | None:
        self.asked.append(message)
        self.timeouts.append(timeout_s)
        self._arrived.set()
        await self.gate.wait()
        return self.answer(message)

    async def fetch_roster(self) -> Roster | None:
        return None

    async def until(self, found: Callable[[], bool]) -> None:
        async with asyncio.timeout(WAIT_S):
            while not found():
                self._arrived.clear()
                await self._arrived.wait()


class Shop:
    """The parts of one gateway, and what a kiosk does at it."""

    def __init__(self, data: Path, owner: Owner) -> None:
        self._data = data
        self.clock = Clock()
        self.outbox = KeptOutbox()
        self.changes = Changes()
        self.seal = Seal(boot="b00t", key=b"k" * 32)
        self.registry = Registry(data / "registry.json")
        self.journal = Journal(data / "journal.db")
        self.standing = Standing("gw-1", self.journal, self.changes, SIGNET)
        self.upstream = owner
        self.owner = HeadOfficePeer(owner, self.standing, self.journal, every_s=60.0)
        self.relays = Relays(self.journal, self.owner, self._say, self.changes, self.clock)
        self.machine = Clock()
        self.leases = Leases(self.journal, self.standing, self.relays, lambda: MachineClock("boot-1", self.machine.now))
        self.guesses = Limit(30)
        self.looks = Looks(
            owner=self.owner,
            journal=self.journal,
            relays=self.relays,
            leases=self.leases,
            seal=self.seal,
            guesses=self.guesses,
            changes=self.changes,
            clock=self.clock,
        )
        self.clerks: tuple[Clerk, ...] = CLERKS
        self.duties = Duties(
            registry=self.registry,
            journal=self.journal,
            guesses=self.guesses,
            refresh=self.refresh,
            clock=self.clock,
        )
        self.kiosk_books = KioskBooks(self.outbox, self.standing, answers_s=0.2)
        self.desk = Desk(
            registry=self.registry,
            journal=self.journal,
            standing=self.standing,
            relays=self.relays,
            looks=self.looks,
            duties=self.duties,
            activations=Activations(
                owner=owner, duties=self.duties, refresh=self.refresh, guesses=self.guesses, clock=self.clock
            ),
            approvals=Approvals(duties=self.duties, seal=self.seal, clock=self.clock),
            undos=Undos(journal=self.journal, duties=self.duties, seal=self.seal, clock=self.clock),
            leases=self.leases,
            kiosk_books=self.kiosk_books,
            seal=self.seal,
            outbox=self.outbox,
            changes=self.changes,
            clock=self.clock,
        )
        self.counter = WebCounter(self.standing, self.looks, self.relays, self.seal, self.clock)
        self._numbers = itertools.count(1)

    async def refresh(self) -> bool:
        """Fetch the clerks whom a test has put into ``clerks``."""
        await self.registry.set_roster(Roster(stores=STORES, clerks=self.clerks))
        return True

    def _say(self, requester: str, message: GatewayMessage) -> None:
        if requester != "gw-1":
            self.desk.say(requester, message)

    async def open(self) -> None:
        self.registry.start()
        self.journal.start()
        self.duties.start()
        self.relays.start()
        self.leases.start()
        # A kiosk greets before it asks for anything; which it is makes no difference here.
        self.standing.hear_kiosk("till-1", Hello(boot="kiosk-boot", heard_of="gw-1"))

    async def close(self) -> None:
        await self.desk.drain(WAIT_S)
        await self.relays.drain(WAIT_S)
        await self.journal.close()
        await self.registry.close()

    async def furnish(self) -> None:
        """Set up three stores and a kiosk in each of the first two."""
        await self.registry.set_roster(Roster(stores=STORES))
        await self.registry.bind("till-1", "nanjing-lu", "收银台一")
        await self.registry.bind("till-2", "pudong", "收银台二")

    def receive(self, identity: str, message: Any) -> None:
        """Hand the desk a message as the broker would."""
        self.desk.handle(identity, codec.encode(message))

    async def look(self, identity: str, code: str, **fields: Any) -> Offered | Refused | Notice:
        """Show a code to a kiosk and return what it is told."""
        number = next(self._numbers)
        self.receive(identity, Look(look=number, boot="kiosk-boot", code=code, **fields))

        def answers() -> list[Any]:
            return [m for m in self.outbox.to(identity) if getattr(m, "look", None) == number]

        await self.outbox.until(lambda: bool(answers()))
        found = answers()[-1]
        assert isinstance(found, Offered | Refused | Notice)
        return found

    async def badge(self, identity: str, number: str, holds: str | None = None) -> Signed:
        """Show a clerk's badge to a kiosk and return what it is told."""
        asked = SignIn(look=next(self._numbers), boot="kiosk-boot", badge=badge_of(number), holds=holds)
        return await self.asked_again(identity, asked)

    async def pin(self, identity: str, number: str, pin: str) -> Signed:
        """Type a clerk's number and PIN at a kiosk and return what it is told."""
        asked = SignIn(look=next(self._numbers), boot="kiosk-boot", number=number, pin=pin)
        return await self.asked_again(identity, asked)

    async def asked_again(self, identity: str, asked: SignIn) -> Signed:
        """Send a sign-in, perhaps for the second time, and return what the kiosk is told."""
        before = len(self.outbox.to(identity))
        self.receive(identity, asked)

        def answers() -> list[Signed]:
            found = self.outbox.to(identity)[before:]
            return [m for m in found if isinstance(m, Signed) and m.look == asked.look]

        await self.outbox.until(lambda: bool(answers()))
        return answers()[-1]

    async def offered(self, identity: str, code: str, **fields: Any) -> Offered:
        """Show a code of which an offer is expected."""
        found = await self.look(identity, code, **fields)
        assert isinstance(found, Offered), found
        return found

    def books(self) -> list[Usage]:
        """Return what is in the books, newest first."""
        return Books(self._data / "journal.db").everything()

    def confirm(self, identity: str, intent: Intent) -> None:
        """Send a REQ."""
        self.receive(identity, Confirm(intent=intent))

    def resolve(self, identity: str, intent: Intent, reason: str | None = None) -> None:
        """Send a RESOLVE."""
        self.receive(identity, Resolve(intent=intent, reason=reason))

    def answers(self, identity: str, rid: str) -> list[Answer | Notice]:
        """Return everything a kiosk was told of a rid."""
        return [m for m in self.outbox.to(identity) if isinstance(m, Answer | Notice) and m.rid == rid]

    async def ended(self, identity: str, rid: str) -> Answer:
        """Wait for the final answer to a rid."""

        def final() -> list[Answer]:
            return [m for m in self.answers(identity, rid) if isinstance(m, Answer) and m.final]

        await self.outbox.until(lambda: bool(final()))
        return final()[-1]


def intent_of(offer: Offered | None, rid: str, code: str = "4006123456781234", **fields: Any) -> Intent:
    """Return what a kiosk confirms."""
    return Intent(rid=rid, code=code, offer=offer.offer if offer else None, method=Method.SCAN, **fields)


def rid(number: int) -> str:
    """Return a redemption id that is easily told from others."""
    return f"{number:032x}"


def upstream_to(url: str, authority: Authority, timeout_s: float = WAIT_S) -> Upstream:
    """Return the real client to a head office at this address."""
    bundle = authority.issue("gw-1")
    settings = HeadOffice(
        url=url, certificate=bundle.certificate, key=bundle.key, authority=bundle.authority, timeout_s=timeout_s
    )
    return Upstream(settings, lambda: None)


def stores_listed() -> list[dict[str, Any]]:
    """Return the stores as a head office lists them."""
    return [
        {"id": s.id, "name": s.name, "timezone": s.timezone, "clerk_required": s.clerk_required, "address": ""}
        for s in STORES
    ]


@asynccontextmanager
async def open_shop(data: Path, owner: Owner | None = None, *, furnished: bool = True) -> AsyncIterator[Shop]:
    """Open a gateway's decider on a data folder; without an owner nothing is heard of the head office."""
    shop = Shop(data, owner or SilentOwner())
    try:
        await shop.open()
        if furnished:
            await shop.furnish()
        yield shop
    finally:
        await shop.close()


@asynccontextmanager
async def shop_and_headoffice(
    data: Path, authority: Authority, timeout_s: float = WAIT_S
) -> AsyncIterator[tuple[Shop, MinimalHeadOffice]]:
    """Open a gateway's decider that asks a minimal head office over real HTTPS."""
    headoffice = MinimalHeadOffice(stores=stores_listed())
    await headoffice.start(authority.issue("headoffice").server_context())
    upstream = upstream_to(headoffice.url, authority, timeout_s)
    upstream.start()
    try:
        async with open_shop(data, upstream) as shop:
            yield shop, headoffice
    finally:
        await upstream.close()
        await headoffice.close()
