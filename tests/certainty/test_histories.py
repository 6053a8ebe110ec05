"""Whatever fails, and whenever: a use is spent at most once, and everyone who was shown an answer was shown the truth.

The machines that ship, in ten thousand histories that fail in every way and at every point.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from simulator.histories.run import story

if TYPE_CHECKING:
    from simulator.histories.run import Report

# The first of these tests to run plays the histories, a minute's work for one processor that has nothing else to do.
pytestmark = pytest.mark.timeout(1200)

#: So much of a failed history is shown.
LINES = 400


def test_no_history_breaks_a_rule_and_every_rid_ends(report: Report) -> None:
    if report.failed:
        told = list(story(report.failed[0]))[-LINES:]
        others = [f"{outcome.kind} {outcome.seed}" for outcome in report.failed[1:]]
        pytest.fail("\n".join([*told, f"failed too: {others}"]), pytrace=False)


def test_there_were_enough_of_them_and_they_went_wrong_enough(report: Report) -> None:
    assert report.histories.total() == 10_000
    assert report.redeemed > report.histories.total()
    assert report.hit / report.rids > 0.3
    assert report.raced / report.histories.total() > 0.5


def test_every_kind_of_fault_was_met_in_every_state_that_it_can_be_met_in(report: Report) -> None:
    assert report.empty_cells() == []


def test_no_fault_was_met_where_the_reasons_say_that_it_cannot_be(report: Report) -> None:
    assert report.surprises() == []


def test_only_what_nothing_else_could_settle_was_left_to_a_person(report: Report) -> None:
    assert 0 < report.by_person < report.rids / 20
