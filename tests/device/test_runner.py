"""The deciding thread, with the real counter and the real journal between fake edges."""

from __future__ import annotations

import threading
import time
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from device.actions import Actions, Ports
from device.clock import StoreClock
from device.counter.events import Heard, LinkUp
from device.counter.states import Setup
from device.counter.step import begin
from device.counter.style import Style
from device.counter.timing import Timing
from device.errors import JournalError
from device.journal import Journal, read_books
from device.mailbox import Died, Edge, GunRead, Mailbox, Stop
from device.ports import Button
from device.runner import Runner
from device.scan.events import Alive, CameraFault, Gone, Scanned
from device.scan.symbologies import Symbology
from device.view import Screen
from device.watchdog import Watchdog
from protocol.comparing import AskBook, Book
from protocol.leasing import Accepted
from protocol.marks import Mark, stamped
from protocol.messages import Answer, Confirm, Detail, Hello, Intent, Look, Notice, Offered, Resolve, Settled, Welcome
from protocol.vocabulary import Colour, Verdict
from tests.fakes.kiosk_ports import Diary, FakeLink, FakeMonitor, FakePanel, FakeScreen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from device.mailbox import Item
    from device.view import View

WAIT_S = 10.0
FULL = "disk full"
CODE = "SECRET-5561-7733"
SAID = Accepted(
    lease="1" * 32, gateway="gw-1", voucher="2" * 32, uses=(1,), elapsed_s=60.0, at="2026-05-01T12:00:05+08:00"
)
WELCOME = Welcome(store="s1", store_name="南京路店", time="2026-05-01T12:00:00+08:00", gateway="gw-1", gateway_boot="g")


class WatchedJournal(Journal):
    """The real journal; when it has written something, the diary knows."""

    diary: Diary
    full = False

    def mint(self, intent: Intent) -> None:
        if self.full:
            raise JournalError(FULL)
        super().mint(intent)
        self.diary.note("minted", intent.rid)

    def accept(self, answer: Answer) -> None:
        if self.full:
            raise JournalError(FULL)
        super().accept(answer)
        self.diary.note("accepted", answer.rid)

    def forgo(self, rid: str) -> None:
        if self.full:
            raise JournalError(FULL)
        super().forgo(rid)
        self.diary.note("forgone", rid)

    def conclude(self, answer: Answer) -> None:
        if self.full:
            raise JournalError(FULL)
        super().conclude(answer)
        self.diary.note("concluded", answer.rid)

    def settle(self, rid: str, *, handed_over: bool) -> None:
        super().settle(rid, handed_over=handed_over)
        self.diary.note("settled", rid)


class Kiosk:
    """A runner in a thread of its own, and the fakes around it."""

    def __init__(self, path: Path, timing: Timing | None = None) -> None:
        self.path = path
        self.diary = Diary()
        self.mailbox = Mailbox()
        self.panel = FakePanel(self.diary)
        self.clock = StoreClock()
        self.journal = WatchedJournal(path, "till-1", self.clock)
        self.journal.diary = self.diary
        self.fed: list[str] = []
        self.code: int | None = None
        self.failure: Exception | None = None
        self._timing = timing or Timing()
        self._thread = threading.Thread(target=self._run)

    def start(self) -> Kiosk:
        self._thread.start()
        return self

    def post(self, *items: Item) -> None:
        for item in items:
            self.mailbox.post(item)

    def press(self, button: Button = Button.OK) -> None:
        at = time.monotonic()
        self.post(Edge(button, pressed=True, at=at), Edge(button, pressed=False, at=at + 0.1))

    def stop(self) -> int | None:
        self.post(Stop())
        self._thread.join(WAIT_S)
        return self.code

    def until(self, condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + WAIT_S
        while not condition():
            assert self.failure is None, repr(self.failure)
            assert time.monotonic() < deadline, self.diary.entries
            time.sleep(0.002)

    def until_shown(self, verdict: Verdict) -> None:
        self.until(lambda: self.views and self.views[-1].verdict is verdict)

    @property
    def views(self) -> list[View]:
        return self.diary.of("view")

    def look(self) -> None:
        self.post(scan(CODE))
        self.until(lambda: any(isinstance(message, Look) for message in self.diary.of("sent")))
        look = next(message for message in self.diary.of("sent") if isinstance(message, Look))
        self.post(Heard(Offered(look=look.look, boot="1-test", offer="sealed-offer", detail=Detail(title="券"))))
        self.until_shown(Verdict.REDEEMABLE)

    def _run(self) -> None:
        try:
            self.journal.open()
            diary = self.diary
            ports = Ports(
                journal=self.journal,
                clock=self.clock,
                link=FakeLink(diary),
                screen=FakeScreen(diary),
                panel=self.panel,
                monitor=FakeMonitor(diary),
            )
            actions = Actions(ports, on_ready=lambda: diary.note("ready", None))
            watchdog = Watchdog(0.01, lambda _now, _age: True, self.fed.append)
            setup = Setup(boot="1-test", software="test", timing=self._timing, style=Style())
            counter, first = begin(setup, self.journal.kept(), time.monotonic(), self.journal.store_name)
            self.code = Runner(self.mailbox, actions, watchdog, counter).run(first)
        except Exception as error:  # noqa: BLE001 - shown by whoever waits
            self.failure = error
        finally:
            self.journal.close()


def scan(text: str | None) -> Scanned:
    return Scanned(text=text, format=Symbology.QR_CODE, raw_len=len(text or ""), frame_at=0.0, decode_ms=3.0)


ALIVE = Alive(frames=1, fps=30.0, decode_ms=3.0)


@pytest.fixture
def kiosk(tmp_path: Path) -> Iterator[Kiosk]:
    kiosk = Kiosk(tmp_path / "journal.db").start()
    yield kiosk
    kiosk.stop()


@pytest.fixture
def open_kiosk(kiosk: Kiosk) -> Kiosk:
    kiosk.post(ALIVE, LinkUp(), Heard(WELCOME))
    kiosk.until(lambda: any(isinstance(message, Hello) for message in kiosk.diary.of("sent")))
    return kiosk


def test_it_is_ready_when_the_camera_has_spoken_and_the_idle_screen_is_shown(kiosk: Kiosk) -> None:
    kiosk.until(lambda: kiosk.views)
    assert kiosk.views[0].screen is Screen.STARTING
    assert kiosk.diary.of("ready") == []
    kiosk.post(ALIVE)
    kiosk.until(lambda: kiosk.diary.of("ready"))
    assert kiosk.views[-1].screen is Screen.IDLE
    kinds = [kind for kind, _ in kiosk.diary.entries]
    assert kinds.index("ready") > len(kinds) - 1 - kinds[::-1].index("view")


def test_a_camera_fault_is_a_word_about_the_camera_too(kiosk: Kiosk) -> None:
    kiosk.post(CameraFault(error="absent"))
    kiosk.until(lambda: kiosk.diary.of("ready"))
    assert "扫码器故障" in [line.text for line in kiosk.views[-1].lines]


def test_a_redemption_from_scan_to_green_in_the_right_order(open_kiosk: Kiosk) -> None:
    open_kiosk.look()
    open_kiosk.press()
    open_kiosk.until_shown(Verdict.PENDING)
    (confirm,) = (message for message in open_kiosk.diary.of("sent") if isinstance(message, Confirm))
    rid = confirm.intent.rid
    open_kiosk.post(Heard(Answer(rid=rid, verdict=Verdict.REDEEMED, final=True)))
    open_kiosk.until(lambda: open_kiosk.diary.of("concluded"))
    entries = open_kiosk.diary.entries
    minted, sent = entries.index(("minted", rid)), entries.index(("sent", confirm))
    green = next(index for index, (kind, what) in enumerate(entries) if kind == "light" and what.colour is Colour.GREEN)
    assert minted < sent < green < entries.index(("concluded", rid))
    assert read_books(open_kiosk.path)[-1]["verdict"] == "redeemed"
    assert read_books(open_kiosk.path)[-1]["store"] == "s1"


def test_the_log_does_not_say_which_buttons_set_a_code(open_kiosk: Kiosk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "device.runner")
    taps = (Button.DOWN, Button.UP, Button.UP, Button.OK, Button.CANCEL, Button.CANCEL)
    begun = time.monotonic()
    for number, button in enumerate(taps):
        at = begun + 0.2 * number
        open_kiosk.post(Edge(button, pressed=True, at=at), Edge(button, pressed=False, at=at + 0.1))
    open_kiosk.until(lambda: open_kiosk.diary.of("handled")[-1:] == [2 * len(taps)])
    lines = ["".join(line.text for line in view.lines) for view in open_kiosk.views]
    assert any("2[0]" in line for line in lines)
    assert [record.message.split()[1] for record in caplog.records if "pressed" in record.message] == ["button=down"]


def test_what_a_gun_has_read_is_looked_up(open_kiosk: Kiosk) -> None:
    open_kiosk.post(GunRead(CODE))
    open_kiosk.until(lambda: [message.code for message in open_kiosk.diary.of("sent") if isinstance(message, Look)])
    open_kiosk.until_shown(Verdict.LOOKING)


def test_a_press_that_is_dealt_with_late_was_as_short_as_it_was(tmp_path: Path) -> None:
    kiosk = Kiosk(tmp_path / "journal.db")
    begun = time.monotonic() - 5.0
    kiosk.post(ALIVE, LinkUp(), Heard(WELCOME))
    for number, button in enumerate((Button.DOWN, Button.UP, Button.UP, Button.OK)):
        at = begun + 0.2 * number
        kiosk.post(Edge(button, pressed=True, at=at), Edge(button, pressed=False, at=at + 0.1))
    kiosk.start()
    kiosk.until(lambda: kiosk.diary.of("handled")[-1:] == [8])
    kiosk.stop()
    assert "2[0]" in [line.text for line in kiosk.views[-1].lines]


def test_each_edge_is_told_once_it_is_dealt_with_journal_included(open_kiosk: Kiosk) -> None:
    open_kiosk.look()
    open_kiosk.press()
    open_kiosk.until(lambda: open_kiosk.diary.of("handled") == [1, 2])
    kinds = [kind for kind, _ in open_kiosk.diary.entries]
    assert kinds.index("minted") < kinds.index("handled")


def test_light_is_set_before_anyone_is_told_and_only_when_it_changes(open_kiosk: Kiosk) -> None:
    open_kiosk.look()
    lights = open_kiosk.diary.of("light")
    assert all(one != other for one, other in pairwise(lights))
    entries = open_kiosk.diary.entries
    shown = entries.index(("shown", open_kiosk.views[-1].seq))
    light = max(index for index, (kind, _) in enumerate(entries) if kind == "light")
    assert light < shown


def test_where_the_disk_is_full_nothing_leaves_and_the_kiosk_goes_on(open_kiosk: Kiosk) -> None:
    open_kiosk.look()
    open_kiosk.journal.full = True
    open_kiosk.press()
    open_kiosk.until_shown(Verdict.FAULT)
    assert not any(isinstance(message, Confirm) for message in open_kiosk.diary.of("sent"))
    open_kiosk.journal.full = False
    open_kiosk.post(Gone(frame_at=1.0), scan("9900"))
    open_kiosk.until_shown(Verdict.LOOKING)
    assert open_kiosk.failure is None


@pytest.mark.rule(11)
def test_no_resolve_says_forgone_before_the_disk_has_taken_it(open_kiosk: Kiosk) -> None:
    open_kiosk.look()
    open_kiosk.press()
    open_kiosk.until_shown(Verdict.PENDING)
    (rid,) = open_kiosk.diary.of("minted")
    not_begun = Notice(verdict=Verdict.FAULT, rid=rid, hint="no offer of this gateway since its start")
    open_kiosk.journal.full = True
    open_kiosk.post(Heard(not_begun), scan("9900"), Gone(frame_at=1.0), LinkUp())

    def resolves() -> list[bool]:
        return [message.forgone for message in open_kiosk.diary.of("sent") if isinstance(message, Resolve)]

    open_kiosk.until(resolves)  # for the link has come back, and it is still asked about
    assert resolves() == [False]
    open_kiosk.journal.full = False
    open_kiosk.post(Heard(not_begun))
    open_kiosk.until(lambda: resolves() == [False, True])
    entries = [kind for kind, _ in open_kiosk.diary.entries]
    assert entries.index("forgone") < len(entries) - 1 - entries[::-1].index("sent")


@pytest.mark.rule(11)
def test_no_acceptance_is_shown_before_the_disk_has_taken_it(open_kiosk: Kiosk) -> None:
    open_kiosk.look()
    open_kiosk.press()
    open_kiosk.until_shown(Verdict.PENDING)
    (rid,) = open_kiosk.diary.of("minted")
    accepted = Answer(rid=rid, verdict=Verdict.ACCEPTED_OFFLINE, final=False, accepted=SAID)
    open_kiosk.journal.full = True
    open_kiosk.post(Heard(accepted), LinkUp())
    open_kiosk.until(lambda: any(isinstance(message, Resolve) for message in open_kiosk.diary.of("sent")))
    assert open_kiosk.views[-1].verdict is Verdict.PENDING
    open_kiosk.journal.full = False
    open_kiosk.post(Heard(accepted))
    open_kiosk.until_shown(Verdict.ACCEPTED_OFFLINE)
    entries = open_kiosk.diary.entries
    assert entries.index(("accepted", rid)) < entries.index(("view", open_kiosk.views[-1]))
    assert [view.verdict for view in open_kiosk.views].count(Verdict.ACCEPTED_OFFLINE) == 1
    assert any(isinstance(message, Resolve) and message.accepted is None for message in open_kiosk.diary.of("sent"))


def test_a_final_answer_that_cannot_be_written_is_shown_all_the_same(open_kiosk: Kiosk) -> None:
    open_kiosk.look()
    open_kiosk.press()
    open_kiosk.until_shown(Verdict.PENDING)
    open_kiosk.journal.full = True
    (rid,) = open_kiosk.diary.of("minted")
    open_kiosk.post(Heard(Answer(rid=rid, verdict=Verdict.REDEEMED, final=True)))
    open_kiosk.until_shown(Verdict.REDEEMED)
    assert open_kiosk.failure is None
    assert read_books(open_kiosk.path)[-1]["verdict"] == "pending"  # asked again after a restart


def test_what_a_full_disk_has_refused_is_written_once_there_is_room_and_in_its_order(open_kiosk: Kiosk) -> None:
    open_kiosk.look()
    open_kiosk.press()
    open_kiosk.until_shown(Verdict.PENDING)
    open_kiosk.journal.full = True
    (rid,) = open_kiosk.diary.of("minted")
    open_kiosk.post(Heard(Answer(rid=rid, verdict=Verdict.REDEEMED, final=True)))
    open_kiosk.until_shown(Verdict.REDEEMED)
    open_kiosk.press()  # seen, and settled
    open_kiosk.until(lambda: any(isinstance(message, Settled) for message in open_kiosk.diary.of("sent")))
    assert open_kiosk.diary.of("settled") == []
    open_kiosk.journal.full = False
    open_kiosk.post(LinkUp())
    open_kiosk.until(lambda: open_kiosk.diary.of("settled"))
    assert open_kiosk.diary.of("concluded") == open_kiosk.diary.of("settled") == [rid]
    assert read_books(open_kiosk.path)[-1]["verdict"] == "redeemed"
    assert CODE not in open_kiosk.path.read_bytes().decode(errors="replace"), "its code is erased all the same"


def test_the_gateway_is_told_what_it_asks_of_the_journal_and_nothing_is_shown(open_kiosk: Kiosk) -> None:
    shown = len(open_kiosk.views)
    open_kiosk.post(Heard(AskBook()))
    open_kiosk.until(lambda: [message for message in open_kiosk.diary.of("sent") if isinstance(message, Book)])
    assert len(open_kiosk.views) == shown


def test_a_released_edge_that_got_lost_is_found_by_the_level(open_kiosk: Kiosk) -> None:
    open_kiosk.look()
    open_kiosk.post(Edge(Button.CANCEL, pressed=True, at=time.monotonic()))
    open_kiosk.until_shown(Verdict.ABORTED)
    open_kiosk.post(Edge(Button.CANCEL, pressed=True, at=time.monotonic() + 60))  # would be lost if it were still down
    open_kiosk.until(lambda: len(open_kiosk.diary.of("handled")) == 2)
    assert open_kiosk.failure is None


def test_time_alone_moves_it(tmp_path: Path) -> None:
    kiosk = Kiosk(tmp_path / "journal.db", Timing(look_offline_s=0.2, result_s=0.3, result_min_s=0.2)).start()
    kiosk.post(ALIVE, scan(CODE))
    kiosk.until_shown(Verdict.OFFLINE_REFUSED)
    kiosk.until(lambda: kiosk.views[-1].screen is Screen.IDLE)
    assert kiosk.stop() == 0


def test_a_dead_part_ends_the_process(kiosk: Kiosk, caplog: pytest.LogCaptureFixture) -> None:
    kiosk.post(Died("link", RuntimeError("no more")))
    kiosk.until(lambda: kiosk.code is not None)
    assert kiosk.code == 1
    assert "part_died part=link error=RuntimeError('no more')" in caplog.text


def test_a_panel_that_fails_ends_the_process(kiosk: Kiosk) -> None:
    kiosk.until(lambda: kiosk.views)
    kiosk.panel.failure = OSError("pins gone")
    kiosk.post(ALIVE, scan(CODE))
    deadline = time.monotonic() + WAIT_S
    while kiosk.failure is None:
        assert time.monotonic() < deadline
        time.sleep(0.002)
    assert str(kiosk.failure) == "pins gone"


def test_stopping_is_no_failure(kiosk: Kiosk) -> None:
    assert kiosk.stop() == 0


@pytest.mark.rule(11)
def test_a_journal_that_the_gateway_knows_to_be_older_stops_the_kiosk(open_kiosk: Kiosk) -> None:
    open_kiosk.post(Heard(stamped(WELCOME, Mark(1, 3), heard=Mark(1, 7))))
    open_kiosk.until_shown(Verdict.FAULT)
    assert open_kiosk.views[-1].screen is Screen.OUT_OF_SERVICE


def test_the_time_and_the_store_are_taken_from_the_gateway(open_kiosk: Kiosk) -> None:
    open_kiosk.post(scan("x" * 900))
    open_kiosk.until_shown(Verdict.BAD_CODE)
    open_kiosk.until(lambda: read_books(open_kiosk.path))
    assert read_books(open_kiosk.path)[0]["at"].startswith("2026-05-01T12:00:")
    assert open_kiosk.journal.store_name == "南京路店"


def test_the_watchdog_is_fed_while_the_loop_turns(kiosk: Kiosk) -> None:
    kiosk.until(lambda: len(kiosk.fed) > 2)
    assert set(kiosk.fed) == {"WATCHDOG=1"}


@pytest.mark.parametrize("text", ["134567890123456789", "HEXIAO:SETUP:token-0815", CODE])
def test_no_log_and_no_file_ever_holds_a_raw_code_that_was_refused(
    open_kiosk: Kiosk, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    open_kiosk.post(scan(text))
    open_kiosk.until(
        lambda: open_kiosk.views[-1].verdict in {Verdict.PAYMENT_CODE, Verdict.SETUP_CODE, Verdict.LOOKING}
    )
    open_kiosk.stop()
    assert text not in caplog.text
    private = text != CODE
    assert (text[-4:] in caplog.text) != private
    files = b"".join(file.read_bytes() for file in open_kiosk.path.parent.iterdir())
    assert text.encode() not in files
    assert not private or text[-4:].encode() not in files
