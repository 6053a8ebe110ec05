"""Notices on their way to a carrier, over real HTTP: sent while they are true, and tried again until they arrive."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from headoffice.outbox import queue
from headoffice.outbox.queue import KEPT
from headoffice.redemptions.ledger import Ledger
from headoffice.redemptions.parcels import Recipient
from tests.headoffice.counter import new_rid
from tests.headoffice.notices.conftest import (
    NUMBER,
    all_over,
    issue,
    notices,
    put_type,
    why,
)
from tests.headoffice.outbox.test_dispatcher import until

if TYPE_CHECKING:
    from collections.abc import Callable

    from headoffice.database import Database
    from tests.headoffice.counter import Clock, Counter
    from tests.headoffice.notices.carriers import Texting
    from tests.headoffice.notices.conftest import Sends

    Texts = Callable[..., Sends]


def _said(message: dict[str, Any]) -> tuple[str, dict[str, str]]:
    return message["TemplateCode"].removeprefix("SMS_"), message["values"]


def test_a_customer_hears_by_text_message_what_has_become_of_a_voucher(
    counter: Counter, database: Database, carrier: Texting, texts: Texts
) -> None:
    put_type(counter, uses=3, valid_until="2027-01-01T00:00:00+08:00", title="一个长得任何短信都放不下的券名,真的很长")
    with texts():
        code = issue(counter)
        redeemed = counter.redeem(code, 2)
        until(lambda: len(carrier.messages) == 2)
        counter.undo(redeemed.rid)
        until(lambda: len(carrier.messages) == 3)
        counter.step(code, "ask-refund")
        counter.step(code, "grant-refund")
        until(lambda: all_over(database))
    issued, spent, undone, refunded = map(_said, carrier.messages)
    title = "一个长得任何短信都放不下的…"
    assert issued[0] == "issued"
    assert issued[1]["valid"] == "有效期至2027-01-01 00:00"
    assert re.fullmatch(r"https://v\.example/v/[\w-]{32}", issued[1]["page"])
    at_once = {"title": title, "at": "11-21 12:00", "store": "南京路店", "uses": "2", "left": "1"}
    assert spent == ("redeemed", at_once)
    assert undone == ("undone", {"title": title, "store": "南京路店", "uses": "2", "left": "3"})
    assert refunded == ("refunded", {"title": title})
    first = carrier.messages[0]
    assert (first["PhoneNumbers"], first["SignName"]) == ("+8613800138000", "核销咖啡")
    assert {one["OutId"] for one in carrier.messages if one["OutId"] == redeemed.rid} == {redeemed.rid}


def test_an_undo_is_told_to_nobody_who_was_not_told_of_the_redemption(
    counter: Counter, database: Database, carrier: Texting, texts: Texts
) -> None:
    put_type(counter)
    code = issue(counter)
    counter.undo(counter.redeem(code).rid)
    with texts():
        until(lambda: all_over(database))
    assert [_said(one)[0] for one in carrier.messages] == ["issued"]
    assert notices(database) == [("issued", "delivered"), ("redeemed", "dropped"), ("undone", "dropped")]
    assert why(database)[1:] == [
        "the redemption was undone",
        "the customer was not told of the redemption that is undone",
    ]


def test_an_undo_is_told_where_the_redemption_may_have_been(
    counter: Counter, database: Database, clock: Clock, carrier: Texting, texts: Texts
) -> None:
    put_type(counter)
    code = issue(counter)
    with texts():
        until(lambda: all_over(database))
        carrier.code = lambda _: "isp.SYSTEM_ERROR"
        redeemed = counter.redeem(code)
        until(lambda: bool(why(database)[1]))
        counter.undo(redeemed.rid)
        carrier.code = lambda _: "OK"
        clock.pass_by(timedelta(minutes=1))
        until(lambda: all_over(database))
    assert [_said(one)[0] for one in carrier.messages] == ["issued", "undone"]


def test_an_undo_is_told_where_what_was_told_of_the_redemption_is_forgotten_by_now(
    counter: Counter, database: Database, clock: Clock, carrier: Texting, texts: Texts
) -> None:
    """As it is after two weeks, and in books that were put back."""
    window = KEPT + timedelta(days=1)
    counter.ledger = Ledger(database, window, clock)
    put_type(counter)
    with texts():
        redeemed = counter.redeem(issue(counter))
        until(lambda: all_over(database))
        clock.pass_by(window)
        assert database.write(lambda connection: queue.purge(connection, clock())) == 2
        counter.undo(redeemed.rid)
        until(lambda: all_over(database))
    assert [_said(one)[0] for one in carrier.messages] == ["redeemed", "undone"]


def test_what_was_redeemed_by_post_is_told_once_it_was_sent(
    counter: Counter, database: Database, carrier: Texting, texts: Texts
) -> None:
    put_type(counter, channels=["mail"])
    rid = new_rid()
    to = Recipient(name="王小明", phone="138 0013 8000", address="上海市静安区南京西路 1 号")
    counter.ledger.redeem_on_page(rid, issue(counter), 1, to)
    for number in ("", "SF1400038221"):
        sent = counter.api.post(f"/api/v1/parcels/{rid}/sent", {"carrier": "顺丰速运", "number": number})
        assert sent.status_code == 204
    with texts():
        until(lambda: all_over(database))
    spent, posted = map(_said, carrier.messages)
    assert (spent[0], spent[1]["store"]) == ("redeemed", "线上")
    assert posted == ("posted", {"title": "拿铁一杯", "carrier": "顺丰速运", "number": "SF1400038221"})


@pytest.mark.parametrize(
    ("steps", "reason"),
    [(["delete"], "the voucher is deleted"), (["gift"], "the voucher is gifting"), ([], "the voucher has been used")],
)
def test_that_a_voucher_has_come_is_not_told_once_it_cannot_be_used(
    counter: Counter,
    database: Database,
    texts: Texts,
    steps: list[str],
    reason: str,
) -> None:
    put_type(counter)
    code = issue(counter)
    for step in steps:
        counter.step(code, step)
    if not steps:
        counter.redeem(code)
    with texts():
        until(lambda: all_over(database))
    assert notices(database)[0] == ("issued", "dropped")
    assert why(database)[0] == reason


def test_one_who_ends_notices_is_sent_nothing_that_waits_already(
    counter: Counter, database: Database, carrier: Texting, texts: Texts
) -> None:
    put_type(counter)
    issue(counter)
    counter.api.post("/api/v1/contacts/end", {"customer": NUMBER}).raise_for_status()
    with texts():
        until(lambda: all_over(database))
    assert carrier.messages == []
    assert why(database) == ["the customer is not written to any more"]


def test_what_is_not_taken_is_tried_again_and_after_a_day_is_no_news(
    counter: Counter, database: Database, clock: Clock, carrier: Texting, texts: Texts
) -> None:
    put_type(counter)
    issue(counter)
    carrier.code = lambda _: "isv.BUSINESS_LIMIT_CONTROL"
    with texts():
        until(lambda: why(database) == ["answered 400 isv.BUSINESS_LIMIT_CONTROL"])
        assert notices(database) == [("issued", "waiting")]
        carrier.code = lambda _: "OK"
        clock.pass_by(timedelta(minutes=1))
        until(lambda: notices(database) == [("issued", "delivered")])

        carrier.code = lambda _: "isv.AMOUNT_NOT_ENOUGH"
        issue(counter)
        until(lambda: why(database)[1] == "answered 400 isv.AMOUNT_NOT_ENOUGH")
        clock.pass_by(timedelta(days=1, seconds=1))
        until(lambda: notices(database)[1] == ("issued", "dropped"))
        assert why(database)[1] == "not sent within a day: answered 400 isv.AMOUNT_NOT_ENOUGH"

        carrier.code = lambda _: "OK"
        (given_up,) = counter.api.get("/api/v1/notices?state=dropped").json()
        assert counter.api.post("/api/v1/notices/again", {"id": given_up["id"]}).status_code == 200
        until(lambda: all_over(database))
    assert len(carrier.messages) == 2


def test_three_processes_send_each_notice_once(
    counter: Counter, database: Database, carrier: Texting, texts: Texts
) -> None:
    put_type(counter, uses=2)
    for number in range(12):
        counter.redeem(issue(counter, customer=f"customer {number}"))
    with texts(processes=3):
        until(lambda: all_over(database))
    assert len(carrier.messages) == len({one["OutId"] for one in carrier.messages}) == 24
