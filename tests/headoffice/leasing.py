"""What tests of leases act with: a type that is leased, and the gateway that accepts under it and tells of that."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from protocol.leasing import Accepted, Lease
from protocol.messages import Answer
from protocol.signed import read_signed
from protocol.upstream import AskHello, AskResolve, Met
from tests.headoffice.counter import unmarked

if TYPE_CHECKING:
    from protocol.messages import Intent
    from tests.headoffice.counter import Counter

HOUR = timedelta(hours=1)


def lease_out(counter: Counter, **more: Any) -> dict[str, Any]:
    """Lease what is free of the type to the first store's gateway, for four hours."""
    until = (counter.clock() + 4 * HOUR).isoformat()
    wish = {
        "type": "latte",
        "store": counter.store,
        "gateway": counter.gateway,
        "until": until,
        "most_uses": 20,
        **more,
    }
    answer = counter.api.post("/api/v1/leases", json=wish | more)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def greet(counter: Counter, *returned: str, **marks: Any) -> tuple[Lease, ...]:
    """Greet the head office as the counter's gateway and return the leases that it is told of."""
    met = counter.ledger.answer(counter.gateway, AskHello(returned=returned, **marks))
    assert isinstance(met, Met)
    return met.leases


def accept(counter: Counter, lease: str, code: str, **more: Any) -> AskResolve:
    """Return what a gateway says of a voucher that it has accepted by itself."""
    read = read_signed(code)
    assert read is not None
    intent: Intent = counter.intent(code, quantity=len(more.get("uses", (1,))))
    facts = {
        "lease": lease, "gateway": counter.gateway, "voucher": read.voucher, "uses": (1,), "elapsed_s": 600.0,
        "at": counter.clock().isoformat(), **more,
    }  # fmt: skip
    return AskResolve(requester=counter.kiosk, store=counter.store, intent=intent, accepted=Accepted(**facts))


def tell(counter: Counter, ask: AskResolve) -> Answer:
    """Tell the head office what was accepted."""
    answer = counter.ledger.answer(counter.gateway, ask)
    assert isinstance(answer, Answer), answer
    return unmarked(answer)


def conflicts(counter: Counter) -> list[tuple[str, str]]:
    """Return rids and causes of the conflicts that are listed."""
    rows = counter.api.get("/api/v1/conflicts").raise_for_status().json()
    return [(row["rid"], row["cause"]) for row in rows]


def replace_accepted(ask: AskResolve) -> AskResolve:
    """Return the same question without the word that it was accepted."""
    return AskResolve(requester=ask.requester, store=ask.store, intent=ask.intent)
