"""TCP as those need it who wait for an answer: nothing is held back, and a dead connection is known for dead soon.

A radio link that is gone loses packets without a word. The kernel sends again, each time after twice the time, for a
quarter of an hour: a connection that has been out for ten seconds comes back up to ten seconds after the network. So
one that does not acknowledge is given up, and connecting anew is tried at short intervals.
"""

from __future__ import annotations

import socket

#: For how long what was sent may stay without an acknowledgement, milliseconds (tcp(7), TCP_USER_TIMEOUT).
UNACKNOWLEDGED_MS = 3_000
#: After how many seconds of silence a connection is asked whether it still is, and then how often.
SILENT_S, ASKED_AGAIN_S = 2, 1


def make_prompt(connection: socket.socket, *, only_hears: bool = False) -> None:
    """Let a connection send at once, and end with an error when its peer cannot be reached for three seconds.

    ``only_hears``: it may have nothing to send for long, so the kernel asks in its place. Raises OSError where it is
    closed already.
    """
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNACKNOWLEDGED_MS)
    if only_hears:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, SILENT_S)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, ASKED_AGAIN_S)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
