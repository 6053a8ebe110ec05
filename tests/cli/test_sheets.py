"""``hexiao headoffice import`` and ``export`` as they are called."""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING

from headoffice.database import open_database
from headoffice.vouchers.types import PLAIN, put_type

if TYPE_CHECKING:
    from pathlib import Path


def _hexiao(folder: Path, *words: str) -> subprocess.CompletedProcess[bytes]:
    config = folder / "headoffice.toml"
    if not config.exists():
        keys = "".join(f'{name} = "/nowhere/{name}"\n' for name in ("certificate", "key", "authority"))
        config.write_text(f'data = "{folder}"\n[upstream]\n{keys}', encoding="utf-8")
        with closing(open_database(f"sqlite:///{folder}/hexiao.db")) as database:
            database.write(lambda connection: put_type(connection, "latte", {**PLAIN, "title": "拿铁"}, None))
    command = [sys.executable, "-m", "cli.main", "headoffice", *words, "--config", str(config)]
    return subprocess.run(command, capture_output=True, timeout=120, check=False)


def test_a_file_goes_in_and_comes_out_and_a_wrong_line_is_told(tmp_path: Path) -> None:
    sheet = tmp_path / "codes.csv"
    sheet.write_text("code,type\nAB-1,latte\n=2+2,latte\n", encoding="utf-8")
    done = _hexiao(tmp_path, "import", "codes", str(sheet))
    assert (done.returncode, b"2 lines" in done.stdout) == (0, True), done.stderr
    again = _hexiao(tmp_path, "import", "codes", str(sheet))
    assert (again.returncode, b"line 2: a voucher has this code already" in again.stderr) == (1, True)
    assert b"AB-1" not in again.stderr
    given = _hexiao(tmp_path, "export", "codes")
    assert given.returncode == 0
    assert sorted(line.split(",")[0] for line in given.stdout.decode("utf-8-sig").splitlines()) == [
        "'=2+2",
        "AB-1",
        "code",
    ]
