"""What a counter wants done. They are carried out in the order in which they are given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from device.view import View
    from protocol.comparing import AskBook
    from protocol.messages import Answer, Intent, KioskMessage
    from protocol.vocabulary import Verdict


@dataclass(frozen=True, slots=True)
class Mint:
    """Write a new redemption to the journal. It is on disk before the next effect; else report MintFailed instead."""

    intent: Intent


@dataclass(frozen=True, slots=True)
class Send:
    """Hand a message to the link, which may lose it."""

    message: KioskMessage


@dataclass(frozen=True, slots=True)
class Show:
    """Show this view. ``announced``: it is a new screen, so its sound is played; else only its words moved."""

    view: View
    announced: bool


@dataclass(frozen=True, slots=True)
class Conclude:
    """Note a redemption's final answer, and erase its raw code. Where this fails nothing is lost: it is asked again."""

    answer: Answer


@dataclass(frozen=True, slots=True)
class Accept:
    """Note that the gateway has accepted a redemption offline, before a screen says so; its code is still needed."""

    answer: Answer


@dataclass(frozen=True, slots=True)
class Forgo:
    """Note that no word that a redemption was accepted offline counts any more.

    It is on disk before a RESOLVE leaves that says so; else that stays here, and ForgoFailed is reported.
    """

    rid: str


@dataclass(frozen=True, slots=True)
class Park:
    """Note that a redemption was given up at the counter before its end was known."""

    rid: str


@dataclass(frozen=True, slots=True)
class Settle:
    """Note that the final answer was seen, and whether what was redeemed was handed over."""

    rid: str
    handed_over: bool


@dataclass(frozen=True, slots=True)
class Refuse:
    """Note a refusal that spent nothing. ``code_tail`` is None for payment and setup codes, and for what is no text."""

    verdict: Verdict
    code_tail: str | None
    clerk: str | None


@dataclass(frozen=True, slots=True)
class ReadOut:
    """Tell the gateway the part of the journal that it asks for."""

    asked: AskBook


@dataclass(frozen=True, slots=True)
class Placed:
    """Note where which gateway says that this kiosk stands, and what time it is there (ISO 8601 with offset)."""

    gateway: str
    store: str
    store_name: str
    time: str


@dataclass(frozen=True, slots=True)
class Tidy:
    """Clear away what the journal no longer needs; there is time for it now."""


@dataclass(frozen=True, slots=True)
class Ignored:
    """Log that a message changed nothing, and why."""

    reason: str


Effect: TypeAlias = (
    Mint | Send | Show | Accept | Forgo | Conclude | Park | Settle | Refuse | ReadOut | Placed | Tidy | Ignored
)
