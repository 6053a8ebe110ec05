"""Customers: found by their telephone, masked to those who need not know it, forgotten on request and in time."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from sqlalchemy import insert, select

from headoffice.desk.deeds import Deed, newest
from headoffice.outbox import queue
from headoffice.outbox.queue import Tried
from headoffice.tables.pages import wallets
from headoffice.vouchers import customers
from headoffice.vouchers.customers import hidden
from tests.headoffice.notices.conftest import AGREED, issue, notices, put_type
from tests.headoffice.outbox.conftest import voucher_id

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headoffice.database import Database
    from headoffice.office import Office
    from tests.headoffice.counter import Clock, Counter
    from tests.headoffice.desk.browsing import Browsing

PHONE = "13800138000"


def page_of(counter: Counter, code: str) -> str:
    return f"/vouchers/{counter.api.get(f'/api/v1/vouchers/{code}').json()['id']}"


def known(database: Database) -> list[str | None]:
    """Return whose each wallet is."""
    return list(database.read(lambda connection: connection.execute(select(wallets.c.customer)).scalars().all()))


def test_a_customers_vouchers_are_found_by_telephone(counter: Counter, manager: Browsing) -> None:
    counter.issue(title="他的", customer=PHONE)
    counter.issue(title="别人的", customer="13900139000")
    counter.issue(title="他另写的", customer="+86 138 0013 8000")
    for written in (PHONE, "138 0013 8000", "+86-138-0013-8000"):
        text = manager.get(f"/vouchers?q={quote(written)}").text
        assert "他的" in text
        assert "他另写的" in text
        assert "别人的" not in text


def test_what_was_bought_together_is_found_by_its_order_and_leads_there(counter: Counter, manager: Browsing) -> None:
    bought = [counter.issue(title="门票", bundle="WX 7&1", customer=PHONE) for _ in range(2)]
    counter.issue(title="别人的", bundle="WX 7")
    asked = f"/vouchers?q={quote('WX 7&1')}"
    text = manager.get(asked).text
    assert all(page_of(counter, code) in text for code in bought)
    assert "别人的" not in text
    assert quote("WX 7&1") in manager.get(page_of(counter, bought[0])).text


def test_head_office_reads_a_telephone_and_a_manager_its_ends(
    counter: Counter, manager: Browsing, staff: Browsing
) -> None:
    page = page_of(counter, counter.issue(customer=PHONE))
    assert PHONE in staff.get(page).text
    shown = manager.get(page).text
    assert PHONE not in shown
    assert "138****8000" in shown


@pytest.mark.parametrize(("customer", "shown"), [(PHONE, "138****8000"), ("王小明", "王***"), ("x", "x***")])
def test_what_is_shown_of_a_customer_tells_two_apart_and_no_more(customer: str, shown: str) -> None:
    assert hidden(customer) == shown


def test_a_customer_is_forgotten_on_request_and_keeps_the_vouchers(
    office: Office, counter: Counter, staff: Browsing, manager: Browsing
) -> None:
    code, other = (counter.issue(customer=written) for written in (PHONE, f"+86 {PHONE}"))
    page = page_of(counter, code)
    assert manager.post(page, forget="1", why="顾客要求").status_code == 409
    assert staff.post(page, forget="1", why="顾客要求").status_code == 303
    for one in (code, other):
        assert PHONE not in staff.get(page_of(counter, one)).text
    assert "Nothing found" in staff.get(f"/vouchers?q={PHONE}").text
    assert staff.post(page, forget="1", why="again").status_code == 409
    lines = office.database.read(newest)
    assert lines[0]["deed"] == Deed.FORGET
    assert PHONE not in repr(lines)
    assert counter.redeem(code).verdict == "redeemed"


def test_a_customer_has_one_wallet_however_the_telephone_is_written(counter: Counter, database: Database) -> None:
    for written in (PHONE, f"+86 {PHONE}", f"{PHONE[:3]} {PHONE[3:7]} {PHONE[7:]}"):
        counter.issue(customer=written)
    assert [row.customer for row in database.read(lambda connection: connection.execute(select(wallets)).all())] == [
        PHONE
    ]


def test_who_was_kept_twice_is_forgotten_in_both_spellings(counter: Counter, database: Database, clock: Clock) -> None:
    voucher = page_of(counter, counter.issue(customer=PHONE)).rpartition("/")[2]
    twin = {"id": "0" * 32, "token": "t" * 32, "customer": f"+86{PHONE}", "at": clock.at}
    database.write(lambda connection: connection.execute(insert(wallets), twin))
    assert database.write(lambda connection: customers.forget(connection, voucher))
    assert (
        database.read(lambda connection: connection.execute(select(wallets.c.customer)).scalars().all()) == [None] * 2
    )


def test_customers_are_forgotten_as_long_after_their_last_voucher_as_the_merchant_has_set(
    counter: Counter, database: Database, clock: Clock
) -> None:
    counter.issue(customer=PHONE)
    counter.issue(customer="13900139000")
    clock.pass_by(timedelta(days=20))
    counter.issue(customer=PHONE)
    clock.pass_by(timedelta(days=15))
    before = clock.at - timedelta(days=30)
    assert database.write(lambda connection: customers.forget_old(connection, before)) == 1
    voucher = page_of(counter, counter.issue(customer=PHONE)).rpartition("/")[2]
    assert database.read(lambda connection: customers.customer_of(connection, voucher)) == PHONE
    assert database.write(lambda connection: customers.forget_old(connection, before)) == 0


def test_notices_are_ended_at_a_customers_wish_with_a_reason(
    counter: Counter, staff: Browsing, manager: Browsing
) -> None:
    put_type(counter, "email")
    code = issue(counter, notify={"email": "li.lei@example.com", **AGREED})
    page = f"/vouchers/{voucher_id(counter, code)}"
    assert "li.lei@example.com" in staff.get(page).text
    assert "li.****.com" in manager.get(page).text
    assert "li.lei@example.com" not in manager.get(page).text
    assert manager.post(page, quiet="1", why="顾客要求").status_code == 409
    assert staff.post(page, quiet="1", why="").status_code == 409
    assert staff.post(page, quiet="1", why="顾客要求").status_code == 303
    assert staff.post(page, quiet="1", why="again").status_code == 409
    assert "li.lei@example.com" not in staff.get(page).text
    assert "收银台登记" in staff.get(page).text


def test_the_desk_keeps_a_customers_word_and_the_voucher_is_told_from_then_on(
    counter: Counter, database: Database, staff: Browsing, manager: Browsing
) -> None:
    put_type(counter, "email", "sms")
    code = counter.issue(type="latte")
    page = f"/vouchers/{voucher_id(counter, code)}"
    said = {"contact": "1", "email": "li.lei@example.com", "lang": "en", "why": "收银台登记表"}
    assert manager.post(page, **said).status_code == 409
    assert staff.post(page, **{**said, "why": ""}).status_code == 409
    assert staff.post(page, contact="1", lang="en", why="收银台登记表").status_code == 409
    assert staff.post(page, **{**said, "email": "li.lei"}).status_code == 409
    assert notices(database) == []
    assert staff.post(page, **said).status_code == 303
    assert staff.post(page, **{**said, "email": "han.meimei@example.com"}).status_code == 303
    shown = staff.get(page).text
    assert "han.meimei@example.com" in shown
    assert "li.lei@example.com" not in shown
    counter.redeem(code)
    assert [occasion for occasion, _ in notices(database)] == ["redeemed"]


def test_what_was_not_sent_is_listed_with_its_reason_and_tried_again(
    counter: Counter, database: Database, clock: Clock, staff: Browsing, manager: Browsing
) -> None:
    put_type(counter, "email")
    issue(counter, notify={"email": "li.lei@example.com", **AGREED})

    def give_up(connection: Connection) -> None:
        taken = queue.take(connection, "email", 9, clock())
        queue.settle(connection, [Tried(one, "the server answered 550", over=True) for one in taken], clock())

    database.write(give_up)
    assert "Nothing" in staff.get("/notices").text
    shown = staff.get("/notices?state=dropped").text
    assert "the server answered 550" in shown
    assert "li.lei@example.com" not in shown
    (notice,) = re.findall(r'name="notice" value="(\w+)"', shown)
    assert manager.post("/notices", notice=notice).status_code == 403
    assert staff.post("/notices", notice=notice).status_code == 303
    assert notices(database) == [("issued", "waiting")]
    assert staff.post("/notices", notice="0" * 32).status_code == 409
