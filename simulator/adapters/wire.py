"""The wire between a kiosk's process and the rehearsal counter: framed messages over a Unix socket.

The kiosk's side has no asyncio: a thread that sends, a thread that listens. Nothing that the kiosk does ever waits for
the counter, and a counter that went away and came back gets what was said in between, the oldest left out first.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import struct
import threading
from collections import deque
from typing import TYPE_CHECKING

from service.config import Section

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    OnMessage = Callable[[str, bytes], None]

log = logging.getLogger(__name__)

#: A screen that scrolls sends some 350 messages a second; this holds most of a minute of it.
MOST_WAITING = 16384
LARGEST_BODY = 1 << 20
RECONNECT_S = 0.2
#: Answered by the wire itself, behind everything that was sent before it: who asks knows then that it has it all.
FENCE = "fence"

_HEADER = struct.Struct(">IB")
_LONGEST_ADDRESS = 100
"""Bytes of a Unix socket's address; the kernel takes 107."""


class WireError(ValueError):
    """Bytes that are no message of this wire."""


class WireOptions(Section, frozen=True, kw_only=True):
    """What an adapter that talks to the counter needs to know."""

    socket: str
    """Path of the counter's Unix socket for this kiosk."""


def pack(kind: str, body: bytes = b"") -> bytes:
    """Return one message as it crosses the wire."""
    name = kind.encode("ascii")
    return _HEADER.pack(len(body), len(name)) + name + body


class Unpacker:
    """Cuts a stream of bytes back into messages."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[str, bytes]]:
        """Yield every (kind, body) that is complete now; raise WireError for what cannot be a message."""
        self._rest += data
        while len(self._rest) >= _HEADER.size:
            length, name_length = _HEADER.unpack_from(self._rest)
            if length > LARGEST_BODY:
                msg = f"a message of {length} bytes; at most {LARGEST_BODY} cross this wire"
                raise WireError(msg)
            begin = _HEADER.size + name_length
            end = begin + length
            if len(self._rest) < end:
                return
            kind = self._rest[_HEADER.size : begin].decode("ascii", errors="replace")
            body = bytes(self._rest[begin:end])
            del self._rest[:end]
            yield kind, body


class Wire:
    """One adapter's connection to the counter, made again for as long as it is wanted.

    ``on_message`` is called from the wire's own thread with every message of the counter.
    """

    def __init__(self, path: Path, on_message: OnMessage | None = None) -> None:
        self._path = path
        self._on_message = on_message
        self._waiting: deque[bytes] = deque(maxlen=MOST_WAITING)
        self._changed = threading.Condition()
        self._sending = threading.Lock()
        self._door: socket.socket | None = None
        self._closing = False
        self._sender: threading.Thread | None = None

    def start(self) -> None:
        """Connect, in the background."""
        with self._changed:
            if self._sender is None and not self._closing:
                self._sender = threading.Thread(target=self._run, name=f"wire-{self._path.parent.name}", daemon=True)
                self._sender.start()

    def send(self, kind: str, body: bytes = b"") -> None:
        """Have a message sent; never waits. Where thousands wait already, the oldest is dropped."""
        with self._changed:
            self._waiting.append(pack(kind, body))
            self._changed.notify_all()

    def close(self, timeout_s: float = 0.5) -> None:
        """Send what still waits, if the counter takes it in time, and hang up."""
        with self._changed:
            self._closing = True
            sender, self._sender = self._sender, None
            self._changed.notify_all()
        if sender is not None and sender is not threading.current_thread():
            sender.join(timeout_s)
        self._hang_up(self._door)

    def _run(self) -> None:
        batch = b""  # taken from the queue, but perhaps not delivered yet
        while True:
            with self._changed:
                if not batch:
                    self._changed.wait_for(lambda: self._closing or self._door is None or self._waiting)
                door = self._door
                if door is not None and not batch:
                    batch = b"".join(self._waiting)
                    self._waiting.clear()
                if self._closing and (door is None or not batch):
                    return
            if door is None:
                self._reconnect()
            elif batch and self._pass(door, batch):
                batch = b""

    def _pass(self, door: socket.socket, batch: bytes) -> bool:
        """Send; return whether all of it went."""
        try:
            with self._sending:
                door.sendall(batch)
        except OSError:
            self._hang_up(door)
            return False
        return True

    def _reconnect(self) -> None:
        try:
            door = dial(self._path)
        except OSError:
            with self._changed:
                self._changed.wait_for(lambda: self._closing, timeout=RECONNECT_S)
            return
        with self._changed:
            self._door = door
        threading.Thread(target=self._listen, args=(door,), name="wire-listen", daemon=True).start()

    def _listen(self, door: socket.socket) -> None:
        unpacker = Unpacker()
        try:
            while data := door.recv(65536):
                for kind, body in unpacker.feed(data):
                    self._take(kind, body)
        except (OSError, WireError) as error:
            log.debug("wire_lost path=%s error=%s", self._path, error)
        finally:
            self._hang_up(door)
            with self._sending:  # never close what the other thread is writing to
                door.close()

    def _take(self, kind: str, body: bytes) -> None:
        if kind == FENCE:
            self.send(FENCE, body)
        elif self._on_message is not None:
            try:
                self._on_message(kind, body)
            except Exception:
                log.exception("wire_message_failed kind=%s", kind)

    def _hang_up(self, door: socket.socket | None) -> None:
        """Give a connection up; whoever is inside recv() or sendall() on it comes out."""
        if door is None:
            return
        with self._changed:
            if self._door is door:
                self._door = None
            self._changed.notify_all()
        with contextlib.suppress(OSError):  # it may be down already
            door.shutdown(socket.SHUT_RDWR)


def connect(path: Path, on_message: OnMessage | None = None) -> Wire:
    """Return a wire that is connecting in the background."""
    wire = Wire(path, on_message)
    wire.start()
    return wire


def dial(path: Path) -> socket.socket:
    """Return a connected Unix socket; raise OSError where nobody listens."""
    door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    try:
        reach(path, door.connect)
    except BaseException:
        door.close()
        raise
    return door


def reach(path: Path, use: Callable[[str], None]) -> None:
    """Call ``use`` with an address for the socket at ``path``, short enough for the kernel whatever the folder is."""
    if len(os.fsencode(path)) <= _LONGEST_ADDRESS:
        use(str(path))
        return
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        use(f"/proc/self/fd/{folder}/{path.name}")
    finally:
        os.close(folder)
