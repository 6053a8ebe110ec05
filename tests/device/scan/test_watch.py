"""Frames in, events out, and no decoding where it can only repeat itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from device.scan.events import LONGEST_TEXT, Gone, Scanned, SeveralCodes
from device.scan.passes import Pass
from device.scan.pipeline import Pipeline, build_pipeline
from device.scan.watch import ASLEEP_AFTER_S, EMPTY_AFTER_S, TRIES_OF_A_NEW_PICTURE, Watcher

from .drawing import before_camera, blurred, counter, noisy, qr

if TYPE_CHECKING:
    from device.scan.codes import Code
    from device.scan.scene import Scene

    from .drawing import Frame

FRAME_S = 1 / 15


class Till:
    """A watcher behind a camera, and how often its pipeline has looked."""

    def __init__(self) -> None:
        self.looks = 0
        self.thorough_looks = 0
        reader = build_pipeline()

        def counted(scene: Scene) -> list[Code]:
            self.looks += 1
            return reader.read_all(scene.frame)

        def thorough(_scene: Scene) -> list[Code]:
            self.thorough_looks += 1
            return []

        self.watcher = Watcher(Pipeline([Pass("counted", counted), Pass("thorough", thorough)], budget_ms=1000))
        self.now = 50.0

    def sees(self, frame: Frame, frames: int = 1) -> list[object]:
        """Show a frame so often; return what was said."""
        said: list[object] = []
        for _ in range(frames):
            said += self.watcher.see(frame, self.now)
            self.now += FRAME_S
        return said


def test_a_code_is_scanned_in_its_first_frame_gone_and_scanned_again() -> None:
    till = Till()
    phone = before_camera(qr("voucher-1"))
    assert till.sees(counter(), 5) == []
    shown_at = till.now
    (scanned,) = till.sees(phone, 10)
    assert isinstance(scanned, Scanned)
    assert (scanned.text, scanned.raw_len, scanned.frame_at) == ("voucher-1", 9, shown_at)
    assert scanned.decode_ms > 0
    (gone,) = till.sees(counter(), 15)
    assert isinstance(gone, Gone)
    assert [type(event) for event in till.sees(phone, 3)] == [Scanned]


def test_two_codes_side_by_side_are_several() -> None:
    frame = before_camera(qr("left", scale=8), qr("right", scale=8), at=((200, 380), (864, 380)))
    (event,) = Till().sees(frame, 5)
    assert isinstance(event, SeveralCodes)


@pytest.mark.parametrize(
    ("payload", "text"), [(b"\x00\xff" * 30, None), ("x" * LONGEST_TEXT, "x" * LONGEST_TEXT), ("x" * 2900, None)]
)
def test_what_no_voucher_can_be_is_scanned_without_text(payload: str | bytes, text: str | None) -> None:
    (event,) = Till().sees(before_camera(qr(payload, scale=3)), 3)
    assert isinstance(event, Scanned)
    assert (event.text, event.raw_len) == (text, len(payload))


def test_an_empty_counter_is_decoded_twice_a_second_and_thoroughly_every_other_second() -> None:
    till = Till()
    for seed in range(150):
        till.sees(noisy(counter(), 4, seed))
        assert till.looks == seed + 1 or seed >= TRIES_OF_A_NEW_PICTURE
    assert 16 <= till.looks - TRIES_OF_A_NEW_PICTURE <= 20
    assert 4 <= till.thorough_looks - TRIES_OF_A_NEW_PICTURE <= 5


def test_where_nothing_has_changed_for_long_the_eyes_sleep_and_a_change_wakes_them_at_once() -> None:
    till = Till()
    for seed in range(round((ASLEEP_AFTER_S + 1) / FRAME_S)):
        till.sees(noisy(counter(), 4, seed % 15))
    looked, thorough = till.looks, till.thorough_looks
    for seed in range(round(20 / FRAME_S)):
        till.sees(noisy(counter(), 4, seed % 15))
    assert 18 <= till.looks - looked <= 21
    assert 4 <= till.thorough_looks - thorough <= 6
    assert [type(event) for event in till.sees(noisy(before_camera(qr("good morning")), 4))] == [Scanned]


def test_a_phone_held_still_is_decoded_twice_a_second_and_stays() -> None:
    till = Till()
    assert len(till.sees(before_camera(qr("still")), 150)) == 1
    assert till.looks <= 22


def test_a_change_is_decoded_at_once() -> None:
    till = Till()
    till.sees(counter(), 40)
    looked = till.looks
    assert len(till.sees(before_camera(qr("now", scale=2), at=((30, 30),)))) == 1
    assert till.looks == looked + 1


def test_what_was_there_is_forgotten_with_the_camera() -> None:
    till = Till()
    phone = before_camera(qr("again"))
    assert len(till.sees(phone, 3)) == 1
    till.watcher.forget()
    assert len(till.sees(phone, 3)) == 1


def test_something_stirs_while_the_picture_changes_or_a_code_is_in_view() -> None:
    watcher, phone = Watcher(build_pipeline(budget_ms=1)), before_camera(qr("stirring"))
    pictures = [noisy(counter(), 4, seed) for seed in range(60)] + [phone] * 20 + [counter()] * 60
    stirred = []
    for number, picture in enumerate(pictures):
        watcher.see(picture, number * FRAME_S)
        stirred.append(watcher.stirring)
    assert stirred[0], "the first picture is a new one"
    assert not any(stirred[1:60]), "not for another try at the same one"
    assert all(stirred[60:81])
    assert not any(stirred[82:])


def test_before_a_poster_full_of_corners_what_has_come_is_looked_at_more_closely() -> None:
    pattern = np.random.default_rng(1).integers(0, 2, (40, 40), np.uint8) * np.uint8(200)
    poster = np.kron(pattern, np.ones((9, 9), np.uint8))
    out_of_focus = noisy(blurred(before_camera(qr("VOUCHER-12345678", scale=5), at=((150, 400),)), 2.6), 3)
    empty, shown = noisy(counter(), 3, seed=1), out_of_focus.copy()
    for frame in (empty, shown):
        frame[200:560, 800:1160] = poster
    watcher, said = Watcher(build_pipeline(budget_ms=1000)), list[object]()
    frames = round((EMPTY_AFTER_S + 1) / FRAME_S)
    for number in range(frames):
        watcher.see(empty, number * FRAME_S)
    for number in range(frames, frames + 2 * TRIES_OF_A_NEW_PICTURE):
        said += watcher.see(shown, number * FRAME_S)
    (scanned,) = said
    assert isinstance(scanned, Scanned)
    assert scanned.text == "VOUCHER-12345678"


def test_a_code_to_pay_by_that_lies_in_view_keeps_nobody_awake() -> None:
    till, sticker = Till(), before_camera(qr("wxp://f2f0abcdefgh12345"), at=((30, 30),))
    assert [type(event) for event in till.sees(sticker, round((ASLEEP_AFTER_S + 1) / FRAME_S))] == [Scanned]
    assert (till.watcher.stirring, till.watcher.holding) == (False, False)
    looked = till.looks
    till.sees(sticker, round(20 / FRAME_S))
    assert 18 <= till.looks - looked <= 21
    voucher = sticker.copy()
    voucher[380:560, 560:740] = np.pad(qr("voucher-1", scale=5), 40, constant_values=255)[:180, :180]
    (scanned,) = till.sees(voucher, 3)
    assert isinstance(scanned, Scanned)
    assert scanned.text == "voucher-1"
    assert till.watcher.holding
    assert [type(event) for event in till.sees(sticker, 15)] == [Gone]
