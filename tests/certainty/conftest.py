"""Ten thousand histories, played once for all who look at them."""

from __future__ import annotations

import pytest

from simulator.histories.kinds import ONLINE
from simulator.histories.run import Report, run

#: Each seed is played in every kind of history.
SEEDS = 5000


@pytest.fixture(scope="session")
def report() -> Report:
    """Return what came of the histories."""
    return run(ONLINE, range(SEEDS))
