"""The kiosk's book: on disk before anything leaves, kept over kill -9, and free of raw codes once it is over."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from device.clock import StoreClock
from device.counter.states import Kept
from device.errors import JournalError
from device.journal import READ_OUT_AT_ONCE, Journal, read_books, restore
from protocol import codec
from protocol.marks import NEVER, Mark, mark_of, shown_in, stamped
from protocol.messages import Answer, Detail, Hello, Intent, Notice
from protocol.vocabulary import Verdict
from service.database import open_for_reading

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent.parent
CODE = "SECRET-VOUCHER-CODE-5561-2048-7733"


def intent(number: int, code: str = CODE) -> Intent:
    return Intent(rid=f"{number:032x}", code=code, offer="sealed-offer-of-the-gateway", clerk="0042")


def final(number: int, verdict: Verdict = Verdict.REDEEMED) -> Answer:
    return Answer(rid=f"{number:032x}", verdict=verdict, final=True, detail=Detail(title="券", code_tail="7733"))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@pytest.fixture
def clock() -> StoreClock:
    return StoreClock(system=lambda: datetime(2026, 5, 1, 4, 0, tzinfo=UTC))


@pytest.fixture
def journal(path: Path, clock: StoreClock) -> Iterator[Journal]:
    opened = Journal(path, "till-1", clock)
    opened.open()
    yield opened
    opened.close()


def again(path: Path) -> Journal:
    opened = Journal(path, "till-1", StoreClock())
    opened.open()
    return opened


def test_a_redemption_is_kept_word_for_word_until_it_has_been_seen(journal: Journal, path: Path) -> None:
    journal.mint(intent(1))
    journal.mint(intent(2))
    journal.park(intent(2).rid)
    journal.forgo(intent(2).rid)
    journal.mint(intent(3))
    journal.conclude(final(3))
    journal.mint(intent(4))
    journal.conclude(final(4))
    journal.settle(intent(4).rid, handed_over=True)
    one, two, three = again(path).kept()
    assert one == Kept(intent=intent(1), tail="7733")
    assert two == Kept(intent=intent(2), tail="7733", parked=True, forgone=True)
    assert three.answer == final(3)
    assert three.intent.code is None


def test_it_tells_its_gateway_how_redemptions_have_ended_the_newest_first_and_part_by_part(journal: Journal) -> None:
    for number in range(1, READ_OUT_AT_ONCE + 3):
        journal.mint(intent(number))
        if number != 5:
            journal.conclude(final(number))
    journal.refuse(Verdict.EXPIRED, "0001", None)
    first = journal.book(None)
    rest = journal.book(first.through)
    assert (first.before, first.last, rest.before, rest.last) == (None, False, first.through, True)
    told = [record.rid for record in (*first.records, *rest.records)]
    assert told == [intent(number).rid for number in range(READ_OUT_AT_ONCE + 2, 0, -1)]
    pending = [record.rid for record in (*first.records, *rest.records) if record.verdict is Verdict.PENDING]
    assert pending == [intent(5).rid]
    assert len(codec.encode(first)) < codec.LARGEST_MESSAGE
    assert journal.book(1).records == ()
    assert journal.book(1).last


def test_the_books_tell_every_redemption_and_refusal_newest_last(journal: Journal, path: Path) -> None:
    journal.place("gw-1", "nanjing-lu", "南京路店")
    journal.mint(intent(1))
    journal.refuse(Verdict.EXPIRED, "0001", None)
    journal.refuse(Verdict.PAYMENT_CODE, None, None)
    journal.mint(intent(2))
    journal.conclude(final(2, Verdict.BUSY))
    rows = read_books(path)
    assert [(row["rid"], row["verdict"], row["code_tail"]) for row in rows] == [
        (intent(1).rid, "pending", "7733"),
        (None, "expired", "0001"),
        (None, "payment_code", None),
        (intent(2).rid, "busy", "7733"),
    ]
    assert rows[0] == {
        "rid": intent(1).rid,
        "code_tail": "7733",
        "verdict": "pending",
        "store": "nanjing-lu",
        "kiosk": "till-1",
        "clerk": "0042",
        "at": "2026-05-01T04:00:00+00:00",
    }
    assert read_books(path, limit=1) == rows[-1:]
    assert read_books(path.with_name("nothing-here.db")) == []


def test_order_and_place_go_on_over_a_restart(journal: Journal, path: Path) -> None:
    journal.place("gw-1", "nanjing-lu", "南京路店")
    journal.mint(intent(1))
    journal.refuse(Verdict.EXPIRED, "0001", None)
    assert (journal.boot, journal.seq, journal.generation) == (1, 2, 1)
    later = again(path)
    assert (later.boot, later.seq, later.generation, later.store_name) == (2, 2, 1, "南京路店")
    later.mint(intent(2))
    assert later.seq == 3


def test_raw_codes_leave_the_files_once_the_redemption_is_over(journal: Journal, path: Path) -> None:
    for number in range(1, 40):
        journal.mint(intent(number, f"{CODE}-{number:04}"))
    assert CODE.encode() in on_disk(path)
    for number in range(1, 40):
        journal.conclude(final(number))
        if number % 2:
            journal.settle(intent(number).rid, handed_over=True)
    journal.tidy()
    assert CODE.encode() not in on_disk(path)
    assert b"sealed-offer" not in on_disk(path)
    assert len(read_books(path)) == 39


def test_an_open_redemption_keeps_its_code_because_it_may_be_repeated(journal: Journal, path: Path) -> None:
    journal.mint(intent(1))
    journal.tidy()
    (kept,) = again(path).kept()
    assert kept.intent.code == CODE


def test_an_answer_that_was_undone_later_replaces_the_first(journal: Journal, path: Path) -> None:
    journal.mint(intent(1))
    journal.conclude(final(1))
    undone = Answer(rid=intent(1).rid, verdict=Verdict.REDEEMED, final=True, undone_by="ee" * 16)
    journal.conclude(undone)
    (kept,) = again(path).kept()
    assert kept.answer == undone


def test_what_is_older_than_400_days_is_forgotten_once_the_time_is_known(path: Path) -> None:
    old = Journal(path, "till-1", StoreClock(system=lambda: datetime(2025, 3, 1, tzinfo=UTC)))
    old.open()
    old.refuse(Verdict.EXPIRED, "0001", None)
    old.mint(intent(1))  # open: kept however old
    old.mint(intent(2))
    old.conclude(final(2))
    old.settle(intent(2).rid, handed_over=True)
    old.close()
    clock = StoreClock(system=lambda: datetime(2026, 5, 1, tzinfo=UTC))
    new = Journal(path, "till-1", clock)
    new.open()
    new.refuse(Verdict.EXPIRED, "0002", None)
    new.tidy()
    assert len(read_books(path)) == 4  # this machine's own clock is not trusted so far
    clock.learn("2026-05-01T12:00:00+08:00")
    new.tidy()
    assert [row["code_tail"] for row in read_books(path)] == ["7733", "0002"]
    assert new.seq == 4


def test_the_newest_row_is_never_forgotten_so_no_number_is_used_twice(path: Path) -> None:
    clock = StoreClock(system=lambda: datetime(2020, 1, 1, tzinfo=UTC))
    old = Journal(path, "till-1", clock)
    old.open()
    old.refuse(Verdict.EXPIRED, "0001", None)
    clock.learn("2026-05-01T12:00:00+08:00")
    old.tidy()
    assert len(read_books(path)) == 1


def test_a_disk_without_room_refuses_before_anything_is_minted(journal: Journal, path: Path) -> None:
    ((pages,),) = journal._run("PRAGMA page_count")
    journal._run(f"PRAGMA max_page_count={pages}")
    with pytest.raises(JournalError, match="FullError"):
        fill(journal)
    minted = journal.seq
    assert {kept.intent.rid for kept in journal.kept()} == {intent(number).rid for number in range(minted)}
    journal._run("PRAGMA max_page_count=100000")
    journal.mint(intent(minted))
    assert len(again(path).kept()) == minted + 1


def fill(journal: Journal) -> None:
    for number in range(500):
        journal.mint(intent(number))


def test_a_journal_that_cannot_be_opened_says_so(tmp_path: Path) -> None:
    damaged = tmp_path / "journal.db"
    damaged.write_bytes(b"this is no database, and it is long enough to be taken for one" * 100)
    with pytest.raises(JournalError, match="check the disk, or restore"):
        Journal(damaged, "till-1", StoreClock()).open()
    with pytest.raises(JournalError):
        Journal(tmp_path / "no" / "folder" / "journal.db", "till-1", StoreClock()).open()


def test_a_reader_does_not_keep_the_kiosk_from_writing(journal: Journal, path: Path) -> None:
    journal.mint(intent(1))
    reader = open_for_reading(path)
    rows = reader.execute("SELECT rid FROM book")
    next(rows)
    journal.mint(intent(2))
    journal.tidy()
    reader.close()
    assert len(read_books(path)) == 2


MINT_FOR_EVER = """
import sys
from pathlib import Path
from device.clock import StoreClock
from device.journal import READ_OUT_AT_ONCE, Journal
from protocol.messages import Answer, Intent
from protocol.vocabulary import Verdict

journal = Journal(Path(sys.argv[1]), "till-1", StoreClock())
journal.open()
number = journal.seq
while True:
    number += 1
    rid = f"{number:032x}"
    journal.mint(Intent(rid=rid, code="SECRET-" + rid))
    print("minted", rid, flush=True)
    journal.conclude(Answer(rid=rid, verdict=Verdict.REDEEMED, final=True))
    print("concluded", rid, flush=True)
"""


def test_nothing_acknowledged_is_lost_when_the_kiosk_is_killed(path: Path) -> None:
    said: list[list[str]] = []
    for lines in (7, 40, 41, 120):
        writer = subprocess.Popen(
            [sys.executable, "-c", MINT_FOR_EVER, str(path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout is not None
        said += [writer.stdout.readline().split() for _ in range(lines)]
        writer.kill()
        said += [line.split() for line in writer.stdout.read().splitlines(keepends=True) if line.endswith("\n")]
        writer.stdout.close()
        writer.wait()
    survivor = again(path)
    rows = {row["rid"]: row["verdict"] for row in read_books(path)}
    assert survivor.boot == 5
    for what, rid in said:
        assert rid in rows
        assert what == "minted" or rows[rid] == "redeemed"
    assert [kept.intent.rid for kept in survivor.kept()] == list(rows)
    survivor.close()


def on_disk(path: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(path.parent.iterdir()) if file.name.startswith(path.name))


def test_a_greeting_says_how_far_the_gateway_was_seen_to_come_also_after_a_restart(
    journal: Journal, path: Path
) -> None:
    journal.heard(stamped(Notice(verdict=Verdict.FAULT), Mark(1, 99)))
    journal.place("gw-1", "nanjing-lu", "南京路店")
    journal.heard(stamped(Notice(verdict=Verdict.FAULT, seal="of 1/7"), Mark(1, 7)))
    journal.heard(stamped(Notice(verdict=Verdict.FAULT, seal="of 1/6"), Mark(1, 6)))
    journal.mint(intent(1))
    journal.conclude(final(1))
    for one in (journal, again(path)):
        hello = one.stamped(Hello(boot="b"))
        assert isinstance(hello, Hello)
        assert (hello.heard_of, shown_in(hello), mark_of(hello)) == ("gw-1", Mark(1, 7), Mark(1, 1))
        assert hello.heard_seal == "of 1/7"


def test_what_was_seen_of_the_gateway_is_kept_with_what_it_has_accepted(journal: Journal, path: Path) -> None:
    journal.place("gw-1", "nanjing-lu", "南京路店")
    journal.mint(intent(1))
    journal.heard(stamped(Notice(verdict=Verdict.FAULT, seal="of 1/8"), Mark(1, 8)))
    journal.accept(Answer(rid=intent(1).rid, verdict=Verdict.ACCEPTED_OFFLINE, final=False))
    hello = again(path).stamped(Hello(boot="b"))
    assert isinstance(hello, Hello)
    assert (shown_in(hello), hello.heard_seal) == (Mark(1, 8), "of 1/8")


def test_what_was_seen_of_another_gateway_is_forgotten_with_the_move(journal: Journal) -> None:
    journal.place("gw-1", "nanjing-lu", "南京路店")
    journal.heard(stamped(Notice(verdict=Verdict.FAULT), Mark(1, 7)))
    journal.place("gw-2", "nanjing-lu", "南京路店")
    hello = journal.stamped(Hello(boot="b"))
    assert isinstance(hello, Hello)
    assert (hello.heard_of, shown_in(hello)) == ("gw-2", NEVER)


def test_restore_begins_a_generation_in_a_journal_that_is_there(journal: Journal, path: Path) -> None:
    journal.mint(intent(1))
    journal.close()
    assert restore(path) == 2
    assert again(path).mark == Mark(2, 1)
    with pytest.raises(JournalError, match="there is no journal"):
        restore(path.with_name("nothing-here.db"))


def test_what_was_heard_of_another_gateway_is_never_taken_for_the_one_before_where_the_disk_was_full(
    journal: Journal, path: Path
) -> None:
    journal.place("gw-1", "s-1", "S")
    journal.heard(stamped(Notice(verdict=Verdict.FAULT, seal="of 1/7"), Mark(1, 7)))
    journal.mint(intent(1))
    journal._run("PRAGMA query_only=ON")
    with pytest.raises(JournalError):
        journal.place("gw-2", "s-1", "S")
    journal._run("PRAGMA query_only=OFF")
    journal.heard(stamped(Notice(verdict=Verdict.FAULT, seal="of 1/900"), Mark(1, 900)))
    journal.conclude(Answer(rid=intent(1).rid, verdict=Verdict.REDEEMED, final=True))
    hello = again(path).stamped(Hello(boot="b", software=""))
    assert isinstance(hello, Hello)
    assert (hello.heard_of, shown_in(hello), hello.heard_seal) == ("gw-2", Mark(1, 900), "of 1/900")
