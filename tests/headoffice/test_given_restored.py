"""Rule 11 where a voucher was given away before the journal came of a gateway that somebody had declared lost."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from headoffice.redemptions import standing
from protocol.vocabulary import Verdict
from tests.headoffice.test_restore import HERE, THERE, differing, kept, redeemed, restored, upload, voucher_id
from tests.headoffice.test_wallets import Phone

if TYPE_CHECKING:
    from headoffice.database import Database
    from headoffice.office import Office
    from tests.headoffice.counter import Clock, Counter


def _offered(counter: Counter, **wanted: Any) -> tuple[str, str]:
    """Issue a voucher and offer it as a gift; return its number and the link."""
    code = counter.issue(**wanted)
    link: str = counter.api.post(f"/api/v1/vouchers/{code}/gift").raise_for_status().json()["gift"]
    return code, link


def _received(office: Office, link: str) -> str:
    """Receive a gift and return its receiver's number."""
    friend = Phone(office)
    answer = friend.press(link, "/g/")
    assert answer.status_code == 303
    return "".join(re.findall(r"<span>(\w{4})</span>", friend.open(answer.headers["location"]).text))


@pytest.fixture
def lost(counter: Counter, database: Database, clock: Clock) -> Counter:
    """Return a counter whose gateway was declared lost after its books were restored."""
    restored(counter, database, clock)
    upload(counter, HERE)
    database.write(lambda connection: standing.declare_lost(connection, THERE, "Li Wei", "burnt", clock()))
    return counter.in_store("jingan")


@pytest.mark.rule(11)
@pytest.mark.parametrize("asked_first", [True, False])
def test_rule_11_a_rid_without_an_end_gets_no_use_of_what_was_given_away_and_received(
    counter: Counter, lost: Counter, office: Office, *, asked_first: bool
) -> None:
    code, link = _offered(counter, kind="multi_use", uses=3)
    received = _received(office, link)
    intent = lost.intent(code)
    upload(lost, THERE, kept(lost, intent, None))
    if not asked_first:
        assert counter.redeem(code).verdict is Verdict.GIFTING
    assert lost.resolve(intent).verdict is Verdict.GIFTING
    taken = counter.redeem(received, 3)
    assert taken.verdict is Verdict.REDEEMED
    assert [row["rid"] for row in counter.books() if row["verdict"] == "redeemed"] == [taken.rid]


@pytest.mark.rule(11)
def test_rule_11_a_rid_without_an_end_has_its_use_before_a_gift_is_received(
    counter: Counter, lost: Counter, office: Office
) -> None:
    (used, its_link), (half, other_link) = _offered(counter), _offered(counter, kind="multi_use", uses=2)
    intents = [lost.intent(code) for code in (used, half)]
    friend = Phone(office)
    friend.open(its_link)
    (form,) = re.findall(r'action="(/g/[^"]+)"', friend.open(its_link).text)
    upload(lost, THERE, *(kept(lost, intent, None) for intent in intents))
    assert friend.send(form).status_code == 409
    assert counter.redeem(_received(office, other_link), 2).verdict is Verdict.NOT_ENOUGH_USES
    assert [lost.resolve(intent).verdict for intent in intents] == [Verdict.REDEEMED] * 2


@pytest.mark.rule(11)
def test_rule_11_what_was_redeemed_of_a_voucher_that_was_given_away_and_received_is_listed(
    counter: Counter, lost: Counter, office: Office, database: Database
) -> None:
    code = counter.issue(kind="multi_use", uses=3)
    first = counter.redeem(code)
    link = counter.api.post(f"/api/v1/vouchers/{code}/gift").raise_for_status().json()["gift"]
    received = _received(office, link)
    intent, answer = redeemed(lost, code, 2)
    upload(lost, THERE, kept(lost, intent, answer))
    held = f"use 2 of voucher {voucher_id(counter, code)} is held by"
    assert differing(database) == [f"{held} whoever has received it as a gift"]
    assert counter.redeem(received, 2).verdict is Verdict.REDEEMED, "it was told to be its receiver's"
    assert counter.undo(first.rid).verdict is Verdict.UNDONE
    assert differing(database) == [], "what came back is had by who was told of a use"
    assert counter.redeem(received).verdict is Verdict.USES_EXHAUSTED
    assert lost.resolve(intent).verdict is Verdict.REDEEMED
