"""When somebody is before the camera, and that the light's own way back is nobody."""

from __future__ import annotations

import pytest

from device.scan.visit import LINGER_S, SETTLED_FRAMES, SETTLED_S, STILL_S, Visit

FRAME_S = 1 / 15


class Counter:
    """Frames before a visit, and when somebody came and went."""

    def __init__(self, *, altered: bool = True) -> None:
        self.visit, self.altered, self.number = Visit(), altered, 0
        self.came, self.went = list[float](), list[float]()

    @property
    def now(self) -> float:
        return self.number * FRAME_S

    def frames(self, seconds: float, *, stirring: bool = False, holding: bool = False) -> None:
        for _ in range(round(seconds / FRAME_S)):
            before = self.visit.began_at
            self.visit.see(stirring=stirring, holding=holding, altered=self.altered, now=self.now)
            if (self.visit.began_at is None) is not (before is None):
                (self.went if self.visit.began_at is None else self.came).append(self.now)
            self.number += 1


def test_somebody_is_there_from_the_frame_in_which_something_stirs_until_a_while_after() -> None:
    counter = Counter()
    counter.frames(3)
    counter.frames(2, stirring=True)
    counter.frames(15)
    assert counter.came == [pytest.approx(3)]
    assert counter.went == [pytest.approx(5 + LINGER_S, abs=2 * FRAME_S)]


def test_who_stirs_now_and_then_is_there_all_the_while() -> None:
    counter = Counter()
    for _ in range(10):
        counter.frames(FRAME_S, stirring=True)
        counter.frames(0.8 * LINGER_S)
    assert (counter.came, counter.went) == ([0.0], [])


def test_nobody_is_at_a_counter_where_nothing_stirs() -> None:
    counter = Counter()
    counter.frames(20)
    assert counter.visit.began_at is None


@pytest.mark.parametrize("frame_s", [1 / 30, 1 / 15, 1 / 4])
def test_what_follows_the_light_s_way_back_is_nobody_however_late_it_comes(frame_s: float) -> None:
    visit = Visit()
    visit.see(stirring=True, holding=False, altered=True, now=0.0)
    number = 0
    while visit.began_at is not None:
        number += 1
        visit.see(stirring=False, holding=False, altered=True, now=number * frame_s)
    for late in range(60):
        number += 1
        visit.see(stirring=5 <= late < 15, holding=False, altered=True, now=number * frame_s)
        assert visit.began_at is None, late


def test_where_the_light_was_as_ever_the_next_is_there_at_once() -> None:
    counter = Counter(altered=False)
    counter.frames(1, stirring=True)
    counter.frames(LINGER_S + 2 * FRAME_S)
    assert len(counter.went) == 1
    counter.frames(FRAME_S, stirring=True)
    assert len(counter.came) == 2


def test_once_the_picture_has_been_still_the_next_is_there_at_once() -> None:
    counter = Counter()
    counter.frames(1, stirring=True)
    counter.frames(LINGER_S + 2 * FRAME_S)
    counter.frames(0.5, stirring=True)
    counter.frames(STILL_S + 2 * FRAME_S)
    assert len(counter.came) == 1
    counter.frames(FRAME_S, stirring=True)
    assert len(counter.came) == 2


def test_who_comes_while_the_light_goes_back_is_there_with_a_code_at_once_and_without_before_long() -> None:
    for holding, within_s in ((True, 0.0), (False, max(SETTLED_S, SETTLED_FRAMES * FRAME_S))):
        counter = Counter()
        counter.frames(1, stirring=True)
        counter.frames(LINGER_S + 2 * FRAME_S)
        next_at = counter.now
        counter.frames(5, stirring=True, holding=holding)
        assert counter.came[1:] == [pytest.approx(next_at + within_s, abs=2 * FRAME_S)]
