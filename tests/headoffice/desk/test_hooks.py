"""Webhooks and alarms at the desk: added, told again, paused and removed there; what is wrong where."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from headoffice.alarms import board
from headoffice.desk.deeds import newest
from headoffice.outbox import queue
from headoffice.outbox.queue import Tried
from protocol.alarms import Alarm, AlarmKind

if TYPE_CHECKING:
    from headoffice.database import Database
    from tests.headoffice.counter import Clock, Counter
    from tests.headoffice.desk.browsing import Browsing

URL = "https://erp.example/hexiao?key=of-the-bot"
NEW = "/webhooks/new"


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """Return an SQLite database's: of these tests none asks which it is."""
    return sqlite_url


def _hooks(counter: Counter) -> list[dict[str, Any]]:
    return list(counter.api.get("/api/v1/webhooks").json())


def _added(administrator: Browsing, **more: str) -> str:
    """Add a webhook at the desk, and return its page."""
    told = administrator.post(NEW, url=URL, form="event", events=["redemption.redeemed", "voucher.issued"], **more)
    assert told.status_code == 200
    (page,) = re.findall(r'href="/desk(/webhooks/[0-9a-f]{12})"', told.text)
    assert "whsec_" in told.text
    return str(page)


def test_a_webhook_is_added_with_a_secret_that_is_told_once(counter: Counter, administrator: Browsing) -> None:
    page = _added(administrator)
    (found,) = _hooks(counter)
    assert (found["url"], found["events"]) == (
        "https://erp.example/hexiao?…",
        ["redemption.redeemed", "voucher.issued"],
    )
    for path in ("/webhooks", page):
        shown = administrator.get(path).text
        assert "https://erp.example/hexiao?…" in shown
        assert "of-the-bot" not in shown
        assert "whsec_" not in shown
    assert "whsec_" in administrator.post(page, do="rotate").text


def test_what_has_not_arrived_is_shown_with_its_reason_and_told_again(
    counter: Counter, database: Database, clock: Clock, administrator: Browsing
) -> None:
    page = _added(administrator)
    counter.issue(title="拿铁一杯")

    def try_once(error: str | None) -> int:
        def write(connection: Any) -> int:
            taken = queue.take(connection, page.rpartition("/")[2], 9, clock())
            queue.settle(connection, [Tried(one, error) for one in taken], clock())
            return len(taken)

        return database.write(write)

    assert try_once("answered 500") == 1
    shown = administrator.get(page).text
    assert "拿铁一杯" in shown
    assert "answered 500" in shown
    assert "To arrive 1" in administrator.get("/webhooks").text
    (event,) = re.findall(r'name="event" value="(\w+)"', shown)
    assert administrator.post(page, do="again", event=event).status_code == 303
    assert try_once(None) == 1
    assert "All has arrived" in administrator.get("/webhooks").text
    assert administrator.post(page, do="since", since="").status_code == 409
    # The clock stands at noon in Shanghai.
    assert administrator.post(page, do="since", since="2026-11-21T12:01").status_code == 303
    assert try_once(None) == 0
    assert administrator.post(page, do="since", since="2026-11-21T12:00").status_code == 303
    assert try_once(None) == 1
    assert administrator.post(page, do="test").status_code == 303
    assert try_once(None) == 1


def test_it_is_paused_told_of_other_events_and_removed_and_each_is_noted(
    counter: Counter, database: Database, administrator: Browsing, staff: Browsing
) -> None:
    page = _added(administrator)
    administrator.post(page, do="pause")
    administrator.post(page, events=["voucher.gift", "alarm.raised"])
    assert administrator.post(page, events=[]).status_code == 409
    (found,) = _hooks(counter)
    assert (found["paused"], found["events"]) == (True, ["alarm.raised", "voucher.gift"])
    administrator.post(page, do="resume")
    assert not _hooks(counter)[0]["paused"]
    assert staff.get("/webhooks").status_code == staff.get(page).status_code == 403
    assert staff.post(page, do="remove").status_code == 403
    assert administrator.post(page, do="remove").status_code == 303
    assert _hooks(counter) == []
    assert administrator.get(page).status_code == 404
    noted = [row["about"] for row in database.read(newest) if "webhook" in row["deed"]]
    assert [words.split()[1] for words in noted][:-1] == ["remove", "resume", "events", "pause"]
    assert not any("of-the-bot" in about for about in noted)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"url": "http://erp.example/"}, "must begin with https"),
        ({"url": "https://10.0.0.1/"}, "is not on the Internet"),
        ({"events": []}, "told nothing is none"),
        ({"form": "wecom"}, "of alarms alone"),
        ({"secret": "short"}, "must be whsec_"),
    ],
)
def test_what_nothing_could_be_sent_to_is_refused(
    counter: Counter, administrator: Browsing, wrong: dict[str, Any], why: str
) -> None:
    form = {"url": URL, "form": "event", "events": ["redemption.redeemed"]}
    refused = administrator.post(NEW, **{**form, **wrong})
    assert refused.status_code == 409
    assert why in refused.text
    assert _hooks(counter) == []


def test_a_manager_reads_what_is_wrong_in_the_own_stores_and_head_office_everything(
    database: Database, clock: Clock, manager: Browsing, staff: Browsing
) -> None:
    def silent(kiosk: str, store: str) -> Alarm:
        return Alarm(kind=AlarmKind.KIOSK_SILENT, about=kiosk, store=store, since=clock().timestamp() - 900)

    def report(*alarms: Alarm) -> None:
        database.write(lambda connection: board.report(connection, "gw-1", alarms, clock()))

    assert "Nothing is wrong" in manager.get("/alarms").text
    report(silent("till-1", "jingan"), silent("till-9", "nanjing-lu"))
    assert "kiosk till-1 is silent" in manager.get("/alarms").text
    assert "till-9" not in manager.get("/alarms").text
    report()
    shown = staff.get("/alarms").text
    assert "Nothing is wrong" in shown
    assert "till-9" in shown
