"""The head office as a process: the one place that builds its parts."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from contextlib import AsyncExitStack, ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvloop

from headoffice.access import token_in
from headoffice.alarms.rounds import Rounds
from headoffice.changes import Changes
from headoffice.config import Config, troubles
from headoffice.database import open_database
from headoffice.desk.links import first_link
from headoffice.errors import HeadOfficeError, StartError
from headoffice.notices.carrier import Notices
from headoffice.notices.reminders import Reminders
from headoffice.notices.ways import senders_of, ways_of
from headoffice.office import Office
from headoffice.outbox.dispatcher import Dispatcher
from headoffice.outbox.posting import Posting
from headoffice.outbox.sender import Sender
from headoffice.platforms.connectors import Connectors, Named
from headoffice.platforms.driver import Driver
from headoffice.public import public_app
from headoffice.redemptions.ledger import Ledger
from headoffice.redemptions.own_journal import OwnJournal
from headoffice.servers import Server, bind, public_server, upstream_server
from headoffice.upstream import upstream_app
from headoffice.vouchers.customers import Forgetting
from headoffice.vouchers.signing import signer_in
from headoffice.workers import Workers
from service.adapters import AdapterChoice, build_adapter
from service.notify import notify, watchdog_period_s

if TYPE_CHECKING:
    import socket
    from collections.abc import Sequence

    from headoffice.database import Database
    from headoffice.outbox.dispatcher import Carrier

Loop = Dispatcher | Driver | Forgetting | Reminders | Rounds
"""What goes on by itself while the doors serve."""

_log = logging.getLogger(__name__)

#: Threads that answer looks, and threads that commit. SQLite has one writer.
SQLITE_THREADS = (2, 1)
POSTGRESQL_THREADS = (4, 8)


def run(config: Config) -> int:
    """Serve until SIGTERM or SIGINT; return the process's exit code."""
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(_run(config))
    except HeadOfficeError as error:
        _log.error("event=cannot_run error=%s", error)
        return 1


async def _run(config: Config) -> int:
    if wrong := troubles(config):
        raise StartError("; ".join(wrong))
    with ExitStack() as closing:
        public = closing.enter_context(bind(config.public.host, config.public.port))
        upstream = closing.enter_context(bind(config.upstream.host, config.upstream.port))
        token = token_in(config.token_file)
        database = open_database(config.database)
        closing.callback(database.close)
        workers = Workers(*(SQLITE_THREADS if database.is_sqlite else POSTGRESQL_THREADS))
        closing.callback(workers.close)
        driver = _driver(config, database, workers) if config.platforms else None
        office = _office(config, database, token, public.getsockname()[1], driver)
        office.ledger.start()
        if link := first_link(database, office.url, _clock()):
            sys.stdout.write(f"There is no administrator yet. This link makes one, once, within 48 hours:\n{link}\n")
            sys.stdout.flush()
        doors = [
            (public_server(public_app(office)), public),
            (
                upstream_server(upstream_app(office.ledger, database, workers, _clock, driver), config.upstream),
                upstream,
            ),
        ]
        dispatcher = Dispatcher(database, workers, _carriers(config, office), _clock)
        async with AsyncExitStack() as ending:
            rounds = Rounds(database, workers, _clock, Path(config.data), Path(config.upstream.certificate))
            keep = timedelta(days=config.customers.keep_days)
            forgetting = [Forgetting(database, workers, _clock, keep)] if keep else []
            reminders = Reminders(database, workers, _clock)
            loops: list[Loop] = [dispatcher, rounds, reminders, *forgetting, *([driver] if driver else [])]
            for loop in loops:
                ending.push_async_callback(loop.close)
                await loop.start()
            return await _serve(doors, office.changes, loops)


def _carriers(config: Config, office: Office) -> list[Carrier[Any]]:
    posting = Posting(Sender(config.webhooks.reach, config.webhooks.authority), _clock)
    return [posting, Notices(senders_of(config.notices, _clock), office.page)]


def _driver(config: Config, database: Database, workers: Workers) -> Driver:
    named = [
        Named(one.name, build_adapter("platform", AdapterChoice(adapter=one.connector, options=one.options)))
        for one in config.platforms
    ]
    return Driver(database, workers, Connectors(named), _clock)


def _clock() -> datetime:
    return datetime.now(UTC)


def _office(config: Config, database: Database, token: str, port: int, driver: Driver | None) -> Office:
    changes = Changes()
    window = timedelta(seconds=config.redemptions.undo_window_s)
    return Office(
        database=database,
        ledger=Ledger(database, window, _clock, driver, changes.tell, own=OwnJournal(config.own_journal)),
        changes=changes,
        token=token,
        url=(config.public.url or f"http://{config.public.host}:{port}").rstrip("/"),
        clock=_clock,
        driver=driver,
        follow=config.public.follow,
        frames=config.public.frames,
        ways=frozenset(ways_of(config.notices)),
        signer=signer_in(config.signing_key),
        reach=config.webhooks.reach,
        tries_out=config.stores.begin == "testing",
    )


async def _serve(doors: list[tuple[Server, socket.socket]], changes: Changes, loops: Sequence[Loop]) -> int:
    """Serve all doors until told to stop, or until one of them or a loop ends by itself, which ends the process."""
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    tasks = [asyncio.create_task(server.serve([door])) for server, door in doors]
    turning = [asyncio.create_task(loop.run()) for loop in loops]
    for task in tasks + turning:
        task.add_done_callback(lambda _: stopping.set())
    told = asyncio.create_task(_tell(doors))
    await stopping.wait()
    told.cancel()
    died = [task for task in tasks + turning if task.done()]
    notify("STOPPING=1")
    changes.close()
    for server, _ in doors:
        server.should_exit = True
    await asyncio.gather(*tasks)
    for task in turning:
        if task.done():
            _log.error("event=loop_died", exc_info=task.exception())
        task.cancel()
    await asyncio.wait(turning)
    _log.info("event=stopped")
    return 1 if died else 0


async def _tell(doors: list[tuple[Server, socket.socket]]) -> None:
    """Say READY once every door serves, and go on feeding the watchdog while the loop turns."""
    for server, door in doors:
        await server.serving.wait()
        _log.info("event=serving address=%s:%s", *door.getsockname()[:2])
    notify("READY=1")
    while (period := watchdog_period_s()) is not None:
        notify("WATCHDOG=1")
        await asyncio.sleep(period)
