"""What is done at the desk happens, once, under the one rule that there is for it, and is written down with who."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from headoffice.api.stores import StoreIn
from headoffice.api.voucher_types import TypeIn
from headoffice.desk import names, typeform, words
from headoffice.desk.deeds import Deed, newest
from headoffice.outbox.hooks import Form
from headoffice.outbox.types import TYPES
from headoffice.registry import ClerkPolicy, put_store
from headoffice.staff.roles import Role
from headoffice.vouchers.drafts import DraftState
from headoffice.vouchers.life import Coming, Step
from headoffice.vouchers.orders import OrderStep
from protocol.lease import Cause
from protocol.owner import VoucherState
from protocol.platform import Phase
from tests.headoffice.conftest import WINDOW

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headoffice.office import Office
    from tests.headoffice.counter import Clock, Counter
    from tests.headoffice.desk.browsing import Browsing


def id_of(counter: Counter, code: str) -> str:
    return str(counter.api.get(f"/api/v1/vouchers/{code}").json()["id"])


def state_of(counter: Counter, code: str) -> str:
    return str(counter.api.get(f"/api/v1/vouchers/{code}").json()["state"])


def deeds(office: Office) -> list[tuple[str, str]]:
    return [(row["by"], row["deed"]) for row in office.database.read(newest)]


def seen(text: str, type_id: str) -> str:
    found = re.search(rf'name="type" value="{type_id}"><input type="hidden" name="seen" value="(\w+)"', text)
    assert found
    return found[1]


TYPE: dict[str, Any] = {
    "title": "拿铁一杯",
    "kind": "coupon",
    "colour": "#123456",
    "value": "12.50",
    "uses": "1",
    "weekdays": ["mon", "tue"],
    "channels": "offline",
    "early_minutes": "30",
    "late_minutes": "30",
}


def test_a_type_is_in_force_once_somebody_else_has_approved_it(
    office: Office, counter: Counter, administrator: Browsing, staff: Browsing
) -> None:
    assert administrator.post("/types/new", id="latte", **TYPE).status_code == 303
    assert counter.api.get("/api/v1/types").json() == []
    mark = seen(staff.get("/types").text, "latte")
    own = administrator.post("/types", type="latte", decision="approve", seen=mark)
    assert own.status_code == 409
    assert "somebody else decides" in own.text
    assert staff.post("/types", type="latte", decision="reject", seen=mark, why="").status_code == 409
    assert staff.post("/types", type="latte", decision="reject", seen=mark, why="更贵").status_code == 303
    assert "更贵" in administrator.get("/types").text
    assert administrator.post("/types/latte", **{**TYPE, "value": "13"}).status_code == 303  # 重新提交
    assert staff.post("/types", type="latte", decision="approve", seen=mark).status_code == 409  # drawn up anew
    mark = seen(staff.get("/types").text, "latte")
    assert staff.post("/types", type="latte", decision="approve", seen=mark).status_code == 303
    (made,) = counter.api.get("/api/v1/types").json()
    assert (made["value"], made["weekdays"], made["stores"]) == (1300, ["mon", "tue"], None)
    assert deeds(office)[:4] == [
        ("wang.fang", Deed.APPROVE),
        ("li.lei", Deed.DRAW_UP),
        ("wang.fang", Deed.REJECT),
        ("li.lei", Deed.DRAW_UP),
    ]


def test_a_type_that_is_saved_as_it_was_shown_stays_as_it_was(counter: Counter, staff: Browsing) -> None:
    rich = {
        "title": "夜场",
        "kind": "booking",
        "value": 1999,
        "minimum": 10000,
        "asks_amount": True,
        "rate": 85,
        "uses": 1,
        "stores": ["jingan"],
        "valid_from": "2026-11-01T00:00:00+08:00",
        "valid_until": "2027-01-01T02:30:00+08:00",
        "hours": {"from": "20:00", "until": "02:00"},
        "weekdays": ["fri", "sat"],
        "channels": ["offline", "online"],
        "early_minutes": 5,
        "late_minutes": 90,
        "notices": ["sms", "wechat"],
        "remind_days": 3,
        "details": "两人\n同行",
    }
    before = counter.put_type("night", **rich)
    shown = staff.get("/types/night").text
    fields: dict[str, Any] = dict(re.findall(r'<input id="\w+" name="(\w+)" type="[\w-]+" value="([^"]*)"', shown))
    fields |= {"kind": "booking", "details": "两人\n同行"}
    fields |= re.findall(r'<select id="\w+" name="(asks_amount)">.*?value="(\w*)" selected', shown, re.DOTALL)
    for name in ("weekdays", "channels", "notices", "stores"):
        fields[name] = re.findall(rf'name="{name}" value="([\w-]+)" checked', shown)
    assert staff.post("/types/night", **fields).status_code == 303
    (draft,) = counter.api.get("/api/v1/drafts").json()
    kept = {name: value for name, value in before.items() if name in draft["type"]}
    for moment in ("valid_from", "valid_until"):
        assert (
            draft["type"][moment][:16] == {"valid_from": "2026-11-01T00:00", "valid_until": "2027-01-01T02:30"}[moment]
        )
        draft["type"][moment] = kept[moment] = None
    assert draft["type"] == kept
    assert "changes" not in staff.get("/types").text


@pytest.mark.parametrize(("decision", "state"), [("grant", "refunded"), ("refuse", "active")])
def test_a_refund_is_decided_with_a_reason_and_by_name(
    office: Office, counter: Counter, staff: Browsing, decision: str, state: str
) -> None:
    code = counter.issue(title="拿铁")
    counter.step(code, "ask-refund")
    assert "拿铁" in staff.get("/refunds").text
    voucher = id_of(counter, code)
    assert staff.post("/refunds", voucher=voucher, decision=decision, why="").status_code == 409
    assert staff.post("/refunds", voucher=voucher, decision=decision, why="顾客要求").status_code == 303
    assert state_of(counter, code) == state
    again = staff.post("/refunds", voucher=voucher, decision=decision, why="顾客要求")
    assert again.status_code == 409
    assert deeds(office)[0] == ("wang.fang", f"{decision}-refund")
    assert len([deed for _, deed in deeds(office) if deed.endswith("refund")]) == 1


def test_an_undo_at_the_desk_names_who_did_it_in_the_books(
    office: Office, counter: Counter, staff: Browsing, clock: Clock
) -> None:
    code = counter.issue()
    rid = counter.redeem(code).rid
    page = f"/vouchers/{id_of(counter, code)}"
    assert f'name="undo" value="{rid}"' in staff.get(page).text
    assert staff.post(page, undo=rid, why="拿错了").status_code == 303
    assert counter.spent(code) == 0
    undo = next(row for row in counter.books() if row["action"] == "undo")
    assert (undo["clerk"], undo["reason"], undo["undoes"]) == ("wang.fang", "拿错了", rid)
    assert deeds(office)[0] == ("wang.fang", Deed.UNDO)

    late = counter.redeem(code).rid
    clock.pass_by(WINDOW + timedelta(seconds=1))
    assert f'value="{late}"' not in staff.get(page).text
    assert staff.post(page, undo=late, why="拿错了").status_code == 409
    assert counter.spent(code) == 1


def test_a_voucher_is_found_by_its_code_as_people_write_it_and_by_a_redemptions_number(
    counter: Counter, staff: Browsing
) -> None:
    code = counter.issue(title="寻找我")
    rid = counter.redeem(code).rid
    written = " ".join(code[at : at + 4] for at in range(0, 16, 4)).lower()
    for asked in (code, written.replace(" ", "+"), rid):
        assert "寻找我" in staff.get(f"/vouchers?q={asked}").text
    for asked in ("nothing", "a%00b", "%27%3B--", "x" * 500):
        assert "Nothing found" in staff.get(f"/vouchers?q={asked}").text


def test_no_page_of_the_desk_shows_a_whole_code(counter: Counter, staff: Browsing) -> None:
    code = counter.issue(title="秘密")
    counter.redeem(code)
    asked = counter.issue(title="秘密")
    counter.step(asked, "ask-refund")
    for page in ("", f"/vouchers/{id_of(counter, code)}", "/refunds", "/refusals", "/open"):
        text = staff.get(page).text
        assert code not in text
        assert asked not in text


def test_a_voucher_that_is_withdrawn_is_refused_at_the_counter(
    office: Office, counter: Counter, staff: Browsing
) -> None:
    code = counter.issue()
    assert staff.post(f"/vouchers/{id_of(counter, code)}", withdraw="1", why="印错了").status_code == 303
    assert counter.look(code).verdict == "invalidated"
    assert deeds(office)[0] == ("wang.fang", Deed.WITHDRAW)


def test_a_change_of_any_field_of_a_type_is_named_to_whoever_decides(counter: Counter, staff: Browsing) -> None:
    counter.put_type("latte", title="拿铁咖啡")
    draft = {"title": "拿铁咖啡", "asks_amount": True, "author": "程序"}
    assert counter.api.put("/api/v1/types/latte", draft).status_code == 202
    assert "Amount received: <del>Not asked</del> <ins>Asked before it is redeemed</ins>" in staff.get("/types").text
    assert {typeform.NAMES.get(name, name) for name in TypeIn.model_fields} <= set(words.LABELS["zh"])


def test_a_clerks_secrets_are_told_once(office: Office, counter: Counter, staff: Browsing) -> None:
    told = staff.post("/clerks", do="add", name="王小明", stores="jingan").text
    pin = re.search(r'<dd class="big">(\d{6})</dd>', told)
    assert pin
    assert "<svg" in told
    assert pin[1] not in staff.get("/clerks").text
    assert pin[1] not in "".join(row["about"] + row["why"] for row in office.database.read(newest))


def test_a_store_is_added_and_changed_and_keeps_what_the_form_does_not_show(
    office: Office, counter: Counter, staff: Browsing
) -> None:
    assert staff.post("/stores/new", id="xu", name="徐家汇店", timezone="Asia/Shanghai", phone="021").status_code == 303
    assert staff.post("/stores/new", id="xu", name="again", timezone="Asia/Shanghai").status_code == 409
    assert staff.post("/stores/xu", name="徐家汇", timezone="Mars/Olympus").status_code == 409
    assert staff.post("/stores/xu", name="徐家汇").status_code == 303
    (store,) = (row for row in counter.api.get("/api/v1/stores").json() if row["id"] == "xu")
    assert (store["name"], store["phone"]) == ("徐家汇", "021")
    for typed, fen in (("500", 50_000), ("99.90", 9_990), ("", None)):
        assert staff.post("/stores/xu", name="徐家汇", approve_from=typed).status_code == 303
        (store,) = (row for row in counter.api.get("/api/v1/stores").json() if row["id"] == "xu")
        assert store["approve_from_fen"] == fen
        shown = f"{fen / 100:.2f}" if fen else ""
        assert f'name="approve_from" type="text" value="{shown}"' in staff.get("/stores/xu").text
    assert staff.post("/stores/xu", name="徐家汇", approve_from="much").status_code == 409
    assert deeds(office)[0] == ("wang.fang", Deed.PUT_STORE)


def test_a_chain_of_many_stores_is_searched_and_its_stores_are_typed(
    office: Office, counter: Counter, staff: Browsing
) -> None:
    def open_stores(connection: Connection) -> None:
        known = StoreIn.model_validate({"name": "x"}).model_dump()
        for number in range(250):
            put_store(connection, f"s{number}", {**known, "name": f"第{number}店"})

    office.database.write(open_stores)
    text = staff.get("/stores").text
    assert "200 / 252" in text
    assert "第99店" not in text
    assert "第99店" in staff.get("/stores?q=s99").text
    assert '<textarea name="stores"' in staff.get("/clerks").text
    assert staff.post("/clerks", do="add", name="张三", stores="s1, s249\ns7").status_code == 200
    assert counter.api.get("/api/v1/clerks").json()[0]["stores"] == ["s1", "s249", "s7"]


def test_what_somebody_typed_is_shown_as_text_and_never_run(counter: Counter, staff: Browsing) -> None:
    counter.redeem(counter.issue(title="<script>alert(1)</script>"))
    text = staff.get("").text
    assert "<script>alert" not in text
    assert "&lt;script&gt;" in text


def test_every_word_of_the_office_has_a_name_in_both_languages() -> None:
    said = [VoucherState, Step, Coming, OrderStep, Phase, Cause, DraftState, Role, Deed]
    said_words = {str(word) for kind in said for word in kind} | {f"policy_{policy}" for policy in ClerkPolicy}
    said_words |= {f"form_{form}" for form in Form} | set(TYPES)
    assert said_words - set(names.NAMES) == set()
    assert all(zh and en for zh, en in names.NAMES.values())
    assert words.LABELS["zh"].keys() == words.LABELS["en"].keys()
