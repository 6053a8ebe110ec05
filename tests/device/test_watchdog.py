"""The watchdog is fed while the kiosk is of use, and starves when its camera hangs in the kernel."""

from __future__ import annotations

from device.watchdog import FRESH_S, REPORTED_S, Watchdog


class Fed:
    def __init__(self, period_s: float | None = 5.0) -> None:
        self.frame_at = 0.0
        self.meals: list[str] = []
        self.watchdog = Watchdog(period_s, lambda now, age: now - self.frame_at <= age, self.meals.append)


def test_it_is_fed_at_its_pace_while_frames_come() -> None:
    fed = Fed()
    for now in range(21):
        fed.frame_at = float(now)
        fed.watchdog.turn(float(now))
    assert fed.meals == ["WATCHDOG=1"] * 5


def test_it_starves_when_neither_frames_nor_reports_come() -> None:
    fed = Fed()
    fed.watchdog.turn(0.0)
    for now in range(int(FRESH_S) + 1, 300):
        fed.watchdog.turn(float(now))
    assert len(fed.meals) == 1


def test_a_camera_that_is_reported_and_seen_to_does_not_starve_it() -> None:
    fed = Fed()
    fed.watchdog.camera_reported(100.0)
    fed.watchdog.turn(100.0 + REPORTED_S)
    assert len(fed.meals) == 1
    fed.watchdog.turn(100.0 + REPORTED_S + 6)
    assert len(fed.meals) == 1


def test_without_a_service_manager_there_is_nothing_to_wake_for() -> None:
    fed = Fed(period_s=None)
    assert fed.watchdog.due_at is None
    fed.watchdog.turn(50.0)
    assert fed.meals == []
