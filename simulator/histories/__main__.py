"""``python -m simulator.histories``: play histories and print what came of them; exit code 1 where anything did."""

from __future__ import annotations

import argparse
import signal
import sys

from simulator.histories.history import play
from simulator.histories.kinds import Kind
from simulator.histories.run import keep_quiet, run, story, table

#: So many failed histories are told in full.
_TOLD = 3


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m simulator.histories", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1000, help="how many seeds; each is played in every kind")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--kind", choices=[*Kind], help="only histories of this kind of voucher")
    parser.add_argument("--workers", type=int, default=1, help="how many processes")
    parser.add_argument("--story", action="store_true", help="tell the first seed's history instead")
    chosen = parser.parse_args(arguments)
    keep_quiet()
    kinds = [Kind(chosen.kind)] if chosen.kind else list(Kind)
    if chosen.story:
        _say(*(line for kind in kinds for line in story(play(kind, chosen.first))))
        return 0
    report = run(kinds, range(chosen.first, chosen.first + chosen.seeds), chosen.workers)
    for outcome in report.failed[:_TOLD]:
        _say(*story(outcome), "")
    _say(*table(report))
    for fault, state in report.empty_cells():
        _say(f"never met: {fault} in state {state}")
    return 1 if report.failed else 0


def _say(*lines: str) -> None:
    sys.stdout.writelines(f"{line}\n" for line in lines)


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # who reads only the first lines wants no more
    sys.exit(main())
