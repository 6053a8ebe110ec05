"""A network that loses everything, on one machine and without privileges: sockets whose kernel hears nothing more.

A socket filter that passes no packet is put on a socket (socket(7), SO_ATTACH_FILTER). What its peer sends is then
neither acknowledged nor refused: the peer's kernel sends it again and again, more and more rarely, as over a radio link
that is gone. A listening socket with it answers no connection.
"""

from __future__ import annotations

import ctypes
import socket
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asyncio.trsock import TransportSocket

_SO_ATTACH_FILTER, _SO_DETACH_FILTER = 26, 27  # asm-generic/socket.h
#: ``struct sock_filter``: BPF_RET with a constant, of nothing: no byte of any packet is passed on.
_PASS_NOTHING = ctypes.create_string_buffer(struct.pack("HBBI", 0x06, 0, 0, 0))
#: ``struct sock_fprog``: a program of one instruction.
_PROGRAM = struct.pack("HP", 1, ctypes.addressof(_PASS_NOTHING))


def deafen(door: socket.socket | TransportSocket) -> None:
    """Let a socket hear nothing more."""
    door.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, _PROGRAM)


def hear_again(door: socket.socket | TransportSocket) -> None:
    """Let a deafened socket hear what is sent from now on, or sent again."""
    door.setsockopt(socket.SOL_SOCKET, _SO_DETACH_FILTER, 0)
