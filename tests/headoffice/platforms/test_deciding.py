"""What only a person can end: the list, the word that is believed, and who is kept with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from headoffice.office import Office
from protocol import platform as machine
from protocol.vocabulary import Verdict
from tests.headoffice.conftest import client_of
from tests.headoffice.platforms.conftest import CODE
from tests.headoffice.test_restore import HERE, THERE, restored, upload

if TYPE_CHECKING:
    from headoffice.database import Database
    from protocol.messages import Intent
    from tests.headoffice.asgi import Client
    from tests.headoffice.counter import Clock
    from tests.headoffice.platforms.conftest import Shop

WORD = {"by": "li.lei", "why": "not in the platform's list of uses"}


@pytest.fixture
def door(shop: Shop) -> Client:
    """Return a client of the public door of the process that drives."""
    process = shop.process
    return client_of(
        Office(
            database=process.database,
            ledger=process.ledger,
            token="t",
            url="http://vouchers.example",
            clock=shop.clock,
            driver=process.driver,
        )
    )


def _listed(door: Client) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = door.get("/api/v1/redemptions/open").raise_for_status().json()
    return rows


def _doubtful(shop: Shop) -> Intent:
    shop.platform.hears = [None, Verdict.ALREADY_REDEEMED]
    intent = shop.intent(CODE, clerk="0007")
    shop.confirm(intent)
    shop.process.pass_by(machine.CONSUME_S + 2)
    shop.process.round()
    shop.process.round()
    return intent


def test_what_has_no_end_is_listed_with_what_to_look_for(shop: Shop, door: Client) -> None:
    shop.platform.silent = True
    intent = shop.intent(CODE)
    shop.confirm(intent)
    (row,) = _listed(door)
    assert (row["rid"], row["phase"], row["decidable"], row["voucher"]) == (intent.rid, "claimed", False, None)
    shop.resolve(intent)
    assert _listed(door) == []
    shop.platform.silent = False
    intent = _doubtful(shop)
    (row,) = _listed(door)
    assert row["since"] == "2026-11-21T12:00:00+08:00"
    wanted = {
        "rid": intent.rid,
        "phase": "open",
        "store_name": "南京路店",
        "kiosk": "till-1",
        "clerk": "0007",
        "platform": "cards",
        "voucher": "card-1",
        "code_tail": CODE[-4:],
        "title": "拿铁",
        "attempts": 2,
        "decidable": True,
        "nothing_spent_in_s": machine.QUIET_S,
    }
    assert {name: row[name] for name in wanted} == wanted


@pytest.mark.parametrize(
    ("spent", "verdict"), [("ours", "redeemed"), ("others", "already_redeemed"), ("nobody", "aborted")]
)
def test_a_persons_word_ends_it_and_is_kept_with_who_and_why(
    shop: Shop, door: Client, spent: str, verdict: str
) -> None:
    intent = _doubtful(shop)
    address = f"/api/v1/redemptions/{intent.rid}/decide"
    if spent != "ours":
        shop.process.pass_by(machine.QUIET_S - 20)
        early = door.post(address, json={"spent": spent, **WORD})
        assert (early.status_code, early.json()["error"]) == (409, "not_allowed")
        assert early.json()["hint"].endswith("try again in 20 s")
        shop.process.pass_by(20)
    answer = door.post(address, json={"spent": spent, **WORD})
    assert (answer.status_code, answer.json()) == (200, {"rid": intent.rid, "verdict": verdict})
    assert _listed(door) == []
    assert shop.confirm(intent).verdict == verdict
    (row,) = [row for row in shop.books() if row["rid"] == intent.rid]
    assert (row["verdict"], row["decided_by"], row["reason"]) == (verdict, "li.lei", WORD["why"])
    again = door.post(address, json={"spent": "ours", **WORD})
    assert (again.status_code, again.json()["hint"]) == (409, f"it has ended: {verdict}")


def test_nobody_decides_while_it_may_end_by_itself(shop: Shop, door: Client) -> None:
    shop.platform.hears = [None]
    intent = shop.intent(CODE)
    shop.confirm(intent)
    shop.process.pass_by(machine.QUIET_S * 2)
    answer = door.post(f"/api/v1/redemptions/{intent.rid}/decide", json={"spent": "nobody", **WORD})
    assert answer.status_code == 409
    assert "may still end by itself" in answer.json()["hint"]
    assert shop.confirm(intent).verdict is Verdict.PENDING


@pytest.mark.rule(11)
def test_rule_11_nobody_decides_before_every_journal_is_there_that_may_hold_the_end(
    shop: Shop, door: Client, database: Database, clock: Clock
) -> None:
    intent = _doubtful(shop)
    address = f"/api/v1/redemptions/{intent.rid}/decide"
    restored(shop, database, clock)
    early = door.post(address, json={"spent": "ours", **WORD})
    assert (early.status_code, early.json()["error"]) == (503, "restoring")
    assert HERE in early.json()["hint"]
    for gateway in (HERE, THERE):
        upload(shop, gateway)
    assert door.post(address, json={"spent": "ours", **WORD}).json()["verdict"] == "redeemed"


def test_a_decision_wants_a_rid_a_name_and_a_reason(shop: Shop, door: Client) -> None:
    intent = _doubtful(shop)
    address = f"/api/v1/redemptions/{intent.rid}/decide"
    for wrong in ({"by": ""}, {"why": ""}, {"spent": "somebody"}):
        assert door.post(address, json={"spent": "ours", **WORD, **wrong}).status_code == 422
    unknown = f"/api/v1/redemptions/{'0' * 32}/decide"
    assert door.post(unknown, json={"spent": "ours", **WORD}).status_code == 404
    assert shop.confirm(intent).verdict is Verdict.PENDING
