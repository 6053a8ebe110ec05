"""Rules 3 and 11 where leases meet books that were put back: what was lent and accepted since the copy is not known.

The older copy is played by what gateways know: these books have never seen what they tell of.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from headoffice.redemptions import standing
from protocol.lease import Cause, accepted_answer
from protocol.marks import mark_of
from protocol.upstream import AskHello, AskLeased, Entry, Leased
from protocol.vocabulary import Verdict
from tests.headoffice.leasing import accept, conflicts, greet, lease_out, tell
from tests.headoffice.test_restore import HERE, THERE, kept, redeemed, restored, upload

if TYPE_CHECKING:
    from headoffice.database import Database
    from protocol.marks import Mark
    from protocol.upstream import AskResolve
    from tests.headoffice.counter import Clock, Counter

#: Of which these books know nothing: it was granted after the copy was made.
LOST = "10" * 16


def accepted_entry(counter: Counter, ask: AskResolve) -> Entry:
    """Return what a gateway has kept of a rid that it has accepted, and not been told the end of."""
    assert ask.accepted is not None
    return msgspec.structs.replace(
        kept(counter, ask.intent, None), answer=accepted_answer(ask.intent.rid, ask.accepted), intent=ask.intent
    )


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
    ask = accept(leasing, LOST, code)
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
    ask = accept(leasing, LOST, code)
    other = leasing.in_store("jingan")
    untold = other.intent(code)
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
    ask = accept(leasing, LOST, code)
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


def test_a_lease_that_a_kiosk_has_made_up_stops_nobody(leasing: Counter, database: Database) -> None:
    ask = accept(leasing, LOST, leasing.issue(type="latte", signed=True))
    assert tell(leasing, ask).verdict is Verdict.OFFLINE_CONFLICT
    assert database.read(standing.status)["stopped"] is None
    assert leasing.redeem(leasing.issue(type="latte")).verdict is Verdict.REDEEMED
