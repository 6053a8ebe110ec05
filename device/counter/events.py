"""What can happen to a counter. Everything that moves the conversation is one of these, and nothing else does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from device.ports import Button
    from protocol.messages import GatewayMessage


@dataclass(frozen=True, slots=True)
class Scanned:
    """A code was held up; told once for each time it is presented. ``text`` None: its bytes are no text."""

    text: str | None
    stays: bool = True
    """Whether it is in view until ``Gone`` is told; what a scanner gun has read is not."""


@dataclass(frozen=True, slots=True)
class SeveralCodes:
    """More than one code is held up."""


@dataclass(frozen=True, slots=True)
class Gone:
    """What was held up has been taken away."""


@dataclass(frozen=True, slots=True)
class CameraReady:
    """The camera delivers frames."""


@dataclass(frozen=True, slots=True)
class CameraFault:
    """The camera is absent, or delivers nothing."""


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button went down. ``entropy`` is 16 fresh random bytes, of which a redemption id may be made."""

    button: Button
    entropy: bytes


@dataclass(frozen=True, slots=True)
class Released:
    """A button came up again after ``held_s`` seconds."""

    button: Button
    held_s: float


@dataclass(frozen=True, slots=True)
class LinkUp:
    """The broker has taken the kiosk in, and messages can come and go."""


@dataclass(frozen=True, slots=True)
class LinkDown:
    """The connection to the broker is gone."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A message from the gateway."""

    message: GatewayMessage


@dataclass(frozen=True, slots=True)
class JournalBehind:
    """The gateway has seen a later state of this kiosk's journal than the journal itself holds: it is an old copy."""


@dataclass(frozen=True, slots=True)
class ForgoFailed:
    """The journal could not take that a redemption was forgone, so its RESOLVE has not left."""

    rid: str


@dataclass(frozen=True, slots=True)
class MintFailed:
    """The journal could not take this redemption, so nothing of it has left the kiosk."""

    rid: str


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed."""


Event: TypeAlias = (
    Scanned
    | SeveralCodes
    | Gone
    | CameraReady
    | CameraFault
    | Pressed
    | Released
    | LinkUp
    | LinkDown
    | Heard
    | JournalBehind
    | MintFailed
    | ForgoFailed
    | Tick
)
