"""Clerks at two kiosks of two stores, of which the second asks for them once it has any."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.scenarios.counter import Counter, running_counter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.scenarios.counter import Kiosk, State

FIRST, SECOND = "nanjing-lu", "jing-an"


@pytest.fixture(scope="module")
def rehearsed(
    free_port: Callable[[], int], mosquitto_program: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Counter]:
    """Give a counter of its own, because a store that has clerks asks for them from then on."""
    with running_counter(free_port(), tmp_path_factory.mktemp("staffed"), kiosks=2) as counter:
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
    assert (refused["verdict"], refused["lines"][0]) == ("clerk_required", "请店员登录")
    assert second.looked(other["qr_text"])["verdict"] == "clerk_wrong_store"
    second.clear()
    second.press("ok")
    second.until(lambda state: state["screen"] == "idle")
    assert second.looked(stranger["qr_text"])["verdict"] == "clerk_wrong_store"

    came = second.looked(wang["qr_text"])
    assert (came["verdict"], came["clerk"], came["lines"]) == ("clerk_signed_in", wang["number"], ["已登录", "店员"])
    assert (came["light"], came["sound"]) == ({"colour": "blue", "pattern": "steady"}, "one_short")
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
    assert (went["verdict"], went["clerk"]) == ("clerk_signed_out", None)
    assert second.looked(staffed.issue()["qr_text"])["verdict"] == "clerk_required"
    assert first.looked(wang["qr_text"])["verdict"] == "clerk_wrong_store"

    texts = [clerk["qr_text"] for clerk in (wang, other, stranger)]
    assert all(text not in str(staffed.books()) for text in texts)


def set_digits(kiosk: Kiosk, text: str) -> None:
    """Set digits with the buttons, the shorter way round the wheel of ten places and perhaps an end."""
    for digit in text:
        for _ in range(min(int(digit), 10 - int(digit))):
            kiosk.press("up" if int(digit) <= 5 else "down")
        kiosk.press("ok")


def sign_in_by_buttons(kiosk: Kiosk, number: str, pin: str) -> State:
    """Type number and PIN at a kiosk at rest, and return what it comes to say."""
    kiosk.press("cancel")
    for digit in number:
        for _ in range(int(digit)):
            kiosk.press("up")
        kiosk.press("ok")
    kiosk.press("down")
    kiosk.press("ok")
    set_digits(kiosk, pin)
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
        said.append(sign_in_by_buttons(kiosk, clerk["number"], wrong)["verdict"])
    assert said == [*["clerk_wrong_pin"] * 4, "clerk_locked"]
    kiosk.tidy()
    assert kiosk.looked(clerk["qr_text"])["verdict"] == "clerk_locked"

    token = staffed.good("GET", "/api/rehearsal")["headoffice"]
    bearer = {"Authorization": f"Bearer {token['token']}"}
    said_new = Counter(token["url"]).call("POST", f"/api/v1/clerks/{clerk['number']}/reset", headers=bearer)
    assert said_new.status == 200
    assert kiosk.looked(said_new.json["qr_text"])["verdict"] == "clerk_signed_in"
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
        set_digits(kiosk, pin)

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
