"""Rule 11: a journal that is older than its peers remember it is found out, and none that is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import codec
from protocol.marks import NEVER, Mark, mark_of, shown_in, stamped
from protocol.messages import Hello
from protocol.upstream import AskHello, Met

MARKS = st.builds(Mark, st.integers(1, 4), st.integers(0, 50))


def test_marks_cross_the_wire_with_any_message() -> None:
    sent = stamped(AskHello(), Mark(2, 17), Mark(3, 41))
    heard = codec.upstream_request(codec.encode(sent))
    assert (mark_of(heard), shown_in(heard)) == (Mark(2, 17), Mark(3, 41))


def test_who_was_never_met_is_never_behind() -> None:
    assert shown_in(Met()) == NEVER
    assert not Mark(1, 0).is_behind(NEVER)
    assert not Mark(1, 0).is_behind(shown_in(Hello(boot="b")))


@pytest.mark.rule(11)
def test_a_lower_sequence_is_behind_and_so_is_a_lower_generation() -> None:
    assert Mark(1, 4).is_behind(Mark(1, 5))
    assert Mark(1, 99).is_behind(Mark(2, 3)), "a copy of before a restore"
    assert not Mark(2, 3).is_behind(Mark(1, 99)), "a restore says that the rest is given up"


@given(st.lists(MARKS, min_size=1))
def test_a_journal_that_only_grows_is_never_called_behind_in_whatever_order_its_marks_arrive(marks: list[Mark]) -> None:
    grown, highest = sorted(marks), NEVER
    for mark in marks:
        highest = max(highest, mark)
        assert not grown[-1].is_behind(highest)
