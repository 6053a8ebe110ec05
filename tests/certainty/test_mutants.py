"""A proof that finds nothing proves nothing: each rule broken on purpose is found out by one of a hundred seeds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from simulator.histories.history import play
from simulator.histories.kinds import Kind
from simulator.histories.mutants import MUTANTS
from simulator.histories.run import story

if TYPE_CHECKING:
    from simulator.histories.mutant import Mutant

SEEDS = range(100)
#: By how many of the seeds these are found out at the least, each of which takes a long chain of accidents.
RARE = {"the offer's age is not checked": 8, "a stale precheck is accepted": 8, "a person may decide at once": 4}


@pytest.mark.parametrize("kind", Kind)
def test_the_shipped_code_passes_these_seeds(kind: Kind) -> None:
    outcomes = [play(kind, seed) for seed in SEEDS]
    assert [outcome.seed for outcome in outcomes if outcome.violations or outcome.unresolved] == []


@pytest.mark.parametrize("mutant", MUTANTS, ids=[mutant.name for mutant in MUTANTS])
def test_a_broken_rule_is_found_out(mutant: Mutant) -> None:
    with mutant.at_large():
        outcomes = (play(mutant.kind, seed) for seed in SEEDS)
        assert any(outcome.violations or outcome.unresolved for outcome in outcomes), "no seed has found it out"


@pytest.mark.parametrize(("name", "least"), RARE.items())
def test_what_only_a_rare_situation_finds_out_is_met_often_enough(name: str, least: int) -> None:
    mutant = next(mutant for mutant in MUTANTS if mutant.name == name)
    with mutant.at_large():
        outcomes = [play(mutant.kind, seed) for seed in SEEDS]
    assert sum(bool(outcome.violations or outcome.unresolved) for outcome in outcomes) >= least


@pytest.mark.parametrize("mutant", MUTANTS, ids=[mutant.name for mutant in MUTANTS])
def test_a_mutant_is_gone_afterwards(mutant: Mutant) -> None:
    before = [getattr(place, name) for place, name, _ in mutant.changes]
    with mutant.at_large():
        assert all(
            getattr(place, name) is not original
            for (place, name, _), original in zip(mutant.changes, before, strict=True)
        )
    assert [getattr(place, name) for place, name, _ in mutant.changes] == before


def test_every_mutant_has_a_name_of_its_own() -> None:
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)


def test_a_failed_history_is_told_with_the_rule_and_the_command_that_plays_it_again() -> None:
    mutant = next(mutant for mutant in MUTANTS if mutant.name == "no unique claim")
    with mutant.at_large():
        outcome = next(outcome for seed in SEEDS if (outcome := play(mutant.kind, seed)).violations)
        told = list(story(outcome))
    assert any("shows" in line and "kiosk-" in line for line in told)
    assert any("VIOLATION of rule 3" in line for line in told)
    assert told[-1] == f"again: python -m simulator.histories --kind own --first {outcome.seed} --seeds 1 --story"
