"""What axe-core finds on a page that is open in a browser: what people miss who do not see it, or use no mouse."""

from __future__ import annotations

from typing import TYPE_CHECKING

from axe_playwright_python.sync_playwright import Axe

if TYPE_CHECKING:
    from playwright.sync_api import Page

_SERIOUS = frozenset({"serious", "critical"})


def serious_findings(page: Page) -> list[str]:
    """Return the serious findings, each with its rule and where it is; empty where there are none."""
    found = Axe().run(page).response["violations"]
    return [
        f"{violation['id']} at {node['target']}: {node['failureSummary']}"
        for violation in found
        if violation["impact"] in _SERIOUS
        for node in violation["nodes"]
    ]
