"""An office that may send to loopback, and everything that is told written down for one webhook."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import ip_network
from typing import TYPE_CHECKING, Any

import pytest

from headoffice.outbox.addresses import Reach
from headoffice.outbox.bodies import body_of
from headoffice.outbox.queue import listed
from tests.headoffice.conftest import office_over

if TYPE_CHECKING:
    from headoffice.database import Database
    from headoffice.office import Office
    from tests.headoffice.counter import Clock, Counter

LOOPBACK = Reach((ip_network("127.0.0.0/8"),))


@pytest.fixture
def office(database: Database, clock: Clock) -> Office:
    """Return an office over the database that may send to loopback."""
    return replace(office_over(database, clock), reach=LOOPBACK)


def add_webhook(counter: Counter, *events: str, url: str = "http://127.0.0.1:9/") -> str:
    """Add a webhook by the API and return its id."""
    answer = counter.api.post("/api/v1/webhooks", {"url": url, "events": list(events or "*")})
    return str(answer.raise_for_status().json()["id"])


def told(database: Database, webhook: str) -> list[dict[str, Any]]:
    """Return what is written down for a webhook, as it is told."""
    return [body_of(row) for row in database.read(lambda connection: listed(connection, webhook, None, None, 1000))]


def voucher_id(counter: Counter, code: str) -> str:
    """Return the owner's id of a voucher."""
    return str(counter.api.get(f"/api/v1/vouchers/{code}").raise_for_status().json()["id"])


def real_clock() -> datetime:
    """Tell the time."""
    return datetime.now(UTC)
