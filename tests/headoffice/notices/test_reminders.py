"""Reminders: once each, so many days before the end, by day, and only where a use is left."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from headoffice.notices.reminders import AT_ONCE, Reminders
from headoffice.workers import Workers
from tests.headoffice.conftest import NOON
from tests.headoffice.notices.conftest import (
    AGREED,
    MAIL,
    NUMBER,
    all_over,
    issue,
    notices,
    put_type,
    why,
)
from tests.headoffice.outbox.test_dispatcher import until
from tests.headoffice.racing import race

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from headoffice.database import Database
    from tests.headoffice.counter import Clock, Counter
    from tests.headoffice.notices.carriers import Texting
    from tests.headoffice.notices.conftest import Sends

    Texts = Callable[..., Sends]

ENDS = NOON + timedelta(days=10)


@pytest.fixture
def reminders(database: Database, clock: Clock) -> Iterator[Reminders]:
    with closing(Workers(1, 1)) as workers:
        yield Reminders(database, workers, clock)


def _reminded(database: Database) -> int:
    return sum(occasion == "expiring" for occasion, _ in notices(database))


def test_a_customer_is_reminded_once_so_many_days_before_the_end(
    counter: Counter, database: Database, clock: Clock, reminders: Reminders
) -> None:
    put_type(counter, remind_days=3, valid_until=ENDS.isoformat())
    issue(counter)
    reminders.round()
    clock.at = ENDS - timedelta(days=3, seconds=1)
    reminders.round()
    assert _reminded(database) == 0
    clock.at = ENDS - timedelta(days=3)
    reminders.round()
    reminders.round()
    clock.pass_by(timedelta(days=1))
    reminders.round()
    assert _reminded(database) == 1


@pytest.mark.parametrize("step", ["delete", "gift", "ask-refund", "redeem", "end", "expire"])
def test_nobody_is_reminded_of_what_they_cannot_use_or_do_not_want_to_hear_of(
    counter: Counter, database: Database, clock: Clock, reminders: Reminders, step: str
) -> None:
    put_type(counter, remind_days=3, valid_until=ENDS.isoformat())
    code = issue(counter)
    clock.at = ENDS - timedelta(days=1)
    match step:
        case "redeem":
            counter.redeem(code)
        case "end":
            counter.api.post("/api/v1/contacts/end", {"customer": NUMBER}).raise_for_status()
        case "expire":
            clock.at = ENDS
        case _:
            assert counter.step(code, step) == 200
    assert reminders.round() == 0
    assert _reminded(database) == 0


def test_of_a_card_the_uses_that_are_left_are_reminded_of(
    counter: Counter, database: Database, clock: Clock, reminders: Reminders
) -> None:
    put_type(counter, remind_days=3, valid_until=ENDS.isoformat(), uses=2)
    counter.redeem(issue(counter))
    clock.at = ENDS - timedelta(days=1)
    reminders.round()
    assert _reminded(database) == 1


def test_who_got_it_only_now_was_told_until_when_it_is_valid(
    counter: Counter, database: Database, clock: Clock, reminders: Reminders
) -> None:
    put_type(counter, remind_days=3, valid_until=ENDS.isoformat())
    put_type(counter, type_id="never", valid_until=ENDS.isoformat())
    clock.at = ENDS - timedelta(days=2)
    issue(counter)
    issue(counter, "never")
    reminders.round()
    assert _reminded(database) == 0


def test_nobody_is_reminded_by_night(counter: Counter, database: Database, clock: Clock, reminders: Reminders) -> None:
    put_type(counter, remind_days=3, valid_until=ENDS.isoformat())
    issue(counter)
    midnight = ENDS - timedelta(days=2, hours=12)
    for hour, number in ((0, 0), (8, 0), (9, 1)):
        clock.at = midnight + timedelta(hours=hour)
        reminders.round()
        assert _reminded(database) == number


def test_the_night_is_that_of_the_stores_where_it_is_valid(
    counter: Counter, database: Database, clock: Clock, reminders: Reminders
) -> None:
    counter.api.put("/api/v1/stores/lisboa", {"name": "里斯本店", "timezone": "Europe/Lisbon"}).raise_for_status()
    put_type(counter, remind_days=3, valid_until=ENDS.isoformat(), stores=["lisboa"])
    issue(counter)
    clock.at = ENDS - timedelta(days=2)  # noon in Shanghai, four in the morning there
    reminders.round()
    assert _reminded(database) == 0
    clock.pass_by(timedelta(hours=6))
    reminders.round()
    assert _reminded(database) == 1


def test_a_reminder_that_was_not_taken_by_evening_waits_for_the_morning_and_holds_up_nothing_else(
    counter: Counter, reminders: Reminders, clock: Clock, carrier: Texting, texts: Texts
) -> None:
    database = counter.ledger._database
    put_type(counter, remind_days=3, valid_until=ENDS.isoformat())
    issue(counter)
    clock.at = ENDS - timedelta(days=2, hours=-7, minutes=-59)
    reminders.round()
    clock.pass_by(timedelta(minutes=2))
    issue(counter)
    with texts():
        until(lambda: notices(database)[2] == ("issued", "delivered"))
        until(lambda: why(database)[1] == "waits for the morning")
        assert {one["TemplateCode"] for one in carrier.messages} <= {"SMS_issued"}
        clock.pass_by(timedelta(hours=13))
        until(lambda: all_over(database))
    assert carrier.messages[-1]["TemplateCode"] == "SMS_expiring"
    assert carrier.messages[-1]["values"]["left"] == "1"


def test_two_head_offices_remind_of_each_voucher_once(
    counter: Counter, database: Database, clock: Clock, reminders: Reminders
) -> None:
    put_type(counter, "email", remind_days=3, valid_until=ENDS.isoformat())
    for _ in range(6):
        counter.issue(type="latte", notify={"email": MAIL, **AGREED})
    clock.at = ENDS - timedelta(days=1)
    race(reminders.round, reminders.round)
    assert _reminded(database) == 6
    assert AT_ONCE > 6
