"""Readiness and watchdog messages to the service manager (sd_notify), as systemd and the rehearsal counter read them.

Protocol: one datagram to the socket named in ``NOTIFY_SOCKET`` (sd_notify(3)); a no-op where there is none.
"""

from __future__ import annotations

import os
import socket


def notify(message: str) -> bool:
    """Send one state line such as ``READY=1`` or ``WATCHDOG=1``; return whether a service manager listens.

    One that has gone away is none: it is no reason for the process to fail.
    """
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return False
    if address.startswith("@"):
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as door:
        try:
            door.sendto(message.encode(), address)
        except (FileNotFoundError, ConnectionRefusedError):
            return False
    return True


def watchdog_period_s() -> float | None:
    """Return half the service manager's watchdog interval, in seconds: the pace to feed it at; None without one."""
    microseconds = os.environ.get("WATCHDOG_USEC", "")
    return int(microseconds) / 2e6 if microseconds.isdigit() and int(microseconds) > 0 else None
