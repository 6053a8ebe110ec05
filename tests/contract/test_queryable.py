"""What every connector of the class "queryable, irreversible" must do; it runs on each that is installed.

A connector joins by a ``Stand``: the connector, started, and what stands in for its platform, which can be told what to
sell and how to fail. Nothing here knows a platform's own words.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from aiohttp import web

from headoffice.platforms.ports import Connector, Event, ForgedError, NoAnswerError, PlatformClass, Spent
from protocol.vocabulary import Verdict
from simulator.cards.connector import RehearsalCards
from simulator.cards.server import CardServer

if TYPE_CHECKING:
    from pathlib import Path

CODE, OTHER = "700000000001", "CARD-700000000001"


@dataclass
class Stand:
    """A connector before its platform. ``codes`` are two ways to write the code of one card that has been sold."""

    connector: Connector
    codes: tuple[str, str]
    consumed_elsewhere: Callable[[], Awaitable[None]]
    """Lets somebody else consume the card."""
    loses_the_next: Callable[[], Awaitable[None]]
    """Lets the next consume be carried out, and its answer be lost."""
    is_silent: Callable[[], Awaitable[None]]
    """Lets queries and consumes find nobody who answers."""
    sent: Callable[[], int]
    """How many consumes have arrived at the platform."""
    events: asyncio.Queue[tuple[dict[str, str], bytes]]
    """Events as they were delivered: headers, with small names, and body."""


Stands = Callable[..., AbstractAsyncContextManager[Stand]]


@asynccontextmanager
async def rehearsal_cards(folder: Path, **sale: Any) -> AsyncIterator[Stand]:
    """Stand before the rehearsal's platform of cards, over HTTP."""
    events = asyncio.Queue[tuple[dict[str, str], bytes]]()

    async def take(request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        events.put_nowait((headers, await request.read()))
        return web.Response()

    (folder / "secret").write_text("s3cret")
    listener = web.Application()
    listener.router.add_post("/event", take)
    async with _served(listener) as events_url:
        platform = CardServer("s3cret", f"{events_url}/event")
        async with _served(platform.application()) as url, aiohttp.ClientSession() as session:

            async def tell(call: str, body: dict[str, Any]) -> None:
                bearer = {"Authorization": "Bearer s3cret"}
                async with session.post(f"{url}/rehearsal/{call}", json=body, headers=bearer) as answer:
                    answer.raise_for_status()

            await tell("cards", {"codes": [CODE, OTHER], **sale})
            options = RehearsalCards.Options(url=url, secret_file=str(folder / "secret"))
            connector = RehearsalCards(options)

            async def goes_away() -> None:
                await connector.close()
                connector._url = "http://127.0.0.1:1"
                await connector.start()

            await connector.start()
            try:
                yield Stand(
                    connector=connector,
                    codes=(CODE, OTHER),
                    consumed_elsewhere=lambda: tell("consume", {"code": CODE}),
                    loses_the_next=lambda: tell("troubles", {"lose": 1}),
                    is_silent=goes_away,
                    sent=lambda: len(platform.book.consumes),
                    events=events,
                )
            finally:
                await connector.close()
                await connector.close()


@asynccontextmanager
async def _served(application: web.Application) -> AsyncIterator[str]:
    runner = web.AppRunner(application, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@pytest.fixture(params=[rehearsal_cards], ids=["rehearsal"])
def stands(request: pytest.FixtureRequest) -> Stands:
    """Return what puts a connector before its platform, of each in turn."""
    found: Stands = request.param
    return found


def play(stands: Stands, folder: Path, story: Callable[[Stand], Awaitable[None]], **sale: Any) -> None:
    async def played() -> None:
        async with asyncio.timeout(30), stands(folder, **sale) as stand:
            await story(stand)

    asyncio.run(played())


async def _until_told(stand: Stand) -> Event | None:
    headers, body = await stand.events.get()
    return stand.connector.event(headers, {}, body)


def test_it_declares_its_class_and_recognises_its_codes_and_no_other(stands: Stands, tmp_path: Path) -> None:
    async def story(stand: Stand) -> None:
        assert stand.connector.kind is PlatformClass.QUERYABLE
        assert all(stand.connector.recognises(code) for code in stand.codes)
        assert not any(stand.connector.recognises(code) for code in ("", "a word", "0" * 500))

    play(stands, tmp_path, story)


def test_a_query_spends_nothing_and_names_the_voucher_the_same_however_it_is_written(
    stands: Stands, tmp_path: Path
) -> None:
    async def story(stand: Stand) -> None:
        first, second, again = [await stand.connector.query(code) for code in (*stand.codes, stand.codes[0])]
        assert first is not None
        assert first == second == again
        assert (first.verdict, first.uses, first.left) == (Verdict.REDEEMABLE, 1, 1)
        assert stand.sent() == 0

    play(stands, tmp_path, story)


def test_a_consume_is_sent_once_and_is_for_good(stands: Stands, tmp_path: Path) -> None:
    async def story(stand: Stand) -> None:
        code = stand.codes[0]
        assert await stand.connector.consume(code, 1) is Verdict.REDEEMED
        assert stand.sent() == 1
        worth = await stand.connector.query(code)
        assert worth is not None
        assert worth.verdict is Verdict.ALREADY_REDEEMED
        assert await stand.connector.consume(stand.codes[1], 1) is Verdict.ALREADY_REDEEMED

    play(stands, tmp_path, story)


def test_a_code_that_the_platform_does_not_have_is_nobodys(stands: Stands, tmp_path: Path) -> None:
    async def story(stand: Stand) -> None:
        unknown = stand.codes[0][:-1] + "9"
        assert await stand.connector.query(unknown) is None
        assert await stand.connector.consume(unknown, 1) not in {Verdict.REDEEMED, Verdict.PENDING}

    play(stands, tmp_path, story)


def test_a_consume_whose_answer_is_lost_is_neither_repeated_nor_called_a_refusal(
    stands: Stands, tmp_path: Path
) -> None:
    async def story(stand: Stand) -> None:
        await stand.loses_the_next()
        with pytest.raises(NoAnswerError):
            await stand.connector.consume(stand.codes[0], 1)
        assert stand.sent() == 1
        assert await stand.connector.consume(stand.codes[0], 1) is Verdict.ALREADY_REDEEMED, "it had landed"

    play(stands, tmp_path, story)


def test_nobody_who_answers_is_no_answer_whatever_is_asked(stands: Stands, tmp_path: Path) -> None:
    async def story(stand: Stand) -> None:
        await stand.is_silent()
        with pytest.raises(NoAnswerError):
            await stand.connector.query(stand.codes[0])
        with pytest.raises(NoAnswerError):
            await stand.connector.consume(stand.codes[0], 1)
        with pytest.raises(NoAnswerError):
            await stand.connector.record(stand.codes[0])

    play(stands, tmp_path, story)


def test_several_uses_are_consumed_all_or_none(stands: Stands, tmp_path: Path) -> None:
    async def story(stand: Stand) -> None:
        code = stand.codes[0]
        assert await stand.connector.consume(code, 2) is Verdict.REDEEMED
        assert await stand.connector.consume(code, 2) is not Verdict.REDEEMED
        worth = await stand.connector.query(code)
        assert worth is not None
        assert (worth.uses, worth.left) == (3, 1)

    play(stands, tmp_path, story, uses=3)


def test_events_and_record_say_whose_it_was(stands: Stands, tmp_path: Path) -> None:
    async def ours(stand: Stand) -> None:
        assert await stand.connector.record(stand.codes[0]) is Spent.NOBODY
        worth = await stand.connector.query(stand.codes[0])
        assert worth is not None
        await stand.connector.consume(stand.codes[0], 1)
        assert await _until_told(stand) == Event(voucher=worth.voucher, ours=True)
        assert await stand.connector.record(stand.codes[1]) is Spent.OURS

    async def others(stand: Stand) -> None:
        await stand.consumed_elsewhere()
        told = await _until_told(stand)
        assert told is not None
        assert not told.ours
        assert await stand.connector.record(stand.codes[0]) is Spent.OTHERS

    play(stands, tmp_path, ours)
    play(stands, tmp_path, others)


def test_what_the_platform_has_not_signed_is_not_believed(stands: Stands, tmp_path: Path) -> None:
    async def story(stand: Stand) -> None:
        await stand.connector.consume(stand.codes[0], 1)
        headers, body = await stand.events.get()
        assert stand.connector.event(headers, {}, body) is not None
        unsigned = {name: value for name, value in headers.items() if "signature" not in name}
        for forged, said in ((unsigned, body), (headers, body.replace(b"true", b"false")), (headers, b"")):
            with pytest.raises(ForgedError):
                stand.connector.event(forged, {}, said)

    play(stands, tmp_path, story)
