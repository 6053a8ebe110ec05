"""A counter whose camera cannot read the code: it is typed with the four buttons."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from device.counter.digits import END, Digits

if TYPE_CHECKING:
    from tests.scenarios.counter import Counter, Kiosk


def type_code(kiosk: Kiosk, code: str) -> None:
    """Type digits at a kiosk at rest."""
    kiosk.press("down")
    taken = ""
    for place in (*code, END):
        places = Digits(fewest=4, most=24, letters=True, typed=taken).wheel_places
        up, down = places.index(place), len(places) - places.index(place)
        for _ in range(min(up, down)):
            kiosk.press("up" if up <= down else "down")
        kiosk.press("ok")
        taken += place


def method_of(counter: Counter, rid: str) -> str:
    """Return how the gateway's books say that a redemption's code came in."""
    said = counter.good("GET", "/api/rehearsal")["gateway"]
    bearer = {"Authorization": f"Bearer {said['token']}"}
    method: str = type(counter)(said["url"]).call("GET", f"/api/redemptions/{rid}", headers=bearer).json["method"]
    return method


def test_a_typed_code_turns_green_and_the_books_say_that_it_was_typed(counter: Counter) -> None:
    kiosk = counter.kiosk()
    code = "".join(random.choice("0123456789") for _ in range(12))
    counter.issue(code=code, title="生日蛋糕券")
    assert kiosk.state()["lines"][-1] == "▲撤销 ▼输码"
    type_code(kiosk, code)
    offer = kiosk.until_verdict("redeemable")
    assert "生日蛋糕券" in offer["lines"]
    kiosk.press("ok")
    green = kiosk.until_verdict("redeemed")
    assert green["light"] == {"colour": "green", "pattern": "steady"}
    rows = counter.rows(green["rid"])
    assert {row["code_tail"] for (row,) in rows.values()} == {code[-4:]}
    assert method_of(counter, green["rid"]) == "typed"
