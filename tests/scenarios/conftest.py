"""One rehearsal counter for all scenarios: three kiosks, brought back to rest after each test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.scenarios.counter import Counter, running_counter
from tests.scenarios.headoffice import Headoffice

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="package")  # for the session's other half its kiosks would look for codes in vain
def rehearsal(mosquitto_program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
    """Give the running counter: till-1 and till-3 stand in the first store, till-2 in the second."""
    with running_counter(tmp_path_factory.mktemp("rehearsal"), kiosks=3) as counter:
        yield counter


@pytest.fixture(scope="package")
def headoffice(rehearsal: Counter) -> Headoffice:
    """Give the rehearsal's head office."""
    said = rehearsal.good("GET", "/api/rehearsal")["headoffice"]
    return Headoffice(Counter(said["url"]), {"Authorization": f"Bearer {said['token']}"})


@pytest.fixture
def counter(rehearsal: Counter) -> Iterator[Counter]:
    """Give the counter at rest."""
    rehearsal.tidy()
    yield rehearsal
    rehearsal.tidy()
