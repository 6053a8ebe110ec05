"""A type whose customers are told, customers who have agreed to it, and notices sent as a process sends them."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from headoffice.notices import looking
from headoffice.notices.carrier import Notices
from headoffice.notices.config import Configured
from headoffice.notices.ways import senders_of
from headoffice.outbox.dispatcher import Dispatcher
from headoffice.workers import Workers
from tests.headoffice.conftest import NOON
from tests.headoffice.notices.carriers import APP_ID, SECRET, texting
from tests.headoffice.outbox.receiver import served

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from headoffice.database import Database
    from tests.headoffice.counter import Clock, Counter
    from tests.headoffice.notices.carriers import Texting

    Sends = AbstractContextManager[Sequence[Dispatcher]]

NUMBER, MAIL, OPENID = "+86 138 0013 8000", "li.lei@example.com", "oAbC_0123456789-xyz"
AGREED = {"agreed_at": NOON.isoformat(), "agreed_by": "收银台登记"}
SENTENCES = ("issued", "redeemed", "undone", "posted", "refunded", "refund-refused", "expiring")


@pytest.fixture
def carrier() -> Iterator[Texting]:
    """Run a carrier of text messages."""
    with served(texting()) as found:
        yield found


@pytest.fixture
def texts(database: Database, clock: Clock, carrier: Texting, tmp_path: Path) -> Callable[..., Sends]:
    """Return what sends text messages by the carrier as so many processes would, until the end of the block."""

    def sends(processes: int = 1, **sms: Any) -> Sends:
        config = config_of(tmp_path, sms={"url": carrier.url, **sms})
        return served(sending(database, config, clock, processes))

    return sends


def names_number(text: str) -> bool:
    """Return whether the customer's number stands in a text, however it is spaced."""
    return NUMBER.replace(" ", "")[-11:] in text.replace(" ", "").replace("-", "")


def put_type(counter: Counter, *ways: str, type_id: str = "latte", **more: Any) -> None:
    """Put a type in force whose customers are told by these ways."""
    counter.put_type(type_id, **{"title": "拿铁一杯", "notices": list(ways or ["sms"]), **more})


def issue(counter: Counter, type_id: str = "latte", **more: Any) -> str:
    """Issue a voucher to a customer who has agreed to text messages."""
    wanted = {"type": type_id, "customer": NUMBER, "notify": {"sms": NUMBER, **AGREED}}
    return counter.issue(**{**wanted, **more})


def notices(database: Database) -> list[tuple[str, str]]:
    """Return what is written down, and what became of it."""
    found = database.read(lambda connection: looking.listed(connection, looking.Wanted(most=1000)))
    return [(str(row["occasion"]), str(row["state"])) for row in found]


def all_over(database: Database) -> bool:
    """Whether nothing waits."""
    return all(state != "waiting" for _, state in notices(database))


def why(database: Database) -> list[str]:
    """Return why notices were not sent."""
    return [row["why"] for row in database.read(lambda connection: looking.listed(connection, looking.Wanted()))]


def page_of(token: str) -> str:
    """Return the address of a voucher's page."""
    return f"https://v.example/v/{token}"


def config_of(folder: Path, **ways: Any) -> Configured:
    """Return a configuration whose secrets lie in a folder."""
    (folder / "secret").write_text(f"{SECRET}\n")
    beside: dict[str, dict[str, Any]] = {
        "sms": {
            "key_id": "LTAI",
            "secret_file": str(folder / "secret"),
            "sign": "核销咖啡",
            "templates": {"zh": {one: f"SMS_{one}" for one in SENTENCES}},
        },
        "wechat": {
            "app_id": APP_ID,
            "secret_file": str(folder / "secret"),
            "templates": {"zh": {"issued": {"id": "tpl-1", "fields": {"thing1": "title", "const2": "valid"}}}},
        },
        "email": {"server": "127.0.0.1", "user": "shop", "password_file": str(folder / "secret"), "sender": MAIL},
    }
    wanted = {name: {**beside[name], **said} for name, said in ways.items() if name in beside}
    return msgspec.convert({**{k: v for k, v in ways.items() if k not in beside}, **wanted}, Configured)


@asynccontextmanager
async def sending(
    database: Database, config: Configured, clock: Clock, processes: int = 1
) -> AsyncIterator[Sequence[Dispatcher]]:
    """Send notices as so many processes would, until the end of the block."""
    workers = [Workers(1, 2) for _ in range(processes)]
    dispatchers = [Dispatcher(database, some, [Notices(senders_of(config, clock), page_of)], clock) for some in workers]
    for dispatcher in dispatchers:
        await dispatcher.start()
    running = [asyncio.create_task(dispatcher.run()) for dispatcher in dispatchers]
    try:
        yield dispatchers
    finally:
        for task in running:
            task.cancel()
        for dispatcher, some in zip(dispatchers, workers, strict=True):
            await dispatcher.close()
            some.close()
        ended = await asyncio.gather(*running, return_exceptions=True)
        assert all(isinstance(how, asyncio.CancelledError) for how in ended), ended
