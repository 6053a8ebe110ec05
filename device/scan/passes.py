"""The ways of looking at a frame, the cheapest first: the whole of it, then closer at what its texture points to.

Each was chosen by what it reads that those before it miss, for what it costs (``make bench ONLY=decode``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from device.scan import filters
from device.scan.closer import closer_looks
from device.scan.decoders import build_reader
from device.scan.explained import EXPLAINED
from device.scan.scene import PLACES_OF_BARS
from device.scan.strip import Strip
from device.scan.symbologies import UNCORRECTED, ReaderName
from device.scan.witness import standing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from device.scan.closer import Closer, TwoCorners
    from device.scan.codes import Code
    from device.scan.readers import Frame, Reader
    from device.scan.scene import Scene
    from device.scan.symbologies import Symbology


@dataclass(frozen=True, slots=True)
class Pass:
    """One way of looking at a frame."""

    name: str
    read: Callable[[Scene], list[Code]]


def passes_of(names: Sequence[ReaderName], symbologies: Sequence[Symbology]) -> list[Pass]:
    """Return the passes of the configured readers; none where they read nothing of what is configured.

    Raises ReaderError where a reader is not installed.
    """
    looks = [_LOOKS[name](_Readers(name, symbologies), alone=len(names) == 1) for name in names]
    # The first reader looks at every frame; then the readers take turns.
    longest = max(map(len, looks))
    return [look[turn] for turn in range(longest) for look in looks if turn < len(look)]


class _Readers:
    """One decoder for everything that is configured, for the square kinds alone, and for bars alone."""

    def __init__(self, name: ReaderName, symbologies: Sequence[Symbology]) -> None:
        self.all = build_reader(name, symbologies)
        self.squares = build_reader(name, self.all.reads - UNCORRECTED)
        self.bars = build_reader(name, self.all.reads & UNCORRECTED)


def _zxing(readers: _Readers, *, alone: bool) -> list[Pass]:
    """Return zxing-cpp's passes: it turns, shrinks and inverts by itself."""
    passes = [Pass("zxing", _whole(readers.all, _as_it_is))] if readers.all.reads else []
    if readers.bars.reads:
        passes.append(Pass("zxing strips", _strips(readers.bars, Strip.sharpened)))
    passes += _explained(readers.bars)
    if readers.squares.reads:
        passes += _closer("zxing", closer_looks(readers.squares))
    if alone and readers.all.reads:
        passes.append(Pass("zxing threshold", _whole(readers.all, filters.local_threshold)))
    return passes


def _zbar(readers: _Readers, *, alone: bool) -> list[Pass]:
    """Return zbar's passes: half size loses nothing at a quarter of the cost; alone it needs more of them."""
    half = readers.all if alone else readers.squares
    passes = [Pass("zbar half", _halved(half, _as_it_is))] if half.reads else []
    if readers.bars.reads:
        passes.append(Pass("zbar strips", _strips(readers.bars, Strip.plain)))
    if alone:
        passes += _explained(readers.bars)
    if alone and readers.squares.reads:
        passes += _closer("zbar", closer_looks(readers.squares))
    if alone and readers.all.reads:
        passes += [
            Pass("zbar threshold", _whole(readers.all, filters.local_threshold)),
            Pass("zbar negative", _halved(readers.all, filters.inverted)),
            Pass("zbar whole", _whole(readers.all, _as_it_is)),
        ]
    return passes


_LOOKS: dict[ReaderName, Callable[..., list[Pass]]] = {ReaderName.ZXING: _zxing, ReaderName.PYZBAR: _zbar}


def _as_it_is(frame: Frame) -> Frame:
    return frame


def _whole(reader: Reader, prepare: Callable[[Frame], Frame]) -> Callable[[Scene], list[Code]]:
    """Return a look at the whole frame, prepared."""
    return lambda scene: standing(reader.read(prepare(scene.frame)), scene.frame, lines_agree=reader.compares_lines)


def _halved(reader: Reader, prepare: Callable[[Frame], Frame]) -> Callable[[Scene], list[Code]]:
    """Return a look at the whole frame at half its size, prepared."""

    def read(scene: Scene) -> list[Code]:
        codes = reader.read(prepare(scene.half))
        in_frame = [code.moved(lambda point: (point[0] * 2, point[1] * 2)) for code in codes]
        return standing(in_frame, scene.frame, lines_agree=reader.compares_lines)

    return read


def _closer(name: str, looks: Sequence[Closer | TwoCorners]) -> list[Pass]:
    return [Pass(f"{name} lift {number}", look.read) for number, look in enumerate(looks)]


def _strips(reader: Reader, picture: Callable[[Strip], Frame]) -> Callable[[Scene], list[Code]]:
    """Return a look at a picture of each strip, until one holds a code that the strip itself does not speak against."""

    def read(scene: Scene) -> list[Code]:
        for strip in scene.strips:
            if kept := [code for code in reader.read(picture(strip)) if strip.bears_out(code)]:
                return [strip.in_frame(code) for code in kept]
        return []

    return read


def _explained(reader: Reader) -> list[Pass]:
    """Return looks for codes too blurred for a decoder: at one strip for one kind each, so that a budget parts them."""

    def look(kind: Symbology, number: int) -> Pass:
        return Pass(
            f"explained {kind} {number}",
            lambda scene: [code for strip in scene.strips[number : number + 1] for code in strip.explained(kind)],
        )

    return [look(kind, number) for kind in EXPLAINED if kind in reader.reads for number in range(PLACES_OF_BARS)]
