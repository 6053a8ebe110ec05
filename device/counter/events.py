"""What can happen to a counter. Everything that moves the conversation is one of these, and nothing else does."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from protocol.values import Value

if TYPE_CHECKING:
    from device.ports import Button
    from protocol.messages import GatewayMessage


class Scanned(Value, frozen=True):
    """A code was held up; told once for each time it is presented. ``text`` None: its bytes are no text."""

    text: str | None
    stays: bool = True
    """Whether it is in view until ``Gone`` is told; what a scanner gun has read is not."""


class SeveralCodes(Value, frozen=True):
    """More than one code is held up."""


class Gone(Value, frozen=True):
    """What was held up has been taken away."""


class CameraReady(Value, frozen=True):
    """The camera delivers frames."""


class CameraFault(Value, frozen=True):
    """The camera is absent, or delivers nothing."""


class Pressed(Value, frozen=True):
    """A button went down. ``entropy`` is 16 fresh random bytes, of which a redemption id may be made."""

    button: Button
    entropy: bytes


class Released(Value, frozen=True):
    """A button came up again after ``held_s`` seconds."""

    button: Button
    held_s: float


class LinkUp(Value, frozen=True):
    """The broker has taken the kiosk in, and messages can come and go."""


class LinkDown(Value, frozen=True):
    """The connection to the broker is gone."""


class Heard(Value, frozen=True):
    """A message from the gateway."""

    message: GatewayMessage


class JournalBehind(Value, frozen=True):
    """The gateway has seen a later state of this kiosk's journal than the journal itself holds: it is an old copy."""


class AcceptFailed(Value, frozen=True):
    """The journal could not take that a redemption was accepted offline, so no screen has said it."""

    rid: str


class ForgoFailed(Value, frozen=True):
    """The journal could not take that a redemption was forgone, so its RESOLVE has not left."""

    rid: str


class MintFailed(Value, frozen=True):
    """The journal could not take this redemption, so nothing of it has left the kiosk."""

    rid: str


class Tick(Value, frozen=True):
    """Time has passed."""


#: What the journal could not take, and what was to follow has not happened.
NotWritten: TypeAlias = MintFailed | AcceptFailed | ForgoFailed

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
    | NotWritten
    | Tick
)
