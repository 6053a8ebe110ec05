"""How long a code that changes counts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from protocol.showing import Showing

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def _showing(*, opened: float = 0, heard: float = 0, step: float = 0, closed: bool = False) -> Showing:
    """Return a showing whose moments lie so many seconds before noon."""
    at = (NOON - timedelta(seconds=seconds) for seconds in (opened, heard, step))
    opened_at, heard_at, step_at = at
    return Showing(opened_at=opened_at, heard_at=heard_at, step_at=step_at, closed=closed)


@pytest.mark.parametrize(
    ("showing", "counts"),
    [
        (_showing(), (True, True)),
        (_showing(opened=299), (True, True)),
        (_showing(opened=300), (False, False)),
        (_showing(heard=44), (True, True)),
        (_showing(heard=45), (False, False)),
        (_showing(step=34), (True, True)),
        (_showing(step=35), (False, True)),
        (_showing(step=94), (False, True)),
        (_showing(step=95), (False, False)),
        (_showing(closed=True), (False, False)),
    ],
)
def test_a_code_counts_while_its_page_is_open_and_has_just_shown_it(
    showing: Showing, counts: tuple[bool, bool]
) -> None:
    assert (showing.can_be_looked_up(NOON), showing.can_be_spent(NOON)) == counts
