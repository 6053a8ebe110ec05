"""A store's first day: practice at its kiosk, green and counted by no book; then it goes live and redeems."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from protocol.vocabulary import Colour, Verdict
from tests.scenarios.counter import WITHIN_S

if TYPE_CHECKING:
    from tests.scenarios.counter import Counter
    from tests.scenarios.headoffice import Headoffice

STORE = "stores/nanjing-lu"


def totals(today: dict[str, Any]) -> dict[str, int]:
    """Return what the gateway counts of the first store's day."""
    return next(dict(store["totals"]) for store in today["stores"] if store["id"] == "nanjing-lu")


def test_a_store_is_tried_out_with_practice_and_then_goes_live(counter: Counter, headoffice: Headoffice) -> None:
    kiosk = counter.kiosk()
    real = counter.issue()["qr_text"]
    headoffice.good("POST", f"{STORE}/testing", {"by": "zhang.wei", "reason": "搬到新址"})
    counter.refresh_stores()
    kiosk.until(lambda state: "测试中 用练习券" in state["lines"])
    refused = kiosk.looked(real)
    assert (refused["verdict"], refused["lines"][0]) == (Verdict.WRONG_STORE, "门店未上线")
    kiosk.take_away()
    practice = headoffice.good("POST", f"{STORE}/practice", {"by": "zhang.wei"})["code"]
    rows, before = len(headoffice.records()), totals(counter.at_gateway("GET", "/api/today"))
    assert kiosk.looked(practice)["verdict"] == Verdict.REDEEMABLE
    kiosk.press()
    green = kiosk.until_verdict(Verdict.REDEEMED)
    assert green["light"]["colour"] == Colour.GREEN
    assert "练习券 PRACTICE" in green["lines"]
    end = time.monotonic() + WITHIN_S
    while missing := [check for check in headoffice.good("GET", f"{STORE}/opening")["checks"] if not check["ok"]]:
        assert time.monotonic() < end, missing
        time.sleep(0.1)
    assert len(headoffice.records()) == rows
    today = counter.at_gateway("GET", "/api/today")
    (mine,) = (row for row in today["rows"] if row["rid"] == green["rid"])
    assert (mine["practice"], mine["settled"]) == (True, True)
    assert totals(today) == before
    assert headoffice.good("POST", f"{STORE}/live", {"by": "zhang.wei"})["state"] == "live"
    counter.refresh_stores()
    kiosk.take_away()
    assert kiosk.looked(real)["verdict"] == Verdict.REDEEMABLE
    kiosk.press()
    assert kiosk.until_verdict(Verdict.REDEEMED)["light"]["colour"] == Colour.GREEN
    assert len(headoffice.records()) == rows + 1
