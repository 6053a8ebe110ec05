"""Rules 3 and 11 where leases meet books that were put back: what was lent and accepted since the copy is not known.

The older copy is played by what gateways know: these books have never seen what they tell of.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from sqlalchemy import delete, update

from headoffice.redemptions import standing
from headoffice.tables.keys import signing_keys
from headoffice.tables.schema import gateways, leases, redemptions, uses, vouchers
from headoffice.vouchers.signing import all_keys, make_signer, register_key, revoke_key
from protocol.lease import Cause, accepted_answer
from protocol.marks import Mark, mark_of, stamped
from protocol.messages import Answer, Notice
from protocol.upstream import AskHello, AskLeased, Entry, Leased
from protocol.vocabulary import Verdict
from tests.headoffice.leasing import HOUR, accept, conflicts, greet, lease_out, tell
from tests.headoffice.test_restore import HERE, THERE, kept, redeemed, restored, upload

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection

    from headoffice.database import Database
    from protocol.upstream import AskResolve
    from tests.headoffice.counter import Clock, Counter

#: Which no head office has ever granted.
MADE_UP = "10" * 16


def accepted_entry(counter: Counter, ask: AskResolve) -> Entry:
    """Return what a gateway has kept of a rid that it has accepted, and not been told the end of."""
    assert ask.accepted is not None
    return msgspec.structs.replace(
        kept(counter, ask.intent, None), answer=accepted_answer(ask.intent.rid, ask.accepted), intent=ask.intent
    )


def forgotten(counter: Counter, database: Database, **more: Any) -> str:
    """Lease out, and make these books a copy of before that; return the lease."""
    lease: str = lease_out(counter, **more)["id"]

    def forget(connection: Connection) -> None:
        connection.execute(update(vouchers).where(vouchers.c.lease == lease).values(lease=None))
        connection.execute(delete(leases).where(leases.c.id == lease))

    database.write(forget)
    return lease


@pytest.mark.rule(11)
def test_rule_11_a_lease_that_may_have_been_given_back_since_the_copy_is_recalled(
    leasing: Counter, database: Database, clock: Clock
) -> None:
    code = leasing.issue(type="latte", signed=True)
    made = lease_out(leasing)
    leasing.put_type("mocha", title="摩卡一杯")
    leasing.issue(type="mocha", signed=True)
    ended = lease_out(leasing, type="mocha")
    greet(leasing, ended["id"])
    restored(leasing, database, clock)
    assert [(lease.id, lease.recalled) for lease in greet(leasing)] == [(made["id"], True)]
    listed = {row["id"]: row["recalled_by"] for row in leasing.api.get("/api/v1/leases").json()}
    assert listed == {made["id"]: "Li Wei", ended["id"]: None}

    upload(leasing, HERE)
    upload(leasing, THERE)
    other = leasing.in_store("jingan")
    assert other.look(code).verdict is Verdict.WRONG_STORE, "its holder may have accepted it, and not said so yet"
    assert greet(leasing, made["id"]) == ()
    assert other.redeem(code).verdict is Verdict.REDEEMED


def test_who_has_recalled_a_lease_before_the_copy_was_made_is_kept(
    leasing: Counter, database: Database, clock: Clock
) -> None:
    leasing.issue(type="latte", signed=True)
    made = lease_out(leasing)
    leasing.api.post(f"/api/v1/leases/{made['id']}/recall", json={"by": "Zhang San"}).raise_for_status()
    restored(leasing, database, clock)
    (row,) = leasing.api.get("/api/v1/leases").json()
    assert row["recalled_by"] == "Zhang San"


@pytest.mark.rule(11)
def test_rule_11_what_was_accepted_and_comes_without_an_end_is_a_conflict_where_somebody_has_its_use(
    leasing: Counter, database: Database, clock: Clock
) -> None:
    code = leasing.issue(type="latte", signed=True)
    ask = accept(leasing, lease_out(leasing)["id"], code)
    restored(leasing, database, clock)
    upload(leasing, HERE, accepted_entry(leasing, ask))
    upload(leasing, THERE, kept(leasing.in_store("jingan"), *redeemed(leasing, code, 1)))
    assert leasing.redeem(code).verdict is Verdict.ALREADY_REDEEMED
    assert tell(leasing, ask).verdict is Verdict.OFFLINE_CONFLICT
    assert conflicts(leasing) == [(ask.intent.rid, Cause.JOURNAL_LOST)]
    assert leasing.spent(code) == 1


@pytest.mark.rule(11)
@pytest.mark.parametrize("uploaded", [True, False])
def test_rule_11_what_was_accepted_under_a_lease_that_the_books_have_lost_is_redeemed(
    leasing: Counter, database: Database, clock: Clock, *, uploaded: bool
) -> None:
    code = leasing.issue(type="latte", signed=True)
    ask = accept(leasing, forgotten(leasing, database), code)
    restored(leasing, database, clock)
    upload(leasing, HERE, *([accepted_entry(leasing, ask)] if uploaded else []))
    upload(leasing, THERE)
    assert tell(leasing, ask).verdict is Verdict.REDEEMED
    assert (leasing.spent(code), conflicts(leasing)) == (1, [])


@pytest.mark.rule(11)
def test_rule_11_what_was_accepted_has_its_use_before_what_nobody_was_told_of(
    leasing: Counter, database: Database, clock: Clock
) -> None:
    code = leasing.issue(type="latte", signed=True)
    ask = accept(leasing, forgotten(leasing, database), code)
    other = leasing.in_store("jingan")
    untold = msgspec.structs.replace(other.intent(code), rid="0" * 32)  # the first in any order of rids
    restored(leasing, database, clock)
    upload(leasing, THERE, kept(other, untold, None))
    upload(leasing, HERE, accepted_entry(leasing, ask))
    assert other.resolve(untold).verdict is Verdict.ALREADY_REDEEMED
    assert tell(leasing, ask).verdict is Verdict.REDEEMED
    assert (leasing.spent(code), conflicts(leasing)) == (1, [])


@pytest.mark.rule(12)
def test_rule_12_what_a_moved_kiosk_brought_and_comes_without_an_end_is_in_the_store_where_it_was_accepted(
    leasing: Counter, database: Database, clock: Clock
) -> None:
    code = leasing.issue(type="latte", signed=True)
    ask = accept(leasing, lease_out(leasing)["id"], code)
    restored(leasing, database, clock)
    upload(leasing, HERE)
    upload(leasing, THERE, msgspec.structs.replace(accepted_entry(leasing, ask), store="jingan"))
    assert tell(leasing, ask).verdict is Verdict.REDEEMED
    assert [row["store"] for row in leasing.books()] == ["nanjing-lu"]


def test_what_a_gateway_had_accepted_whose_journal_was_given_up_is_a_conflict_of_that_cause(
    leasing: Counter, database: Database, clock: Clock
) -> None:
    code = leasing.issue(type="latte", signed=True)
    ask = accept(leasing, forgotten(leasing, database), code)
    restored(leasing, database, clock)
    upload(leasing, THERE)
    database.write(lambda connection: standing.declare_lost(connection, HERE, "Li Wei", "burnt", clock()))
    assert leasing.in_store("jingan").redeem(code).verdict is Verdict.REDEEMED
    upload(leasing, HERE, accepted_entry(leasing, ask))
    assert tell(leasing, ask).verdict is Verdict.OFFLINE_CONFLICT
    assert conflicts(leasing) == [(ask.intent.rid, Cause.DECLARED_LOST)]


@pytest.mark.rule(11)
def test_rule_11_a_rid_without_an_end_has_its_use_before_its_voucher_is_lent(
    leasing: Counter, database: Database, clock: Clock
) -> None:
    leasing.put_type("card", title="次卡", uses=3, kind="multi_use")
    code = leasing.issue(type="card", signed=True)
    intent = leasing.intent(code)
    restored(leasing, database, clock)
    upload(leasing, HERE, kept(leasing, intent, None))
    upload(leasing, THERE)
    made = lease_out(leasing, type="card")
    told = leasing.ledger.answer(HERE, AskLeased(lease=made["id"]))
    assert isinstance(told, Leased)
    assert [voucher.taken for voucher in told.vouchers] == [(1,)]
    assert leasing.resolve(intent).uses == (1,)


@pytest.mark.rule(11)
def test_rule_11_no_lease_is_taken_back_before_the_journal_that_tells_what_was_accepted_is_there(
    leasing: Counter, database: Database, clock: Clock
) -> None:
    code = leasing.issue(type="latte", signed=True)
    made = lease_out(leasing)
    restored(leasing, database, clock)
    assert [lease.id for lease in greet(leasing, made["id"])] == [made["id"]]
    upload(leasing, HERE)
    assert greet(leasing, made["id"]) == ()
    upload(leasing, THERE)
    assert leasing.in_store("jingan").redeem(code).verdict is Verdict.REDEEMED


@pytest.mark.rule(11)
def test_rule_11_books_that_have_forgotten_that_a_lease_has_ended_are_older_than_its_holder_remembers(
    leasing: Counter,
) -> None:
    leasing.issue(type="latte", signed=True)

    def mark(*returned: str) -> Mark:
        return mark_of(leasing.ledger.answer(HERE, AskHello(returned=returned)))

    before = mark()
    made = lease_out(leasing)
    assert mark() == before, "what it has not asked for does not raise it: older books could come as far by themselves"
    assert mark(made["id"]) > before


def stopped_by(database: Database) -> str | None:
    """Return what was shown to these books that has stopped them."""
    stopped = database.read(standing.status)["stopped"]
    return None if stopped is None else str(stopped["shown"])


@pytest.mark.rule(11)
@pytest.mark.parametrize("brought_by", [HERE, THERE])
def test_rule_11_books_stop_that_have_forgotten_the_lease_of_what_was_accepted(
    leasing: Counter, database: Database, clock: Clock, brought_by: str
) -> None:
    code = leasing.issue(type="latte", signed=True)
    ask = accept(leasing, forgotten(leasing, database), code)
    if brought_by == THERE:  # its kiosk was moved
        ask = msgspec.structs.replace(ask, store="jingan")
    said = leasing.ledger.answer(brought_by, ask)
    assert isinstance(said, Notice)
    assert (said.verdict, said.rid, said.hint) == (Verdict.FAULT, ask.intent.rid, standing.HINT)
    assert ask.accepted is not None
    assert stopped_by(database) == f"lease {ask.accepted.lease}"
    restored(leasing, database, clock)
    upload(leasing, HERE)
    upload(leasing, THERE)
    ended = leasing.ledger.answer(brought_by, ask)
    assert isinstance(ended, Answer)
    assert ended.verdict is Verdict.REDEEMED
    assert (leasing.spent(code), conflicts(leasing)) == (1, [])


@pytest.mark.rule(11)
def test_rule_11_restored_books_stop_that_have_forgotten_a_lease_of_their_own_generation_and_no_other(
    leasing: Counter, database: Database, clock: Clock
) -> None:
    codes = [leasing.issue(type="latte", signed=True) for _ in range(2)]
    before = accept(leasing, forgotten(leasing, database), codes[0])
    restored(leasing, database, clock)
    upload(leasing, HERE)
    upload(leasing, THERE)
    since = accept(leasing, forgotten(leasing, database), codes[1])
    assert tell(leasing, before).verdict is Verdict.REDEEMED
    assert stopped_by(database) is None
    assert isinstance(leasing.ledger.answer(HERE, since), Notice)
    assert since.accepted is not None
    assert stopped_by(database) == f"lease {since.accepted.lease}"


@pytest.mark.parametrize("in_restored_books", [False, True])
def test_a_lease_that_a_kiosk_has_made_up_stops_nobody_and_gives_no_right(
    leasing: Counter, database: Database, clock: Clock, *, in_restored_books: bool
) -> None:
    codes = [leasing.issue(type="latte", signed=True) for _ in range(4)]
    lost = forgotten(leasing, database)
    if in_restored_books:
        restored(leasing, database, clock)
        upload(leasing, HERE)
        upload(leasing, THERE)
    like_it = f"{lost[:-1]}{int(lost[-1], 16) ^ 1:x}", f"0009{lost[4:]}", MADE_UP
    for code, lease in zip(codes, like_it, strict=False):
        assert tell(leasing, accept(leasing, lease, code)).verdict is Verdict.OFFLINE_CONFLICT
    assert stopped_by(database) is None
    assert leasing.redeem(codes[3]).verdict is Verdict.REDEEMED


@pytest.mark.rule(11)
def test_rule_11_a_lease_is_known_by_a_copy_of_before_the_newest_key_and_whatever_was_revoked(
    leasing: Counter, database: Database, tmp_path: Path, clock: Clock
) -> None:
    code = leasing.issue(type="latte", signed=True)
    clock.pass_by(HOUR)
    fresh = make_signer(tmp_path / "fresh.key").public
    database.write(lambda connection: register_key(connection, fresh, clock()))
    lost = forgotten(leasing, database)
    database.write(lambda connection: connection.execute(delete(signing_keys).where(signing_keys.c.id == fresh.id)))
    (key,) = database.read(all_keys)
    database.write(lambda connection: revoke_key(connection, str(key["id"]), "Li Wei", "stolen", clock()))
    assert isinstance(leasing.ledger.answer(HERE, accept(leasing, lost, code)), Notice)
    assert stopped_by(database) == f"lease {lost}"
    assert set(key) == {"id", "public", "added_at", "revoked_at", "revoked_by", "why"}, "what seals is told to nobody"


@pytest.mark.rule(11)
def test_rule_11_an_undo_does_not_hide_that_books_are_older_than_a_gateway_remembers(
    counter: Counter, database: Database
) -> None:
    old, code = counter.redeem(counter.issue()), counter.issue()
    lost = counter.redeem(code)
    seen = mark_of(counter.ledger.answer(HERE, AskHello()))

    def put_back(connection: Connection) -> None:
        connection.execute(delete(uses).where(uses.c.rid == lost.rid))
        connection.execute(delete(redemptions).where(redemptions.c.rid == lost.rid))
        connection.execute(update(gateways).where(gateways.c.id == HERE).values(seq=seen.sequence - 1))

    database.write(put_back)
    undone = counter.ledger.undo("ab" * 16, old.rid, "wrong one")
    assert isinstance(undone, Answer)
    assert undone.verdict is Verdict.UNDONE
    assert isinstance(counter.ledger.answer(HERE, stamped(AskHello(), Mark(1, 0), seen)), Notice)
    again = counter.ledger.answer(HERE, counter.ask(counter.intent(code)))
    assert isinstance(again, Notice), "what they have forgotten is not spent again"
