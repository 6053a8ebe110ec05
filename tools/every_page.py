"""Photographs every page of the desk and of customers at both widths in both languages, to be looked over by people.

``python -m tools.every_page FOLDER`` writes a sheet of each; ``tools.pictures`` takes what the documentation shows.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from tools.customers_sheet import customers_sheet
from tools.desk_sheet import desk_sheet
from tools.pictures import QUIET_BROWSER


def main() -> None:
    """Write the sheets into the folder that is named."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    as_root = ("--no-sandbox",) if os.geteuid() == 0 else ()
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=[*QUIET_BROWSER, *as_root])
        desk_sheet(browser, whole=True).save(folder / "desk.png")
        customers_sheet(browser, whole=True).save(folder / "customers.png")
        browser.close()


if __name__ == "__main__":
    main()
