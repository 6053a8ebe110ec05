"""The counter's page, and in it, under its own origin, the customer's page and the manager's console."""

from __future__ import annotations

import contextlib
import json
from urllib.parse import urlsplit

import pytest

from tests.scenarios.counter import Counter


def test_the_counters_page_is_served(counter: Counter) -> None:
    page = counter.call("GET", "/")
    assert page.status == 200
    assert page.headers["Content-Type"].startswith("text/html")
    assert counter.call("GET", "/counter.css").headers["Content-Type"].startswith("text/css")


@pytest.mark.parametrize("path", ["/../demo.py", "/%2e%2e/demo.py", "/..%2fdemo.py", "/web", "/nothing.js"])
def test_nothing_but_the_pages_own_files_is_served(rehearsal: Counter, path: str) -> None:
    assert rehearsal.call("GET", path).status == 404


def test_the_customers_page_may_stand_in_the_counters(counter: Counter) -> None:
    voucher = counter.issue(title="顾客页面")
    token = voucher["page"].rpartition("/")[2]
    page = counter.call("GET", f"/phone/{token}?lang=en")
    assert page.status == 200
    assert 'class="qr' in page.body.decode()
    assert "顾客页面" in page.body.decode()
    assert 'lang="en"' in page.body.decode()
    assert "frame-ancestors" not in page.headers.get("Content-Security-Policy", "")
    assert counter.call("GET", f"/v/{token}/state").json["verdict"] == "redeemable"
    assert counter.call("GET", "/assets/voucher.js").status == 200
    assert counter.call("GET", "/phone/no-such-token").status == 404


def test_the_customers_page_hears_of_a_redemption_while_the_kiosk_turns_green(counter: Counter) -> None:
    voucher = counter.issue()
    with contextlib.closing(counter.connection()) as connection:
        connection.request("GET", f"/v/{voucher['page'].rpartition('/')[2]}/events")
        told = (json.loads(line.removeprefix(b"data: ")) for line in connection.getresponse() if line[:5] == b"data:")
        assert next(told)["verdict"] == "redeemable"
        counter.kiosk().redeem(voucher["qr_text"])
        assert next(told)["verdict"] == "already_redeemed"


def test_the_console_opens_without_a_question(counter: Counter) -> None:
    door = counter.call("GET", "/console/")
    assert door.status == 303
    there = urlsplit(door.headers["Location"])
    cookie = door.headers["Set-Cookie"].partition(";")[0]
    console = Counter(f"http://{there.netloc}")
    assert there.netloc == urlsplit(counter.good("GET", "/api/rehearsal")["gateway"]["url"]).netloc
    assert console.call("GET", "/api/today").status == 401
    assert console.call("GET", "/api/today", headers={"Cookie": cookie}).status == 200
    assert counter.url in console.call("GET", "/", headers={"Cookie": cookie}).headers["Content-Security-Policy"]


def test_a_browser_is_told_light_buzzer_and_pixels_as_they_change(counter: Counter) -> None:
    kiosk = counter.kiosk()
    with kiosk.live() as events:
        assert [next(events)[0] for _ in range(3)] == ["state", "pins", "panel"]
        assert next(events)[0] == "contrast"  # dimmed, where it has been at rest for long
        kiosk.looked(counter.issue(title="看得见听得到")["qr_text"])
        seen = {"tone": False, "blue": False, "picture": False}
        while not all(seen.values()):
            kind, value = next(events)
            seen["tone"] |= kind == "pins" and value["buzzer_hz"] is not None and value["volume"] == 1
            seen["blue"] |= kind == "pins" and value["blue"] == 1
            seen["picture"] |= kind == "panel"
    with kiosk.live() as events:
        told = dict(next(events) for _ in range(4))
        assert told["contrast"] == pytest.approx(0xCF / 255)
