"""A link forwards, stalls without losing anything, loses every packet, and resets when it is cut."""

from __future__ import annotations

import asyncio
import socket
import struct
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from simulator.links import Link
from tests.simulator.waiting import soon

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable


class Target:
    """A server behind a link: keeps what it hears, says it back in capitals."""

    def __init__(self) -> None:
        self.heard = bytearray()
        self.goodbyes = 0
        self.writers: list[asyncio.StreamWriter] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.append(writer)
        try:
            while data := await reader.read(65536):
                self.heard += data
                writer.write(data.upper())
        except ConnectionError:
            pass
        finally:
            self.goodbyes += 1
            writer.close()


@asynccontextmanager
async def linked(port: int) -> AsyncIterator[tuple[Link, Target]]:
    target = Target()
    server = await asyncio.start_server(target.serve, "127.0.0.1", 0)
    link = Link("kiosk-broker", port, ("127.0.0.1", server.sockets[0].getsockname()[1]))
    await link.start()
    try:
        yield link, target
    finally:
        await link.close()
        server.close()
        for writer in target.writers:
            writer.close()
        await asyncio.sleep(0)


async def call(link: Link) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection(link.host, link.port)


def test_what_is_said_arrives_and_comes_back(free_port: Callable[[], int]) -> None:
    async def story() -> None:
        async with linked(free_port()) as (link, target):
            reader, writer = await call(link)
            writer.write(b"hello")
            assert await reader.readexactly(5) == b"HELLO"
            door: socket.socket = writer.get_extra_info("socket")
            assert door.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            writer.write_eof()
            assert await reader.read() == b""
            await soon(lambda: target.goodbyes == 1)
            writer.close()

    asyncio.run(story())


def test_a_long_message_crosses_whole_past_a_slow_reader(free_port: Callable[[], int]) -> None:
    async def story() -> None:
        async with linked(free_port()) as (link, target):
            reader, writer = await call(link)
            long = bytes(range(ord("a"), ord("z") + 1)) * 400_000
            writer.write(long)
            assert await reader.readexactly(len(long)) == long.upper()
            assert target.heard == long
            writer.close()

    asyncio.run(story())


def test_a_stalled_link_stays_open_and_delivers_at_restore_in_order(free_port: Callable[[], int]) -> None:
    async def story() -> None:
        async with linked(free_port()) as (link, target):
            reader, writer = await call(link)
            writer.write(b"before ")
            await reader.readexactly(7)
            await link.stall()
            for word in (b"one ", b"two ", b"three"):
                writer.write(word)
                await writer.drain()
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(reader.read(1), 0.1)
            assert target.heard == b"before "
            await link.restore()
            assert await reader.readexactly(13) == b"ONE TWO THREE"
            assert target.heard == b"before one two three"
            writer.close()

    asyncio.run(story())


def test_a_dropping_link_acknowledges_nothing_and_answers_nobody_until_it_is_restored(
    free_port: Callable[[], int],
) -> None:
    async def story() -> None:
        async with linked(free_port()) as (link, target):
            reader, writer = await call(link)
            writer.write(b"before ")
            await reader.readexactly(7)
            await link.drop()
            writer.write(b"during")
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(call(link), 0.5)
            assert unacknowledged(writer) == 1
            assert target.heard == b"before "
            await link.restore()
            assert await reader.readexactly(6) == b"DURING"
            another = await call(link)
            another[1].write(b"!")
            assert await another[0].readexactly(1) == b"!"
            for one in (writer, another[1]):
                one.close()

    asyncio.run(story())


def unacknowledged(writer: asyncio.StreamWriter) -> int:
    """Return how many segments the kernel has sent and the peer not acknowledged (tcp_info of linux/tcp.h)."""
    door: socket.socket = writer.get_extra_info("socket")
    return int(struct.unpack_from("8B5I", door.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 64))[12])


def test_an_answer_on_its_way_is_held_too(free_port: Callable[[], int]) -> None:
    async def story() -> None:
        async with linked(free_port()) as (link, target):
            reader, writer = await call(link)
            writer.write(b"x")
            await reader.readexactly(1)
            await link.stall()
            target.writers[0].write(b"late")
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(reader.read(1), 0.1)
            await link.restore()
            assert await reader.readexactly(4) == b"late"
            writer.close()

    asyncio.run(story())


def test_a_stalled_link_takes_new_calls_and_connects_them_later(free_port: Callable[[], int]) -> None:
    async def story() -> None:
        async with linked(free_port()) as (link, target):
            await link.stall()
            reader, writer = await call(link)
            writer.write(b"anybody?")
            await writer.drain()
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(reader.read(1), 0.1)
            assert not target.writers
            await link.restore()
            assert await reader.readexactly(8) == b"ANYBODY?"
            writer.close()

    asyncio.run(story())


@pytest.mark.parametrize("reset", [False, True], ids=["hung up", "killed"])
def test_the_words_of_a_caller_who_is_gone_arrive_all_the_same(free_port: Callable[[], int], *, reset: bool) -> None:
    async def story() -> None:
        async with linked(free_port()) as (link, target):
            _, old = await call(link)
            old.write(b"old ")
            await soon(lambda: bytes(target.heard) == b"old ")
            await link.stall()
            _, new = await call(link)
            for writer, words in ((old, b"last words"), (new, b" new words")):
                writer.write(words)
                await writer.drain()
                await asyncio.sleep(0.05)  # on their way; what a reset overtakes in the kernel is lost in any network
                if reset:
                    writer.transport.abort()
                else:
                    writer.close()
            await link.restore()
            await soon(lambda: target.goodbyes == 2)
            assert sorted(target.heard) == sorted(b"old last words new words")

    asyncio.run(story())


def test_a_cut_link_resets_and_refuses_until_it_is_restored(free_port: Callable[[], int]) -> None:
    async def story() -> None:
        async with linked(free_port()) as (link, target):
            reader, writer = await call(link)
            writer.write(b"x")
            await reader.readexactly(1)
            await link.cut()
            with pytest.raises(ConnectionResetError):
                await reader.read(1)
            with pytest.raises(ConnectionRefusedError):
                await call(link)
            await soon(lambda: target.goodbyes == 1)
            await link.restore()
            reader, writer = await call(link)
            writer.write(b"again")
            assert await reader.readexactly(5) == b"AGAIN"
            writer.close()

    asyncio.run(story())


def test_cutting_a_stalled_link_loses_what_was_held(free_port: Callable[[], int]) -> None:
    async def story() -> None:
        async with linked(free_port()) as (link, target):
            await link.stall()
            reader, writer = await call(link)
            writer.write(b"lost")
            await writer.drain()
            await link.cut()
            with pytest.raises(ConnectionResetError):
                await reader.read(1)
            await link.restore()
            _, writer = await call(link)
            writer.write(b"kept")
            await soon(lambda: target.heard)
            assert target.heard == b"kept"
            writer.close()

    asyncio.run(story())


def test_a_call_is_reset_where_nobody_listens_behind_the_link(free_port: Callable[[], int]) -> None:
    async def story() -> None:
        link = Link("gateway-broker", free_port(), ("127.0.0.1", free_port()))
        await link.start()
        try:
            reader, writer = await call(link)
            with pytest.raises(ConnectionResetError):
                await reader.read(1)
            writer.close()
        finally:
            await link.close()

    asyncio.run(story())


def test_a_sender_is_made_to_wait_when_a_stalled_link_is_full(free_port: Callable[[], int]) -> None:
    async def story() -> None:
        async with linked(free_port()) as (link, target):
            await link.stall()
            reader, writer = await call(link)
            long = b"abc" * 8_000_000
            writer.write(long)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(writer.drain(), 0.2)
            await link.restore()
            assert len(await reader.readexactly(len(long))) == len(long)
            assert target.heard == long
            writer.close()

    asyncio.run(story())
