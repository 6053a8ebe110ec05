"""``python -m benchmarks [NAME…]``: run all benchmarks or those named; a table, and build/bench.json for machines."""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import platform
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

import benchmarks

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks import Row

RESULTS = Path("build/bench.json")


def main(names: list[str]) -> int:
    """Run the named benchmarks, or all; return 1 where a figure misses its bar, 2 where a name is unknown."""
    known = found()
    unknown = [name for name in names if name not in known]
    if unknown:
        print(f"no benchmark {', '.join(unknown)}; there is: {', '.join(known)}", file=sys.stderr)
        return 2
    results = {}
    for name in names or known:
        print(f"{name} …", file=sys.stderr, flush=True)
        results[name] = known[name]()
        Console().print(table(name, results[name]))
    RESULTS.parent.mkdir(exist_ok=True)
    machine = {"machine": platform.machine(), "cpus": os.cpu_count(), "python": platform.python_version()}
    figures = {name: [{**asdict(row), "missed": row.missed} for row in rows] for name, rows in results.items()}
    RESULTS.write_text(json.dumps({"on": machine, "benchmarks": figures}, indent=1, ensure_ascii=False) + "\n")
    return int(any(row.missed for rows in results.values() for row in rows))


def found() -> dict[str, Callable[[], list[Row]]]:
    """Return every benchmark by name."""
    names = [module.name for module in pkgutil.iter_modules(benchmarks.__path__) if not module.name.startswith("_")]
    modules = {name: importlib.import_module(f"benchmarks.{name}") for name in names}
    return {name: module.run for name, module in modules.items() if hasattr(module, "run")}


def table(name: str, rows: list[Row]) -> Table:
    """Return a benchmark's figures as they stand on a terminal."""
    drawn = Table("subject", "measure", title=name, title_justify="left")
    drawn.add_column("value", justify="right")
    drawn.add_column("unit")
    drawn.add_column("bar", justify="right")
    for row in rows:
        value = f"{row.value:.4g}"
        drawn.add_row(row.subject, row.measure, f"[red]{value}[/red]" if row.missed else value, row.unit, row.bar)
    return drawn


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
