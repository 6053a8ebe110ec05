"""One-time codes: whose they are, where and for how long they work, and that each sets one PIN."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from headoffice.redemptions import standing
from headoffice.tables.schema import activations, clerks
from protocol.classify import ACTIVATION_PREFIX
from protocol.duty import Activated, AskActivate
from protocol.pins import hash_pin, is_pin
from protocol.vocabulary import Verdict

if TYPE_CHECKING:
    from headoffice.database import Database
    from tests.headoffice.counter import Clock, Counter

PIN, OTHER_PIN = "246810", "135791"
BAD = (None, Verdict.BAD_CODE)


def add(counter: Counter, *stores: str) -> dict[str, Any]:
    """Add a clerk who works there."""
    made: dict[str, Any] = counter.api.post("/api/v1/clerks", {"name": "王小明", "stores": list(stores)}).json()
    return made


def code_for(counter: Counter, number: str) -> str:
    """Have a one-time code made."""
    answer = counter.api.post(f"/api/v1/clerks/{number}/activation")
    assert answer.status_code == 201, answer.text
    return str(answer.json()["qr_text"])


def show(counter: Counter, code: str, pin: str | None = None) -> tuple[str | None, Verdict | None]:
    """Show a code at a kiosk, perhaps with the hash of a PIN; return whose it is, or why it is nobody's."""
    digest = hashlib.sha256(code.encode()).hexdigest()
    ask = AskActivate(requester=counter.kiosk, store=counter.store, code=digest, pin=pin)
    answer = counter.ledger.answer(counter.gateway, ask)
    assert isinstance(answer, Activated)
    return answer.clerk, answer.verdict


def pin_hash_of(database: Database, number: str) -> str:
    """Return what the books hold of a clerk's PIN."""
    found = select(clerks.c.pin_hash).where(clerks.c.number == number)
    return database.read(lambda connection: str(connection.execute(found).scalar_one()))


def test_a_one_time_code_sets_one_pin_and_is_spent(counter: Counter, database: Database) -> None:
    made = add(counter, "nanjing-lu")
    code = code_for(counter, made["number"])
    assert code.startswith(ACTIVATION_PREFIX)
    assert show(counter, code) == (made["number"], None)  # to look at it spends nothing
    assert is_pin(made["pin"], pin_hash_of(database, made["number"]))
    chosen = hash_pin(PIN)
    assert show(counter, code, chosen) == (made["number"], None)
    assert is_pin(PIN, pin_hash_of(database, made["number"]))
    assert show(counter, code) == show(counter, code, hash_pin(OTHER_PIN)) == BAD
    assert is_pin(PIN, pin_hash_of(database, made["number"]))


def test_the_very_same_again_is_answered_alike_though_the_code_is_spent(counter: Counter) -> None:
    made = add(counter, "nanjing-lu")
    code, chosen = code_for(counter, made["number"]), hash_pin(PIN)
    assert show(counter, code, chosen) == show(counter, code, chosen) == (made["number"], None)


def test_of_two_who_show_the_same_code_at_once_one_sets_the_pin(counter: Counter, database: Database) -> None:
    made = add(counter, "nanjing-lu")
    code = code_for(counter, made["number"])
    hashes = [hash_pin(PIN), hash_pin(OTHER_PIN)]
    with ThreadPoolExecutor(2) as threads:
        said = list(threads.map(lambda chosen: show(counter, code, chosen), hashes))
    (won,) = [chosen for chosen, answer in zip(hashes, said, strict=True) if answer == (made["number"], None)]
    assert BAD in said
    assert pin_hash_of(database, made["number"]) == won


def test_it_works_in_the_clerks_stores_alone_and_through_their_gateways_alone(counter: Counter) -> None:
    made = add(counter, "nanjing-lu")
    code, chosen = code_for(counter, made["number"]), hash_pin(PIN)
    elsewhere = counter.in_store("jingan")
    assert show(elsewhere, code, chosen) == (None, Verdict.CLERK_WRONG_STORE)
    elsewhere.store = "nanjing-lu"  # the other store's gateway lies
    assert show(elsewhere, code, chosen) == (None, Verdict.CLERK_WRONG_STORE)
    assert show(counter, code, chosen) == (made["number"], None)


def test_it_lapses_and_a_newer_one_or_a_reset_ends_it(counter: Counter, clock: Clock) -> None:
    made = add(counter, "nanjing-lu")
    first = code_for(counter, made["number"])
    second = code_for(counter, made["number"])
    assert (show(counter, first), show(counter, second)) == (BAD, (made["number"], None))
    clock.pass_by(timedelta(days=3))
    assert show(counter, second, hash_pin(PIN)) == BAD
    third = code_for(counter, made["number"])
    counter.api.post(f"/api/v1/clerks/{made['number']}/reset").raise_for_status()
    assert show(counter, third) == BAD


def test_a_disabled_clerk_and_one_who_is_not_there_set_nothing(counter: Counter) -> None:
    made = add(counter, "nanjing-lu")
    code = code_for(counter, made["number"])
    disabled = {"name": "王小明", "stores": ["nanjing-lu"], "disabled": True}
    counter.api.put(f"/api/v1/clerks/{made['number']}", disabled).raise_for_status()
    assert show(counter, code, hash_pin(PIN)) == (None, Verdict.CLERK_DISABLED)
    assert show(counter, f"{ACTIVATION_PREFIX}{'0' * 32}") == BAD
    assert counter.api.post("/api/v1/clerks/99/activation").status_code == 404


def test_the_code_is_told_once_as_text_and_as_a_qr_and_kept_as_a_hash(counter: Counter, database: Database) -> None:
    made = add(counter, "nanjing-lu")
    told = counter.api.post(f"/api/v1/clerks/{made['number']}/activation").json()
    assert told["qr"].startswith("<svg")
    assert told["name"] == "王小明"
    (row,) = database.read(lambda connection: connection.execute(select(activations)).all())
    assert row.code_digest == hashlib.sha256(told["qr_text"].encode()).digest()
    assert row.pin_hash is None


def test_restored_books_take_no_code_that_may_have_been_spent_since_they_were_copied(
    counter: Counter, database: Database, clock: Clock
) -> None:
    made = add(counter, "nanjing-lu")
    code = code_for(counter, made["number"])
    database.write(lambda connection: standing.restore(connection, "Li Wei", clock()))
    assert show(counter, code, hash_pin(PIN)) == BAD
