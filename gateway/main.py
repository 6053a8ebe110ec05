"""The gateway's process: one event loop, one data folder, until it is told to stop."""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
import signal
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.assembly import Gateway
from gateway.errors import GatewayError
from service.database import DatabaseError
from service.logs import start_logging

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.config import Config

log = logging.getLogger(__name__)


def run(config: Config) -> int:
    """Serve until SIGTERM or SIGINT and return 0; return 1 where the gateway cannot start or a part of it died."""
    start_logging(config.log.level)
    try:
        # Not on uvloop: where a connection is given up while it is made, as on a stalled line, it confuses descriptors
        # (MagicStack/uvloop issue 653).
        with _alone_in(Path(config.data)), asyncio.Runner() as runner:
            runner.run(_serve(config))
    except (GatewayError, DatabaseError, OSError) as error:
        log.error("gateway_failed error=%s", error)  # noqa: TRY400 - the message says what to do
        return 1
    except Exception:  # the last guard of the process
        log.exception("gateway_died")
        return 1
    return 0


async def _serve(config: Config) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await Gateway(config).serve(stop)


@contextmanager
def _alone_in(data: Path) -> Iterator[None]:
    """Hold the data folder: two gateways on one journal would each believe that they know what is in flight."""
    data.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(data / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            msg = f"{data}: another gateway runs on this folder; stop it first"
            raise GatewayError(msg) from error
        yield
    finally:
        os.close(descriptor)
