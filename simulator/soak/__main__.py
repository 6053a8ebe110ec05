"""``python -m simulator.soak``: all the long runs, one table, ``build/soak.json``; exit code 1 where one has failed.

A run of which 0 are asked for is left out. Interrupted or terminated, it ends the run that is under way and tells what
there is so far.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import platform
import signal
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import apsw

from simulator.histories import floors as floors_of_histories
from simulator.histories.history import play
from simulator.histories.kinds import Kind
from simulator.histories.mutants import MUTANTS
from simulator.histories.run import Report, keep_quiet, run, story, table
from simulator.powercuts.run import run as cut_power
from simulator.powercuts.run import table as power_table
from simulator.soak import floors as floors_of_kills
from simulator.soak.judging import Survived
from simulator.soak.kills import kill_often
from simulator.soak.shop import ShopError
from simulator.together import EndedError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from simulator.histories.mutant import Mutant
    from simulator.soak.suffered import Suffered

BUILD = Path("build")
#: So many seeds are played at a time, each in every kind.
_AT_ONCE = 2_000
_MUTANT_SEEDS = range(100)
_TOLD_EVERY = 25


@dataclass(slots=True)
class Result:
    """What the runs have come to so far."""

    figures: dict[str, Any] = field(default_factory=dict)
    failed: bool = False

    def note(self, **figures: object) -> None:
        """Keep figures."""
        self.figures.update(figures)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit code."""
    chosen = _chosen(arguments)
    keep_quiet()
    result, begun = Result(), time.monotonic()
    result.note(
        command=" ".join(["python -m simulator.soak", *(arguments if arguments is not None else sys.argv[1:])]),
        first_seed=chosen.first,
        python=platform.python_version(),
        sqlite=apsw.sqlite_lib_version(),
    )
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        if chosen.seeds or chosen.redemptions:
            _histories(chosen, result)
        _mutants(result)
        if chosen.images:
            _power_cuts(chosen, result)
        if chosen.kills:
            _kills(chosen, result)
    except KeyboardInterrupt:
        _say("interrupted: what follows is what there is so far")
        result.failed = True
    result.note(seconds=round(time.monotonic() - begun))
    BUILD.mkdir(exist_ok=True)
    (BUILD / "soak.json").write_text(json.dumps(result.figures, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    _say("", *_summary(result.figures), "", f"{BUILD / 'soak.json'} has it for machines")
    return 1 if result.failed else 0


def _chosen(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m simulator.soak", description=__doc__)
    parser.add_argument("--seeds", type=int, default=25_000, help="how many seeds; each is a history of every kind")
    parser.add_argument("--redemptions", type=int, default=1_000_000, help="go on until so many were redeemed")
    parser.add_argument("--images", type=int, default=100_000, help="how many disks to look at after a power cut")
    parser.add_argument("--kills", type=int, default=1_000, help="how many processes to kill")
    parser.add_argument("--first", type=int, default=0, help="the first seed of every run")
    parser.add_argument("--workers", type=int, default=2, help="how many processes play histories")
    return parser.parse_args(arguments)


def _histories(chosen: argparse.Namespace, result: Result) -> None:
    report = Report()
    try:
        _play(chosen, report)
    finally:
        _tell(report, result, full=floors_of_histories.is_full(chosen.seeds, chosen.redemptions))


def _play(chosen: argparse.Namespace, report: Report) -> None:
    """Play seed after seed into the report, until there are enough of them or one has failed."""
    seed = chosen.first
    while (seed - chosen.first < chosen.seeds or report.redeemed < chosen.redemptions) and not report.failed:
        left = chosen.seeds - (seed - chosen.first)
        count = min(_AT_ONCE, left) if left > 0 else _AT_ONCE
        report.join(run(list(Kind), range(seed, seed + count), chosen.workers))
        seed += count
        _say(f"histories {report.histories.total()}, redemptions {report.redeemed}, failed {len(report.failed)}")


def _tell(report: Report, result: Result, *, full: bool) -> None:
    """Tell what came of the histories; a ``full`` run fails, too, where it has not met what it is made to meet."""
    for outcome in report.failed[:1]:
        _say(*story(outcome))
    short = list(floors_of_histories.shortfalls(report)) if full else []
    _say("", *table(report), "", *floors_of_histories.markdown(report), "", *(f"FALLS SHORT: {what}" for what in short))
    result.failed |= bool(report.failed or short)
    result.note(
        histories=report.histories.total(),
        redemptions=report.redeemed,
        rids=report.rids,
        met_a_fault=round(report.hit / max(1, report.rids), 3),
        violations=sum(len(outcome.violations) for outcome in report.failed),
        unresolved=sum(len(outcome.unresolved) for outcome in report.failed),
        ended_by_a_person=report.by_person,
        faults={f"{fault}, {state}": count for (fault, state), count in sorted(report.faults.items())},
        falls_short=short,
        never_met=[f"{fault}, {state}" for fault, state in report.empty_cells()],
    )


def _mutants(result: Result) -> None:
    killers = {mutant.name: _killers(mutant) for mutant in MUTANTS}
    quiet = [name for name, count in killers.items() if count == 0]
    _say(*(f"mutant {name}: found by {count} of {len(_MUTANT_SEEDS)} seeds" for name, count in killers.items()))
    result.failed |= bool(quiet)
    result.note(mutants=len(killers), mutants_killed=len(killers) - len(quiet), killers=killers, survived=quiet)


def _killers(mutant: Mutant) -> int:
    with mutant.at_large():
        outcomes = (play(mutant.kind, seed) for seed in _MUTANT_SEEDS)
        return sum(bool(outcome.violations or outcome.unresolved) for outcome in outcomes)


def _power_cuts(chosen: argparse.Namespace, result: Result) -> None:
    report = cut_power(chosen.images, chosen.first, chosen.workers)
    _say("", *power_table(report), "")
    result.failed |= bool(report.corrupt or report.lost)
    result.note(
        powercut_images=report.images.total(),
        powercut_corrupt=report.corrupt,
        powercut_lost=report.lost,
        powercut_phases={f"{store}, {phase}": count for (store, phase), count in sorted(report.images.items())},
    )


def _kills(chosen: argparse.Namespace, result: Result) -> None:
    def told(suffered: Suffered) -> None:
        if suffered.kills.total() % _TOLD_EVERY == 0:
            _say(f"kills {suffered.kills.total()}")

    with tempfile.TemporaryDirectory(prefix="hexiao-soak-") as folder:
        try:
            survived = asyncio.run(kill_often(Path(folder) / "shop", chosen.kills, chosen.first, told))
        except (ShopError, EndedError) as error:
            survived = Survived(violations=[str(error)])
    suffered = survived.suffered
    short = list(floors_of_kills.shortfalls(survived))
    _say(*survived.violations, *(f"no end: {one}" for one in survived.unresolved), *short)
    result.failed |= bool(survived.violations or survived.unresolved or short)
    result.note(
        kills=suffered.kills.total(),
        kills_by_part=dict(suffered.kills),
        kills_that_met_a_redemption=suffered.met,
        cables=dict(suffered.cables),
        cables_broken=suffered.cables.total(),
        put_back=len(suffered.put_back),
        put_back_by_part=dict(Counter(one.part for one in suffered.put_back)),
        restored=suffered.restored.total(),
        found_out_to_be_put_back=suffered.found_out,
        put_back_unknowably=suffered.unknowable,
        oldest_copy_s=round(suffered.oldest_copy_s),
        disks_filled=suffered.disks_filled,
        clock_set=suffered.clock_set,
        process_rids=survived.rids,
        process_redeemed=survived.redeemed,
        process_greens=survived.greens,
        process_at_tills=survived.at_tills,
        process_undone=survived.undone,
        process_of_a_platform=survived.of_a_platform,
        platform_troubles=survived.platform_troubles,
        accepted_offline=survived.accepted,
        accepted_forgotten=survived.forgotten,
        offline_conflicts=survived.conflicts,
        shortfalls=short,
        violations=result.figures.get("violations", 0) + len(survived.violations),
        unresolved=result.figures.get("unresolved", 0) + len(survived.unresolved),
    )


def _summary(figures: dict[str, Any]) -> Iterable[str]:
    rows = {
        "histories": "histories",
        "redemptions in them": "redemptions",
        "rids that met a fault": "met_a_fault",
        "mutants": "mutants",
        "mutants killed": "mutants_killed",
        "power-cut images": "powercut_images",
        "corrupt": "powercut_corrupt",
        "acknowledged, lost": "powercut_lost",
        "kills survived": "kills",
        "that met a redemption": "kills_that_met_a_redemption",
        "cables broken": "cables_broken",
        "disks filled": "disks_filled",
        "clock set": "clock_set",
        "older copies put back": "put_back",
        "found out by itself": "found_out_to_be_put_back",
        "the oldest, seconds": "oldest_copy_s",
        "platform in trouble": "platform_troubles",
        "redeemed meanwhile": "process_redeemed",
        "shown in green": "process_greens",
        "told to tills": "process_at_tills",
        "undone": "process_undone",
        "a platform's cards": "process_of_a_platform",
        "accepted offline": "accepted_offline",
        "violations": "violations",
        "rids unresolved": "unresolved",
        "seconds": "seconds",
    }
    for name, key in rows.items():
        yield f"{name:<24}{figures.get(key, '-'):>12}"


def _say(*lines: str) -> None:
    sys.stdout.writelines(f"{line}\n" for line in lines)
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
