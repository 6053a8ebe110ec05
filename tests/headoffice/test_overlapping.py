"""Two gateways, or two messages of one, at the same moment: neither hides from the books what the other has told."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from headoffice.redemptions import standing
from protocol.marks import Mark, shown_in, stamped
from protocol.upstream import AskHello, AskUpload
from tests.headoffice.racing import WHERE_THEY_OVERLAP, overlapping
from tests.headoffice.test_restore import HERE, THERE, greet, restored, upload

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headoffice.database import Database
    from tests.headoffice.counter import Clock, Counter


@pytest.mark.rule(9)
@WHERE_THEY_OVERLAP
def test_the_last_two_journals_that_come_at_once_end_the_restore(
    counter: Counter, database: Database, clock: Clock
) -> None:
    restored(counter, database, clock)

    def here(connection: Connection) -> None:
        peer = standing.meet(connection, HERE, AskUpload(entries=(), last=True))
        standing.uploaded(connection, peer, clock())

    overlapping(database, here, partial(upload, counter, THERE))
    assert not database.read(standing.books_of).restoring


@WHERE_THEY_OVERLAP
def test_a_journal_that_comes_while_another_is_declared_lost_ends_the_restore(
    counter: Counter, database: Database, clock: Clock
) -> None:
    restored(counter, database, clock)
    overlapping(
        database,
        lambda connection: standing.declare_lost(connection, HERE, "Li Wei", "burnt", clock()),
        partial(upload, counter, THERE),
    )
    assert not database.read(standing.books_of).restoring


@pytest.mark.rule(11)
def test_of_two_messages_that_overlap_the_higher_mark_is_kept_and_shown(counter: Counter, database: Database) -> None:
    lower, higher = stamped(AskHello(), Mark(1, 40)), stamped(AskHello(), Mark(1, 41))
    met = database.read(lambda connection: standing.meet(connection, HERE, lower))  # read before the other commits
    counter.ledger.answer(HERE, higher)
    told = database.write(lambda connection: standing.advance(connection, met, by=0))
    assert (told.heard, shown_in(greet(counter, HERE))) == (Mark(1, 41), Mark(1, 41))


def test_a_gateway_that_has_begun_a_generation_counts_from_there(counter: Counter) -> None:
    for mark in (Mark(1, 41), Mark(2, 3)):
        counter.ledger.answer(HERE, stamped(AskHello(), mark))
    assert shown_in(greet(counter, HERE)) == Mark(2, 3)
