"""Campaigns at the desk: drawn up, changed and paused there, and what came of each at each place."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from headoffice.desk.deeds import newest
from tests.headoffice.test_campaigns import Visitor

if TYPE_CHECKING:
    from headoffice.database import Database
    from headoffice.office import Office
    from tests.headoffice.counter import Counter
    from tests.headoffice.desk.browsing import Browsing

DRAWN_UP = {
    "id": "autumn",
    "type": "latte",
    "stock": "2",
    "each": "1",
    "sources": "door, flyer",
    "ends": "2027-01-01T00:00",
}
NEW = "/campaigns/new"


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """Return an SQLite database's: of these tests none asks which it is."""
    return sqlite_url


@pytest.fixture
def drawn_up(counter: Counter, staff: Browsing) -> None:
    """Have a campaign drawn up at the desk."""
    counter.put_type("latte", title="拿铁一杯")
    assert staff.post(NEW, **DRAWN_UP).status_code == 303


def _only(counter: Counter) -> dict[str, object]:
    (found,) = counter.api.get("/api/v1/campaigns").json()
    return dict(found)


@pytest.mark.usefixtures("drawn_up")
def test_a_campaign_that_is_drawn_up_is_claimed_from_and_counted_where(
    counter: Counter, office: Office, staff: Browsing, manager: Browsing
) -> None:
    kept = _only(counter)
    assert datetime.fromisoformat(str(kept["ends_at"])) == datetime(2026, 12, 31, 16, tzinfo=UTC), "in Shanghai's time"
    assert (kept["stock"], kept["each"], kept["begins_at"]) == (2, 1, None)
    assert Visitor(office, "/lingquan/autumn/flyer").claim().status_code == 303
    for browsing in (staff, manager):
        shown = browsing.get("/campaigns").text
        assert "拿铁一杯" in shown
        assert "1 / 2" in shown
        assert "Claimed 1 · of them used 0" in shown
        assert "/lingquan/autumn/door/print?form=a4" in shown
        assert "/lingquan/autumn/flyer/code.svg" in shown
    assert "New campaign" not in manager.get("/campaigns").text


@pytest.mark.usefixtures("drawn_up")
def test_it_is_changed_paused_and_taken_up_again_and_the_rest_stays(
    counter: Counter, office: Office, database: Database, staff: Browsing, manager: Browsing
) -> None:
    form = staff.get("/campaigns/autumn").text
    for value in ("2027-01-01T00:00", "door flyer"):
        assert f'value="{value}"' in form
    before = _only(counter)
    assert staff.post("/campaigns", campaign="autumn", paused="yes").status_code == 303
    assert _only(counter) == {**before, "paused": True}
    assert staff.post("/campaigns/autumn", **{**DRAWN_UP, "stock": ""}).status_code == 303
    assert _only(counter) == {**before, "stock": None, "paused": True}
    assert "暂停" in Visitor(office, "/lingquan/autumn/door").look().text
    assert manager.post("/campaigns", campaign="autumn", paused="no").status_code == 403
    assert staff.post("/campaigns", campaign="autumn", paused="no").status_code == 303
    assert Visitor(office, "/lingquan/autumn/door").claim().status_code == 303
    assert staff.post("/campaigns/autumn", **{**DRAWN_UP, "sources": "flyer"}).status_code == 303
    assert "Claimed 1 · of them used 0" in staff.get("/campaigns").text, "where it hung before"
    assert 'value="flyer"' in staff.get("/campaigns/autumn").text
    noted = {row["about"] for row in database.read(newest) if row["deed"] == "put-campaign"}
    assert noted == {"autumn", "autumn paused", "autumn resumed"}


@pytest.mark.usefixtures("drawn_up")
@pytest.mark.parametrize(
    "wrong",
    [
        *({}, {"id": "Autumn"}),
        *({"id": "b", **one} for one in ({"type": "none"}, {"sources": ""}, {"sources": "门口"}, {"each": "0"})),
        *({"id": "b", **one} for one in ({"begins": "2027-02-01T00:00"}, {"stock": "many"})),
    ],
)
def test_what_is_no_campaign_is_refused_and_what_was_typed_stays(
    counter: Counter, staff: Browsing, wrong: dict[str, str]
) -> None:
    refused = staff.post(NEW, **{**DRAWN_UP, **wrong})
    assert refused.status_code == 409
    assert f'value="{wrong.get("sources", "door, flyer")}"' in refused.text
    assert _only(counter)["id"] == "autumn"
    assert staff.post("/campaigns/none", **DRAWN_UP).status_code in {404, 409}
