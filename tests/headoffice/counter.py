"""What the tests of this room act with: a clock that is moved by hand, and a counter whose gateway asks the ledger."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from protocol.marks import Mark, stamped
from protocol.messages import Action, Answer, Intent, Notice
from protocol.upstream import AskLook, AskRedeem, AskResolve, AskSettled, Looked

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from headoffice.redemptions.ledger import Ledger
    from tests.headoffice.asgi import Client


class Clock:
    """Shows one moment until it is moved."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def pass_by(self, time: timedelta) -> None:
        """Move on."""
        self.at += time


def new_rid() -> str:
    """Return a fresh redemption id."""
    return secrets.token_hex(16)


def unmarked(answer: Answer) -> Answer:
    """Return an answer without the marks with which it left: they tell of the books, not of the rid."""
    return stamped(answer, Mark(1, 0))


@dataclass
class Counter:
    """One kiosk in one store, asking through the store's gateway."""

    api: Client
    ledger: Ledger
    clock: Clock
    store: str = "nanjing-lu"
    gateway: str = "gw-nanjing-lu"
    kiosk: str = "till-1"

    def in_store(self, store: str, kiosk: str = "till-2") -> Counter:
        """Return a counter of another store."""
        return Counter(self.api, self.ledger, self.clock, store, f"gw-{store}", kiosk)

    def issue(self, **wanted: Any) -> str:
        """Issue a voucher by the API and return its code."""
        answer = self.api.post("/api/v1/vouchers", json=wanted)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["code"])

    def put_type(self, type_id: str, **wanted: Any) -> dict[str, Any]:
        """Put a type in force: one person draws it up, another approves it."""
        self.api.put(f"/api/v1/types/{type_id}", {"author": "李经理", **wanted}).raise_for_status()
        approved = self.api.post(f"/api/v1/types/{type_id}/approve", {"by": "王总"}).raise_for_status()
        made: dict[str, Any] = approved.json()
        return made

    def step(self, code: str, step: str) -> int:
        """Take a step in a voucher's life; return the HTTP status."""
        return self.api.post(f"/api/v1/vouchers/{quote(code, safe='')}/{step}").status_code

    def look(self, code: str, clerk: str | None = None) -> Looked:
        """Look at a code."""
        ask = AskLook(requester=self.kiosk, store=self.store, code=code, clerk=clerk)
        answer = self.ledger.answer(self.gateway, ask)
        assert isinstance(answer, Looked)
        return answer

    def intent(self, code: str, quantity: int = 1, **more: Any) -> Intent:
        """Return a fresh intent to redeem."""
        return Intent(rid=new_rid(), code=code, quantity=quantity, offer="sealed", **more)

    def ask(self, intent: Intent, terms: int = 1) -> AskRedeem:
        """Return what the gateway makes of an intent."""
        return AskRedeem(requester=self.kiosk, store=self.store, intent=intent, terms=terms)

    def confirm(self, intent: Intent, terms: int = 1) -> Answer:
        """Ask for a redemption; the answer must be one."""
        answer = self.ledger.answer(self.gateway, self.ask(intent, terms))
        assert isinstance(answer, Answer), answer
        return unmarked(answer)

    def redeem(self, code: str, quantity: int = 1) -> Answer:
        """Look and confirm, as a counter does."""
        return self.confirm(self.intent(code, quantity), self.look(code).terms)

    def resolve(self, intent: Intent, reason: str = "gave up") -> Answer:
        """Ask how a rid ended."""
        ask = AskResolve(requester=self.kiosk, store=self.store, intent=intent, terms=1, reason=reason)
        answer = self.ledger.answer(self.gateway, ask)
        assert isinstance(answer, Answer), answer
        return unmarked(answer)

    def undo(self, rid: str) -> Answer:
        """Undo a redemption at this counter."""
        return self.confirm(Intent(rid=new_rid(), action=Action.UNDO, undoes=rid, reason="wrong one"), terms=0)

    def settle(self, rid: str, *, handed_over: bool = True) -> Answer | Notice:
        """Say that the answer was seen."""
        ask = AskSettled(requester=self.kiosk, rid=rid, handed_over=handed_over)
        answer = self.ledger.answer(self.gateway, ask)
        assert isinstance(answer, Answer | Notice)
        return unmarked(answer) if isinstance(answer, Answer) else answer

    def books(self) -> list[dict[str, Any]]:
        """Return the books."""
        rows: list[dict[str, Any]] = self.api.get("/api/v1/books").raise_for_status().json()
        return rows

    def spent(self, code: str) -> int:
        """Return how many uses of a voucher are spent."""
        voucher = self.api.get(f"/api/v1/vouchers/{quote(code, safe='')}").raise_for_status().json()
        return int(voucher["uses"] - voucher["uses_left"])
