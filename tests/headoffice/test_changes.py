"""A customer's page hears of a change the moment it is committed."""

from __future__ import annotations

import asyncio
import http.client
import json
import ssl
import threading
import time
from typing import TYPE_CHECKING

from headoffice.changes import Changes
from protocol.messages import Intent
from protocol.upstream import AskRedeem
from provisioning.verbs import certify_gateway
from tests.headoffice.counter import new_rid
from tests.headoffice.process import running

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

USES = 10
#: Of so many events. Where nobody were told and all were found by looking every two seconds, it would be twice as long.
TOGETHER_S = 5.0


async def _told(changes: Changes, voucher: str, act: Callable[[], None]) -> bool:
    """Return whether somebody who waits for a voucher is woken by what another thread does."""
    with changes.watch(voucher) as changed:
        thread = threading.Thread(target=act)
        thread.start()
        await asyncio.to_thread(thread.join)
        await asyncio.sleep(0)
        return changed.is_set()


def test_who_waits_for_a_voucher_is_woken_by_it_and_by_no_other() -> None:
    changes = Changes()
    assert asyncio.run(_told(changes, "a", lambda: changes.tell("a")))
    assert not asyncio.run(_told(changes, "a", lambda: changes.tell("b")))
    changes.tell("a")  # nobody waits any more
    assert asyncio.run(_told(changes, "a", changes.close))
    assert changes.closed


def test_each_use_is_told_at_once_and_a_page_that_listens_holds_up_no_stop(
    tmp_path: Path, free_port: Callable[[], int]
) -> None:
    with running(tmp_path, free_port(), free_port()) as office:
        office.api("PUT", "/api/v1/stores/nanjing-lu", {"name": "南京路店"})
        office.api("PUT", "/api/v1/gateways/gw-1", {"name": "1", "stores": ["nanjing-lu"]})
        issued = json.loads(office.api("POST", "/api/v1/vouchers", {"kind": "multi_use", "uses": USES})[1])
        bundle = certify_gateway(office.authority, "gw-1", tmp_path / "gw-1")
        context = ssl.create_default_context(cafile=str(bundle.authority))
        context.load_cert_chain(bundle.certificate, bundle.key)
        connection = http.client.HTTPConnection("127.0.0.1", office.public, timeout=20)
        connection.request("GET", f"/v/{issued['page'].rpartition('/')[2]}/events")
        stream = connection.getresponse()
        assert stream.headers["content-type"].startswith("text/event-stream")
        assert _next(stream)["verdict"] == "redeemable"
        waited = 0.0
        for use in range(USES):
            intent = Intent(rid=new_rid(), code=issued["code"])
            ask = AskRedeem(requester="till-1", store="nanjing-lu", intent=intent, terms=1)
            assert b'"redeemed"' in office.ask(context, ask)[1]
            began = time.monotonic()
            assert _next(stream)["verdict"] == ("redeemable" if use < USES - 1 else "uses_exhausted")
            waited += time.monotonic() - began
        assert waited < TOGETHER_S
        stopping = time.monotonic()
    assert time.monotonic() - stopping < TOGETHER_S
    connection.close()


def _next(stream: http.client.HTTPResponse) -> dict[str, str]:
    while not (line := stream.readline()).startswith(b"data: "):
        assert line, "the stream has ended"
    told: dict[str, str] = json.loads(line.removeprefix(b"data: "))
    return told
