"""What is written down for customers: with what makes it true, for whoever has agreed, and by one way."""

from __future__ import annotations

import logging
import re
from datetime import timedelta
from functools import partial
from html import unescape
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from headoffice.notices import contacts
from headoffice.tables.outbox import deliveries
from headoffice.tables.pages import contacts as kept
from headoffice.vouchers import customers
from tests.headoffice.conftest import NOON
from tests.headoffice.notices.conftest import AGREED, MAIL, NUMBER, OPENID, issue, names_number, notices, put_type
from tests.headoffice.outbox.conftest import voucher_id
from tests.headoffice.test_wallets import Phone

if TYPE_CHECKING:
    from headoffice.database import Database
    from headoffice.office import Office
    from tests.headoffice.counter import Clock, Counter


def _occasions(database: Database) -> list[str]:
    return [occasion for occasion, _ in notices(database)]


def _channels(database: Database) -> list[str]:
    return list(database.read(lambda connection: connection.execute(select(deliveries.c.webhook)).scalars().all()))


def test_issue_redemption_undo_and_refund_are_each_written_down_once(counter: Counter, database: Database) -> None:
    put_type(counter, uses=3)
    code = issue(counter)
    redeemed = counter.redeem(code)
    counter.redeem(code, 5)
    counter.look(code)
    counter.undo(redeemed.rid)
    for step in ("ask-refund", "refuse-refund", "ask-refund", "grant-refund"):
        assert counter.step(code, step) == 200
    assert _occasions(database) == ["issued", "redeemed", "undone", "refund-refused", "refunded"]


def test_what_is_rolled_back_is_not_told(counter: Counter, database: Database) -> None:
    put_type(counter)
    issue(counter, code="OLD-CARD-1")
    wanted = {"type": "latte", "code": "OLD-CARD-1", "notify": {"sms": NUMBER, **AGREED}}
    assert counter.api.post("/api/v1/vouchers", wanted).status_code == 409
    assert _occasions(database) == ["issued"]


def test_a_voucher_that_is_not_paid_comes_to_its_customer_once_it_is(counter: Counter, database: Database) -> None:
    put_type(counter)
    code = issue(counter, paid=False)
    assert _occasions(database) == []
    counter.step(code, "pay")
    assert _occasions(database) == ["issued"]


def test_who_has_not_agreed_or_whose_type_tells_nobody_is_told_nothing(counter: Counter, database: Database) -> None:
    put_type(counter)
    counter.put_type("silent", title="冰水")
    counter.redeem(counter.issue(type="latte", customer=NUMBER))
    counter.redeem(counter.issue(type="latte"))
    counter.redeem(issue(counter, "silent", customer="somebody else"))
    counter.redeem(counter.issue(type="latte", notify={"email": MAIL, **AGREED}))
    assert _occasions(database) == []


def test_of_the_ways_of_a_type_the_first_that_reaches_the_customer_is_taken(
    counter: Counter, database: Database
) -> None:
    put_type(counter, "wechat", "sms", "email")
    both = {"sms": NUMBER, "email": MAIL, **AGREED}
    counter.issue(type="latte", notify={**both, "wechat": OPENID})
    counter.issue(type="latte", notify=both)
    counter.issue(type="latte", notify={"email": MAIL, **AGREED})
    assert _channels(database) == ["wechat", "sms", "email"]


def test_a_claim_is_told_to_a_customer_whom_the_shop_knows(
    counter: Counter, office: Office, database: Database
) -> None:
    put_type(counter)
    counter.api.put("/api/v1/contacts", {"customer": NUMBER, "sms": NUMBER, **AGREED}).raise_for_status()
    counter.api.put("/api/v1/campaigns/autumn", {"type": "latte", "sources": ["door"]}).raise_for_status()
    phone = Phone(office)
    phone.open(counter.api.post("/api/v1/wallets", {"customer": NUMBER}).json()["page"])
    for somebody in (phone, Phone(office)):
        (form,) = re.findall(r'action="([^"]+)"', somebody.open("/lingquan/autumn/door").text)
        assert somebody.send(unescape(form)).status_code == 303
    assert _occasions(database) == ["issued"]


def test_a_gift_is_told_to_its_receiver_and_not_to_its_giver(
    counter: Counter, office: Office, database: Database
) -> None:
    put_type(counter)
    code = issue(counter)
    friend = Phone(office)
    counter.api.put("/api/v1/contacts", {"customer": "friend", "sms": "13900139000", **AGREED}).raise_for_status()
    friend.open(counter.api.post("/api/v1/wallets", {"customer": "friend"}).json()["page"])
    gift = counter.api.post(f"/api/v1/vouchers/{code}/gift").json()["gift"]
    friend.press(gift, "/g/")
    first, second = database.read(lambda connection: connection.execute(select(deliveries.c.subject)).scalars().all())
    assert first == voucher_id(counter, code) != second


def test_one_who_has_ended_notices_is_not_written_to_because_the_shop_repeats_the_old_word(
    counter: Counter, office: Office, database: Database, clock: Clock
) -> None:
    put_type(counter)
    page = counter.api.post(
        "/api/v1/vouchers", {"type": "latte", "customer": NUMBER, "notify": {"sms": NUMBER, **AGREED}}
    ).json()["page"]
    phone = Phone(office)
    shown = phone.open(page).text
    assert "+86****8000" in shown
    assert NUMBER not in shown
    clock.pass_by(timedelta(days=1))
    assert phone.press(page, "/quiet").status_code == 303
    assert "/quiet" not in phone.open(page).text

    issue(counter)
    assert counter.api.put("/api/v1/contacts", {"customer": NUMBER, "sms": NUMBER, **AGREED}).json() == {
        "ended": ["sms"]
    }
    assert _occasions(database) == ["issued"]
    (row,) = database.read(lambda connection: connection.execute(select(kept)).all())
    assert (row.address, row.agreed_at, row.ended_at) == ("", NOON, clock.at)

    clock.pass_by(timedelta(days=1))
    issue(counter, notify={"sms": NUMBER, **AGREED, "agreed_at": clock.at.isoformat()})
    assert _occasions(database) == ["issued", "issued"]


def test_a_friends_page_ends_nothing(counter: Counter, office: Office, database: Database) -> None:
    put_type(counter, kind="friend")
    code = issue(counter)
    page = counter.api.post(f"/api/v1/vouchers/{code}/shares", {"name": "王芳"}).json()["page"]
    phone = Phone(office)
    assert "/quiet" not in phone.open(page).text
    assert phone.send(f"{page}/quiet").status_code == 404
    assert database.read(lambda connection: contacts.find(connection, voucher_id(counter, code), "sms"))


def test_the_shop_ends_notices_for_a_customer_who_asks(counter: Counter, database: Database) -> None:
    put_type(counter)
    code = issue(counter)
    assert counter.api.post("/api/v1/contacts/end", {"customer": "138 0013 8000"}).json() == {"ways": 1}
    counter.redeem(code)
    assert _occasions(database) == ["issued"]


def test_who_is_forgotten_is_so_with_every_way_to_them(counter: Counter, database: Database) -> None:
    put_type(counter)
    code, nameless = issue(counter), counter.issue(type="latte", notify={"email": MAIL, **AGREED})
    for voucher in (voucher_id(counter, code), voucher_id(counter, nameless)):
        forget = partial(customers.forget, voucher=voucher)
        assert database.write(forget)
        assert not database.write(forget)
    assert database.read(lambda connection: connection.execute(select(kept)).all()) == []


def test_so_is_whoever_had_no_voucher_for_as_long_as_the_merchant_says(
    counter: Counter, database: Database, clock: Clock
) -> None:
    put_type(counter)
    counter.issue(type="latte", notify={"email": MAIL, **AGREED})
    issue(counter)
    clock.pass_by(timedelta(days=2))
    issue(counter)
    database.write(lambda connection: customers.forget_old(connection, clock.at - timedelta(days=1)))
    (row,) = database.read(lambda connection: connection.execute(select(kept)).all())
    assert row.address == NUMBER


@pytest.mark.parametrize(
    "notify",
    [
        {**AGREED},
        {"sms": "1380", **AGREED},
        {"sms": "13800138000;13900139000", **AGREED},
        {"email": "li.lei@example.com\r\nBcc: all", **AGREED},
        {"email": "nobody", **AGREED},
        {"wechat": "a b", **AGREED},
        {"sms": NUMBER},
        {"sms": NUMBER, **AGREED, "agreed_by": ""},
        {"sms": NUMBER, **AGREED, "agreed_at": "2099-01-01T00:00:00Z"},
        {"sms": NUMBER, **AGREED, "lang": "fr"},
    ],
)
def test_a_contact_that_is_none_or_without_the_customers_word_is_refused(counter: Counter, notify: object) -> None:
    put_type(counter)
    assert counter.api.post("/api/v1/vouchers", {"type": "latte", "notify": notify}).status_code in {400, 422}


def test_no_row_that_waits_holds_an_address_and_no_log_does(
    counter: Counter, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    put_type(counter)
    counter.redeem(issue(counter))
    rows = database.read(lambda connection: connection.execute(select(deliveries)).all())
    assert rows
    for text in (repr(rows), caplog.text):
        assert not names_number(text)


def test_what_customers_are_told_is_no_promise_of_a_type(counter: Counter) -> None:
    put_type(counter)
    put_type(counter, "wechat", remind_days=3)
    (made,) = counter.api.get("/api/v1/types").json()
    assert (made["terms"], made["notices"], made["remind_days"]) == (1, ["wechat"], 3)
