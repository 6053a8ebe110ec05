"""Free ports of loopback, held for the life of the counter, so that two of them side by side never choose the same.

Not from the range that the kernel gives to outgoing connections: such a port can be taken between two starts of a part.
"""

from __future__ import annotations

import random
import socket
from pathlib import Path

_FIRST = 20_000
_LAST = 32_000
_EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")
_TRIES = 200


class PortError(RuntimeError):
    """No port is to be had."""


class Ports:
    """Chooses ports, each once."""

    def __init__(self) -> None:
        self._claims: dict[int, socket.socket] = {}
        self._random = random.SystemRandom()

    def choose(self, wish: int | None = None) -> int:
        """Return a free port, ``wish`` where that one is free; raise PortError where none is."""
        if wish is not None and self.claim(wish):
            return wish
        last = min(_LAST, _first_ephemeral() - 1)
        for _ in range(_TRIES):
            port = self._random.randint(_FIRST, last) if last > _FIRST else self._random.randint(_FIRST, 2 * _FIRST)
            if self.claim(port):
                return port
        msg = f"no free port was found between {_FIRST} and {last}"
        raise PortError(msg)

    def claim(self, port: int) -> bool:
        """Hold a port against other counters of this machine; return whether it was free."""
        claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        try:
            # A name that the kernel forgets with this process, however that ends.
            claim.bind(f"\0hexiao-rehearsal-port-{port}")
        except OSError:
            claim.close()
            return False
        if not is_free(port):
            claim.close()
            return False
        self._claims[port] = claim
        return True

    def close(self) -> None:
        """Let all ports go."""
        while self._claims:
            self._claims.popitem()[1].close()


def is_free(port: int) -> bool:
    """Return whether a server could listen on this port of loopback."""
    with socket.socket() as door:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            door.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _first_ephemeral() -> int:
    try:
        return int(_EPHEMERAL.read_text(encoding="ascii").split()[0])
    except (OSError, ValueError, IndexError):
        return 32_768
