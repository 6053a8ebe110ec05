"""The journal: what is on disk when, in how many commits, and what is erased."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import apsw
import pytest

from gateway.errors import JournalError
from gateway.journal import Journal
from gateway.usage import Usage
from protocol.marks import NEVER, Mark
from protocol.messages import Action, Answer, Detail, Intent
from protocol.relay import Relay
from protocol.values import replace
from protocol.vocabulary import Verdict
from tests.gateway.shop import rid

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ROOT = Path(__file__).resolve().parent.parent.parent
CODE = "SECRET-4006123456781234"


class Wall:
    """Wall time that a test sets."""

    now = 1_750_000_000.0

    def __call__(self) -> float:
        return self.now


@asynccontextmanager
async def opened(data: Path, wall: Wall | None = None) -> AsyncIterator[Journal]:
    """Open the journal in a folder."""
    journal = Journal(data / "journal.db", clock=wall or Wall())
    journal.start()
    try:
        yield journal
    finally:
        await journal.close()


def relay(number: int, **fields: Any) -> Relay:
    """Return a request as it is first written."""
    intent = Intent(rid=rid(number), code=CODE, offer="b00t.sealed-offer-text")
    return replace(Relay(requester="till-1", store="nanjing-lu", intent=intent, terms=7), **fields)


def ended(number: int, verdict: Verdict = Verdict.REDEEMED, **fields: Any) -> Relay:
    """Return the same request with its final answer."""
    answer = Answer(rid=rid(number), verdict=verdict, final=True, detail=Detail(title="咖啡"), **fields)
    return relay(number, answer=answer)


def rows(data: Path, sql: str) -> list[tuple[Any, ...]]:
    """Read the file as a stranger would."""
    connection = apsw.Connection(str(data / "journal.db"))
    found = list(connection.execute(sql))
    connection.close()
    return found


async def test_a_write_is_on_disk_when_it_says_so(data: Path) -> None:
    async with opened(data) as journal:
        await journal.write(relay(1), voucher="v-1")
        found = rows(data, "SELECT rid, verdict, voucher, terms, closed FROM relays")

    assert found == [(rid(1), "pending", "v-1", 7, 0)]


async def test_many_writes_at_once_share_few_commits(data: Path) -> None:
    async with opened(data) as journal:
        before = journal.commits
        await asyncio.gather(*(journal.write(relay(number)) for number in range(200)))
        commits = journal.commits - before

    assert commits <= 3
    assert rows(data, "SELECT count(*) FROM relays") == [(200,)]


async def test_what_comes_while_a_commit_runs_goes_into_the_next(data: Path) -> None:
    async with opened(data) as journal:
        before = journal.commits
        first = journal.write(relay(1))
        await asyncio.sleep(0)  # the first is under way
        others = [journal.write(relay(number)) for number in range(2, 50)]
        await asyncio.gather(first, *others)

    assert journal.commits - before <= 3


async def test_a_write_that_may_wait_rides_with_one_that_may_not(data: Path) -> None:
    async with opened(data) as journal:
        await journal.write(relay(1))
        before = journal.commits
        lazy = journal.write(ended(1), durable=False)
        await journal.write(relay(2))

        assert lazy.done()
        assert journal.commits == before + 1


async def test_a_write_that_may_wait_goes_by_itself_after_a_moment(data: Path) -> None:
    async with opened(data) as journal:
        await asyncio.wait_for(journal.write(relay(1), durable=False), 5)

    assert rows(data, "SELECT count(*) FROM relays") == [(1,)]


async def test_closing_writes_what_was_waiting(data: Path) -> None:
    async with opened(data) as journal:
        journal.write(relay(1), durable=False)

    assert rows(data, "SELECT count(*) FROM relays") == [(1,)]


async def test_an_open_request_is_found_word_for_word_after_a_restart(data: Path) -> None:
    async with opened(data) as journal:
        await journal.write(relay(1))
        await journal.write(replace(relay(2), closed=True, reason="cancelled"))
        await journal.write(ended(3))
    async with opened(data) as journal:
        found = journal.open()
        sequence = journal.sequence

    assert found == [replace(relay(1), kept=True), replace(relay(2), closed=True, reason="cancelled", kept=True)]
    assert sequence == 3


async def test_the_code_is_erased_with_the_final_answer_from_the_pages_too(data: Path) -> None:
    def coded(number: int, made: Relay) -> Relay:
        code = f"SECRET-{number:03d}-" + "x" * 300 + "-1234"
        return replace(made, intent=Intent(rid=rid(number), code=code, offer=f"sealed-{number:03d}"))

    async with opened(data) as journal:
        for number in range(30):
            await journal.write(coded(number, relay(number)))
        for number in range(0, 30, 2):
            await journal.write(coded(number, ended(number)))
        found = journal.find(rid(2))
    content = (data / "journal.db").read_bytes()

    assert found is not None
    assert (found.intent.code, found.intent.offer) == ("****1234", None)
    assert [number for number in range(30) if f"SECRET-{number:03d}".encode() in content] == list(range(1, 30, 2))
    assert [number for number in range(30) if f"sealed-{number:03d}".encode() in content] == list(range(1, 30, 2))


async def test_a_repeat_is_told_from_a_contradiction_after_the_code_is_gone(data: Path) -> None:
    asked = relay(1).intent
    async with opened(data) as journal:
        await journal.write(relay(1))
        await journal.write(ended(1))
        same = journal.find(rid(1), asked)
        other = journal.find(rid(1), Intent(rid=rid(1), code="x" + CODE, offer=asked.offer))
        nothing = journal.find(rid(2), asked)

    assert same is not None
    assert other is not None
    assert same.intent == asked
    assert other.intent not in (asked, Intent(rid=rid(1), code="x" + CODE, offer=asked.offer))
    assert nothing is None


@pytest.mark.rule(9)
async def test_a_redemption_stays_on_the_list_until_it_is_settled(data: Path) -> None:
    wall = Wall()
    async with opened(data, wall) as journal:
        await journal.write(relay(1))
        await journal.write(ended(1))
        await journal.write(ended(2))
        await journal.write(ended(3, Verdict.EXPIRED))
        at_once = journal.unfinished()[1]
        wall.now += 61
        later = journal.unfinished()[1]
        await journal.settle(rid(1), handed_over=True)
        await journal.settle(rid(2), handed_over=False)
        last = journal.unfinished()[1]
        await journal.write(ended(2, undone_by=rid(9)))
        undone = journal.unfinished()[1]

    assert at_once == []
    assert [usage.rid for usage in later] == [rid(1), rid(2)]
    assert [(usage.rid, usage.handed_over) for usage in last] == [(rid(2), False)]
    assert undone == []


async def test_settled_before_the_final_answer_was_written_counts_all_the_same(data: Path) -> None:
    wall = Wall()
    async with opened(data, wall) as journal:
        await journal.write(relay(1))
        await journal.settle(rid(1), handed_over=True)
        await journal.write(ended(1))
        wall.now += 61
        pending, unsettled = journal.unfinished()

    assert (pending, unsettled) == ([], [])


async def test_an_undo_is_never_asked_about(data: Path) -> None:
    wall = Wall()
    async with opened(data, wall) as journal:
        undo = Intent(rid=rid(2), action=Action.UNDO, undoes=rid(1))
        answer = Answer(rid=rid(2), verdict=Verdict.UNDONE, final=True)
        await journal.write(Relay(requester="till-1", store="s", intent=undo, answer=answer))
        wall.now += 61
        found = journal.unfinished()

    assert found == ([], [])


@pytest.mark.parametrize("verdict", [Verdict.PAYMENT_CODE, Verdict.SETUP_CODE])
async def test_a_refused_payment_or_setup_code_leaves_no_tail(data: Path, verdict: Verdict) -> None:
    async with opened(data) as journal:
        await journal.refuse(Usage(at=1.0, kiosk="till-1", store="s", verdict=verdict, code_tail="6789"))

    assert rows(data, "SELECT verdict, code_tail FROM refusals") == [(str(verdict), None)]


async def test_the_highest_number_heard_of_a_peer_is_kept(data: Path) -> None:
    async with opened(data) as journal:
        for generation, seq in ((1, 5), (1, 9), (1, 7), (2, 1), (1, 99)):
            journal.heard("till-1", Mark(generation, seq))
        await journal.write(relay(1))
    async with opened(data) as journal:
        assert journal.heard_of("till-1") == Mark(2, 1)
        assert journal.heard_of("till-2") == NEVER


async def test_a_disk_that_fails_ends_the_journals_work(data: Path) -> None:
    async with opened(data) as journal:
        await journal.write(relay(1))
        assert journal._file.writer is not None
        journal._file.writer.execute("PRAGMA query_only = ON")
        journal.write(relay(2))
        assert journal.work is not None
        with pytest.raises(JournalError, match="check the disk"):
            await journal.work


WRITER = """
import asyncio, sys
from pathlib import Path
from gateway.journal import Journal
from tests.gateway.test_journal import relay

async def main() -> None:
    journal = Journal(Path(sys.argv[1]) / "journal.db")
    journal.start()
    for number in range(1, 100_000):
        await journal.write(relay(number))
        print(number, flush=True)

asyncio.run(main())
"""


def test_no_acknowledged_write_is_lost_to_kill_9(data: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", WRITER, str(data)], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout is not None
    for expected in range(1, 26):
        assert int(process.stdout.readline()) == expected
    os.kill(process.pid, signal.SIGKILL)
    acknowledged = int((process.stdout.read().split() or ["25"])[-1])
    process.wait()
    process.stdout.close()

    (found,) = rows(data, "SELECT max(n) FROM relays")
    assert found[0] >= acknowledged
    assert rows(data, "PRAGMA integrity_check") == [("ok",)]
