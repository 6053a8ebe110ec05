"""What tests do to a page that is open in a browser: ask axe-core what people miss on it, cut its network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from axe_playwright_python.sync_playwright import Axe

if TYPE_CHECKING:
    from playwright.sync_api import Page

#: The page's next fetch of an address with this part finds no network; ``missed`` counts what was asked of it.
NO_NETWORK_ONCE = """part => {
  const real = window.fetch;
  window.missed = 0;
  window.fetch = (address, ...rest) =>
    address.includes(part) && !window.missed++ ? Promise.reject(new TypeError("no network")) : real(address, ...rest);
}"""

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
