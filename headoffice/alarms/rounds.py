"""The head office's own round, once a minute: which gateways are silent, and how this machine fares."""

from __future__ import annotations

import asyncio
import logging
import shutil
import socket
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from cryptography import x509

from headoffice.alarms import board
from headoffice.errors import DatabaseError
from protocol.alarms import Alarm, AlarmKind

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sqlalchemy import Connection

    from headoffice.database import Database
    from headoffice.workers import Workers

_log = logging.getLogger(__name__)

PERIOD_S = 60.0
#: A certificate that ends sooner has to be renewed.
RENEW = timedelta(days=30)
#: A disk with less of itself free is full soon.
FULL = 0.05


class Rounds:
    """The rounds of one process."""

    def __init__(
        self, database: Database, workers: Workers, clock: Callable[[], datetime], data: Path, certificate: Path
    ) -> None:
        """Keep what is looked at: the folder of data, and the certificate that gateways are shown."""
        self._database = database
        self._workers = workers
        self._clock = clock
        self._data = data
        self._certificate = certificate
        self._host = _identity(socket.gethostname())
        self._started_at = clock()

    async def start(self) -> None:
        """Nothing is to be made ready."""

    async def run(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            try:
                await self.round()
            except DatabaseError as error:
                _log.error("event=round_failed error=%s", error)
            await asyncio.sleep(PERIOD_S)

    async def close(self) -> None:
        """Nothing is held open."""

    async def round(self) -> None:
        """Look once. What is found here of this machine is reported under its own name."""
        at = self._clock()
        own = self._own(at)

        def write(connection: Connection) -> None:
            # Right after a start nobody can have been heard yet who was while this head office was down.
            if at - self._started_at >= board.SILENT:
                board.report(connection, board.HEAD_OFFICE, board.silent_gateways(connection, at), at)
            board.report(connection, f"{board.HEAD_OFFICE} {self._host}", own, at)
            board.end_gone(connection, at)

        await self._workers.write(self._database.write, write)

    def _own(self, at: datetime) -> list[Alarm]:
        found = []
        usage = shutil.disk_usage(self._data)
        if usage.free / usage.total < FULL:
            number = int(100 * usage.free / usage.total)
            found.append(Alarm(kind=AlarmKind.DISK_FULL, about=self._host, since=at.timestamp(), number=number))
        ends_at = x509.load_pem_x509_certificate(self._certificate.read_bytes()).not_valid_after_utc
        if ends_at - at < RENEW:
            since, days = (ends_at - RENEW).timestamp(), max(0, (ends_at - at).days)
            found.append(Alarm(kind=AlarmKind.CERTIFICATE_ENDS, about=self._host, since=since, number=days))
        return found


def _identity(host: str) -> str:
    """Return a machine's name in the letters of identities."""
    kept = "".join(letter if letter.isalnum() and letter.isascii() else "-" for letter in host.lower())
    return kept.strip("-")[:63] or "localhost"
