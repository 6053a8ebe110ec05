"""What a gateway's journal is filled with under power cuts: requests, leases and shifts as a shop has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from gateway.closing import Closing, Totals
from gateway.places import Shift
from gateway.schema import (
    OPEN,
    WRITE_BEHIND,
    WRITE_CLAIM,
    WRITE_LEASE,
    WRITE_LEASED,
    WRITE_NAME,
    WRITE_PEER,
    WRITE_REFUSAL,
    WRITE_RELAY,
    WRITE_SHIFT,
    WRITE_TRIES,
    text_of,
)
from protocol.lease import Clock, Held
from protocol.leasing import Accepted, Lease, LeasedVoucher
from protocol.messages import Answer, Intent
from protocol.owner import intent_digest
from protocol.vocabulary import Verdict

if TYPE_CHECKING:
    from datetime import date
    from random import Random

    import apsw

STORE, KIOSK, CLERK = "s", "till-1", "0101"
_AT = "2026-11-21T12:00:00+08:00"


def new_id(random: Random) -> str:
    """Return a new id: of a request, a voucher or a lease."""
    return random.randbytes(16).hex()


def asked(random: Random) -> Intent:
    """Return what a kiosk asks for."""
    rid = new_id(random)
    return Intent(rid=rid, code=f"SECRET-{rid}", offer="sealed")


def acceptance(rid: str, random: Random) -> Answer:
    """Return that the gateway has accepted two uses of a voucher by itself."""
    accepted = Accepted(
        lease=new_id(random), gateway="gw-1", voucher=new_id(random), uses=(1, 2), elapsed_s=1.0, at=_AT
    )
    return Answer(
        rid=rid, verdict=Verdict.ACCEPTED_OFFLINE, final=False, voucher=accepted.voucher, uses=(1, 2), accepted=accepted
    )


def lease(number: str, *, complete: bool) -> Held:
    """Return a lease as its holder keeps it."""
    granted = Lease(
        id=number, store=STORE, at=_AT, age_s=0.0, left_s=3600.0, most_uses=9, title="T", terms=1, weekdays=(0,)
    )
    return Held(lease=granted, asked=Clock("boot", 1.0), generation=1, complete=complete)


def leased(random: Random) -> list[LeasedVoucher]:
    """Return the two vouchers of a lease."""
    return [LeasedVoucher(id=new_id(random), uses=2) for _ in range(2)]


def shift(number: str, until: float | None = None) -> Shift:
    """Return a clerk's shift."""
    return Shift(id=number, kiosk=KIOSK, store=STORE, clerk=CLERK, name="李雷", since=1.0, until=until)


def closing(day: date, by: str) -> Closing:
    """Return a day that somebody has closed."""
    return Closing(store=STORE, day=day, at=2.0, by=by, sequence=1, totals=Totals())


def fill(connection: apsw.Connection, random: Random) -> None:
    """Write rows into every table that this schema has; their statements have been the same ever since."""
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    with connection:
        for table, statements in _rows(random).items():
            if table in tables:
                for sql, values in statements:
                    connection.execute(sql, values)


def _rows(random: Random) -> dict[str, list[tuple[str, tuple[Any, ...]]]]:
    accepted, held = asked(random), new_id(random)
    answer = acceptance(accepted.rid, random)
    told = [(WRITE_LEASED, (one.id, held, text_of(one))) for one in leased(random)]
    one = shift(new_id(random))
    return {
        "relays": [_relay(asked(random), None) for _ in range(3)],
        "refusals": [(WRITE_REFUSAL, (1.0, f"refusal {held}", STORE, "expired", "0001", "scan", None, "{}"))],
        "peers": [(WRITE_PEER, ("till-1", 1, 7))],
        "meta": [(WRITE_BEHIND, (1,))],
        "shifts": [(WRITE_SHIFT, (one.id, one.kiosk, one.store, one.clerk, one.name, one.since, one.until))],
        "keys": [("INSERT INTO keys VALUES (?, ?)", ("0a" * 4, "0b" * 32))],
        "leases": [(WRITE_LEASE, (held, msgspec.json.encode(lease(held, complete=True)).decode()))],
        "leased": told,
        "claims": [
            _relay(accepted, answer),
            *((WRITE_CLAIM, (answer.voucher, number, accepted.rid)) for number in answer.uses),
        ],
        "tries": [(WRITE_TRIES, (CLERK, "pin", 1))],
        "names": [(WRITE_NAME, ("gw-1",))],
    }


def _relay(intent: Intent, answer: Answer | None) -> tuple[str, tuple[Any, ...]]:
    verdict = Verdict.PENDING if answer is None else answer.verdict
    said = None if answer is None else text_of(answer)
    voucher = None if answer is None else answer.voucher
    head = (intent.rid, 1.0, KIOSK, STORE, text_of(intent), intent_digest(intent), 1, voucher, False, None)
    return WRITE_RELAY, (*head, str(verdict), said, None, OPEN)
