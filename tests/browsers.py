"""What tests do to a page that is open in a browser: ask axe-core what people miss on it, cut its network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from axe_playwright_python.sync_playwright import Axe

if TYPE_CHECKING:
    from playwright.sync_api import Page

#: No fetch of an address with this part finds a network until ``mended``; ``<html data-missed>`` has an x for each.
NO_NETWORK = """part => {
  const real = window.fetch;
  const told = document.documentElement.dataset;
  told.missed = "";
  window.mended = false;
  window.fetch = (address, ...rest) => {
    if (window.mended || !address.includes(part)) return real(address, ...rest);
    told.missed += "x";
    return Promise.reject(new TypeError("cut"));
  };
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
