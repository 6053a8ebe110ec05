"""The display thread: newest view only, nobody waits, faults of the screen pass, bugs do not hide."""

from __future__ import annotations

import itertools
import threading
from typing import TYPE_CHECKING, Any

import pytest

from device.display.draw import Painter
from device.display.errors import DisplayError
from device.display.fonts import load_face
from device.display.oled import LumaOled
from device.display.screen import DisplayThread, ScreenKeeper
from device.view import Line, Screen, View
from simulator.panel_chip import PanelChip

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from PIL import Image

    from device.ports import Oled

PAINTER = Painter(load_face(16))
WAIT_S = 20.0
LONG_NAME = "星巴克大杯拿铁咖啡兑换券"


def view_of(seq: int, *texts: str, countdown: float | None = None) -> View:
    return View(seq, Screen.RESULT, tuple(Line(text) for text in texts), countdown=countdown)


def never(error: Exception) -> None:
    raise AssertionError from error


@pytest.fixture
def chip() -> PanelChip:
    return PanelChip("ssd1309")


@pytest.fixture
def keeper(chip: PanelChip) -> ScreenKeeper:
    return ScreenKeeper(LumaOled(LumaOled.Options(), chip), PAINTER, restart_s=60)


def test_a_still_view_is_sent_once_and_left_alone_until_the_restart(chip: PanelChip, keeper: ScreenKeeper) -> None:
    view = view_of(1, "请出示二维码")
    turn = keeper.turn(view, now=100.0)
    assert (turn.drawn, turn.next_at) == (True, 160.0)
    sent = chip.bytes_received
    assert keeper.turn(view, now=130.0).next_at == 160.0
    assert chip.bytes_received == sent


def test_a_scrolling_view_is_come_back_to_when_it_moves(chip: PanelChip, keeper: ScreenKeeper) -> None:
    view = view_of(1, LONG_NAME)
    held_until = keeper.turn(view, now=100.0).next_at
    assert held_until == pytest.approx(101.2)
    still = chip.pixels()
    assert keeper.turn(view, now=held_until).next_at == pytest.approx(101.25)
    assert chip.pixels() != still


def test_a_countdown_does_not_send_a_scrolling_name_back_to_its_start(chip: PanelChip, keeper: ScreenKeeper) -> None:
    keeper.turn(view_of(1, LONG_NAME, countdown=0.9), now=100.0)
    later = view_of(2, LONG_NAME, countdown=0.8)
    keeper.turn(later, now=103.0)
    assert chip.pixels() == PAINTER.draw(later, 3.0).tobytes()
    other = view_of(3, LONG_NAME, "剩余3次")
    keeper.turn(other, now=104.0)
    assert chip.pixels() == PAINTER.draw(other, 0.0).tobytes()


def test_a_panel_that_does_not_answer_is_tried_less_and_less_often(chip: PanelChip, keeper: ScreenKeeper) -> None:
    chip.unplug()
    now, waits = 100.0, []
    for seq in range(1, 8):
        turn = keeper.turn(view_of(seq, "已过期"), now)
        assert not turn.drawn
        waits.append(turn.next_at - now)
        now = turn.next_at
    assert waits == [0.5, 1, 2, 4, 8, 8, 8]
    assert keeper.faults == 7


def test_new_views_do_not_hurry_the_next_try(chip: PanelChip, keeper: ScreenKeeper) -> None:
    chip.unplug()
    retry_at = keeper.turn(view_of(1, "已过期"), now=100.0).next_at
    assert keeper.turn(view_of(2, "已使用"), now=100.1).next_at == retry_at
    assert keeper.faults == 1


def test_a_panel_put_back_shows_the_newest_view_and_faults_are_forgiven(chip: PanelChip, keeper: ScreenKeeper) -> None:
    keeper.turn(view_of(1, "请出示二维码"), now=100.0)
    chip.unplug()
    failed = keeper.turn(view_of(2, "已过期"), now=101.0)
    chip.replug()
    newest = view_of(3, "核销成功")
    back = keeper.turn(newest, now=failed.next_at)
    assert (back.drawn, back.next_at) == (True, failed.next_at + 60)
    assert chip.pixels() == PAINTER.draw(newest, 0).tobytes()
    chip.unplug()
    assert keeper.turn(view_of(4, "已使用"), now=110.0).next_at == 110.5


def test_a_panel_that_went_dark_unseen_is_back_after_the_restart(chip: PanelChip, keeper: ScreenKeeper) -> None:
    view = view_of(1, "请出示二维码")
    restart_at = keeper.turn(view, now=100.0).next_at
    chip.unplug()
    chip.replug()
    assert not chip.lit
    keeper.turn(view, now=restart_at)
    assert chip.pixels() == PAINTER.draw(view, 60).tobytes()


def test_a_restart_sends_the_picture_again_whatever_the_screen_kept() -> None:
    oled = CountingOled()
    keeper = ScreenKeeper(oled, PAINTER, restart_s=60)
    for now in (100.0, 130.0, 160.0):
        keeper.turn(view_of(1, "请出示二维码"), now)
    assert oled.calls == ["start", "show", "start", "show"]


class CountingOled:
    """A screen that does nothing but keep what it was asked for."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def start(self) -> None:
        self.calls.append("start")

    def show(self, picture: Image.Image) -> None:
        assert picture.size == (128, 64)
        self.calls.append("show")

    def brighten(self, level: float) -> None:
        self.calls.append(f"brighten {level:.2f}")

    def close(self) -> None:
        self.calls.append("close")


@pytest.fixture
def running() -> Iterator[Callable[..., DisplayThread]]:
    """Return a function that starts a display thread; each is closed in the end."""
    threads: list[DisplayThread] = []

    def start(oled: Oled, on_death: Callable[[Exception], None] = never, **kwargs: Any) -> DisplayThread:
        thread = DisplayThread(ScreenKeeper(oled, PAINTER, restart_s=1e9), on_death=on_death, **kwargs)
        threads.append(thread)
        thread.start()
        return thread

    yield start
    for thread in threads:
        thread.close()


class GatedOled:
    """A screen that takes its time: each picture waits until it is let through."""

    def __init__(self) -> None:
        self.gate = threading.Semaphore(0)
        self.waiting = threading.Event()
        self.fails: Exception | None = None

    def start(self) -> None:
        """Answer at once."""

    def show(self, picture: Image.Image) -> None:
        """Wait at the gate."""
        assert picture.size == (128, 64)
        self.waiting.set()
        assert self.gate.acquire(timeout=WAIT_S)
        if self.fails is not None:
            raise self.fails

    def brighten(self, level: float) -> None:
        """Be as bright as ever."""

    def close(self) -> None:
        """Let everybody through."""
        self.gate.release(100)


class Drawn:
    """Keeps which views were reported, and what the panel showed then."""

    def __init__(self, chip: PanelChip | None = None) -> None:
        self.seen: dict[int, bytes] = {}
        self._chip = chip
        self._more = threading.Condition()

    def __call__(self, seq: int) -> None:
        with self._more:
            self.seen[seq] = b"" if self._chip is None else self._chip.pixels()
            self._more.notify_all()

    def wait_for(self, seq: int) -> None:
        with self._more:
            assert self._more.wait_for(lambda: seq in self.seen, WAIT_S), f"view {seq} never reached the panel"


def test_views_that_came_while_the_screen_was_busy_give_way_to_the_newest(
    running: Callable[..., DisplayThread],
) -> None:
    oled, drawn = GatedOled(), Drawn()
    thread = running(oled, on_drawn=drawn)
    thread.show(view_of(1, "一"))
    assert oled.waiting.wait(WAIT_S)
    for seq in range(2, 10):
        thread.show(view_of(seq, "二" * seq))  # returns though the screen is stuck
    assert thread.drawn_seq is None
    oled.gate.release(2)
    drawn.wait_for(9)
    assert list(drawn.seen) == [1, 9]
    assert thread.drawn_seq == 9


def test_a_view_is_reported_when_the_panel_has_it(chip: PanelChip, running: Callable[..., DisplayThread]) -> None:
    drawn = Drawn(chip)
    thread = running(LumaOled(LumaOled.Options(), chip), on_drawn=drawn)
    first, second = view_of(1, "请出示二维码"), view_of(2, "请出示二维码", countdown=0.5)
    thread.show(first)
    drawn.wait_for(1)
    thread.show(second)
    drawn.wait_for(2)
    assert drawn.seen == {1: PAINTER.draw(first, 0).tobytes(), 2: PAINTER.draw(second, 0).tobytes()}


def test_nothing_wakes_the_thread_while_the_view_stands_still(chip: PanelChip) -> None:
    drawn, patience = Drawn(), list[float | None]()

    class WatchedCondition(threading.Condition):
        def wait_for(self, predicate: Callable[[], Any], timeout: float | None = None) -> Any:
            patience.append(timeout)
            return super().wait_for(predicate, timeout)

    keeper = ScreenKeeper(LumaOled(LumaOled.Options(), chip), PAINTER, restart_s=1e5)
    thread = DisplayThread(keeper, on_death=never, on_drawn=drawn)
    thread._changed = WatchedCondition()
    thread.start()
    for seq in (1, 2, 3):
        thread.show(view_of(seq, "请出示二维码"))
        drawn.wait_for(seq)
    thread.close()
    assert patience[0] is None
    assert [round(wait or 0, -3) for wait in patience[1:]] == [1e5] * (len(patience) - 1)
    assert len(patience) <= 4


def test_the_picture_comes_back_after_a_replug(chip: PanelChip, running: Callable[..., DisplayThread]) -> None:
    leaps = itertools.count(step=10.0)  # a clock by which pauses between tries are over as soon as they begin
    drawn, lost = Drawn(chip), threading.Event()

    class Reporting(LumaOled):
        def show(self, picture: Image.Image) -> None:
            try:
                super().show(picture)
            except DisplayError:
                lost.set()
                raise

    oled = Reporting(LumaOled.Options(), chip)
    thread = running(oled, on_drawn=drawn, clock=lambda: next(leaps))
    thread.show(view_of(1, "请出示二维码"))
    drawn.wait_for(1)
    chip.unplug()
    thread.show(view_of(2, "核销成功"))
    assert lost.wait(WAIT_S)
    assert thread.drawn_seq == 1
    chip.replug()
    drawn.wait_for(2)
    assert drawn.seen[2] == PAINTER.draw(view_of(2, "核销成功"), 0).tobytes()
    assert thread.faults >= 1


def test_a_bug_ends_the_thread_and_is_handed_over(running: Callable[..., DisplayThread]) -> None:
    oled, died = GatedOled(), threading.Event()
    oled.fails = ZeroDivisionError("a bug")
    oled.gate.release()
    deaths: list[Exception] = []

    def on_death(error: Exception) -> None:
        deaths.append(error)
        died.set()

    running(oled, on_death=on_death).show(view_of(1, "一"))
    assert died.wait(WAIT_S)
    assert deaths == [oled.fails]


def test_close_blanks_the_panel_and_ends_the_thread(chip: PanelChip, keeper: ScreenKeeper) -> None:
    drawn = Drawn()
    thread = DisplayThread(keeper, on_death=never, on_drawn=drawn)
    thread.start()
    thread.show(view_of(1, "请出示二维码"))
    drawn.wait_for(1)
    thread.close()
    assert not chip.lit
    assert "display" not in {one.name for one in threading.enumerate()}
    thread.close()


def test_close_before_the_start_does_nothing(chip: PanelChip, keeper: ScreenKeeper) -> None:
    DisplayThread(keeper, on_death=never).close()
    assert chip.bytes_received == 0
