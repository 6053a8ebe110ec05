"""Fakes of a kiosk's ports: they remember what they were asked, in one common order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from device.ports import Button

if TYPE_CHECKING:
    from collections.abc import Callable

    from device.view import View
    from protocol.messages import KioskMessage
    from protocol.vocabulary import Light, Sound


class Diary:
    """What the fakes were asked, in the order in which they were."""

    def __init__(self) -> None:
        self.entries: list[tuple[str, Any]] = []

    def of(self, kind: str) -> list[Any]:
        """Return everything of one kind."""
        return [what for one, what in list(self.entries) if one == kind]

    def note(self, kind: str, what: object) -> None:
        self.entries.append((kind, what))


class FakePanel:
    """A panel whose levels can be set, and whose edges can be played."""

    def __init__(self, diary: Diary) -> None:
        self.levels = dict.fromkeys(Button, False)
        self.failure: Exception | None = None
        self._diary = diary
        self._on_edge: Callable[[Button, bool, float], None] | None = None

    def start(self, on_edge: Callable[[Button, bool, float], None]) -> None:
        self._on_edge = on_edge

    def pressed(self, button: Button) -> bool:
        return self.levels[button]

    def light(self, light: Light) -> None:
        if self.failure is not None:
            raise self.failure
        self._diary.note("light", light)

    def play(self, sound: Sound | None) -> None:
        self._diary.note("sound", sound)

    def close(self) -> None:
        self._diary.note("closed", "panel")


class FakeScreen:
    """A display thread without a display."""

    def __init__(self, diary: Diary) -> None:
        self._diary = diary

    def show(self, view: View) -> None:
        self._diary.note("view", view)


class FakeLink:
    """A link that keeps what leaves."""

    def __init__(self, diary: Diary) -> None:
        self._diary = diary

    def send(self, message: KioskMessage) -> None:
        self._diary.note("sent", message)


class FakeMonitor:
    """Somebody who watches."""

    def __init__(self, diary: Diary) -> None:
        self._diary = diary

    def shown(self, view: View) -> None:
        self._diary.note("shown", view.seq)

    def drawn(self, seq: int) -> None:
        self._diary.note("drawn", seq)

    def handled(self, edges: int) -> None:
        self._diary.note("handled", edges)

    def close(self) -> None:
        self._diary.note("closed", "monitor")
