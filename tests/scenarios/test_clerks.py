"""Clerks at two kiosks of two stores, of which the second asks for them once it has any."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.scenarios.counter import Counter, Demo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

FIRST, SECOND = "nanjing-lu", "jing-an"


@pytest.fixture(scope="module")
def staffed(
    free_port: Callable[[], int], mosquitto_program: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Counter]:
    """Give a counter of its own, because a store that has clerks asks for them from then on."""
    demo = Demo(free_port(), tmp_path_factory.mktemp("staffed"), kiosks=2)
    try:
        yield Counter(demo.until_ready())
        assert demo.stop() == 0
    finally:
        demo.kill()


def asks(counter: Counter) -> dict[str, bool]:
    return {kiosk["store"]: kiosk["clerk_required"] for kiosk in counter.good("GET", "/api/rehearsal")["kiosks"]}


def test_a_clerks_day_at_a_store_that_asks_for_its_clerk(staffed: Counter) -> None:
    first, second = staffed.kiosk("till-1"), staffed.kiosk("till-2")
    assert asks(staffed) == {FIRST: False, SECOND: False}
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
