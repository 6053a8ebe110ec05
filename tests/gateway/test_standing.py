"""Rule 11 at the gateway: a journal that was put back stops it; a head office that was restored gets all of it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec
import pytest

from gateway.callers import BEHIND, NotNow
from gateway.headoffice import UPLOADED_AT_ONCE, HeadOffice
from gateway.journal import restore
from gateway.signet import Signet
from gateway.standing import HEAD_OFFICE, HINT
from protocol.lease import Clock
from protocol.marks import Mark, mark_of, shown_in, stamped
from protocol.messages import Answer, Confirm, Hello, Look, Notice, Resolve, Welcome
from protocol.owner import intent_digest
from protocol.upstream import AskHello, AskLeased, AskRedeem, AskUpload, Leased, Met
from protocol.vocabulary import Verdict
from tests.gateway.leasing import LEASE
from tests.gateway.shop import SIGNET, Shop, SilentOwner, intent_of, open_shop, rid

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from protocol.upstream import UpstreamAnswer, UpstreamRequest

CODE = "4006123456781234"


def says(answer: UpstreamAnswer, heard: Mark) -> Callable[[UpstreamRequest], UpstreamAnswer]:
    """Return an owner that says this, and that it has seen the gateway come so far."""
    return lambda _: stamped(answer, Mark(1, 9), heard)


def brought(mark: Mark, *, of: str = "gw-1", seal: str | None = None) -> Hello:
    """Return the greeting of a kiosk that brings a gateway's mark back, with the seal that it got with it."""
    hello = Hello(boot="b", heard_of=of, heard_seal=seal or SIGNET.seal(mark))
    return stamped(hello, Mark(1, 1), mark)


async def ended(shop: Shop, number: int) -> None:
    """Let a request come to its end, on disk."""
    shop.confirm("till-1", intent_of(None, rid(number)))
    await shop.ended("till-1", rid(number))
    await shop.journal.flush()


def aborts(ask: UpstreamRequest) -> UpstreamAnswer | None:
    intent = getattr(ask, "intent", None)
    return Met() if intent is None else Answer(rid=intent.rid, verdict=Verdict.ABORTED, final=True)


async def test_every_message_shows_how_far_the_journal_has_come_and_how_far_the_peer(data: Path) -> None:
    owner = SilentOwner()
    owner.answer = lambda ask: stamped(aborts(ask) or Met(), Mark(3, 14), Mark(1, 0))
    async with open_shop(data, owner) as shop:
        await ended(shop, 1)
        await ended(shop, 2)
        shop.receive("till-1", stamped(Hello(boot="b"), Mark(1, 41)))
        welcome = shop.outbox.to("till-1")[-1]
    assert isinstance(welcome, Welcome)
    assert (welcome.gateway, mark_of(welcome), shown_in(welcome)) == ("gw-1", Mark(1, 2), Mark(1, 41))
    assert [(mark_of(ask), shown_in(ask)) for ask in owner.asked][-1] == (Mark(1, 2), Mark(3, 14))


@pytest.mark.rule(11)
@pytest.mark.parametrize("shower", ["till-1", HEAD_OFFICE])
async def test_rule_11_a_gateway_of_which_somebody_remembers_more_stops(data: Path, shower: str) -> None:
    owner = SilentOwner()
    async with open_shop(data, owner) as shop:
        if shower == HEAD_OFFICE:
            owner.answer = says(Met(), Mark(1, 5))
            assert await shop.owner.ask(AskHello()) is None
        else:
            shop.receive(shower, brought(Mark(1, 5)))
        asked = len(owner.asked)
        for message in (
            Look(look=1, boot="b", code=CODE),
            Confirm(intent=intent_of(None, rid(1))),
            Resolve(intent=intent_of(None, rid(2))),
        ):
            shop.receive("till-2", message)
            told = shop.outbox.to("till-2")[-1]
            assert isinstance(told, Notice)
            assert (told.verdict, told.hint) == (Verdict.FAULT, HINT)
        by_page = await shop.counter.redeem(shop.registry.stores[0], intent_of(None, rid(3)))
        assert by_page == NotNow(BEHIND)
        assert shop.standing.behind is not None
        assert shop.standing.behind.peer == shower
        assert len(owner.asked) == asked, "nothing is asked by who may not go on"
        assert shop.journal.sequence == 0


async def test_what_a_kiosk_has_seen_of_another_gateway_says_nothing_of_this_one(data: Path) -> None:
    async with open_shop(data) as shop:
        shop.receive("till-1", brought(Mark(1, 500), of="gw-2"))
        assert not shop.standing.stopped
        assert isinstance(shop.outbox.to("till-1")[-1], Welcome)


@pytest.mark.rule(11)
@pytest.mark.parametrize(
    "seal", [None, "made up", Signet(b"another gateway's").seal(Mark(1, 500)), SIGNET.seal(Mark(1, 5))]
)
async def test_rule_11_a_kiosk_cannot_stop_a_gateway_by_a_mark_that_it_never_gave(data: Path, seal: str | None) -> None:
    async with open_shop(data) as shop:
        shop.standing.met = False
        shop.receive("till-1", msgspec.structs.replace(brought(Mark(1, 500)), heard_seal=seal))
        assert not shop.standing.stopped
        assert not shop.standing.met, "nor does it show how far the journal had come"
        welcome = shop.outbox.to("till-1")[-1]
        shop.receive("till-1", brought(mark_of(welcome), seal=welcome.seal))
        assert shop.standing.met


async def test_after_restore_the_same_memories_stop_nobody(data: Path) -> None:
    async with open_shop(data):
        pass
    assert restore(data / "journal.db") == 2
    async with open_shop(data) as shop:
        shop.receive("till-1", brought(Mark(1, 500)))
        assert not shop.standing.stopped
        assert mark_of(shop.outbox.to("till-1")[-1]) == Mark(2, 0)


@pytest.mark.rule(11)
async def test_rule_11_what_books_said_that_were_put_back_since_does_not_count(data: Path) -> None:
    owner = SilentOwner()
    async with open_shop(data, owner) as shop:
        owner.answer = lambda _: stamped(Met(), Mark(2, 0), Mark(1, 0))
        assert isinstance(await shop.owner.ask(AskHello()), Met)
        owner.answer = lambda _: stamped(Met(), Mark(1, 9), Mark(1, 0))
        assert await shop.owner.ask(AskHello()) is None
        owner.answer = lambda _: stamped(Notice(verdict=Verdict.FAULT, hint="older"), Mark(1, 9), Mark(1, 0))
        assert isinstance(await shop.owner.ask(AskHello()), Notice), "that they are an older copy they may say"


class Books(SilentOwner):
    """A head office of whose runs some answers are late: each ask waits until the test lets it be answered."""

    def __init__(self) -> None:
        super().__init__()
        self.run = "1"
        self.held: list[asyncio.Future[UpstreamAnswer]] = []
        self.late = False

    async def ask(self, message: UpstreamRequest, timeout_s: float | None = None) -> UpstreamAnswer | None:
        self.asked.append(message)
        said = Notice(verdict=Verdict.FAULT) if message.run not in {"", self.run} else Met()
        answer = stamped(said, Mark(1, 9), Mark(1, 0), self.run)
        if not self.late:
            return answer
        under_way: asyncio.Future[UpstreamAnswer] = asyncio.get_running_loop().create_future()
        self.held.append(under_way)
        await under_way
        return answer


@pytest.mark.rule(11)
async def test_rule_11_what_an_earlier_run_of_the_books_said_counts_no_more_once_a_later_one_is_asked(
    data: Path,
) -> None:
    books = Books()
    async with open_shop(data, books) as shop:
        assert isinstance(await shop.owner.ask(AskHello()), Met)
        books.late = True
        late = asyncio.create_task(shop.owner.ask(AskHello()))
        await asyncio.sleep(0)
        books.late, books.run = False, "2"
        assert isinstance(await shop.owner.ask(AskHello()), Met), "what is refused is asked again at once"
        assert [ask.run for ask in books.asked] == ["", "1", "1", "2"]
        books.held[0].set_result(Met())
        assert await late is None
        assert isinstance(await shop.owner.ask(AskHello()), Met)
        assert books.asked[-1].run == "2"


async def test_a_refusal_by_a_run_that_another_ask_has_heard_of_meanwhile_is_asked_again(data: Path) -> None:
    books = Books()
    async with open_shop(data, books) as shop:
        await shop.owner.ask(AskHello())
        books.run, books.late = "2", True
        refused = asyncio.create_task(shop.owner.ask(AskHello()))
        await asyncio.sleep(0)
        books.late = False
        assert isinstance(await shop.owner.ask(AskHello()), Met)
        books.held[0].set_result(Met())
        assert isinstance(await refused, Met)


async def test_a_head_office_that_knows_no_runs_is_answered_to_all_the_same(data: Path) -> None:
    owner = SilentOwner()
    owner.answer = says(Met(), Mark(1, 0))
    async with open_shop(data, owner) as shop:
        assert [isinstance(await shop.owner.ask(AskHello()), Met) for _ in range(2)] == [True, True]
        assert [ask.run for ask in owner.asked] == ["", ""]


@pytest.mark.rule(11)
async def test_nothing_new_is_written_before_somebody_has_shown_how_far_the_journal_had_come(data: Path) -> None:
    owner = SilentOwner()
    async with open_shop(data, owner) as shop:
        shop.standing.met = False
        shop.confirm("till-1", intent_of(None, rid(1)))
        assert shop.relays.known(rid(1)) is None
        owner.answer = says(Met(), Mark(1, 0))
        await shop.owner.ask(AskHello())
        shop.confirm("till-1", intent_of(None, rid(1)))
        assert shop.relays.known(rid(1)) is not None


async def test_a_restored_head_office_gets_the_whole_journal_in_parts(data: Path) -> None:
    owner = SilentOwner()
    owner.answer = aborts
    count = 2 * UPLOADED_AT_ONCE + 3
    async with open_shop(data, owner) as shop:
        for number in range(1, count):
            await ended(shop, number)
        owner.answer = lambda ask: Met(upload=isinstance(ask, AskHello)) if not isinstance(ask, AskRedeem) else None
        open_one = intent_of(None, rid(count))
        shop.confirm("till-2", open_one)
        await owner.until(lambda: getattr(owner.asked[-1], "intent", None) == open_one)
        greeting = asyncio.create_task(HeadOffice(owner, shop.standing, shop.journal, 60.0).run(shop.leases))
        await owner.until(lambda: any(isinstance(ask, AskUpload) and ask.last for ask in owner.asked))
        greeting.cancel()
    parts = [ask for ask in owner.asked if isinstance(ask, AskUpload)]
    entries = [entry for part in parts for entry in part.entries]
    assert [part.last for part in parts] == [False, False, True]
    assert [entry.intent.rid for entry in entries] == [rid(number) for number in range(1, count + 1)]
    assert all(entry.answer and entry.answer.verdict is Verdict.ABORTED for entry in entries[:-1])
    assert {entry.intent.code for entry in entries[:-1]} == {"****1234"}, "codes of what has ended are not told again"
    assert entries[0].digest == intent_digest(intent_of(None, rid(1))).hex()
    assert (entries[-1].answer, entries[-1].intent) == (None, open_one)


@pytest.mark.rule(11)
async def test_rule_11_a_lease_that_a_restored_head_office_does_not_name_is_given_up_before_the_upload(
    data: Path,
) -> None:
    """What was accepted under it after the upload would be told after its use may have gone to somebody else."""
    owner, held = SilentOwner(), list[bool]()
    async with open_shop(data, owner) as shop:

        def answer(ask: UpstreamRequest) -> UpstreamAnswer:
            if isinstance(ask, AskUpload):
                held.append(shop.leases.any)
            return Leased(vouchers=(), last=True) if isinstance(ask, AskLeased) else Met(upload=not held)

        owner.answer = answer
        await shop.leases.met(Met(leases=(LEASE,)), Clock("boot-1", shop.machine.now), shop.owner)
        assert shop.leases.any
        greeting = asyncio.create_task(HeadOffice(owner, shop.standing, shop.journal, 60.0).run(shop.leases))
        await owner.until(lambda: bool(held))
        greeting.cancel()
    assert held == [False]
