"""Who holds a voucher, and who holds a gateway's number: all in one order, so that no two wait for each other."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from sqlalchemy import select

from headoffice.redemptions import standing
from headoffice.tables.pages import gifts
from headoffice.tables.schema import gateways, vouchers
from headoffice.vouchers.books import lock_voucher
from headoffice.vouchers.gifts import take
from headoffice.vouchers.wallets import wallet_in
from tests.headoffice.leasing import greet, lease_out
from tests.headoffice.racing import WHERE_THEY_OVERLAP, overlapping
from tests.headoffice.test_restore import HERE, THERE, kept, redeemed, restored, undone, upload, voucher_id

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headoffice.database import Database
    from tests.headoffice.counter import Clock, Counter

#: Of the gateways' names this one is the first in order.
assert THERE < HERE


def _number_of(gateway: str, *, nowait: bool = False) -> Any:
    """Return the statement that holds a gateway's number; ``nowait``: it fails where somebody else holds that."""
    return select(gateways.c.seq).where(gateways.c.id == gateway).with_for_update(key_share=True, nowait=nowait)


def _is_free(gateway: str, connection: Connection) -> None:
    connection.execute(_number_of(gateway, nowait=True))


# --- a voucher that is given away meanwhile -------------------------------------------------------------------------


@pytest.mark.rule(10)
@pytest.mark.parametrize("brought", ["the undo", "its word"])
@WHERE_THEY_OVERLAP
def test_rule_10_what_a_lost_gateway_has_undone_is_the_receivers_though_it_comes_at_that_moment(
    counter: Counter, database: Database, clock: Clock, brought: str
) -> None:
    back = counter.in_store("jingan")
    code = counter.issue(kind="multi_use", uses=3)
    answer = back.redeem(code)
    undo = undone(back, answer.rid)
    restored(counter, database, clock)
    upload(counter, HERE)
    database.write(lambda connection: standing.declare_lost(connection, THERE, "Li Wei", "burnt", clock()))
    assert counter.step(code, "gift") == 200
    given = voucher_id(counter, code)

    def received(connection: Connection) -> None:
        link = connection.execute(select(gifts.c.token).where(gifts.c.voucher == given)).scalar_one()
        take(connection, link, wallet_in(connection, "a browser", clock()), clock())

    was = redeemed(back, code, *answer.uses)[0]
    entry = {
        "the undo": kept(back, *undo),
        "its word": kept(
            back, msgspec.structs.replace(was, rid=answer.rid), msgspec.structs.replace(answer, undone_by=undo[0].rid)
        ),
    }[brought]
    overlapping(database, received, partial(upload, counter, THERE, entry))
    became = select(vouchers.c.uses).join(gifts, gifts.c.became == vouchers.c.id).where(gifts.c.voucher == given)
    assert database.read(lambda connection: connection.execute(became).scalar_one()) == 3


# --- in one order -----------------------------------------------------------------------------------------------------


@WHERE_THEY_OVERLAP
def test_who_takes_leases_back_holds_no_number_while_it_waits_for_a_voucher(
    leasing: Counter, database: Database
) -> None:
    leasing.put_type("mocha", title="摩卡一杯")
    codes = [leasing.issue(type=type_id, signed=True) for type_id in ("latte", "mocha")]
    made = [lease_out(leasing, type=type_id)["id"] for type_id in ("latte", "mocha")]
    later = voucher_id(leasing, codes[1])
    overlapping(
        database,
        lambda connection: lock_voucher(connection, later),
        partial(greet, leasing, *made),
        partial(_is_free, HERE),
    )
    assert greet(leasing) == ()


@WHERE_THEY_OVERLAP
def test_who_takes_a_journal_up_holds_no_number_while_it_waits_for_a_voucher(
    counter: Counter, database: Database, clock: Clock
) -> None:
    codes = [counter.issue(), counter.issue()]
    both = [redeemed(counter, code, 1) for code in codes]
    restored(counter, database, clock)
    later = voucher_id(counter, codes[1])
    overlapping(
        database,
        lambda connection: lock_voucher(connection, later),
        partial(upload, counter, HERE, *(kept(counter, *one) for one in both)),
        partial(_is_free, HERE),
    )
    assert [counter.spent(code) for code in codes] == [1, 1]


@WHERE_THEY_OVERLAP
def test_two_who_take_up_the_same_vouchers_hold_them_in_one_order(
    counter: Counter, database: Database, clock: Clock
) -> None:
    codes = sorted((counter.issue(), counter.issue()), key=partial(voucher_id, counter))
    first, last = (voucher_id(counter, code) for code in codes)
    both = [redeemed(counter, code, 1) for code in reversed(codes)]
    restored(counter, database, clock)

    def last_is_free(connection: Connection) -> None:
        connection.execute(select(vouchers.c.id).where(vouchers.c.id == last).with_for_update(nowait=True))

    overlapping(
        database,
        lambda connection: lock_voucher(connection, first),
        partial(upload, counter, HERE, *(kept(counter, *one) for one in both)),
        last_is_free,
    )
    assert [counter.spent(code) for code in codes] == [1, 1]


@pytest.mark.parametrize("asking", ["nanjing-lu", "jingan"])
@WHERE_THEY_OVERLAP
def test_who_drives_rids_of_several_gateways_raises_their_numbers_in_one_order(
    counter: Counter, database: Database, clock: Clock, asking: str
) -> None:
    """Whether the gateway that is first in order has such a rid, or asks for what they stand in the way of."""
    code = counter.issue(kind="multi_use", uses=3)
    there = counter.in_store("jingan")
    rids = sorted(["0" * 32, "f" * 32])
    intents = [msgspec.structs.replace(counter.intent(code), rid=rid) for rid in rids]
    restored(counter, database, clock)
    upload(counter, HERE, kept(counter, intents[0], None))
    upload(counter, THERE, *([kept(there, intents[1], None)] if asking == "nanjing-lu" else []))
    asks = counter if asking == "nanjing-lu" else there
    intent = asks.intent(code)
    terms = asks.look(code).terms
    overlapping(
        database,
        lambda connection: connection.execute(_number_of(THERE)),
        partial(asks.confirm, intent, terms),
        partial(_is_free, HERE),
    )
    assert counter.spent(code) == (3 if asking == "nanjing-lu" else 2)


@WHERE_THEY_OVERLAP
def test_who_lends_vouchers_holds_no_number_while_it_waits_for_one(leasing: Counter, database: Database) -> None:
    code = leasing.issue(type="latte", signed=True)
    overlapping(
        database,
        lambda connection: lock_voucher(connection, voucher_id(leasing, code)),
        partial(lease_out, leasing),
        partial(_is_free, HERE),
    )
    assert len(greet(leasing)) == 1
