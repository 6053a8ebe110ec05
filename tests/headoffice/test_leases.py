"""Offline leases in the books: one home for a voucher, what its holder accepted is redeemed, and how a lease ends."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from headoffice.vouchers.signing import revoke_key
from protocol.comparing import AskRecorded, Recordings
from protocol.lease import Cause
from protocol.signed import read_signed
from protocol.upstream import AskLeased, Leased
from protocol.vocabulary import Verdict
from tests.headoffice.leasing import HOUR, accept, conflicts, greet, lease_out, replace_accepted, tell
from tests.headoffice.racing import race

if TYPE_CHECKING:
    from headoffice.office import Office
    from headoffice.vouchers.signing import Signer
    from tests.headoffice.counter import Clock, Counter


def test_a_leased_voucher_has_one_home_and_is_changed_by_nobody(leasing: Counter) -> None:
    code = leasing.issue(type="latte", signed=True)
    plain = leasing.issue(type="latte")
    other = leasing.in_store("jingan")
    assert other.look(code).verdict is Verdict.REDEEMABLE
    begun = other.intent(code)
    assert lease_out(leasing)["vouchers"] == 1

    assert (other.look(code).verdict, other.look(code).stores) == (Verdict.WRONG_STORE, ("nanjing-lu",))
    assert other.confirm(begun).verdict is Verdict.WRONG_STORE
    for step in ("gift", "delete", "withdraw", "ask-refund"):
        assert leasing.step(code, step) == 409
    assert other.redeem(plain).verdict is Verdict.REDEEMED
    assert leasing.redeem(code).verdict is Verdict.REDEEMED


def test_another_gateway_of_the_same_store_is_not_the_holder(leasing: Counter) -> None:
    code = leasing.issue(type="latte", signed=True)
    leasing.api.put("/api/v1/gateways/gw-2", json={"name": "two", "stores": ["nanjing-lu"]}).raise_for_status()
    lease_out(leasing)
    assert replace(leasing, gateway="gw-2").look(code).verdict is Verdict.WRONG_STORE


def test_its_holder_is_told_of_it_and_of_its_vouchers_and_nobody_else_is(leasing: Counter, clock: Clock) -> None:
    codes = [leasing.issue(type="latte", signed=True) for _ in range(70)]
    made = lease_out(leasing, most_value=50_000)
    clock.pass_by(HOUR)
    (lease,) = greet(leasing)
    assert (lease.id, lease.age_s, lease.left_s) == (made["id"], 3600.0, 3 * 3600.0)
    assert (lease.title, lease.value_fen, lease.most_uses, lease.most_value) == ("拿铁一杯", 3200, 20, 50_000)
    assert leasing.redeem(codes[0]).verdict is Verdict.REDEEMED

    def part(counter: Counter, after: str) -> Leased:
        answer = counter.ledger.answer(counter.gateway, AskLeased(lease=lease.id, after=after))
        assert isinstance(answer, Leased)
        return answer

    first = part(leasing, "")
    rest = part(leasing, first.vouchers[-1].id)
    told = {voucher.id: voucher.taken for voucher in (*first.vouchers, *rest.vouchers)}
    ids = [read.voucher for code in codes if (read := read_signed(code))]
    assert (first.last, rest.last) == (False, True)
    assert told == {ids[0]: (1,)} | dict.fromkeys(ids[1:], ())
    other = leasing.in_store("jingan")
    assert (greet(other), part(other, "").vouchers) == ((), ())


def test_what_its_holder_accepted_is_redeemed_whatever_a_look_would_say_now_and_is_repeated(
    leasing: Counter, clock: Clock
) -> None:
    leasing.put_type("card", title="次卡", uses=5, kind="multi_use")
    card = leasing.issue(type="card", signed=True, valid_until=(clock() + HOUR).isoformat())
    made = lease_out(leasing, type="card")
    clock.pass_by(6 * HOUR)
    assert leasing.look(card).verdict is Verdict.EXPIRED
    second, first = (accept(leasing, made["id"], card, uses=uses) for uses in ((2, 3), (1,)))
    assert [tell(leasing, second).uses, tell(leasing, first).uses] == [(2, 3), (1,)]
    assert tell(leasing, second).verdict is Verdict.REDEEMED
    assert leasing.spent(card) == 3
    assert conflicts(leasing) == []


def test_a_resolve_that_says_it_was_accepted_makes_no_tombstone_and_one_that_does_not_makes_one(
    leasing: Counter,
) -> None:
    code = leasing.issue(type="latte", signed=True)
    made = lease_out(leasing)
    marked = accept(leasing, made["id"], code)
    plain = replace_accepted(accept(leasing, made["id"], code))
    assert tell(leasing, plain).verdict is Verdict.ABORTED
    assert tell(leasing, marked).verdict is Verdict.REDEEMED


def test_time_alone_gives_the_vouchers_back_to_nobody_and_the_holders_return_does(
    leasing: Counter, clock: Clock
) -> None:
    code = leasing.issue(type="latte", signed=True)
    made = lease_out(leasing)
    clock.pass_by(30 * 24 * HOUR)
    other = leasing.in_store("jingan")
    assert other.look(code).verdict is Verdict.WRONG_STORE
    assert greet(other, made["id"]) == ()
    assert other.look(code).verdict is Verdict.WRONG_STORE
    assert [lease.left_s for lease in greet(leasing)] == [0.0]
    assert greet(leasing, made["id"]) == ()
    assert other.redeem(code).verdict is Verdict.REDEEMED


def test_a_gateway_whose_journal_was_put_back_holds_no_lease_of_before_and_cannot_give_it_back(
    leasing: Counter,
) -> None:
    code = leasing.issue(type="latte", signed=True)
    greet(leasing, gen=1, seq=4)
    made = lease_out(leasing)
    assert greet(leasing, made["id"], gen=2, seq=2) == ()
    assert leasing.in_store("jingan").look(code).verdict is Verdict.WRONG_STORE
    said = {"by": "Li Wei", "why": "its disk broke"}
    ended = leasing.api.post(f"/api/v1/leases/{made['id']}/lost", json=said).raise_for_status().json()
    assert (ended["ended_by"], ended["why"], ended["vouchers"]) == ("Li Wei", "its disk broke", 0)
    assert leasing.in_store("jingan").redeem(code).verdict is Verdict.REDEEMED
    assert leasing.api.post(f"/api/v1/leases/{made['id']}/lost", json=said).status_code == 409


def test_what_a_lost_gateway_had_accepted_is_redeemed_where_it_still_can_be_and_else_a_conflict(
    leasing: Counter,
) -> None:
    spent, free = (leasing.issue(type="latte", signed=True) for _ in range(2))
    made = lease_out(leasing)
    asks = [accept(leasing, made["id"], code) for code in (spent, free)]
    leasing.api.post(f"/api/v1/leases/{made['id']}/lost", json={"by": "Li Wei", "why": "fire"}).raise_for_status()
    assert leasing.in_store("jingan").redeem(spent).verdict is Verdict.REDEEMED
    assert [tell(leasing, ask).verdict for ask in asks] == [Verdict.OFFLINE_CONFLICT, Verdict.REDEEMED]
    assert tell(leasing, asks[0]).detail.store == "静安店"
    assert conflicts(leasing) == [(asks[0].intent.rid, Cause.DECLARED_LOST)]
    assert (leasing.spent(spent), leasing.spent(free)) == (1, 1)


def test_a_use_that_was_accepted_twice_is_a_lost_journals_conflict(leasing: Counter) -> None:
    code = leasing.issue(type="latte", signed=True)
    made = lease_out(leasing)
    first, second = (accept(leasing, made["id"], code) for _ in range(2))
    assert [tell(leasing, ask).verdict for ask in (first, second)] == [Verdict.REDEEMED, Verdict.OFFLINE_CONFLICT]
    assert conflicts(leasing) == [(second.intent.rid, Cause.JOURNAL_LOST)]


def test_what_was_accepted_after_the_leases_time_is_a_conflict(leasing: Counter) -> None:
    late = leasing.issue(type="latte", signed=True)
    ask = accept(leasing, lease_out(leasing)["id"], late, elapsed_s=4 * 3600.0 + 1)
    assert tell(leasing, ask).verdict is Verdict.OFFLINE_CONFLICT
    assert conflicts(leasing) == [(ask.intent.rid, Cause.CLOCK)]
    assert leasing.spent(late) == 0


def test_what_a_revoked_key_had_signed_is_a_conflict(
    leasing: Counter, office: Office, signer: Signer, clock: Clock
) -> None:
    code = leasing.issue(type="latte", signed=True)
    made = lease_out(leasing)
    office.database.write(lambda connection: revoke_key(connection, signer.public.id, "Li Wei", "stolen", clock()))
    ask = accept(leasing, made["id"], code)
    assert tell(leasing, ask).verdict is Verdict.OFFLINE_CONFLICT
    assert conflicts(leasing) == [(ask.intent.rid, Cause.KEY_REVOKED)]


def test_a_recall_is_told_to_the_holder_and_ends_nothing_by_itself(leasing: Counter) -> None:
    leasing.issue(type="latte", signed=True)
    made = lease_out(leasing)
    recall = leasing.api.post(f"/api/v1/leases/{made['id']}/recall", json={"by": "Li Wei"}).raise_for_status().json()
    assert (recall["recalled_by"], recall["ended_at"], recall["vouchers"]) == ("Li Wei", None, 1)
    assert [lease.recalled for lease in greet(leasing)] == [True]
    assert greet(leasing, made["id"]) == ()


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"type": "none"}, 404),
        ({"store": "jingan"}, 422),
        ({"gateway": "gw-none"}, 422),
        ({"until": "2026-11-20T00:00:00+08:00"}, 422),
        ({"most_uses": 0}, 422),
        ({}, 409),
    ],
)
def test_a_lease_that_cannot_be_is_refused_and_takes_no_voucher(
    leasing: Counter, wrong: dict[str, Any], status: int
) -> None:
    if wrong:
        leasing.issue(type="latte", signed=True)
    until = (leasing.clock() + HOUR).isoformat()
    wish = {"type": "latte", "store": "nanjing-lu", "gateway": "gw-nanjing-lu", "until": until, "most_uses": 1}
    assert leasing.api.post("/api/v1/leases", json=wish | wrong).status_code == status
    assert leasing.api.get("/api/v1/leases").json() == []


def test_a_voucher_is_in_one_lease_at_a_time_and_a_page_says_it_is_ready(leasing: Counter) -> None:
    issued = leasing.api.post("/api/v1/vouchers", json={"type": "latte", "signed": True}).json()
    lease_out(leasing)
    page = leasing.api.get(issued["page"].removeprefix("http://vouchers.example") + "/state").json()
    assert page["verdict"] == "redeemable"
    until = (leasing.clock() + HOUR).isoformat()
    wish = {"type": "latte", "store": "nanjing-lu", "gateway": "gw-nanjing-lu", "until": until, "most_uses": 1}
    assert leasing.api.post("/api/v1/leases", json=wish).status_code == 409


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "pick_up"},
        {"kind": "booking"},
        {"kind": "cash", "value": 500, "minimum": 5000},
        {"kind": "cash", "asks_amount": True},
    ],
)
def test_what_depends_on_more_than_a_gateway_knows_is_not_leased(leasing: Counter, fields: dict[str, Any]) -> None:
    leasing.put_type("latte", title="拿铁一杯", **fields)
    until = (leasing.clock() + HOUR).isoformat()
    wish = {"type": "latte", "store": "nanjing-lu", "gateway": "gw-nanjing-lu", "until": until, "most_uses": 1}
    answer = leasing.api.post("/api/v1/leases", json=wish)
    assert (answer.status_code, answer.json()["error"]) == (409, "not_allowed")


def approve(counter: Counter, type_id: str, **fields: Any) -> int:
    """Draw up a change of a type and approve it; return the HTTP status."""
    counter.api.put(f"/api/v1/types/{type_id}", {"author": "李经理", **fields}).raise_for_status()
    return counter.api.post(f"/api/v1/types/{type_id}/approve", {"by": "王总"}).status_code


@pytest.mark.rule(4)
@pytest.mark.parametrize(
    "change",
    [
        {"kind": "cash", "value": 3200, "minimum": 5000},
        {"asks_amount": True},
        {"channels": ["online"]},
        {"stores": ["jingan"]},
        {"hours": {"from": "14:00", "until": "16:00"}},
        {"value": 3500},
    ],
)
def test_rule_4_the_terms_of_a_type_stay_as_they_are_while_it_is_lent(leasing: Counter, change: dict[str, Any]) -> None:
    leasing.issue(type="latte", signed=True)
    made = lease_out(leasing)
    (told,) = greet(leasing)
    plain = {"title": "拿铁一杯", "value": 3200}
    assert approve(leasing, "latte", **plain, brand="拿铁屋") == 200, "how it looks is no promise"
    refused = {**plain, **change}
    assert approve(leasing, "latte", **refused) == 409
    leasing.api.post(f"/api/v1/leases/{made['id']}/recall", json={"by": "Li Wei"}).raise_for_status()
    assert approve(leasing, "latte", **refused) == 409, "its holder may not have heard of the recall"
    assert [(lease.terms, lease.hours) for lease in greet(leasing)] == [(told.terms, told.hours)]
    greet(leasing, made["id"])
    assert approve(leasing, "latte", **refused) == 200


def test_of_a_change_of_a_type_and_its_lease_at_the_same_time_one_is_refused(leasing: Counter) -> None:
    leasing.issue(type="latte", signed=True)
    change = {"title": "拿铁一杯", "value": 3200, "kind": "cash", "minimum": 5000}
    until = (leasing.clock() + HOUR).isoformat()
    wish = {"type": "latte", "store": "nanjing-lu", "gateway": "gw-nanjing-lu", "until": until, "most_uses": 1}
    both = race(
        lambda: approve(leasing, "latte", **change),
        lambda: leasing.api.post("/api/v1/leases", json=wish).status_code,
    )
    assert both in ([200, 409], [409, 201])


def test_pieces_are_not_counted_where_a_type_is_lent(leasing: Counter) -> None:
    leasing.issue(type="latte", signed=True)
    made = lease_out(leasing)

    def count(store: str, pieces: int | None) -> int:
        return leasing.api.put(f"/api/v1/types/latte/stock/{store}", {"pieces": pieces}).status_code

    assert (count("jingan", 5), count("nanjing-lu", 5), count("nanjing-lu", None)) == (200, 409, 200)
    greet(leasing, made["id"])
    assert count("nanjing-lu", 5) == 200


@pytest.mark.rule(12)
@pytest.mark.parametrize("counted", [True, False])
def test_rule_12_what_a_moved_kiosk_brings_is_in_the_store_where_it_was_accepted(
    leasing: Counter, *, counted: bool
) -> None:
    code = leasing.issue(type="latte", signed=True)
    ask = accept(leasing, lease_out(leasing)["id"], code)
    moved = leasing.in_store("jingan", kiosk=leasing.kiosk)
    if counted:
        leasing.api.put("/api/v1/types/latte/stock/jingan", {"pieces": 5}).raise_for_status()
    brought = tell(moved, msgspec.structs.replace(ask, store=moved.store))
    assert (brought.verdict, brought.detail.store) == (Verdict.REDEEMED, "南京路店")
    assert tell(leasing, ask) == brought
    assert [row["store"] for row in leasing.books()] == ["nanjing-lu"]
    assert leasing.api.get("/api/v1/types/latte/stock").json() == ({"jingan": 5} if counted else {})
    for counter in (leasing, moved):
        asked = AskRecorded(store=counter.store, day=counter.clock().date(), of=(ask.intent.rid,))
        told = counter.ledger.answer(counter.gateway, asked)
        assert isinstance(told, Recordings)
        assert [record.rid for record in told.records] == [ask.intent.rid], "both have it in their journals"
    assert moved.undo(ask.intent.rid).verdict is Verdict.UNDO_UNSUPPORTED
    assert leasing.undo(ask.intent.rid).verdict is Verdict.UNDONE


def test_a_resolve_through_another_gateway_waits_for_the_holders_word(leasing: Counter) -> None:
    code = leasing.issue(type="latte", signed=True)
    lease_out(leasing)
    other = leasing.in_store("jingan")
    intent = other.intent(code)
    assert (other.resolve(intent).verdict, other.resolve(intent).final) == (Verdict.PENDING, False)
    assert leasing.resolve(leasing.intent(code)).verdict is Verdict.ABORTED
