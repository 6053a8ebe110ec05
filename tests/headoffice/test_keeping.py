"""A commit that fails, or whose answer is lost, leaves nothing in the head office's own journal that did not happen."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

import pytest
from sqlalchemy.exc import OperationalError

from headoffice.errors import DatabaseError
from headoffice.redemptions import rids
from headoffice.redemptions.ledger import Ledger
from headoffice.redemptions.own_journal import OwnJournal
from headoffice.redemptions.uploads import restore_with
from protocol.messages import Answer
from protocol.vocabulary import Verdict
from tests.headoffice.conftest import WINDOW
from tests.headoffice.counter import new_rid
from tests.headoffice.test_restore import voucher_id

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any

    from headoffice.database import Database
    from protocol.upstream import AskRedeem
    from tests.headoffice.counter import Clock, Counter

FAILED = OperationalError(None, None, OSError("no space left, or hung up"))


@pytest.fixture
def own(tmp_path: Path) -> OwnJournal:
    """Return a journal beside the books."""
    return OwnJournal(tmp_path / "own.journal")


@pytest.fixture
def shop(counter: Counter, database: Database, clock: Clock, own: OwnJournal) -> Counter:
    """Return a counter in a chain whose vouchers are redeemed on their pages, too."""
    counter.ledger = Ledger(database, WINDOW, clock, own=own)
    counter.put_type("film", title="影片", channels=["online", "offline"])
    return counter


@contextmanager
def _commits(database: Database, *, fail: int, take: bool = False) -> Iterator[None]:
    """Let the next so many commits fail; ``take``: they are made, and it is their answer that is lost."""
    dialect, failing = database.engine.dialect, fail

    def commit(connection: Any) -> None:
        nonlocal failing
        if failing and not take:
            failing -= 1
            raise FAILED
        type(dialect).do_commit(dialect, connection)
        if failing:
            failing -= 1
            raise FAILED

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(dialect, "do_commit", commit)
        yield


def _restored(shop: Counter, database: Database, own: OwnJournal) -> list[str]:
    """Put the books back to what they are now, since nothing else was committed, and restore them."""
    return database.write(lambda connection: restore_with(connection, own.entries(), "Li Wei", shop.clock()))


def _begins_only(keep: Any, ask: AskRedeem, answer: Answer | None, *more: Any) -> None:
    if answer is not None:
        msg = "no space left"
        raise DatabaseError(msg)
    keep(ask, answer, *more)


def _verdicts(own: OwnJournal) -> list[Verdict | None]:
    return [entry.answer.verdict if entry.answer else None for entry in own.entries()]


@pytest.mark.rule(10)
def test_an_undo_that_failed_comes_true_by_no_restore(shop: Counter, database: Database, own: OwnJournal) -> None:
    code, undo = shop.issue(type="film"), new_rid()
    stands = shop.redeem(code).rid
    with _commits(database, fail=1), pytest.raises(DatabaseError):
        shop.ledger.undo(undo, stands, None)
    (told,) = _restored(shop, database, own)
    assert told.startswith(f"{undo}: whether it has undone {stands}")
    assert shop.spent(code) == 1


def test_an_undo_whose_answer_was_lost_is_kept_before_it_is_told(
    shop: Counter, database: Database, own: OwnJournal
) -> None:
    code, undo = shop.issue(type="film"), new_rid()
    ask = partial(shop.ledger.undo, undo, shop.redeem(code).rid, None)
    with _commits(database, fail=1, take=True), pytest.raises(DatabaseError):
        ask()
    assert _verdicts(own) == [None]
    answer = ask()
    assert isinstance(answer, Answer)
    assert (answer.verdict, _verdicts(own)) == (Verdict.UNDONE, [Verdict.UNDONE])
    known = database.read(lambda connection: rids.known_under(connection, undo))
    assert known is not None
    assert [entry.at for entry in own.entries()] == [known.at.isoformat()]
    assert _restored(shop, database, own) == []
    assert shop.spent(code) == 0


@pytest.mark.rule(11)
@pytest.mark.parametrize("committed", [True, False])
def test_rule_11_an_undo_whose_process_died_after_its_commit_is_kept_when_the_next_one_starts(
    shop: Counter, database: Database, clock: Clock, own: OwnJournal, *, committed: bool
) -> None:
    code, undo = shop.issue(type="film"), new_rid()
    stands = shop.redeem(code).rid
    with _commits(database, fail=1, take=committed), pytest.raises(DatabaseError):
        shop.ledger.undo(undo, stands, None)
    assert _verdicts(own) == [None]
    since = clock.at
    clock.pass_by(WINDOW)
    Ledger(database, WINDOW, clock, own=own).start()
    (entry,) = own.entries()
    if committed:
        assert (_verdicts(own), entry.at) == ([Verdict.UNDONE], since.isoformat())
        assert entry.voucher == voucher_id(shop, code), "restored books tell of it without the redemption, too"
    else:
        assert _verdicts(own) == [None]


@pytest.mark.parametrize("then", ["undo", "redeem"])
def test_an_undo_whose_end_could_not_be_kept_is_kept_before_anything_else(
    shop: Counter, own: OwnJournal, monkeypatch: pytest.MonkeyPatch, then: str
) -> None:
    undone, stands = (shop.redeem(shop.issue(type="film")).rid for _ in range(2))
    code = shop.issue(type="film")
    with monkeypatch.context() as full:
        full.setattr(own, "keep", partial(_begins_only, own.keep))
        with pytest.raises(DatabaseError):
            shop.ledger.undo(new_rid(), undone, None)
        for _ in range(2):
            with pytest.raises(DatabaseError):
                shop.ledger.redeem_on_page(new_rid(), code, 1)
        shop.ledger.start()
    assert _verdicts(own) == [None]
    if then == "undo":
        shop.ledger.undo(new_rid(), stands, None)
    else:
        shop.ledger.redeem_on_page(new_rid(), code, 1)
    assert _verdicts(own) == [Verdict.UNDONE, Verdict.UNDONE if then == "undo" else Verdict.REDEEMED]


def test_an_undo_that_cannot_be_kept_does_not_happen(
    shop: Counter, database: Database, clock: Clock, tmp_path: Path
) -> None:
    code = shop.issue(type="film")
    stands = shop.redeem(code).rid
    shop.ledger = Ledger(database, WINDOW, clock, own=OwnJournal(tmp_path / "nowhere" / "own.journal"))
    with pytest.raises(DatabaseError):
        shop.ledger.undo(new_rid(), stands, None)
    assert shop.spent(code) == 1


def test_a_redemption_on_a_page_that_failed_is_taken_back(shop: Counter, database: Database, own: OwnJournal) -> None:
    code, rid = shop.issue(type="film"), new_rid()
    with _commits(database, fail=1), pytest.raises(DatabaseError):
        shop.ledger.redeem_on_page(rid, code, 1)
    assert _restored(shop, database, own) == []
    assert shop.spent(code) == 0


def test_a_redemption_on_a_page_whose_answer_was_lost_is_not_taken_back(
    shop: Counter, database: Database, own: OwnJournal
) -> None:
    code, rid = shop.issue(type="film"), new_rid()
    with _commits(database, fail=1, take=True), pytest.raises(DatabaseError):
        shop.ledger.redeem_on_page(rid, code, 1)
    assert _verdicts(own) == [Verdict.REDEEMED]
    assert shop.ledger.redeem_on_page(rid, code, 1).verdict is Verdict.REDEEMED
    assert shop.spent(code) == 1


def test_a_redemption_on_a_page_of_which_nothing_can_be_found_out_counts_as_spent(
    shop: Counter, database: Database, own: OwnJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = shop.issue(type="film")

    def gone(*_: object) -> None:
        raise FAILED

    monkeypatch.setattr("headoffice.redemptions.keeping.lock_voucher", gone)
    with _commits(database, fail=1), pytest.raises(DatabaseError):
        shop.ledger.redeem_on_page(new_rid(), code, 1)
    assert _verdicts(own) == [Verdict.REDEEMED]
