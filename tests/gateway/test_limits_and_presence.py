"""Two small rules without a clock of their own: how often is too often, and who is there."""

from __future__ import annotations

from gateway.limits import Limit
from gateway.presence import Attendance
from protocol.messages import Presence


def test_a_limit_is_reached_once_and_passes_with_time() -> None:
    limit = Limit(3)
    reached = [limit.count("till-1", now) for now in (0.0, 1.0, 2.0, 3.0)]

    assert reached == [False, False, True, False]
    assert limit.reached("till-1", 59.0)
    assert not limit.reached("till-2", 59.0)
    assert not limit.reached("till-1", 62.9)


def test_an_old_will_does_not_mark_a_new_session_dead() -> None:
    here = Attendance()
    assert here.heard("till-1", Presence(online=True, session="a"), 1.0)
    assert here.heard("till-1", Presence(online=True, session="b"), 2.0)
    assert not here.heard("till-1", Presence(online=False, session="a"), 3.0)
    found = here.of("till-1")
    assert found is not None
    assert (found.online, found.since) == (True, 2.0)
    assert here.heard("till-1", Presence(online=False, session="b"), 4.0)
    found = here.of("till-1")
    assert found is not None
    assert not found.online


def test_a_death_that_is_met_first_is_believed() -> None:
    here = Attendance()
    assert here.heard("till-1", Presence(online=False, session="a"), 1.0)
    assert not here.heard("till-1", Presence(online=False, session="a"), 2.0)
    here.forget()
    assert here.of("till-1") is None
