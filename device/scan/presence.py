"""From what was read in each frame to what happens at the counter: a code appears once, stays, and goes.

Pure: time comes in as an argument. A held-up phone is read in one frame and missed in the next, moves, dims, and shows
its code twice; all that is one presentation. It ends when the place where the code was shows something else.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from device.scan.codes import same_place
from device.scan.symbologies import UNCORRECTED
from protocol.classify import classify

if TYPE_CHECKING:
    from collections.abc import Sequence

    from device.scan.codes import Code
    from device.scan.glimpse import Glimpse

#: Seconds without a read after which a code is gone whose place has lost it, once nothing moves there any more.
GONE_AFTER_S = 0.5
#: The same where something keeps moving in that place: a hand, or the phone itself, too fast to be read.
GONE_MOVING_S = 2.0
#: The same where the place looks as before, but something else in the picture has changed.
GONE_CHANGED_S = 3.0
#: The same in any case.
GONE_ANYWAY_S = 10.0
#: For how long a place must be at rest before its loss is believed.
REST_S = 0.2

#: A code that corrects no errors counts once it was read in so many frames.
_READS_WITHOUT_CORRECTION = 2
#: One of two codes is the one that is meant when the other is this many times as far from the middle.
_CLEARLY_NEARER = 2.0


@dataclass(frozen=True, slots=True)
class Appeared:
    """A code is before the camera that was not there, or not clearly the one that is meant."""

    code: Code


@dataclass(frozen=True, slots=True)
class Several:
    """Several codes that may be meant are before the camera, none clearly nearer the middle."""


@dataclass(frozen=True, slots=True)
class Gone:
    """What was said to be before the camera is there no more; what lies there all day may be."""


Happening: TypeAlias = Appeared | Several | Gone


@dataclass(slots=True)
class _Presentation:
    """One code before the camera, from its first read until it is gone."""

    code: Code
    view: Glimpse
    """The frame in which it was last read."""
    since: float
    read_at: float
    moved_at: float
    reads: int = 1
    reported: bool = False

    @property
    def name(self) -> tuple[str | bytes, float]:
        """What tells it from every other one, of the same code too."""
        return self.code.identity, self.since

    @property
    def counts(self) -> bool:
        return self.code.format not in UNCORRECTED or self.reads >= _READS_WITHOUT_CORRECTION


class Tracker:
    """What is before the camera now, frame by frame."""

    def __init__(self) -> None:
        """Start with an empty counter."""
        self._present: dict[str | bytes, _Presentation] = {}
        self._judged: frozenset[tuple[str | bytes, float]] = frozenset()
        """The presentations of which it was last said what they mean; none where nothing is said to be there."""
        self._told: str | bytes | None = None
        """What was last said to be there."""
        self._last: Glimpse | None = None

    @property
    def certain(self) -> bool:
        """Whether every code that was read counts: none waits for a second frame."""
        return all(presentation.counts for presentation in self._present.values())

    @property
    def occupied(self) -> bool:
        """Whether a code that may be meant is before the camera, as far as is known."""
        return not all(presentation.code.is_bystander for presentation in self._present.values())

    def update(self, codes: Sequence[Code], view: Glimpse, now: float) -> list[Happening]:
        """Take in what was read in the frame of a moment (monotonic seconds); return what that means, if anything."""
        read = _nearest_of_each(codes, view)
        arrived = [code for code in read.values() if self._note(code, view, now)]
        for identity, presentation in list(self._present.items()):
            if identity in read:
                continue
            if self._last is not None and view.moved_since(self._last, presentation.code.box):
                presentation.moved_at = now
            if _displaced(presentation, arrived, view) or _gone(presentation, view, now):
                del self._present[identity]
        self._last = view
        return self._judge(view, now)

    def _note(self, code: Code, view: Glimpse, now: float) -> bool:
        """Take note of a read; return whether it is the one that makes the code count."""
        known = self._present.get(code.identity)
        fresh = _Presentation(code, view, since=now, read_at=now, moved_at=now)
        if known is not None:
            fresh.since, fresh.reads, fresh.reported = known.since, known.reads + 1, known.reported
        self._present[code.identity] = fresh
        return fresh.counts and not (known is not None and known.counts)

    def _judge(self, view: Glimpse, now: float) -> list[Happening]:
        """Return what is new since the set of codes before the camera was last another one."""
        counted = [presentation for presentation in self._present.values() if presentation.counts]
        if not counted:
            return self._all_gone()
        names = frozenset(presentation.name for presentation in counted)
        if names == self._judged:
            return []
        meant = _meant(counted, view)
        if meant is not None and meant.read_at < now:
            # It may be on its way out, too: it is reported in a frame in which it is read.
            return [] if self._told is None or self._told in self._present else self._all_gone()
        self._judged = names
        if meant is None:
            for presentation in self._present.values():
                presentation.reported = False  # the one that is left in the end is an answer to "show one code"
            return [Several()]
        told, self._told = self._told, meant.code.identity
        if meant.reported:
            return [] if told is None or told in self._present else [Gone()]
        meant.reported = True
        return [Appeared(meant.code)]

    def _all_gone(self) -> list[Happening]:
        """Return that what was said to be there is gone, if anything was."""
        was_occupied, self._judged, self._told = bool(self._judged), frozenset(), None
        return [Gone()] if was_occupied else []


def _nearest_of_each(codes: Sequence[Code], view: Glimpse) -> dict[str | bytes, Code]:
    """Return each payload once, nearest the middle: a page may show the same code as a square and as bars."""
    nearest: dict[str | bytes, Code] = {}
    for code in sorted(codes, key=lambda code: _from_middle(code, view)):
        nearest.setdefault(code.identity, code)
    return nearest


def _displaced(old: _Presentation, arrived: Sequence[Code], view: Glimpse) -> bool:
    """Return whether a code that counts from this frame on has taken the place of one that was not read in it."""
    place = old.code.box
    return any(same_place(place, code.box) for code in arrived) or (bool(arrived) and view.has_lost(place, old.view))


def _gone(old: _Presentation, view: Glimpse, now: float) -> bool:
    unread_s = now - old.read_at
    if unread_s < GONE_AFTER_S:
        return False
    if view.has_lost(old.code.box, old.view) and (now - old.moved_at >= REST_S or unread_s >= GONE_MOVING_S):
        return True
    return unread_s >= GONE_ANYWAY_S or (unread_s >= GONE_CHANGED_S and not view.same_picture(old.view))


def _meant(shown: Sequence[_Presentation], view: Glimpse) -> _Presentation | None:
    """Return the code that is meant: the one that may be a voucher, of several the one clearly nearest the middle.

    None where that is unclear. A poster's or a page's other codes, to follow, to pay, to join, may lie nearer.
    """
    likely = [presentation for presentation in shown if classify(presentation.code.text).verdict is None] or shown
    nearest, *others = sorted(likely, key=lambda presentation: _from_middle(presentation.code, view))
    if others and _from_middle(others[0].code, view) < _CLEARLY_NEARER * _from_middle(nearest.code, view):
        return None
    return nearest


def _from_middle(code: Code, view: Glimpse) -> float:
    """Return a code's distance from the middle of the frame, in pixels."""
    x, y = code.centre
    return math.hypot(x - view.width / 2, y - view.height / 2)
