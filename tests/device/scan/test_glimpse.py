"""Comparing frames at a glance: what is noise, what is a movement, what is a loss."""

from __future__ import annotations

import numpy as np
import pytest

from device.scan.glimpse import glimpse

from .drawing import HEIGHT, WIDTH, before_camera, counter, noisy, qr

PHONE = before_camera(qr("glimpse", scale=8))
PLACE = (WIDTH // 2 - 120, HEIGHT // 2 - 120, WIDTH // 2 + 120, HEIGHT // 2 + 120)


def test_noise_does_not_make_another_picture() -> None:
    assert glimpse(noisy(PHONE, 5, seed=1)).same_picture(glimpse(noisy(PHONE, 5, seed=2)))


def test_a_small_code_on_a_dark_screen_does() -> None:
    dark = (qr("x", scale=2) * 0.1).astype(np.uint8) + 40
    assert not glimpse(before_camera(dark, at=((100, 100),))).same_picture(glimpse(counter()))


def test_a_place_loses_what_is_taken_away_but_not_what_shakes_or_is_noisy() -> None:
    before = glimpse(PHONE)
    assert glimpse(counter()).has_lost(PLACE, before)
    assert not glimpse(noisy(PHONE, 8)).has_lost(PLACE, before)
    for shift in (1, 3, 6):
        assert not glimpse(np.roll(PHONE, shift, axis=(0, 1))).has_lost(PLACE, before)


def test_a_dim_code_in_noise_is_missed_when_it_goes() -> None:
    before = glimpse(noisy((PHONE // 12).astype(np.uint8), 4, seed=1))
    empty = glimpse(noisy((counter() // 12).astype(np.uint8), 4, seed=2))
    assert empty.has_lost(PLACE, before)


def test_movement_is_of_a_place() -> None:
    still, moved = glimpse(counter()), glimpse(PHONE)
    assert moved.moved_since(still, PLACE)
    assert not moved.moved_since(still, (0, 0, 100, 100))
    assert not glimpse(noisy(PHONE, 8, seed=1)).moved_since(glimpse(noisy(PHONE, 8, seed=2)), PLACE)


def test_what_has_changed_lies_in_a_box_unless_it_is_nothing_or_nearly_everything() -> None:
    empty, phone = glimpse(noisy(counter(), 5, seed=1)), glimpse(noisy(PHONE, 5, seed=2))
    changed = phone.changed_since(empty)
    assert changed is not None
    left, top, right, bottom = changed
    height, width = qr("glimpse", scale=8).shape
    assert (WIDTH - width) // 2 - 36 < left <= (WIDTH - width) // 2
    assert (HEIGHT + height) // 2 <= bottom < (HEIGHT + height) // 2 + 36
    assert (right - left, bottom - top) < (width + 72, height + 72)
    assert glimpse(noisy(counter(), 5, seed=3)).changed_since(empty) is None
    assert glimpse(noisy(counter() + np.uint8(50), 5)).changed_since(empty) is None
    assert phone.changed_since(glimpse(counter()[:480, :640])) is None


@pytest.mark.parametrize("shape", [(972, 1296), (480, 640), (1080, 1920), (101, 4001), (8, 8)])
def test_any_size_of_frame_has_a_glimpse_and_places_outside_it_are_harmless(shape: tuple[int, int]) -> None:
    view = glimpse(np.full(shape, 99, np.uint8))
    assert np.allclose(view.means, 99)
    assert not view.has_lost((-50, -50, 10_000, 10_000), view)
    assert not view.has_lost((9000, 9000, 9100, 9100), view)


def test_after_a_change_of_size_everything_has_changed() -> None:
    small, large = glimpse(counter()[:480, :640]), glimpse(counter())
    assert not small.same_picture(large)
    assert small.moved_since(large, PLACE)
    assert small.has_lost(PLACE, large)
