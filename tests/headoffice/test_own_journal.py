"""What no gateway's journal holds comes back to books that were put back: from the head office's own (rule 11)."""

from __future__ import annotations

import errno
import shutil
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING

import pytest

from headoffice.database import open_database
from headoffice.errors import DatabaseError
from headoffice.redemptions import own_journal
from headoffice.redemptions.ledger import Ledger
from headoffice.redemptions.own_journal import OwnJournal
from headoffice.redemptions.parcels import Recipient
from headoffice.redemptions.standing import declare_lost
from headoffice.redemptions.uploads import restore_with
from protocol.messages import Answer, Intent
from protocol.upstream import AskRedeem
from protocol.vocabulary import Verdict
from simulator.powercuts.disk import FolderSynced
from simulator.powercuts.system import RecordedSystem, recorded
from tests.headoffice.conftest import WINDOW, client_of, office_over, opened_counter
from tests.headoffice.counter import new_rid

if TYPE_CHECKING:
    from pathlib import Path

    from headoffice.database import Database
    from simulator.powercuts.disk import Event
    from tests.headoffice.counter import Clock, Counter

TO = Recipient(name="李雷", phone="13800138000", address="上海市黄浦区 1 号")


def opened(database: Database, clock: Clock, own: OwnJournal) -> Counter:
    """Open a chain's books with a journal of their own beside them."""
    office = office_over(database, clock)
    counter = opened_counter(client_of(office), office, clock)
    counter.ledger = Ledger(database, WINDOW, clock, own=own)
    return counter


def on_page(counter: Counter, code: str, rid: str, to: Recipient | None = None) -> Verdict:
    answer = counter.ledger.redeem_on_page(rid, code, 1, to)
    return answer.verdict


@pytest.mark.rule(11)
def test_books_that_were_put_back_get_back_what_was_redeemed_on_pages_and_undone(tmp_path: Path, clock: Clock) -> None:
    books, copy, own = tmp_path / "hexiao.db", tmp_path / "copy.db", OwnJournal(tmp_path / "own.journal")
    seen, undone, posted, undo = (new_rid() for _ in range(4))
    with closing(open_database(f"sqlite:///{books}")) as database:
        counter = opened(database, clock, own)
        counter.put_type("film", title="影片", channels=["online", "mail", "offline"])
        first, second, third, fourth = (counter.issue(type="film") for _ in range(4))
    shutil.copy(books, copy)
    with closing(open_database(f"sqlite:///{books}")) as database:
        counter = opened(database, clock, own)
        later = counter.issue(type="film")
        assert on_page(counter, first, seen) is Verdict.REDEEMED
        assert on_page(counter, second, undone) is Verdict.REDEEMED
        assert on_page(counter, third, posted, TO) is Verdict.REDEEMED
        assert on_page(counter, later, new_rid()) is Verdict.REDEEMED
        assert on_page(counter, first, new_rid()) is Verdict.ALREADY_REDEEMED
        answer = counter.ledger.undo(undo, undone, "点错了")
        assert answer is not None
        assert answer.verdict is Verdict.UNDONE
    text = (tmp_path / "own.journal").read_text(encoding="utf-8")
    assert not any(secret in text for secret in (first, later, TO.name, TO.phone, TO.address))

    shutil.copy(copy, books)
    with closing(open_database(f"sqlite:///{books}")) as database:
        differing = database.write(lambda connection: restore_with(connection, own.entries(), "Li Wei", clock()))
        assert len(differing) == 2
        assert any(what.startswith(f"{posted}: it was redeemed by post") for what in differing)
        assert any(what.endswith("is not in the books") for what in differing)
        for gateway in ("gw-nanjing-lu", "gw-jingan"):
            database.write(partial(declare_lost, gateway=gateway, by="Li Wei", why="it has none", at=clock()))
        counter = opened(database, clock, own)
        assert [counter.spent(code) for code in (first, second, third, fourth)] == [1, 0, 1, 0]
        assert on_page(counter, first, seen) is Verdict.REDEEMED  # the very same, once more
        again = database.write(lambda connection: restore_with(connection, own.entries(), "Li Wei", clock()))
        assert again == []


def line(rid: str, verdict: Verdict, clock: Clock) -> tuple[AskRedeem, Answer]:
    intent = Intent(rid=rid, code="ABCD", quantity=1)
    ask = AskRedeem(requester="customer-page", store="hexiao-online", intent=intent)
    return ask, Answer(rid=rid, verdict=verdict, final=True)


def test_the_last_line_of_a_rid_counts_and_one_that_a_power_cut_has_torn_is_left_out(
    tmp_path: Path, clock: Clock
) -> None:
    file = tmp_path / "own.journal"
    own, first, second = OwnJournal(file), new_rid(), new_rid()
    assert own.entries() == []
    own.keep(*line(first, Verdict.REDEEMED, clock), clock())  # whose transaction lost a race
    own.keep(*line(second, Verdict.REDEEMED, clock), clock())
    own.keep(*line(first, Verdict.ALREADY_REDEEMED, clock), clock())
    whole = file.read_bytes()
    file.write_bytes(whole[:-20])
    own.keep(*line(second, Verdict.EXPIRED, clock), clock())
    told = [(entry.intent.rid, entry.answer.verdict) for entry in own.entries() if entry.answer]
    assert told == [(first, Verdict.REDEEMED), (second, Verdict.EXPIRED)]
    file.write_bytes(whole)
    told = [(entry.intent.rid, entry.answer.verdict) for entry in own.entries() if entry.answer]
    assert told == [(second, Verdict.REDEEMED), (first, Verdict.ALREADY_REDEEMED)]
    assert file.stat().st_mode & 0o077 == 0


def test_what_cannot_be_kept_does_not_happen(
    counter: Counter, database: Database, clock: Clock, tmp_path: Path
) -> None:
    counter.ledger = Ledger(database, WINDOW, clock, own=OwnJournal(tmp_path / "nowhere" / "own.journal"))
    counter.put_type("film", title="影片", channels=["online"])
    code = counter.issue(type="film")
    with pytest.raises(DatabaseError, match=r"own\.journal cannot be written"):
        on_page(counter, code, new_rid())
    assert counter.spent(code) == 0
    assert counter.books() == []


@pytest.mark.rule(11)
def test_a_torn_line_takes_no_line_before_it_along(tmp_path: Path, clock: Clock) -> None:
    """Of a line over two sectors the second can be on the disk alone: zeros stand where its beginning was to be."""
    file = tmp_path / "own.journal"
    own, kept, torn = OwnJournal(file), new_rid(), new_rid()
    own.keep(*line(kept, Verdict.REDEEMED, clock), clock())
    whole = file.read_bytes()
    own.keep(*line(torn, Verdict.REDEEMED, clock), clock())
    rest = file.read_bytes()[len(whole) :]
    file.write_bytes(whole + bytes(100) + rest[100:])
    assert [entry.intent.rid for entry in own.entries()] == [kept]


def test_a_file_that_another_process_has_made_is_not_taken_to_be_on_disk(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process that made it may have ended before it had synced the folder, or could not."""
    events: list[Event] = []
    (tmp_path / "own.journal").touch()
    with recorded(own_journal, RecordedSystem(events)):
        own = OwnJournal(tmp_path / "own.journal")
        own.keep(*line(new_rid(), Verdict.REDEEMED, clock), clock())
        own.keep(*line(new_rid(), Verdict.REDEEMED, clock), clock())
    assert events.count(FolderSynced()) == 1

    failing = OwnJournal(tmp_path / "other.journal")
    with monkeypatch.context() as broken:
        broken.setattr(own_journal, "_sync", broken_disk)
        with pytest.raises(DatabaseError):
            failing.keep(*line(new_rid(), Verdict.REDEEMED, clock), clock())
    events.clear()
    with recorded(own_journal, RecordedSystem(events)):
        failing.keep(*line(new_rid(), Verdict.REDEEMED, clock), clock())
    assert FolderSynced() in events


def broken_disk(folder: Path) -> None:
    raise OSError(errno.EIO, "no answer from the disk", str(folder))
