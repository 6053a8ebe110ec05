"""What a counter wants done. They are carried out in the order in which they are given."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from protocol.values import Value

if TYPE_CHECKING:
    from device.view import View
    from protocol.comparing import AskBook
    from protocol.messages import Answer, Intent, KioskMessage
    from protocol.vocabulary import Verdict


class Mint(Value, frozen=True):
    """Write a new redemption to the journal. It is on disk before the next effect; else report MintFailed instead."""

    intent: Intent


class Send(Value, frozen=True):
    """Hand a message to the link, which may lose it."""

    message: KioskMessage


class Show(Value, frozen=True):
    """Show this view. ``announced``: it is a new screen, so its sound is played; else only its words moved."""

    view: View
    announced: bool


class Conclude(Value, frozen=True):
    """Note a redemption's final answer, and erase its raw code. Where this fails nothing is lost: it is asked again."""

    answer: Answer


class Accept(Value, frozen=True):
    """Note that the gateway has accepted a redemption offline; its code is still needed.

    It is on disk before a screen says so; else that shows nothing, and AcceptFailed is reported.
    """

    answer: Answer


class Forgo(Value, frozen=True):
    """Note that no word that a redemption was accepted offline counts any more.

    It is on disk before a RESOLVE leaves that says so; else that stays here, and ForgoFailed is reported.
    """

    rid: str


class Park(Value, frozen=True):
    """Note that a redemption was given up at the counter before its end was known."""

    rid: str


class Settle(Value, frozen=True):
    """Note that the final answer was seen, and whether what was redeemed was handed over."""

    rid: str
    handed_over: bool


class Refuse(Value, frozen=True):
    """Note a refusal that spent nothing. ``code_tail`` is None for payment and setup codes, and for what is no text."""

    verdict: Verdict
    code_tail: str | None
    clerk: str | None


class ReadOut(Value, frozen=True):
    """Tell the gateway the part of the journal that it asks for."""

    asked: AskBook


class Placed(Value, frozen=True):
    """Note where which gateway says that this kiosk stands, and what time it is there (ISO 8601 with offset)."""

    gateway: str
    store: str
    store_name: str
    time: str


class Tidy(Value, frozen=True):
    """Clear away what the journal no longer needs; there is time for it now."""


class Ignored(Value, frozen=True):
    """Log that a message changed nothing, and why."""

    reason: str


Effect: TypeAlias = (
    Mint | Send | Show | Accept | Forgo | Conclude | Park | Settle | Refuse | ReadOut | Placed | Tidy | Ignored
)
