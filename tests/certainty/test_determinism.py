"""A seed is a whole history: the same again, in any process, told or not, and the command says the same."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from simulator.histories.__main__ import main
from simulator.histories.history import play
from simulator.histories.kinds import ONLINE, Kind
from simulator.histories.mutants import MUTANTS
from simulator.histories.run import run

if TYPE_CHECKING:
    from simulator.histories.history import Outcome

ROOT = Path(__file__).resolve().parents[2]


def fingerprint(outcome: Outcome) -> str:
    return hashlib.sha256(repr((outcome.story, sorted(outcome.faults.items()))).encode()).hexdigest()


@pytest.mark.parametrize("kind", Kind)
def test_a_seed_gives_the_same_history_again_and_another_seed_another(kind: Kind) -> None:
    first, again, other = (play(kind, seed, told=True) for seed in (11, 11, 12))
    assert first.story == again.story
    assert first == again
    assert first.story != other.story


@pytest.mark.parametrize("kind", Kind)
def test_telling_a_history_does_not_change_it(kind: Kind) -> None:
    for seed in range(20):
        told = play(kind, seed, told=True)
        assert replace(told, story=()) == play(kind, seed)


@pytest.mark.parametrize("kind", Kind)
def test_another_process_with_another_order_of_hashes_plays_the_same_history(kind: Kind) -> None:
    here = fingerprint(play(kind, 7, told=True))
    code = "from tests.certainty.test_determinism import *; print(fingerprint(play(Kind(sys.argv[1]), 7, told=True)))"
    for hash_seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        done = subprocess.run(
            [sys.executable, "-c", code, kind], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == here


def test_several_processes_find_what_one_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulator.histories.run._BATCH", 10)
    alone, together = run(ONLINE, range(40)), run(ONLINE, range(40), workers=2)
    assert alone == together


def test_the_command_prints_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--seeds", "20", "--first", "100"]) == 0
    said = capsys.readouterr().out
    assert "histories          60 (offline 20, own 20, platform 20)" in said
    assert "violations         0" in said


def test_the_command_tells_what_went_wrong_and_fails(capsys: pytest.CaptureFixture[str]) -> None:
    mutant = next(mutant for mutant in MUTANTS if mutant.name == "no unique claim")
    with mutant.at_large():
        assert main(["--seeds", "20", "--kind", "own"]) == 1
    said = capsys.readouterr().out
    assert "VIOLATION of rule 3" in said
    assert "again: python -m simulator.histories --kind own --first" in said
