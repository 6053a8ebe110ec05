"""What is written down to be told: each thing that happens, once, with it and only with it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Connection, func, select

from headoffice.outbox.telling import Event, tell
from headoffice.outbox.types import TEST, TYPES
from headoffice.tables.outbox import deliveries
from protocol.messages import Method
from tests.headoffice.outbox.conftest import add_webhook, told, voucher_id

if TYPE_CHECKING:
    from headoffice.database import Database
    from tests.headoffice.counter import Clock, Counter


def _types(database: Database, webhook: str) -> list[str]:
    return [body["type"] for body in told(database, webhook)]


def test_a_redemption_is_told_with_store_clerk_kiosk_method_and_amount(counter: Counter, database: Database) -> None:
    webhook = add_webhook(counter, "redemption.redeemed")
    counter.api.post("/api/v1/clerks", {"number": "1001", "name": "王小明", "stores": ["nanjing-lu"]})
    code = counter.issue(title="拿铁一杯", kind="multi_use", uses=5)
    intent = counter.intent(code, quantity=2, clerk="1001", method=Method.TYPED, amount=3250)
    counter.confirm(intent)

    (body,) = told(database, webhook)
    assert (body["type"], body["timestamp"]) == ("redemption.redeemed", "2026-11-21T12:00:00+08:00")
    data: dict[str, Any] = body["data"]
    made_of = data["voucher"].pop("type")
    assert (made_of["title"], made_of["kind"]) == ("拿铁一杯", "multi_use")
    assert data == {
        "rid": intent.rid,
        "action": "redeem",
        "verdict": "redeemed",
        "method": "typed",
        "kiosk": "till-1",
        "quantity": 2,
        "uses": [1, 2],
        "amount": 3250,
        "undoes": None,
        "reason": None,
        "store": {"id": "nanjing-lu", "name": "南京路店"},
        "clerk": {"id": "1001", "name": "王小明"},
        "voucher": {"id": voucher_id(counter, code), "code": f"****{code[-4:]}", "platform": None},
    }


def test_undo_and_refusals_are_told_each_by_its_own_name(counter: Counter, database: Database) -> None:
    webhook = add_webhook(counter)
    code = counter.issue()
    first = counter.redeem(code)
    counter.confirm(counter.intent(code))
    counter.look("UNKNOWN-0042")
    undone = counter.undo(first.rid)

    bodies = told(database, webhook)
    assert [body["type"] for body in bodies] == [
        "voucher.issued",
        "redemption.redeemed",
        "redemption.refused",
        "look.refused",
        "redemption.undone",
    ]
    assert bodies[2]["data"]["verdict"] == "already_redeemed"
    assert (bodies[3]["data"]["verdict"], bodies[3]["data"]["voucher"]["code"]) == ("unknown_code", "****0042")
    assert (bodies[4]["data"]["rid"], bodies[4]["data"]["undoes"]) == (undone.rid, first.rid)


def test_no_body_holds_a_whole_code(counter: Counter, database: Database) -> None:
    webhook = add_webhook(counter)
    codes = [counter.issue(code="OLD-CARD-000123456"), counter.issue(dynamic=True), counter.issue()]
    for code in codes:
        counter.redeem(code)
        counter.redeem(code)
        counter.step(code, "withdraw")
    said = json.dumps(told(database, webhook))
    assert not any(code in said for code in codes)


def test_the_steps_of_a_life_are_told_in_order_and_a_step_that_is_refused_is_not(
    counter: Counter, database: Database
) -> None:
    webhook = add_webhook(counter)
    code = counter.issue()
    for step in ("gift", "delete", "take-back", "ask-refund", "refuse-refund", "ask-refund", "grant-refund"):
        counter.step(code, step)
    order = counter.issue(kind="pick_up", stage="placed")
    counter.step(order, "accept")

    bodies = told(database, webhook)
    assert [(body["type"], body["data"].get("state") or body["data"]["stage"]) for body in bodies] == [
        ("voucher.issued", "active"),
        ("voucher.gift", "gifting"),
        ("voucher.take-back", "active"),
        ("voucher.ask-refund", "refunding"),
        ("voucher.refuse-refund", "active"),
        ("voucher.ask-refund", "refunding"),
        ("voucher.grant-refund", "refunded"),
        ("voucher.issued", "active"),
        ("order.accept", "accepted"),
    ]


def test_vouchers_of_a_sheet_and_an_approved_type_are_told(counter: Counter, database: Database) -> None:
    webhook = add_webhook(counter)
    counter.put_type("latte", title="拿铁", kind="coupon")
    sheet = b"code,type\nOLD-1,latte\nOLD-2,latte\n"
    counter.api.post("/api/v1/sheets/codes", content=sheet).raise_for_status()
    bodies = told(database, webhook)
    assert [body["type"] for body in bodies] == ["type.approved", "voucher.issued", "voucher.issued"]
    assert bodies[0]["data"] == {"by": "王总", "voucher_type": {"id": "latte", "title": "拿铁", "kind": "coupon"}}
    assert bodies[1]["data"]["voucher"]["code"] == "****LD-1"


def test_a_webhook_is_told_what_it_names_and_each_event_once(counter: Counter, database: Database) -> None:
    some = add_webhook(counter, "voucher.issued", "voucher.gift")
    everything = add_webhook(counter, "*", "voucher.issued")
    counter.step(counter.issue(), "gift")
    counter.redeem(counter.issue())
    assert _types(database, some) == ["voucher.issued", "voucher.gift", "voucher.issued"]
    assert _types(database, everything) == [
        "voucher.issued",
        "voucher.gift",
        "voucher.issued",
        "redemption.redeemed",
    ]


def test_where_nobody_wants_to_hear_of_it_nothing_is_written(counter: Counter, database: Database) -> None:
    add_webhook(counter, "voucher.gift")
    counter.redeem(counter.issue())
    counter.look("UNKNOWN-0042")
    rows = database.read(lambda connection: connection.execute(select(func.count()).select_from(deliveries)).scalar())
    assert rows == 0


def test_what_is_rolled_back_is_not_told(counter: Counter, database: Database, clock: Clock) -> None:
    webhook = add_webhook(counter)

    def fail(connection: Connection) -> None:
        tell(connection, Event(type="voucher.gift", at=clock()))
        raise LookupError

    with pytest.raises(LookupError):
        database.write(fail)
    assert told(database, webhook) == []


def test_a_repeat_of_a_rid_is_told_once_under_the_rid(counter: Counter, database: Database) -> None:
    webhook = add_webhook(counter, "redemption.redeemed")
    intent = counter.intent(counter.issue())
    counter.confirm(intent)
    counter.confirm(intent)
    counter.resolve(intent)
    found = counter.api.get(f"/api/v1/webhooks/{webhook}/deliveries").json()
    assert [row["event"] for row in found] == [intent.rid]


def test_the_documentation_lists_every_event() -> None:
    text = (Path(__file__).resolve().parents[3] / "docs" / "webhooks.md").read_text()
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    listed = set()
    for row in rows:
        names = re.findall(r"`([^`]+)`", row)
        family = names[0].partition(".")[0]
        listed |= {f"{family}{name}" if name.startswith(".") else name for name in names}
    assert listed == {*TYPES, TEST}
