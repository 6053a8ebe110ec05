"""Cables that can be cut: TCP proxies between the parts of a rehearsal.

A cut link resets what is connected and refuses what comes. A stalled one stays open, takes new connections, and keeps
everything that is said, goodbyes included, until it is restored: the network that loses nothing but time. A dropping
one loses every packet, as a radio link that is gone: whoever sends over it sends again, more and more rarely.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import struct
from collections import deque
from enum import StrEnum
from typing import TYPE_CHECKING

from simulator.blackhole import deafen, hear_again

if TYPE_CHECKING:
    from asyncio.trsock import TransportSocket
    from collections.abc import Callable, Iterator

log = logging.getLogger(__name__)

#: A stalled direction keeps this much; then its sender is made to wait, as by any full network.
MOST_HELD = 1 << 20
#: With this, closing a socket sends a reset.
_RESET = struct.pack("ii", 1, 0)


class LinkState(StrEnum):
    """What the cable does."""

    OPEN = "open"
    STALLED = "stalled"
    DROPPING = "dropping"
    CUT = "cut"


class Link:
    """One cable: whoever connects to ``port`` is connected to ``target``, as long as the link lets them."""

    def __init__(self, name: str, port: int, target: tuple[str, int], *, host: str = "127.0.0.1") -> None:
        self.name = name
        self.host = host
        self.port = port
        self.state = LinkState.OPEN
        self._target = target
        self._server: asyncio.Server | None = None
        self._calls: set[_Call] = set()

    async def start(self) -> None:
        """Listen; raise OSError where the port is taken."""
        self.state = LinkState.OPEN
        await self._listen()

    async def cut(self) -> None:
        """Reset every connection and refuse new ones."""
        self.state = LinkState.CUT
        self._stop_listening()
        for call in list(self._calls):
            call.reset()

    async def stall(self) -> None:
        """Keep every connection open and forward nothing more."""
        self.state = LinkState.STALLED
        await self._listen()

    async def drop(self) -> None:
        """Lose every packet, and answer no connection."""
        await self.stall()
        self.state = LinkState.DROPPING
        for door in self._doors():
            deafen(door)

    async def restore(self) -> None:
        """Forward again, first what was held."""
        if self.state is LinkState.DROPPING:
            for door in self._doors():
                hear_again(door)
        self.state = LinkState.OPEN
        await self._listen()
        for call in list(self._calls):
            call.go_on()

    async def close(self) -> None:
        """Hang up on everybody and stop listening."""
        await self.cut()

    def _doors(self) -> Iterator[socket.socket | TransportSocket]:
        """Yield the sockets of all that is open."""
        if self._server is not None:
            yield from self._server.sockets
        for call in self._calls:
            yield from (door for door in (call.near.door, call.far.door) if door is not None)

    async def _listen(self) -> None:
        if self._server is None:
            loop = asyncio.get_running_loop()
            self._server = await loop.create_server(self._answer, self.host, self.port, reuse_address=True)

    def _stop_listening(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.close()

    def _answer(self) -> asyncio.Protocol:
        call = _Call(self)
        self._calls.add(call)
        return call.near

    async def reach_target(self, far: asyncio.Protocol) -> None:
        """Connect the far side of a call; raise OSError where the target does not answer."""
        await asyncio.get_running_loop().create_connection(lambda: far, *self._target)

    def forget(self, call: _Call) -> None:
        """Drop a call that has ended."""
        self._calls.discard(call)


class _Call:
    """One connection through the link: a near and a far end, and what is on its way between them."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self.near = _End(self)
        self.far = _End(self)
        self.near.other, self.far.other = self.far, self.near
        self._dialling: asyncio.Task[None] | None = None
        self._dialled = False

    @property
    def flows(self) -> bool:
        """Whether what arrives is forwarded at once."""
        return self.link.state is LinkState.OPEN

    def began(self, end: _End) -> None:
        """Note that one side is connected."""
        if self.link.state is LinkState.CUT:
            self.reset()
        elif end is self.near and self.flows:
            self.go_on()

    def go_on(self) -> None:
        """Begin, or forward what was held."""
        if not self._dialled:
            self._dialled = True
            self._dialling = asyncio.get_running_loop().create_task(self._dial())
        else:
            self.near.deliver()
            self.far.deliver()

    async def _dial(self) -> None:
        try:
            await self.link.reach_target(self.far)
        except OSError as error:
            log.debug("link_target_refuses link=%s error=%s", self.link.name, error)
            self.reset()
            return
        self.near.deliver()
        self.far.deliver()

    def reset(self) -> None:
        """End both sides at once, losing what was held."""
        if self._dialling is not None:
            self._dialling.cancel()
        self.near.reset()
        self.far.reset()
        self.link.forget(self)

    def ended(self) -> None:
        """Note that one side is gone and everything it said was passed on."""
        if self.near.is_gone and self.far.is_gone:
            self.link.forget(self)


class _End(asyncio.Protocol):
    """One side of a call. What it hears is forwarded to ``other``, or held until it may be."""

    other: _End

    def __init__(self, call: _Call) -> None:
        self._call = call
        self._transport: asyncio.Transport | None = None
        self._held: deque[Callable[[], None]] = deque()
        self._held_bytes = 0
        self._paused_for: set[str] = set()
        self.is_gone = False

    # --- what asyncio tells

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - narrows what asyncio gives to streams
        self._transport = transport
        door: socket.socket = transport.get_extra_info("socket")
        door.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._call.began(self)

    def data_received(self, data: bytes) -> None:
        if not self._held and self._call.flows and self.other.is_connected:
            self.other.write(data)
            return
        self._held.append(lambda: self.other.write(data))
        self._held_bytes += len(data)
        if self._held_bytes > MOST_HELD:
            self.pause("held")

    def eof_received(self) -> bool:
        self._forward(self.other.write_eof)
        return True  # the other direction may go on

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_gone = True
        # A reset that overtook what was said before it would take that along.
        self._forward(self.other.reset if exc and not self._held else self.other.close)
        self._call.ended()

    def pause_writing(self) -> None:
        self.other.pause("full")

    def resume_writing(self) -> None:
        self.other.resume("full")

    # --- what the other side and the link ask

    @property
    def door(self) -> TransportSocket | None:
        """Its socket; None where it is not connected."""
        door: TransportSocket | None = self._transport.get_extra_info("socket") if self._transport else None
        return None if self.is_gone else door

    @property
    def is_connected(self) -> bool:
        """Whether something can be written here."""
        return self._transport is not None and not self.is_gone

    def deliver(self) -> None:
        """Pass on what was held, in order, for as long as the link is open."""
        if not self.other.is_connected:
            if self.other.is_gone:
                self._held.clear()
            return
        while self._held and self._call.flows:
            self._held.popleft()()
        if not self._held:
            self._held_bytes = 0
            self.resume("held")

    def write(self, data: bytes) -> None:
        """Send to the party behind this end."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def write_eof(self) -> None:
        """Tell the party behind this end that no more comes."""
        if self._transport is not None and not self._transport.is_closing():
            with contextlib.suppress(OSError):  # it may have gone just now
                self._transport.write_eof()

    def close(self) -> None:
        """Hang up once everything was sent."""
        if self._transport is not None:
            self._transport.close()

    def reset(self) -> None:
        """Hang up with a reset."""
        self._held.clear()
        if self._transport is not None and not self.is_gone:
            door: socket.socket = self._transport.get_extra_info("socket")
            with contextlib.suppress(OSError):  # it may have gone just now
                door.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            self._transport.abort()

    def pause(self, reason: str) -> None:
        """Stop hearing the party behind this end, because what it says cannot be passed on."""
        self._paused_for.add(reason)
        if self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()

    def resume(self, reason: str) -> None:
        """Hear it again, if no other reason stands against it."""
        self._paused_for.discard(reason)
        if not self._paused_for and self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def _forward(self, act: Callable[[], None]) -> None:
        if not self._held and self._call.flows and self.other.is_connected:
            act()
        elif not self.other.is_gone:
            self._held.append(act)
