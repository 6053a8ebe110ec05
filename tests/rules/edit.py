"""Each promise of docs/redemption.md: where the shipped code keeps it, one edit that breaks it, the test that fails.

``python -m tests.rules`` makes every edit in a scratch copy and runs its test; docs/rules.md is the table of these.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Edit:
    """One rule broken: what stands in a file, what is put instead, and which test finds it."""

    rule: int
    promise: str
    file: str
    stands: str
    instead: str
    test: str
    """``path::name`` below ``tests/``."""


REQUESTER, RELAY, OWNER, PLATFORM = (f"protocol/{name}.py" for name in ("requester", "relay", "owner", "platform"))
BINDING, STANDING = "gateway/binding.py", "gateway/standing.py"
DRIVER = "headoffice/platforms/driver.py"
