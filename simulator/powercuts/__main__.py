"""``python -m simulator.powercuts``: cut the power under the shipped journals; exit code 1 where anything was lost."""

from __future__ import annotations

import argparse
import sys

from simulator.powercuts.run import STORES, run, table


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m simulator.powercuts", description=__doc__)
    parser.add_argument("--images", type=int, default=1000, help="how many disks to look at, at least")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--store", choices=[*STORES], help="only this one")
    parser.add_argument("--workers", type=int, default=1, help="how many processes")
    chosen = parser.parse_args(arguments)
    report = run(chosen.images, chosen.first, chosen.workers, chosen.store)
    sys.stdout.writelines(f"{line}\n" for line in table(report))
    return 1 if report.corrupt or report.lost else 0


if __name__ == "__main__":
    sys.exit(main())
