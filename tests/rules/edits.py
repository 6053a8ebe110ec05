"""Every edit there is."""

from __future__ import annotations

from tests.rules.first_rules import FIRST
from tests.rules.last_rules import LAST

EDITS = FIRST + LAST
