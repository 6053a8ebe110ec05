"""Passes over a frame: the cheap one always, the costly ones within a budget, and what together they read."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
import pytest
import zxingcpp

from device.scan import filters
from device.scan.codes import Code, quad_around
from device.scan.errors import ReaderError
from device.scan.passes import Pass
from device.scan.pipeline import Pipeline, Schedule, build_pipeline
from device.scan.symbologies import ReaderName, Symbology

from .drawing import bars, before_camera, blurred, counter, leaning, noisy, qr, rotated

if TYPE_CHECKING:
    from .drawing import Frame

FOUND = Code("x", b"x", Symbology.QR_CODE, quad_around([(1, 2), (3, 4)]))


def costing(*costs_ms: float, budget_ms: float) -> Schedule:
    schedule = Schedule(len(costs_ms), budget_ms)
    for _ in range(100):
        for index, cost_ms in enumerate(costs_ms):
            schedule.note(index, cost_ms)
    return schedule


def test_a_fast_machine_makes_all_passes_in_one_frame() -> None:
    assert costing(2, 7, 18, budget_ms=40).turns() == [(0, 1, 2)]


def test_a_slow_machine_spreads_them_and_repeats_the_cheap_one() -> None:
    schedule = costing(6, 25, 60, 20, budget_ms=40)
    assert schedule.turns() == [(0, 1), (0, 2), (0, 3)]
    assert [schedule.turn(unread) for unread in range(4)] == [(0, 1), (0, 2), (0, 3), (0, 1)]


def test_one_pass_is_its_own_schedule() -> None:
    assert costing(500, budget_ms=40).turns() == [(0,)]


def test_a_pass_that_suddenly_costs_more_is_allowed_for_at_once_and_one_that_costs_less_little_by_little() -> None:
    schedule = costing(2, 1, 1, budget_ms=10)
    assert schedule.turns() == [(0, 1, 2)]
    schedule.note(1, 30)
    assert schedule.turns() == [(0, 1), (0, 2)]
    schedule.note(1, 1)
    assert schedule.turns() == [(0, 1), (0, 2)]
    for _ in range(10):
        schedule.note(1, 1)
    assert schedule.turns() == [(0, 1, 2)]


class Recorder:
    """Passes that note their names, and find something when told to."""

    def __init__(self, finds: str = "") -> None:
        self.ran: list[str] = []
        self.finds = finds

    def passes(self, *names: str) -> list[Pass]:
        return [Pass(name, lambda _frame, name=name: self.run(name)) for name in names]  # type: ignore[misc]

    def run(self, name: str) -> list[Code]:
        self.ran.append(name)
        return [FOUND] if name == self.finds else []


def test_the_first_pass_that_reads_ends_the_frame() -> None:
    recorder = Recorder(finds="b")
    assert Pipeline(recorder.passes("a", "b", "c"), budget_ms=1000).look(counter()) == [FOUND]
    assert recorder.ran == ["a", "b"]


def test_passes_are_spread_until_one_reads_and_then_start_again() -> None:
    recorder = Recorder()
    pipeline = Pipeline(recorder.passes("a", "b", "c"), budget_ms=1e-6)
    assert pipeline.cycle == 2
    for _ in range(3):
        pipeline.look(counter())
    assert recorder.ran == ["a", "b", "a", "c", "a", "b"]
    recorder.finds = "a"
    pipeline.look(counter())
    recorder.finds, recorder.ran = "", []
    pipeline.look(counter())
    assert recorder.ran == ["a", "b"]


def test_the_costly_pass_that_read_has_the_next_frame_too() -> None:
    recorder = Recorder()
    pipeline = Pipeline(recorder.passes("a", "b", "c"), budget_ms=1e-6)
    pipeline.look(counter())
    recorder.finds = "c"
    assert [pipeline.look(counter()), pipeline.look(counter())] == [[FOUND], [FOUND]]
    assert recorder.ran == ["a", "b", "a", "c", "a", "c"]


def test_a_frame_that_costs_more_than_its_passes_lately_did_ends_at_its_budget_and_the_next_goes_on() -> None:
    ran, work = list[str](), {"until_ms": 0.0}

    def read(name: str) -> list[Code]:
        ran.append(name)
        until = time.thread_time() + work["until_ms"] / 1e3
        while time.thread_time() < until:
            pass
        return []

    passes = [Pass(name, lambda _frame, name=name: read(name)) for name in "abcd"]  # type: ignore[misc]
    pipeline = Pipeline(passes, budget_ms=20)
    for _ in range(4):
        pipeline.look(counter())
    assert ran[-4:] == ["a", "b", "c", "d"]
    ran.clear()
    work["until_ms"] = 12
    for _ in range(6):
        pipeline.look(counter())
    assert ran[:2] == ["a", "b"]
    assert ran.count("a") == 6
    assert set(ran) == set("abcd")


#: What only the closer looks read, of a voucher at the left.
OUT_OF_FOCUS = noisy(blurred(before_camera(qr("VOUCHER-12345678", scale=5), at=((150, 400),)), 2.6), 3)
TO_PAY = "wxp://f2f0abcdefgh12345"


def beside(frame: Frame, picture: Frame) -> Frame:
    """Return a frame with a picture at its right."""
    height, width = picture.shape
    frame = frame.copy()
    frame[200 : 200 + height, 800 : 800 + width] = picture
    return frame


def test_a_voucher_that_is_hard_to_read_is_looked_for_beside_a_code_to_pay_by() -> None:
    pipeline = build_pipeline(budget_ms=1000)
    assert pipeline.first(OUT_OF_FOCUS) == []
    both = beside(OUT_OF_FOCUS, qr(TO_PAY))
    assert [code.text for code in pipeline.read_all(both)] == [TO_PAY, "VOUCHER-12345678"]
    assert [code.text for code in pipeline.look(both)] == [TO_PAY, "VOUCHER-12345678"]


def test_beside_a_code_to_pay_by_the_costly_passes_take_turns_as_if_nothing_had_been_read() -> None:
    ran, to_pay = list[str](), Code(TO_PAY, TO_PAY.encode(), Symbology.QR_CODE, quad_around([(1, 2), (3, 4)]))

    def read(name: str) -> list[Code]:
        ran.append(name)
        return [to_pay] if name == "a" else []

    passes = [Pass(name, lambda _scene, name=name: read(name)) for name in "abc"]  # type: ignore[misc]
    pipeline = Pipeline(passes, budget_ms=1e-6)
    assert [pipeline.look(counter()) for _ in range(3)] == [[to_pay]] * 3
    assert ran == ["a", "b", "a", "c", "a", "b"]


def test_closer_looks_are_taken_where_the_picture_has_changed_whatever_else_is_full_of_corners() -> None:
    pattern = np.random.default_rng(1).integers(0, 2, (40, 40), np.uint8) * np.uint8(200)
    before_a_poster = beside(OUT_OF_FOCUS, np.kron(pattern, np.ones((9, 9), np.uint8)))
    pipeline = build_pipeline(budget_ms=1000)
    assert pipeline.look(before_a_poster) == []
    assert [code.text for code in pipeline.look(before_a_poster, (144, 396, 324, 576))] == ["VOUCHER-12345678"]


def test_a_still_picture_gets_every_pass_at_once() -> None:
    recorder = Recorder()
    assert Pipeline(recorder.passes("a", "b", "c"), budget_ms=1e-6).read_all(counter()) == []
    assert recorder.ran == ["a", "b", "c"]


def test_the_cheap_pass_can_be_asked_alone() -> None:
    recorder = Recorder(finds="b")
    assert Pipeline(recorder.passes("a", "b")).first(counter()) == []
    assert recorder.ran == ["a"]


def shadowed(picture: Frame) -> Frame:
    """Return a picture with a deep shadow across it."""
    slope = np.linspace(0.08, 1.0, picture.shape[1])
    return (picture * slope).astype(np.uint8)


PICTURES = {
    "plain": before_camera(qr("voucher")),
    "turned": before_camera(rotated(qr("voucher"), 33)),
    "inverted": before_camera(255 - qr("voucher")),
    "tiny": before_camera(qr("voucher", scale=2)),
    "noisy": noisy(before_camera(qr("voucher")), 20),
    "dim": (before_camera(qr("voucher")) * 0.08).astype(np.uint8),
    "shadowed": shadowed(before_camera(qr("voucher", scale=10))),
}


@pytest.mark.parametrize("readers", [["zxing", "pyzbar"], ["pyzbar", "zxing"], ["zxing"], ["pyzbar"]])
@pytest.mark.parametrize("name", PICTURES)
def test_every_choice_of_readers_reads(name: str, readers: list[str]) -> None:
    pipeline = build_pipeline([ReaderName(reader) for reader in readers])
    codes = pipeline.read_all(PICTURES[name])
    assert [code.text for code in codes] == ["voucher"]
    x, y = codes[0].centre
    assert abs(x - 648) < 12
    assert abs(y - 486) < 12


def code_128_on_a_low_label() -> Frame:
    """Return bars that are too low for a line across all of them where they are held at an angle."""
    row = bars("AB-12345", zxingcpp.BarcodeFormat.Code128, scale=5)[60]
    return np.tile(np.pad(row, 40, constant_values=255), (100, 1))


@pytest.mark.parametrize(
    ("text", "frame"),
    [
        ("voucher", leaning(qr("voucher", scale=12, version=2), tilt=62, turn=20)),
        ("AB-12345", leaning(code_128_on_a_low_label(), tilt=30, turn=22)),
    ],
)
def test_pyzbar_reads_by_its_own_passes_what_zxing_cannot(text: str, frame: Frame) -> None:
    with_zxing, with_pyzbar, with_both = (
        build_pipeline(names) for names in ([ReaderName.ZXING], [ReaderName.PYZBAR], list(ReaderName))
    )
    assert with_zxing.read_all(frame) == []
    assert [code.text for code in with_pyzbar.read_all(frame)] == [text]
    assert [code.text for code in with_both.read_all(frame)] == [text]


def test_readers_that_read_nothing_of_what_is_configured_are_refused() -> None:
    with pytest.raises(ReaderError, match="none of the readers pyzbar reads any of data_matrix"):
        build_pipeline([ReaderName.PYZBAR], [Symbology.DATA_MATRIX])


def test_halving_means_four_pixels_and_drops_an_odd_edge() -> None:
    frame = np.array([[0, 100, 9], [200, 100, 9], [9, 9, 9]], np.uint8)
    assert filters.half_size(frame).tolist() == [[100]]


@pytest.mark.parametrize("shape", [(40, 50), (32, 32), (10, 200), (972, 1296)])
def test_the_local_threshold_keeps_shape_and_follows_the_light(shape: tuple[int, int]) -> None:
    ramp = np.broadcast_to(np.linspace(20, 220, shape[1]), shape).astype(np.uint8).copy()
    ramp[2:4, 2::8] //= 2
    out = filters.local_threshold(ramp)
    assert out.shape == shape
    assert set(np.unique(out)) <= {0, 255}
    if min(shape) >= 32:
        dark = out[2:4, 2::8]
        assert (dark == 0).mean() > 0.9


def test_the_window_mean_is_the_mean() -> None:
    frame = np.random.default_rng(3).integers(0, 256, (70, 90), dtype=np.uint8)
    means = filters._window_means(frame)
    assert means.shape == (70 - 31, 90 - 31)
    assert abs(int(means[5, 7]) - frame[5:37, 7:39].mean()) <= 1.5
