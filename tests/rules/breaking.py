"""Makes an edit in a scratch copy of the sources, runs the test that is said to find it, and hears whether it does."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.rules.edits import EDITS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.rules.edit import Edit

ROOT = Path(__file__).resolve().parents[2]
_LEFT_OUT = shutil.ignore_patterns(".*", "__pycache__", "build", "dist", "pictures")
_FAILED = 1
_TIMEOUT_S = 300.0
#: Compiled modules are told apart by their source's size and second: an edit undone at once would not be seen.
_AS_WRITTEN = {"PYTHONDONTWRITEBYTECODE": "1"}


class ScratchCopy:
    """A copy of the whole repository, of which one file at a time is another."""

    def __init__(self, folder: Path) -> None:
        """Copy it into a folder that exists."""
        self._folder = folder
        shutil.copytree(ROOT, folder, ignore=_LEFT_OUT, dirs_exist_ok=True)

    def is_found(self, edit: Edit) -> bool:
        """Break a rule, and return whether its test fails and names it."""
        path = self._folder / edit.file
        whole = path.read_text(encoding="utf-8")
        path.write_text(whole.replace(edit.stands, edit.instead), encoding="utf-8")
        try:
            done = subprocess.run(
                [sys.executable, "-m", "pytest", "-x", "-n", "0", "-p", "no:cacheprovider", f"tests/{edit.test}"],
                cwd=self._folder,
                capture_output=True,
                text=True,
                timeout=_TIMEOUT_S,
                check=False,
                env=os.environ | _AS_WRITTEN,
            )
        finally:
            path.write_text(whole, encoding="utf-8")
        return done.returncode == _FAILED and f"rule {edit.rule} of docs/redemption.md" in done.stdout


def table() -> Iterator[str]:
    """Yield the lines of the table in docs/rules.md."""
    yield "| rule | what it promises | kept in | broken, this test fails |"
    yield "|---|---|---|---|"
    for edit in EDITS:
        path, name = edit.test.split("::")
        words = name.removeprefix("test_").removeprefix(f"rule_{edit.rule}_").replace("_", " ")
        yield f"| {edit.rule} | {edit.promise} | `{edit.file}` | {words} (`{path}`) |"
