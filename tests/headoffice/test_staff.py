"""What a store's manager changes about clerks, through the store's gateway: its own stores' clerks, all or none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from headoffice.tables.schema import clerks
from protocol.classify import ACTIVATION_PREFIX, BADGE_PREFIX
from protocol.duty import AskCode, AskStaff, ClerkFacts, Staffed
from protocol.pins import NO_PIN

if TYPE_CHECKING:
    from headoffice.database import Database
    from tests.headoffice.counter import Counter

HERE, ELSEWHERE = "nanjing-lu", "jingan"


def facts(number: str | None, *stores: str, **more: Any) -> ClerkFacts:
    """Return what is wanted of a clerk."""
    return ClerkFacts(number=number, name=more.pop("name", "王小明"), stores=stores, **more)


def put(counter: Counter, *wanted: ClerkFacts) -> Staffed:
    """Ask for it through the store's gateway."""
    answer = counter.ledger.answer(counter.gateway, AskStaff(clerks=wanted))
    assert isinstance(answer, Staffed)
    return answer


def code(counter: Counter, number: str, *, badge: bool = False) -> Staffed:
    """Ask for a code through the store's gateway."""
    answer = counter.ledger.answer(counter.gateway, AskCode(number=number, badge=badge))
    assert isinstance(answer, Staffed)
    return answer


def listed(counter: Counter) -> dict[str, Any]:
    """Return every clerk as the head office lists them."""
    return {clerk["number"]: clerk for clerk in counter.api.get("/api/v1/clerks").json()}


def test_new_clerks_get_numbers_and_no_pin_is_theirs_yet(counter: Counter, database: Database) -> None:
    done = put(counter, facts(None, HERE), facts("77", HERE, name="李红", manager=True))
    assert (done.numbers, done.refused) == (("1001", "77"), None)
    assert listed(counter)["77"] == {
        "number": "77",
        "name": "李红",
        "role": "manager",
        "stores": [HERE],
        "disabled": False,
    }
    kept = database.read(lambda connection: set(connection.execute(select(clerks.c.pin_hash)).scalars()))
    assert kept == {NO_PIN}


def test_clerks_are_renamed_disabled_and_moved_at_once(counter: Counter) -> None:
    put(counter, facts("1", HERE), facts("2", HERE))
    put(counter, facts("1", HERE, name="王大明", disabled=True), facts("2"))
    assert (listed(counter)["1"]["name"], listed(counter)["1"]["disabled"]) == ("王大明", True)
    assert listed(counter)["2"]["stores"] == []


def test_of_several_all_are_done_or_none(counter: Counter) -> None:
    refused = put(counter, facts("1", HERE), facts("2", ELSEWHERE))
    assert refused.numbers == ()
    assert ELSEWHERE in (refused.refused or "")
    assert listed(counter) == {}


def test_another_stores_clerk_is_not_this_gateways_to_touch(counter: Counter) -> None:
    put(counter.in_store(ELSEWHERE), facts("5", ELSEWHERE))
    before = listed(counter)
    assert "taken" in (put(counter, facts("5", HERE)).refused or "")
    for badge in (False, True):
        assert code(counter, "5", badge=badge).refused is not None
    assert listed(counter) == before


def test_who_works_elsewhere_too_is_moved_in_and_out_here_and_changed_in_nothing_else(counter: Counter) -> None:
    counter.api.post("/api/v1/clerks", {"number": "9", "name": "赵六", "stores": [HERE, ELSEWHERE]}).raise_for_status()
    for change in ({"name": "别人"}, {"manager": True}, {"disabled": True}):
        refused = put(counter, facts("9", HERE, **{"name": "赵六", **change}))
        assert "other stores" in (refused.refused or "")
    assert put(counter, facts("9", name="赵六")).numbers == ("9",)
    assert listed(counter)["9"]["stores"] == [ELSEWHERE]


def test_a_new_clerk_has_a_store(counter: Counter) -> None:
    assert put(counter, facts(None)).refused is not None
    assert listed(counter) == {}


def test_codes_and_badges_are_told_with_their_pictures(counter: Counter, database: Database) -> None:
    put(counter, facts("1", HERE))
    once, badge = code(counter, "1"), code(counter, "1", badge=True)
    assert (once.code or "").startswith(ACTIVATION_PREFIX)
    assert once.until is not None
    assert (badge.code or "").startswith(BADGE_PREFIX)
    assert badge.until is None
    for told in (once, badge):
        assert (told.qr or "").startswith("<svg")
    digest = database.read(lambda connection: connection.execute(select(clerks.c.badge_digest)).scalar_one())
    code(counter, "1", badge=True)
    assert digest != database.read(lambda connection: connection.execute(select(clerks.c.badge_digest)).scalar_one())
