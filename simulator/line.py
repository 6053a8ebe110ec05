"""The counter's end of one wire to a kiosk's process."""

from __future__ import annotations

import asyncio
import logging
import socket
from typing import TYPE_CHECKING, Protocol

from simulator.adapters.wire import Unpacker, WireError, pack, reach

if TYPE_CHECKING:
    from pathlib import Path

log = logging.getLogger(__name__)


class Listener(Protocol):
    """Who hears what is said on lines."""

    def joined(self, line: Line) -> None:
        """Note a new line."""

    def left(self, line: Line) -> None:
        """Note that a line is gone."""

    def heard(self, line: Line, kind: str, body: bytes) -> None:
        """Take a message; raise ValueError for what is none."""


class Line(asyncio.Protocol):
    """One connection of one adapter."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._unpacker = Unpacker()
        self._transport: asyncio.Transport | None = None
        self.fence = 0
        """The highest fence that came back on this line."""

    @property
    def is_down(self) -> bool:
        """Whether nothing more can come."""
        return self._transport is None or self._transport.is_closing()

    def say(self, kind: str, body: bytes) -> None:
        """Send a message to the adapter."""
        if self._transport is not None:
            self._transport.write(pack(kind, body))

    def hang_up(self) -> None:
        """End the connection."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note the new connection."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - narrows what asyncio gives to streams
        self._transport = transport
        self._listener.joined(self)

    def data_received(self, data: bytes) -> None:
        """Pass on every message that is complete."""
        if self.is_down:
            return
        try:
            for kind, body in self._unpacker.feed(data):
                self._take(kind, body)
        except WireError as error:
            log.warning("line_broken error=%s", error)
            self.hang_up()

    def connection_lost(self, exc: Exception | None) -> None:
        """Note its end."""
        del exc
        self._transport = None
        self._listener.left(self)

    def _take(self, kind: str, body: bytes) -> None:
        try:
            self._listener.heard(self, kind, body)
        except ValueError as error:
            log.warning("line_bad_message kind=%s error=%s", kind, error)


async def listen(path: Path, listener: Listener) -> asyncio.Server:
    """Take connections on a Unix socket at ``path``, in place of one that a killed counter left there."""
    return await asyncio.get_running_loop().create_unix_server(lambda: Line(listener), sock=_bound(path))


def _bound(path: Path) -> socket.socket:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK)
    try:
        reach(path, door.bind)
    except BaseException:
        door.close()
        raise
    return door
