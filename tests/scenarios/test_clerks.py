"""Clerks at two kiosks of two stores, of which the second asks for them once it has any."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from protocol.vocabulary import Verdict
from tests.scenarios.answers import assert_says
from tests.scenarios.counter import Counter, running_counter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.scenarios.counter import Kiosk, State

FIRST, SECOND = "nanjing-lu", "jing-an"


@pytest.fixture(scope="module")
def rehearsed(mosquitto_program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
    """Give a counter of its own, because a store that has clerks asks for them from then on."""
    with running_counter(tmp_path_factory.mktemp("staffed"), kiosks=2) as counter:
        assert asks(counter) == {FIRST: False, SECOND: False}
        yield counter


@pytest.fixture
def staffed(rehearsed: Counter) -> Counter:
    """Give the counter at rest, with nobody signed in."""
    rehearsed.tidy()
    kiosk = rehearsed.kiosk("till-2")
    if kiosk.state()["clerk"] is not None:
        kiosk.press("cancel")
        kiosk.press("ok")
        kiosk.until_verdict("clerk_signed_out")
        kiosk.tidy()
    return rehearsed


def asks(counter: Counter) -> dict[str, bool]:
    return {kiosk["store"]: kiosk["clerk_required"] for kiosk in counter.good("GET", "/api/rehearsal")["kiosks"]}


def test_a_clerks_day_at_a_store_that_asks_for_its_clerk(staffed: Counter) -> None:
    first, second = staffed.kiosk("till-1"), staffed.kiosk("till-2")
    wang = staffed.good("POST", "/api/clerks", {"stores": [SECOND]})
    other = staffed.good("POST", "/api/clerks", {"stores": [FIRST]})
    stranger = staffed.good("POST", "/api/clerks", {"stores": ["wuhan"]})
    assert asks(staffed)[SECOND]
    code = staffed.issue()["qr_text"]

    refused = second.looked(code)
    assert_says(refused, Verdict.CLERK_REQUIRED)
    assert_says(second.looked(other["qr_text"]), Verdict.CLERK_WRONG_STORE)
    second.clear()
    second.press("ok")
    second.until(lambda state: state["screen"] == "idle")
    assert second.looked(stranger["qr_text"])["verdict"] == "clerk_wrong_store"

    came = second.looked(wang["qr_text"])
    assert_says(came, Verdict.CLERK_SIGNED_IN, "已登录", "店员")
    assert came["clerk"] == wang["number"]
    assert second.looked(code)["verdict"] == "redeemable"
    second.press("ok")
    rows = staffed.rows(second.until_verdict("redeemed")["rid"])
    assert {party: row["clerk"] for party, (row,) in rows.items()} == dict.fromkeys(rows, wang["number"])
    assert set(rows) == {"till-2", "gateway", "headoffice"}

    second.clear()
    second.power("cut")
    second.power("restore")
    staffed.part("gateway", "kill")
    staffed.part("gateway", "start")
    staffed.until_gateway_hears()
    assert second.until(lambda state: state["link"] == "up")["clerk"] == wang["number"]
    went = second.looked(wang["qr_text"])
    assert_says(went, Verdict.CLERK_SIGNED_OUT)
    assert went["clerk"] is None
    assert second.looked(staffed.issue()["qr_text"])["verdict"] == "clerk_required"
    assert first.looked(wang["qr_text"])["verdict"] == "clerk_wrong_store"

    texts = [clerk["qr_text"] for clerk in (wang, other, stranger)]
    assert all(text not in str(staffed.books()) for text in texts)


def at_headoffice(counter: Counter, method: str, path: str, body: Any = None) -> Any:
    """Ask the head office's own API; the answer must be good."""
    said = counter.good("GET", "/api/rehearsal")["headoffice"]
    bearer = {"Authorization": f"Bearer {said['token']}"}
    answer = Counter(said["url"]).call(method, f"/api/v1/{path}", body, bearer)
    assert 200 <= answer.status < 300, answer.body
    return answer.json


def sign_in_by_buttons(kiosk: Kiosk, number: str, pin: str) -> State:
    """Type number and PIN at a kiosk at rest, and return what it comes to say."""
    kiosk.press("cancel")
    kiosk.set_digits(number, ended=True)
    kiosk.set_digits(pin)
    return kiosk.until(lambda state: state["screen"] == "result")


def test_number_and_pin_sign_in_by_the_buttons_and_wrong_ones_lock(staffed: Counter) -> None:
    kiosk = staffed.kiosk("till-2")
    clerk = staffed.good("POST", "/api/clerks", {"stores": [SECOND]})
    came = sign_in_by_buttons(kiosk, clerk["number"], clerk["pin"])
    assert (came["verdict"], came["clerk"]) == ("clerk_signed_in", clerk["number"])
    kiosk.tidy()
    kiosk.press("cancel")
    kiosk.press("ok")
    assert kiosk.until_verdict("clerk_signed_out")["clerk"] is None

    wrong = f"{(int(clerk['pin']) + 1) % 1_000_000:06}"
    said = []
    for _ in range(5):
        kiosk.tidy()
        said.append(sign_in_by_buttons(kiosk, clerk["number"], wrong))
    assert_says(said[0], Verdict.CLERK_WRONG_PIN)
    assert [state["verdict"] for state in said[1:4]] == ["clerk_wrong_pin"] * 3
    assert_says(said[4], Verdict.CLERK_LOCKED)
    kiosk.tidy()
    assert kiosk.looked(clerk["qr_text"])["verdict"] == "clerk_locked"

    given = at_headoffice(staffed, "POST", f"clerks/{clerk['number']}/reset")
    assert kiosk.looked(given["qr_text"])["verdict"] == "clerk_signed_in"
    assert kiosk.looked(clerk["qr_text"])["verdict"] == "clerk_wrong_store"


def test_a_mistake_is_undone_at_the_kiosk_by_the_clerks_pin(staffed: Counter) -> None:
    kiosk = staffed.kiosk("till-2")
    clerk = staffed.good("POST", "/api/clerks", {"stores": [SECOND]})
    assert kiosk.looked(clerk["qr_text"])["verdict"] == "clerk_signed_in"
    code = staffed.issue()["qr_text"]
    assert kiosk.looked(code)["verdict"] == "redeemable"
    kiosk.press("ok")
    redeemed = kiosk.until_verdict("redeemed")["rid"]
    kiosk.tidy()

    def undo_with(pin: str) -> None:
        kiosk.press("up")
        head = kiosk.until(lambda state: state["screen"] == "choosing")["lines"][0]
        assert head.startswith("撤销1/")  # the newest of what this kiosk has redeemed, by whichever clerk
        assert head.endswith(" 限15分")
        for button in ("ok", "down", "ok"):
            kiosk.press(button)
        kiosk.set_digits(pin)

    undo_with(f"{(int(clerk['pin']) + 1) % 1_000_000:06}")
    assert kiosk.until(lambda state: state["screen"] == "result")["verdict"] == "clerk_wrong_pin"
    kiosk.tidy()
    undo_with(clerk["pin"])
    assert kiosk.until(lambda state: state["screen"] == "undoing")["countdown"] > 0.5
    kiosk.press("ok")
    undone = kiosk.until_verdict("undone")
    assert (undone["light"]["colour"], undone["sound"]) == ("blue", "level_pair")

    rows = staffed.rows(undone["rid"])
    assert set(rows) == {"till-2", "gateway", "headoffice"}
    assert all(row["clerk"] == clerk["number"] for (row,) in rows.values())
    assert rows["gateway"][0]["verdict"] == "undone"
    assert redeemed != undone["rid"]
    assert kiosk.looked(code)["verdict"] == "redeemable"


def test_a_one_time_code_sets_a_pin_at_a_kiosk_of_the_clerks_store_and_works_once(staffed: Counter) -> None:
    first, kiosk = staffed.kiosk("till-1"), staffed.kiosk("till-2")
    clerk = staffed.good("POST", "/api/clerks", {"stores": [SECOND]})
    code = at_headoffice(staffed, "POST", f"clerks/{clerk['number']}/activation")["qr_text"]
    assert first.looked(code)["verdict"] == "clerk_wrong_store"

    chosen = f"{(int(clerk['pin']) + 11) % 1_000_000:06}"
    kiosk.show(code)
    kiosk.until(lambda state: state["screen"] == "typing" and state["lines"][:2] == ["店员", "设置密码"])
    kiosk.set_digits(chosen)
    kiosk.until(lambda state: state["lines"][1] == "再输一次")
    kiosk.set_digits(chosen)
    came = kiosk.until_verdict("clerk_signed_in")
    assert (came["lines"], came["clerk"]) == (["密码已设置", "已登录"], clerk["number"])
    kiosk.tidy()
    kiosk.press("cancel")
    kiosk.press("ok")
    kiosk.until_verdict("clerk_signed_out")

    kiosk.tidy()
    spent = kiosk.looked(code)
    assert (spent["verdict"], spent["lines"][0]) == ("bad_code", "此码已失效")
    kiosk.take_away()
    kiosk.tidy()
    assert sign_in_by_buttons(kiosk, clerk["number"], clerk["pin"])["verdict"] == "clerk_wrong_pin"
    kiosk.tidy()
    assert sign_in_by_buttons(kiosk, clerk["number"], chosen)["verdict"] == "clerk_signed_in"
    assert code not in str(staffed.books())


def test_a_disabled_clerk_is_told_so_and_a_clerk_who_is_disabled_while_on_duty_redeems_nothing(
    staffed: Counter,
) -> None:
    kiosk = staffed.kiosk("till-2")
    clerk = staffed.good("POST", "/api/clerks", {"stores": [SECOND]})
    assert kiosk.looked(clerk["qr_text"])["verdict"] == "clerk_signed_in"
    code = staffed.issue()["qr_text"]
    assert kiosk.looked(code)["verdict"] == "redeemable"
    disabled = {"name": "店员", "stores": [SECOND], "disabled": True}
    at_headoffice(staffed, "PUT", f"clerks/{clerk['number']}", disabled)
    kiosk.press("ok")  # the gateway has not heard of it yet: the head office itself refuses
    refused = kiosk.until_verdict("clerk_disabled")
    assert_says(refused, Verdict.CLERK_DISABLED)
    rows = staffed.rows(refused["rid"])
    assert {party: row["verdict"] for party, (row,) in rows.items()} == dict.fromkeys(rows, "clerk_disabled")
    assert set(rows) == {"till-2", "gateway", "headoffice"}

    kiosk.tidy()
    staffed.refresh_stores()
    assert kiosk.looked(clerk["qr_text"])["verdict"] == "clerk_disabled"


def test_a_manager_approves_what_is_worth_much_and_an_undo_and_the_books_name_both(staffed: Counter) -> None:
    kiosk = staffed.kiosk("till-2")
    (store,) = (store for store in at_headoffice(staffed, "GET", "stores") if store.pop("id") == SECOND)
    del store["state"]  # a store goes live by a step of its own
    at_headoffice(staffed, "PUT", f"stores/{SECOND}", {**store, "approve_from_fen": 50_000})
    clerk = staffed.good("POST", "/api/clerks", {"stores": [SECOND]})
    manager = staffed.good("POST", "/api/clerks", {"name": "李店长", "role": "manager", "stores": [SECOND]})
    valued = {"author": "李经理", "title": "年货礼盒", "kind": "gift", "value": 88_800}
    at_headoffice(staffed, "PUT", "types/big", valued)
    at_headoffice(staffed, "POST", "types/big/approve", {"by": "王总"})
    assert kiosk.looked(clerk["qr_text"])["verdict"] == "clerk_signed_in"

    offered = kiosk.looked(staffed.issue(type="big")["qr_text"])
    assert (offered["verdict"], offered["lines"][-1]) == ("redeemable", "OK授权 ×取消")
    kiosk.press("ok")
    kiosk.until(lambda state: state["lines"][0] == "密码或店长码")
    kiosk.show(manager["qr_text"])
    kiosk.until(lambda state: state["lines"][-1] == "OK确认 ×取消")
    kiosk.press("ok")
    redeemed = kiosk.until_verdict("redeemed")["rid"]
    _assert_both_are_named(staffed, redeemed, clerk["number"], manager["number"])

    kiosk.tidy()
    kiosk.press("up")
    kiosk.until(lambda state: state["screen"] == "choosing")
    kiosk.press("ok")
    kiosk.press("ok")
    kiosk.show(manager["qr_text"])
    kiosk.until(lambda state: state["screen"] == "undoing")
    kiosk.press("ok")
    _assert_both_are_named(staffed, kiosk.until_verdict("undone")["rid"], clerk["number"], manager["number"])

    kiosk.tidy()
    assert kiosk.looked(staffed.issue(type="big")["qr_text"])["lines"][-1] == "OK授权 ×取消"
    kiosk.press("ok")
    kiosk.set_digits(clerk["pin"])
    kiosk.until(lambda state: state["lines"][-1] == "OK确认 ×取消")
    kiosk.press("ok")
    assert kiosk.until_verdict("redeemed")["rid"]
    at_headoffice(staffed, "PUT", f"stores/{SECOND}", store)


def _assert_both_are_named(counter: Counter, rid: str, clerk: str, approver: str) -> None:
    assert {row["clerk"] for rows in counter.rows(rid).values() for row in rows} == {clerk}
    (row,) = (row for row in at_headoffice(counter, "GET", "books") if row["rid"] == rid)
    assert (row["clerk"], row["approver"]) == (clerk, approver)
    at_gateway = counter.at_gateway("GET", f"/api/redemptions/{rid}")
    assert (at_gateway["clerk"], at_gateway["approver"]) == (clerk, approver)
