"""``python -m tests.rules``: break every rule by hand, each in a scratch copy; exit code 1 where no test names it.

``--table``: print the table of docs/rules.md instead.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.rules.breaking import ScratchCopy, table
from tests.rules.edits import EDITS


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.rules", description=__doc__)
    parser.add_argument("--table", action="store_true", help="print the table of docs/rules.md")
    parser.add_argument("--rule", type=int, help="only this one")
    chosen = parser.parse_args(arguments)
    if chosen.table:
        sys.stdout.writelines(f"{line}\n" for line in table())
        return 0
    unnamed = 0
    with tempfile.TemporaryDirectory(prefix="hexiao-rules-") as folder:
        copy = ScratchCopy(Path(folder))
        for edit in EDITS:
            if chosen.rule in {None, edit.rule}:
                found = copy.is_found(edit)
                unnamed += not found
                sys.stdout.write(f"rule {edit.rule:>2}  {'found' if found else 'NOT FOUND'}  {edit.promise}\n")
                sys.stdout.flush()
    return 1 if unnamed else 0


if __name__ == "__main__":
    sys.exit(main())
