"""What books tell that were put back: of an undo the voucher too, and never that stands what was undone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from headoffice.redemptions.uploads import restore_with
from tests.headoffice.outbox.conftest import add_webhook, told
from tests.headoffice.test_restore import HERE, THERE, kept, redeemed, restored, undone, upload, voucher_id

if TYPE_CHECKING:
    from headoffice.database import Database
    from tests.headoffice.counter import Clock, Counter


@pytest.mark.rule(10)
def test_rule_10_an_undo_that_is_uploaded_is_told_with_the_voucher_of_what_it_has_undone(
    counter: Counter, database: Database, clock: Clock
) -> None:
    webhook = add_webhook(counter, "redemption.redeemed", "redemption.undone")
    code = counter.issue()
    stands = counter.redeem(code)
    undo = undone(counter, stands.rid)
    restored(counter, database, clock)
    upload(counter, HERE, kept(counter, *undo))
    bodies = told(database, webhook)
    assert [(body["type"], body["data"]["voucher"]["id"]) for body in bodies] == [
        ("redemption.redeemed", voucher_id(counter, code)),
        ("redemption.undone", voucher_id(counter, code)),
    ]


@pytest.mark.rule(10)
@pytest.mark.parametrize("undo_first", [True, False])
def test_rule_10_what_was_undone_before_it_was_uploaded_is_not_told_as_redeemed(
    counter: Counter, database: Database, clock: Clock, *, undo_first: bool
) -> None:
    """Whether its undo is known to the books already, or its own gateway says by which it was undone."""
    webhook = add_webhook(counter, "redemption.redeemed", "redemption.undone")
    intent, answer = redeemed(counter, counter.issue(), 1)
    undo = undone(counter, intent.rid)
    if not undo_first:
        answer = msgspec.structs.replace(answer, undone_by=undo[0].rid)
    both = [kept(counter, *undo), kept(counter, intent, answer)]
    restored(counter, database, clock)
    upload(counter, HERE, *(both if undo_first else both[::-1]))
    upload(counter, THERE)
    assert [(body["type"], body["data"]["undoes"]) for body in told(database, webhook)] == [
        ("redemption.undone", intent.rid)
    ]
    assert counter.resolve(intent).undone_by == undo[0].rid


def test_an_undo_of_the_head_offices_own_journal_is_told_with_its_voucher_before_the_redemption_is_there(
    counter: Counter, database: Database, clock: Clock
) -> None:
    webhook = add_webhook(counter, "redemption.redeemed", "redemption.undone")
    code = counter.issue()
    intent, answer = redeemed(counter, code, 1)
    entry = msgspec.structs.replace(kept(counter, *undone(counter, intent.rid)), voucher=voucher_id(counter, code))
    database.write(lambda connection: restore_with(connection, [entry], "Li Wei", clock()))
    upload(counter, HERE, kept(counter, intent, answer))
    upload(counter, THERE)
    assert [(body["type"], body["data"]["voucher"]["id"]) for body in told(database, webhook)] == [
        ("redemption.undone", voucher_id(counter, code))
    ]
    assert counter.spent(code) == 0
