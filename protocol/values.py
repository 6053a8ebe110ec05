"""What the machines are made of: values that never change, and copies of them with something else in some fields.

They are msgspec's, as messages are. A machine makes a new state at every step, and a dataclass that is frozen takes
twenty times as long for it: the histories (docs/certainty.md) spent a third of their time there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from dataclasses import replace  # its arguments are checked by mypy against the fields, of structs too
else:
    from msgspec.structs import replace

__all__ = ["Value", "replace"]


class Value(msgspec.Struct, frozen=True):
    """A state, an event or an effect of a machine. Two with the same fields are equal."""
