"""Stores that are cut off, under leases: what they accept is accepted once, in its limits, and ends as told."""

from __future__ import annotations

import pytest

from protocol.lease import Cause
from simulator.histories.history import History
from simulator.histories.kinds import Kind
from simulator.histories.lease_office import LeaseOffice
from simulator.histories.run import run, story

pytestmark = pytest.mark.timeout(600)

SEEDS = 1_000


def test_no_history_with_leases_breaks_a_rule_and_every_rid_ends() -> None:
    report = run([Kind.OFFLINE], range(SEEDS))
    if report.failed:
        others = [outcome.seed for outcome in report.failed[1:]]
        pytest.fail("\n".join([*list(story(report.failed[0]))[-400:], f"failed too: {others}"]), pytrace=False)
    assert report.redeemed > SEEDS
    # The fourth, a lease's clock, no honest holder brings about: it stops before its time by more than clocks differ.
    assert report.conflicts.keys() == {Cause.JOURNAL_LOST, Cause.DECLARED_LOST, Cause.KEY_REVOKED}
    assert min(report.conflicts.values()) >= 5


def test_enough_is_accepted_and_shown_in_them() -> None:
    accepted = shown = 0
    for seed in range(100):
        history = History(Kind.OFFLINE, seed)
        history.play()
        assert isinstance(history.office, LeaseOffice)
        accepted += history.office.acceptances.count
        shown += sum(trail.accepted for trail in history.oracle.trails.values())
    assert accepted >= 20
    assert shown >= 5
