"""Clerks on the wire: who is signed in at a kiosk, and what can be undone there."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from protocol.ids import Rid

Text = Annotated[str, Meta(max_length=400)]
Pin = Annotated[str, Meta(pattern=r"^[0-9]{6}\Z")]
ClerkNumber = Annotated[str, Meta(pattern=r"^[0-9]{1,12}\Z")]


class OnDuty(msgspec.Struct, frozen=True, kw_only=True):
    """Who is signed in at a kiosk, as its gateway has it."""

    sign_in: Rid
    """Names this one sign-in: the same clerk's next one is another."""
    clerk: ClerkNumber
    name: Text


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """A redemption that can still be undone."""

    rid: Rid
    title: Text = ""
    code_tail: str | None = None
    at: str
    left_s: float
    """How much longer, as far as the gateway knows the owner's window."""
