"""What digits are set for while a clerk types: to sign in, to permit an undo, to have a PIN, to approve an offer."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from protocol.values import Value

if TYPE_CHECKING:
    from device.counter.states import Offering


class SigningIn(Value, frozen=True):
    """Typed to sign in: the number, then the PIN."""

    number: str | None = None
    """The number, once it is the PIN's turn."""


class Permitting(Value, frozen=True):
    """Typed to undo: the PIN of the clerk who is signed in."""

    undoes: str
    reason: str


class Activating(Value, frozen=True):
    """Typed to have a PIN from now on: twice the same."""

    code: str
    """The clerk's one-time code."""
    name: str | None
    first: str | None = None
    """What was typed the first time, once it is the second's turn."""
    differed: bool = False
    """Whether the two were not the same, so that it begins anew."""


class Approving(Value, frozen=True):
    """Typed to approve what is worth much: the PIN of the clerk who is signed in, else a manager's number and PIN."""

    offering: Offering
    number: str | None = None
    """The manager's number, once it is the PIN's turn."""


Purpose: TypeAlias = Approving | SigningIn | Permitting | Activating
