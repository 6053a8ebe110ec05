"""Frames that a kiosk's camera would see, drawn: a phone that shows a QR code, and one thing at a time made worse.

Light is linear until the sensor: reflections are added to what the screen gives, the exposure multiplies, and then come
blur, the sensor's limits, its curve and its noise.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import cv2
import numpy as np
import segno

from device.scan.pictures import FRAME_SIZE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from device.scan.readers import Frame

    Light: TypeAlias = NDArray[np.float32]

_WIDTH, _HEIGHT = FRAME_SIZE
_FINE = 2  # samples to a pixel, each way, until the optics
_TEXEL = 12  # samples to a module on the drawn screen
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_WHITE, _BLACK, _BEZEL = 1.0, 0.012, 0.004
_GAMMA = 2.2


@dataclass(frozen=True, slots=True)
class Shown:
    """How a phone is held and lit; lengths in pixels of the frame."""

    module: float = 5.0
    length: int = 42
    tilt: float = 5.0
    """Degrees by which it leans away from the camera."""
    turn: float = 8.0
    """Degrees by which it is turned at most, to either side."""
    blur: float = 0.7
    motion: float = 0.0
    noise: float = 2.0
    """Standard deviation in grey levels."""
    moire: float = 0.0
    grid: float = 0.0
    """How dark the gaps between the screen's pixels are, from 0 to 1."""
    veil: float = 0.02
    """Light that the glass reflects, in parts of a white screen's."""
    screen: float = 1.0
    """How bright the screen is, in parts of its brightest."""
    exposure: float = 0.85
    """What a white screen at its brightest reaches, in parts of what the sensor can tell apart."""
    glare: float = 0.0
    """Size of a lamp's reflection, in parts of the code's."""
    inverted: bool = False


#: One thing at a time made worse, in steps.
CONDITIONS: dict[str, dict[str, Shown]] = {
    "distance, pixels a module": {f"{px:g}": Shown(module=px) for px in (1.75, 2, 2.5, 3, 4, 8, 14)},
    "tilt, degrees": {f"{degrees}": Shown(tilt=degrees) for degrees in (0, 15, 30, 45, 55)},
    "blur, pixels": {f"{blur:g}": Shown(blur=blur) for blur in (1, 2, 2.5, 3, 3.5)},
    "motion, pixels": {f"{motion}": Shown(motion=motion) for motion in (3, 5, 7, 9)},
    "brightness of the screen": {f"{part:g}": Shown(screen=part, noise=4) for part in (0.2, 0.1, 0.05, 0.02)},
    "overexposure": {f"{gain}": Shown(exposure=gain) for gain in (2, 4, 8)},
    "dark mode, pixels a module": {f"{px:g}": Shown(inverted=True, module=px) for px in (2.5, 3, 5, 8)},
    "glare, parts of the code": {f"{size:g}": Shown(glare=size) for size in (0.05, 0.1, 0.2, 0.3)},
    "moiré": {f"{part:g}": Shown(moire=part) for part in (0.2, 0.4, 0.6, 0.8)},
    "pixel grid": {f"{part:g}": Shown(grid=part, module=14, length=12) for part in (0.3, 0.6, 0.9)},
    "noise, grey levels": {f"{noise}": Shown(noise=noise) for noise in (8, 16, 24, 32)},
    "reflections": {f"{veil:g}": Shown(veil=veil, exposure=0.85 / (1 + veil)) for veil in (0.3, 1, 2, 4)},
    "length of the payload": {f"{length}": Shown(length=length, module=3) for length in (12, 42, 100, 200)},
}


def anything(rng: np.random.Generator, *, hard: bool) -> Shown:
    """Return everything at once, as it comes: easy is a good day at the counter, hard a bad one."""

    def now_and_then(often: float, least: float, most: float) -> float:
        return float(rng.uniform(least, most)) if rng.random() < often else 0.0

    return Shown(
        module=float(rng.uniform(2.5, 8) if hard else rng.uniform(4, 9)),
        length=int(rng.choice((18, 42, 64, 100))),
        tilt=float(rng.uniform(0, 40 if hard else 20)),
        turn=180.0,
        blur=float(rng.uniform(0.5, 2.6 if hard else 1.3)),
        motion=now_and_then(0.4, 2, 7) if hard else now_and_then(0.1, 2, 4),
        noise=float(rng.uniform(2, 14 if hard else 5)),
        moire=now_and_then(0.5, 0.1, 0.6) if hard else now_and_then(0.3, 0.1, 0.25),
        veil=float(10 ** rng.uniform(-2, 0.1 if hard else -0.7)),
        screen=float(rng.choice((1, 0.6, 0.3, 0.15))),
        exposure=float(rng.choice((0.4, 0.85, 1.5, 3)) if hard else rng.choice((0.5, 0.85, 1.2))),
        glare=now_and_then(0.3, 0.05, 0.2) if hard else 0.0,
        inverted=bool(rng.random() < 0.1),
    )


def drawn(shown: Shown, rng: np.random.Generator) -> tuple[Frame, str]:
    """Return a frame with a phone somewhere in it, and what its code says."""
    text = "https://example.com/v/" + "".join(rng.choice(list(_LETTERS), max(shown.length - 22, 1)))
    text = text if shown.length > 22 else text[-shown.length :]
    return pictured(text, shown, rng), text


def pictured(text: str, shown: Shown, rng: np.random.Generator, cover: Callable[[Light], Light] | None = None) -> Frame:
    """Return a frame with a phone somewhere in it that shows a text's code, of which something may cover a part.

    ``cover`` gets the code with the white around it as it shines, from 0 to 1, and returns what is seen of it.
    """
    screen, modules = _screen(text, shown, cover)
    size = modules * shown.module
    room = max(_WIDTH / 2 - size * 0.8, 0), max(_HEIGHT / 2 - size * 0.8, 0)
    middle = _WIDTH / 2 + rng.uniform(-0.6, 0.6) * room[0], _HEIGHT / 2 + rng.uniform(-0.6, 0.6) * room[1]
    scene = counter(rng)
    held = _held(shown, rng)
    light, covered = (_laid(surface, shown, middle, held) for surface in (screen, np.ones_like(screen)))
    scene = scene * (1 - covered) + light * shown.screen * _moire(shown, rng)
    scene = np.asarray(cv2.resize(scene, FRAME_SIZE, interpolation=cv2.INTER_AREA), np.float32)
    scene += np.float32(shown.veil)
    if shown.glare:
        scene += _lamp(shown.glare * size * 0.6, middle, size, rng)
    return sensed(scene, shown, rng)


def frames(shown: Shown, count: int, seed: int) -> Iterator[tuple[Frame, str]]:
    """Yield so many frames of one kind."""
    for number in range(count):
        yield drawn(shown, np.random.default_rng((seed, number)))


class Moment(NamedTuple):
    """A frame of a video, and how much there is to be seen in it."""

    frame: Frame
    in_view: bool
    """Whether any of the phone is."""
    whole: bool
    """Whether all of its code is."""


def approach(steps: int, seed: int, empty: int = 0) -> Iterator[Moment]:
    """Yield a video of a phone brought in from the side, after so many frames of the empty counter.

    It comes fast and out of focus, and slows down; then it is held still.
    """
    rng = np.random.default_rng((seed, steps))
    last = replace(Shown(), turn=0.0, tilt=float(rng.uniform(0, 20)), module=float(rng.uniform(4, 7)), noise=4.0)
    text = "".join(rng.choice(list(_LETTERS), 32))
    screen, modules = _screen(text, last)
    behind, size, held = counter(rng), modules * last.module, _held(last, rng)
    alone = cv2.resize(behind, FRAME_SIZE, interpolation=cv2.INTER_AREA) + np.float32(last.veil)
    for _ in range(empty):
        yield Moment(sensed(alone, last, rng), in_view=False, whole=False)
    for step in range(steps):
        left = max(1 - step / (steps * 0.6), 0) ** 2
        middle = _WIDTH / 2 + left * (_WIDTH / 2 + size), _HEIGHT / 2 + left * 80
        speed = abs(left - max(1 - (step - 1) / (steps * 0.6), 0) ** 2) * (_WIDTH / 2 + size)
        now = replace(last, blur=0.7 + 2 * left, motion=speed * 0.15)  # an exposure of 10 ms of a frame's 67
        light, covered = (_laid(surface, now, middle, held) for surface in (screen, np.ones_like(screen)))
        scene = cv2.resize(behind * (1 - covered) + light, FRAME_SIZE, interpolation=cv2.INTER_AREA)
        whole = middle[0] + size / 2 < _WIDTH
        yield Moment(sensed(scene + np.float32(now.veil), now, rng), bool(covered.any()), whole)


def _screen(text: str, shown: Shown, cover: Callable[[Light], Light] | None = None) -> tuple[Light, int]:
    """Return the phone's face as it shines, and how many modules its code has on a side."""
    modules = np.array([list(row) for row in segno.make_qr(text, error="m").matrix], np.uint8)
    side = len(modules)
    dark, bright = (_WHITE, _BLACK) if shown.inverted else (_BLACK, _WHITE)
    code = np.kron(modules, np.ones((_TEXEL, _TEXEL), np.uint8))
    card = np.pad(np.where(code, dark, bright).astype(np.float32), 4 * _TEXEL, constant_values=bright)
    card = card if cover is None else cover(card)
    face = np.pad(card, ((8 * _TEXEL,) * 2, (3 * _TEXEL,) * 2), constant_values=_BLACK if shown.inverted else 0.9)
    face = np.pad(face, 2 * _TEXEL, constant_values=_BEZEL)
    if shown.grid:
        pitch = 3.0 * _TEXEL / shown.module
        down, right = (0.5 + 0.5 * np.cos(2 * np.pi * np.arange(length) / pitch) for length in face.shape)
        face *= ((1 - shown.grid * down)[:, None] * (1 - shown.grid * right)[None, :]).astype(np.float32)
    return face.astype(np.float32), side


def _held(shown: Shown, rng: np.random.Generator) -> tuple[float, float]:
    """Return by what angle a phone is turned, and in which direction it leans; in radians."""
    return math.radians(rng.uniform(-shown.turn, shown.turn)), rng.uniform(0, 2 * math.pi)


def _laid(surface: Light, shown: Shown, middle: tuple[float, float], held: tuple[float, float]) -> Light:
    """Return a surface as the camera sees it, turned and tilted about its middle, dark around."""
    height, width = surface.shape
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]]) - [width / 2, height / 2]
    corners = corners * shown.module / _TEXEL
    (turn, towards), tilt = held, math.radians(shown.tilt)
    turned = corners @ np.array([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]])
    axis = np.array([math.cos(towards), math.sin(towards)])
    along = turned @ axis
    flat = turned - np.outer(along * (1 - math.cos(tilt)), axis)
    distance = 1.25 * _WIDTH
    seen = flat * (distance / (distance + along * math.sin(tilt)))[:, None] + middle
    source = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    matrix = cv2.getPerspectiveTransform(source, (seen * _FINE).astype(np.float32))
    size = _WIDTH * _FINE, _HEIGHT * _FINE
    return np.asarray(cv2.warpPerspective(surface, matrix, size, flags=cv2.INTER_LINEAR), np.float32)


def counter(rng: np.random.Generator) -> Light:
    """Return a counter with things on it."""
    coarse = rng.random((4, 5)).astype(np.float32)
    counter = 0.05 + 0.15 * cv2.resize(coarse, (_WIDTH * _FINE, _HEIGHT * _FINE), interpolation=cv2.INTER_CUBIC)
    for _ in range(8):
        x, y = int(rng.integers(_WIDTH * _FINE)), int(rng.integers(_HEIGHT * _FINE))
        width, height = (int(side) for side in rng.integers(40, 700, 2))
        cv2.rectangle(counter, (x, y), (x + width, y + height), float(rng.uniform(0.01, 0.4)), -1)
    return np.asarray(counter, np.float32)


def _moire(shown: Shown, rng: np.random.Generator) -> Light | float:
    """Return the beat of the screen's pixels against the sensor's, as a factor of its light."""
    if not shown.moire:
        return 1.0
    down, right = np.mgrid[: _HEIGHT * _FINE, : _WIDTH * _FINE].astype(np.float32) / _FINE
    beat = np.zeros_like(down)
    for _ in range(2):
        period, direction = rng.uniform(4, 25), rng.uniform(0, np.pi)
        across = right * math.cos(direction) + down * math.sin(direction)
        along = down * math.cos(direction) - right * math.sin(direction)
        beat += np.sin((across + period * np.sin(along / (0.3 * _WIDTH))) * (2 * np.pi / period))
    return np.asarray(1 + shown.moire / 2 * beat, np.float32)


def _lamp(spread: float, middle: tuple[float, float], size: float, rng: np.random.Generator) -> Light:
    direction, distance = rng.uniform(0, 2 * np.pi), rng.uniform(0.1, 0.5) * size
    x, y = middle[0] + distance * math.cos(direction), middle[1] + distance * math.sin(direction)
    down, right = np.ogrid[:_HEIGHT, :_WIDTH]
    return np.asarray(2 * np.exp(-((right - x) ** 2 + (down - y) ** 2) / (2 * spread * spread)), np.float32)


def sensed(scene: Light, shown: Shown, rng: np.random.Generator) -> Frame:
    """Return what a sensor makes of light: blur, exposure, curve and noise."""
    scene = np.asarray(cv2.GaussianBlur(scene, (0, 0), shown.blur), np.float32)
    if (length := round(shown.motion) | 1) > 1:
        path, direction = np.zeros((length, length), np.float32), rng.uniform(0, np.pi)
        reach = np.array([math.cos(direction), math.sin(direction)]) * (length // 2)
        start, end = (tuple(int(v) for v in np.round(length // 2 + sign * reach)) for sign in (-1, 1))
        cv2.line(path, start, end, 1.0)
        scene = np.asarray(cv2.filter2D(scene, -1, path / path.sum()), np.float32)
    levels = 255 * np.clip(scene * shown.exposure, 0, 1) ** (1 / _GAMMA)
    return np.asarray(np.clip(levels + rng.normal(0, shown.noise, levels.shape), 0, 255), np.uint8)
