"""Deliveries over real HTTP: signed, in order, side by side, and nobody waits for a receiver that does not answer."""

from __future__ import annotations

import asyncio
import importlib.util
import secrets
import time
from collections import Counter as Counting
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiohttp import web

from headoffice.outbox import signature
from headoffice.outbox.dispatcher import Dispatcher
from headoffice.outbox.hooks import draw_secret
from headoffice.outbox.posting import Posting
from headoffice.outbox.sender import Sender
from headoffice.outbox.signature import key_of
from headoffice.workers import Workers
from tests.headoffice.outbox.conftest import LOOPBACK, add_webhook, real_clock, voucher_id
from tests.headoffice.outbox.receiver import Receiver, receiving, served

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from headoffice.database import Database
    from tests.headoffice.counter import Clock, Counter

DELIVERED_S = 60.0
EXAMPLE = Path(__file__).resolve().parents[3] / "docs" / "webhook_receiver.py"


@asynccontextmanager
async def dispatching(database: Database, processes: int = 1) -> AsyncIterator[None]:
    """Deliver as so many processes would, until the end of the block."""
    all_workers = [Workers(1, 2) for _ in range(processes)]
    dispatchers = [
        Dispatcher(database, workers, [Posting(Sender(LOOPBACK), real_clock)], real_clock) for workers in all_workers
    ]
    for dispatcher in dispatchers:
        await dispatcher.start()
    running = [asyncio.create_task(dispatcher.run()) for dispatcher in dispatchers]
    try:
        yield
    finally:
        for task in running:
            task.cancel()
        for dispatcher, workers in zip(dispatchers, all_workers, strict=True):
            await dispatcher.close()
            workers.close()
        ended = await asyncio.gather(*running, return_exceptions=True)
        assert all(isinstance(how, asyncio.CancelledError) for how in ended), ended


def until(true: Callable[[], bool]) -> None:
    """Wait until it has come to that."""
    latest = time.monotonic() + DELIVERED_S
    while not true():
        assert time.monotonic() < latest, "it has not come to that"
        time.sleep(0.05)


def _example() -> Any:
    spec = importlib.util.spec_from_file_location("webhook_receiver", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _signed(receiver: Receiver, number: int, secret: str) -> bool:
    headers, checked = receiver.headers[number], _example().signed
    return bool(
        checked(
            key_of(secret),
            headers["webhook-id"],
            headers["webhook-timestamp"],
            receiver.raw[number],
            headers["webhook-signature"],
        )
    )


def test_the_signature_is_the_one_that_the_standard_gives_as_its_example() -> None:
    headers = signature.headers(
        ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        b'{"test": 2432232314}',
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_an_event_arrives_signed_and_during_a_rotation_with_both_secrets(
    counter: Counter, database: Database, clock: Clock
) -> None:
    clock.at = real_clock()
    with served(receiving()) as receiver, served(dispatching(database)):
        added = counter.api.post("/api/v1/webhooks", {"url": receiver.url, "events": ["*"]}).json()
        path = f"/api/v1/webhooks/{added['id']}"
        event = counter.api.post(f"{path}/test").json()["event"]
        until(lambda: len(receiver.bodies) == 1)
        assert receiver.bodies[0]["type"] == "webhook.test"
        assert receiver.headers[0]["webhook-id"] == event
        assert _signed(receiver, 0, added["secret"])
        assert not _signed(receiver, 0, draw_secret())

        fresh = counter.api.post(f"{path}/rotate").json()["secret"]
        counter.api.post(f"{path}/test")
        until(lambda: len(receiver.bodies) == 2)
        assert _signed(receiver, 1, added["secret"])
        assert _signed(receiver, 1, fresh)


def test_several_processes_deliver_side_by_side_and_each_voucher_in_order(counter: Counter, database: Database) -> None:
    with served(receiving()) as receiver:
        add_webhook(counter, url=receiver.url)
        codes = [counter.issue() for _ in range(20)]
        steps = ("gift", "take-back", "withdraw")
        for step in steps:
            for code in codes:
                assert counter.step(code, step) == 200
        tried = Counting[str]()

        def now_and_then_not(_: web.Request, body: dict[str, Any]) -> web.Response:
            key = f"{body['data']['voucher']['id']} {body['type']}"
            tried[key] += 1
            return web.Response(status=503 if tried[key] == 1 and secrets.randbelow(20) == 0 else 204)

        receiver.answer = now_and_then_not
        with served(dispatching(database, processes=3)):
            until(lambda: counter.api.get("/api/v1/webhooks").json()[0]["waiting"] == 0)
        for code in codes:
            once = list(dict.fromkeys(receiver.of(voucher_id(counter, code))))
            assert once == ["voucher.issued", *(f"voucher.{step}" for step in steps)]
        assert receiver.most_at_once > 1


def test_a_receiver_that_is_down_holds_up_no_other_and_is_not_stormed(counter: Counter, database: Database) -> None:
    with served(receiving()) as well, served(receiving()) as ill:
        ill.answer = lambda *_: web.Response(status=500)
        add_webhook(counter, url=ill.url)
        add_webhook(counter, url=well.url)
        vouchers = {voucher_id(counter, counter.issue()) for _ in range(30)}
        with served(dispatching(database)):
            until(lambda: {body["data"]["voucher"]["id"] for body in well.bodies} == vouchers)
            assert 1 <= len(ill.bodies) < 10
        assert [row["waiting"] for row in counter.api.get("/api/v1/webhooks").json() if row["waiting"]] == [30]


def test_a_webhook_that_is_paused_is_told_later(counter: Counter, database: Database) -> None:
    with served(receiving()) as receiver, served(receiving()) as other, served(dispatching(database)):
        path = f"/api/v1/webhooks/{add_webhook(counter, url=receiver.url)}"
        add_webhook(counter, url=other.url)
        counter.api.put(path, {"events": ["*"], "paused": True}).raise_for_status()
        counter.issue()
        until(lambda: len(other.bodies) == 1)
        assert receiver.bodies == []
        counter.api.put(path, {"events": ["*"]}).raise_for_status()
        until(lambda: len(receiver.bodies) == 1)
