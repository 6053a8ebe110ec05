"""Which delivery is tried next: in order for each voucher, by one process at a time, later and later."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from headoffice.outbox import queue
from headoffice.outbox.queue import KEPT, LONGEST_PAUSE_S, PARKED_AFTER, TAKEN_FOR, Delivery, Tried, pause_s
from tests.headoffice.outbox.conftest import add_webhook
from tests.headoffice.racing import race

if TYPE_CHECKING:
    from headoffice.database import Database
    from tests.headoffice.counter import Clock, Counter

MOST = 100


class Books:
    """The deliveries of one webhook, as a process sees them."""

    def __init__(self, database: Database, webhook: str, clock: Clock) -> None:
        self.database, self.webhook, self.clock = database, webhook, clock

    def take(self, most: int = MOST) -> list[Delivery]:
        return self.database.write(lambda connection: queue.take(connection, self.webhook, most, self.clock()))

    def settle(self, taken: list[Delivery], error: str | None = None) -> None:
        tried = [Tried(delivery, error) for delivery in taken]
        self.database.write(lambda connection: queue.settle(connection, tried, self.clock(), lambda: 0.0))

    def types(self, taken: list[Delivery]) -> list[str]:
        return [delivery.row["type"] for delivery in taken]


@pytest.fixture
def books(counter: Counter, database: Database, clock: Clock) -> Books:
    return Books(database, add_webhook(counter), clock)


def test_a_later_event_of_a_voucher_waits_until_the_earlier_has_arrived(books: Books, counter: Counter) -> None:
    code, other = counter.issue(), counter.issue()
    counter.step(code, "gift")
    counter.step(code, "take-back")
    counter.redeem(other)

    first = books.take()
    assert books.types(first) == ["voucher.issued", "voucher.issued"]
    assert books.take() == []
    books.settle(first[:1])
    assert books.types(books.take()) == ["voucher.gift"]
    books.settle(first[1:], error="answered 500")
    assert books.take() == []


def test_what_a_process_has_taken_and_never_settled_is_tried_by_another(
    books: Books, counter: Counter, clock: Clock
) -> None:
    counter.issue()
    (lost,) = books.take()
    clock.pass_by(TAKEN_FOR - timedelta(seconds=1))
    assert books.take() == []
    clock.pass_by(timedelta(seconds=1))
    (again,) = books.take()
    assert (again.id, again.tries) == (lost.id, 2)


def test_an_outcome_that_comes_late_undoes_nothing(books: Books, counter: Counter, clock: Clock) -> None:
    counter.issue()
    late = books.take()
    clock.pass_by(TAKEN_FOR)
    again = books.take()
    books.settle(late, error="no answer in 10 s")
    assert books.take() == []
    books.settle(again)
    books.settle(late, error="no answer in 10 s")
    clock.pass_by(TAKEN_FOR)
    assert books.take() == []


def test_two_processes_at_once_never_take_the_same_nor_two_of_one_voucher(books: Books, counter: Counter) -> None:
    codes = [counter.issue() for _ in range(12)]
    for code in codes:
        counter.step(code, "gift")
    for expected in ("voucher.issued", "voucher.gift"):
        taken = [one for share in race(*[lambda: books.take(4)] * 3) for one in share]
        while more := books.take():
            taken += more
        assert len({one.id for one in taken}) == len(taken) == len(codes)
        assert set(books.types(taken)) == {expected}
        books.settle(taken)


def test_pauses_double_up_to_a_quarter_of_an_hour_and_differ_by_chance() -> None:
    assert [pause_s(tries, 0.0) for tries in (1, 2, 3, 8, 9, 1000)] == [5, 10, 20, 640, LONGEST_PAUSE_S, 900]
    assert pause_s(3, 1.0) == 10


def test_after_days_it_is_parked_and_holds_back_what_came_later(books: Books, counter: Counter, clock: Clock) -> None:
    code = counter.issue()
    counter.step(code, "gift")
    begin = clock()
    while clock() - begin < PARKED_AFTER + timedelta(hours=1):
        books.settle(books.take(), error="answered 500")
        clock.pass_by(timedelta(seconds=LONGEST_PAUSE_S))
    shown = counter.api.get(f"/api/v1/webhooks/{books.webhook}").json()
    assert (shown["parked"], shown["waiting"]) == (1, 1)
    assert books.take() == []

    path = f"/api/v1/webhooks/{books.webhook}"
    (parked,) = counter.api.get(f"{path}/deliveries?state=parked").json()
    assert (parked["error"], parked["due"], parked["body"]["type"]) == ("answered 500", None, "voucher.issued")
    assert counter.api.post(f"{path}/replay", {"parked": True}).json() == {"deliveries": 1}
    again = books.take()
    assert books.types(again) == ["voucher.issued"]
    books.settle(again, error="answered 500")
    assert counter.api.get(path).json()["parked"] == 0
    clock.pass_by(timedelta(seconds=LONGEST_PAUSE_S))
    for expected in ("voucher.issued", "voucher.gift"):
        again = books.take()
        assert books.types(again) == [expected]
        books.settle(again)


def test_a_replay_tells_the_same_ids_again_in_order(books: Books, counter: Counter, clock: Clock) -> None:
    code = counter.issue()
    clock.pass_by(timedelta(hours=1))
    counter.step(code, "gift")
    begin = clock()
    clock.pass_by(timedelta(hours=1))
    counter.step(code, "take-back")

    def all_of_it() -> list[tuple[str, str]]:
        seen = []
        while taken := books.take():
            books.settle(taken)
            seen += [(one.event, one.row["type"]) for one in taken]
        return seen

    once = all_of_it()
    path = f"/api/v1/webhooks/{books.webhook}/replay"
    assert counter.api.post(path, {"since": begin.isoformat()}).json() == {"deliveries": 2}
    assert all_of_it() == once[1:]
    assert counter.api.post(path, {"event": once[0][0]}).json() == {"deliveries": 1}
    assert all_of_it() == once[:1]
    assert counter.api.post(path, {"event": once[0][0], "parked": True}).status_code == 422
    assert counter.api.post(path, {}).status_code == 422


def test_what_arrived_long_ago_is_forgotten_and_what_did_not_is_kept(
    books: Books, counter: Counter, database: Database, clock: Clock
) -> None:
    arrived, waits = counter.issue(), counter.issue()
    counter.step(waits, "gift")
    taken = books.take()
    books.settle([one for one in taken if one.row["code"] == arrived])
    clock.pass_by(KEPT + timedelta(seconds=1))
    assert database.write(lambda connection: queue.purge(connection, clock())) == 1
    assert database.write(lambda connection: queue.purge(connection, clock())) == 0
    assert counter.api.get(f"/api/v1/webhooks/{books.webhook}").json()["waiting"] == 2
