"""A scanner gun on USB, as a second pair of eyes or the only one: read from the kernel, and kept from everybody else.

It is grabbed, so that no console on the machine gets what is typed. One that is pulled out is waited for; whoever
pulled it sees that on its own light, and where it stands alone the screen says it, too.
"""

from __future__ import annotations

import fcntl
import logging
import os
import select
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from device import keyboard
from device.mailbox import GunRead
from device.scan.events import Alive, CameraFault
from service.config import Section

if TYPE_CHECKING:
    from collections.abc import Callable

    from device.mailbox import Item

log = logging.getLogger(__name__)

#: Where udev names keyboards, guns among them, by what they are.
BY_NAME = Path("/dev/input/by-id")
#: ``EVIOCGRAB`` of linux/input.h: _IOW('E', 0x90, int).
_GRAB = 0x40044590
_AGAIN_S = 2.0
_CHUNK = 64 * keyboard.EVENT.size


class GunSettings(Section, frozen=True, kw_only=True):
    """``[gun]``: which device the gun is, and whether it stands alone."""

    device: Annotated[str, Meta(min_length=1)]
    """Such as ``/dev/input/by-id/usb-…-event-kbd``: the number of an event device changes from start to start."""
    instead_of_camera: bool = False
    """Whether there is no camera, so that none is looked for."""


def grab(descriptor: int) -> None:
    """Take an input device for this process alone; raise OSError where it is none, or another has it."""
    fcntl.ioctl(descriptor, _GRAB, 1)


def guns(folder: Path = BY_NAME) -> list[str]:
    """Return the keyboards that are plugged in, by their lasting names, a gun among them."""
    return sorted(str(path) for path in folder.glob("*-event-kbd"))


class Gun:
    """Posts what a gun reads, in a thread of its own."""

    def __init__(
        self,
        settings: GunSettings,
        post: Callable[[Item], None],
        on_death: Callable[[BaseException], None],
        take: Callable[[int], None] = grab,
    ) -> None:
        """Keep the parts; ``take`` makes a device this process's own."""
        self._settings = settings
        self._post = post
        self._on_death = on_death
        self._take = take
        self._ends, self._end = -1, -1
        self._missed = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to read."""
        self._ends, self._end = os.pipe()
        self._thread = threading.Thread(target=self._run, name="gun", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Let the gun go; safe on one that was never started."""
        if self._thread is None:
            return
        os.write(self._end, b"\0")
        self._thread.join()
        self._thread = None
        for descriptor in (self._ends, self._end):
            os.close(descriptor)

    def fresh(self, _now: float, _max_age_s: float) -> bool:
        """Whether it is looked after: as long as the process lives, because its thread ends that with it."""
        return True

    def _run(self) -> None:
        try:
            while self._read_one():
                pass
        except Exception as error:  # a dead thread ends the process, and on_death sees to that
            log.exception("gun_died")
            self._on_death(error)

    def _read_one(self) -> bool:
        """Read the gun until it is gone, and wait until it may be there again; return whether to go on."""
        try:
            descriptor = os.open(self._settings.device, os.O_RDONLY | os.O_NONBLOCK)
        except OSError as error:
            return self._miss(error)
        try:
            self._take(descriptor)
            self._found()
            return self._listen(descriptor)
        except OSError as error:
            return self._miss(error)
        finally:
            os.close(descriptor)

    def _listen(self, descriptor: int) -> bool:
        line = keyboard.Line()
        while self._ready(descriptor):
            raw = os.read(descriptor, _CHUNK)
            if not raw:
                msg = "the device has ended"
                raise OSError(msg)
            for typed in keyboard.read(raw):
                line, text = keyboard.take(line, typed, time.monotonic())
                if text is not None:
                    log.info("gun_read characters=%s", len(text))
                    self._post(GunRead(text))
        return False

    def _ready(self, descriptor: int | None, timeout_s: float | None = None) -> bool:
        """Wait for the gun or the end; return whether it was not the end."""
        wanted = [self._ends, *([] if descriptor is None else [descriptor])]
        readable, _, _ = select.select(wanted, [], [], timeout_s)
        return self._ends not in readable

    def _found(self) -> None:
        self._missed = False
        log.info("gun_ready device=%s", self._settings.device)
        if self._settings.instead_of_camera:
            self._post(Alive(frames=0, fps=0.0, decode_ms=0.0))

    def _miss(self, error: OSError) -> bool:
        if not self._missed:
            log.warning("gun_missing device=%s error=%s next_in_s=%s", self._settings.device, error, _AGAIN_S)
            if self._settings.instead_of_camera:
                self._post(CameraFault(error=f"the scanner gun is not there: {error}"))
        self._missed = True
        return self._ready(None, _AGAIN_S)
