"""Bytes to messages and back: one decoder for each direction, one error for everything that is no message."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from protocol.envelope import OLDEST_SERVED, WIRE_VERSION
from protocol.messages import Confirm, GatewayMessage, Intent, KioskMessage, Look, Method, Presence, Resolve
from protocol.upstream import UpstreamAnswer, UpstreamRequest

if TYPE_CHECKING:
    from typing import TypeVar

    AnyMessage = TypeVar("AnyMessage")

#: Larger than any message can be (a code of 512 characters in four-byte UTF-8 with its offer); the broker refuses more.
LARGEST_MESSAGE = 16 * 1024


class MessageError(ValueError):
    """Bytes that are no message for this party: no JSON, an unknown kind, a wrong field, too large."""


class VersionError(MessageError):
    """A message of a version that this party does not serve."""

    def __init__(self, version: int) -> None:
        """Keep the version that was met."""
        newer = version > WIRE_VERSION
        what = "this party is older: update it" if newer else "the sender is too old: update it"
        super().__init__(f"message version {version}, served are {OLDEST_SERVED} to {WIRE_VERSION}: {what}")
        self.version = version


_AT_KIOSK = frozenset({Method.SCAN, Method.TYPED})
_ENCODER = msgspec.json.Encoder()
_FROM_KIOSK: msgspec.json.Decoder[KioskMessage] = msgspec.json.Decoder(KioskMessage)
_FROM_GATEWAY: msgspec.json.Decoder[GatewayMessage] = msgspec.json.Decoder(GatewayMessage)
_PRESENCE: msgspec.json.Decoder[Presence] = msgspec.json.Decoder(Presence)
_ASKED: msgspec.json.Decoder[UpstreamRequest] = msgspec.json.Decoder(UpstreamRequest)
_ANSWERED: msgspec.json.Decoder[UpstreamAnswer] = msgspec.json.Decoder(UpstreamAnswer)


class _Header(msgspec.Struct):
    v: int = WIRE_VERSION


_HEADER = msgspec.json.Decoder(_Header)


def encode(message: msgspec.Struct) -> bytes:
    """Return a message as JSON."""
    return _ENCODER.encode(message)


def from_kiosk(payload: bytes) -> KioskMessage:
    """Return what a kiosk sent; raise MessageError or VersionError.

    Of how a code came it may say only what happens at a kiosk: by another word it would need no approval, and a
    changing voucher's own number would count.
    """
    message = _decode(_FROM_KIOSK, payload)
    match message:
        case Look(method=method) | Confirm(intent=Intent(method=method)) | Resolve(intent=Intent(method=method)):
            if method not in _AT_KIOSK:
                msg = f"not a kiosk's: the method {method}; a code is scanned or typed there"
                raise MessageError(msg)
    return message


def from_gateway(payload: bytes) -> GatewayMessage:
    """Return what the gateway sent to a kiosk; raise MessageError or VersionError."""
    return _decode(_FROM_GATEWAY, payload)


def presence(payload: bytes) -> Presence:
    """Return a birth or death; raise MessageError or VersionError."""
    return _decode(_PRESENCE, payload)


def upstream_request(payload: bytes) -> UpstreamRequest:
    """Return what a gateway asks of the head office; raise MessageError or VersionError."""
    return _decode(_ASKED, payload)


def upstream_answer(payload: bytes) -> UpstreamAnswer:
    """Return what the head office answered; raise MessageError or VersionError."""
    return _decode(_ANSWERED, payload)


def _decode(decoder: msgspec.json.Decoder[AnyMessage], payload: bytes) -> AnyMessage:
    if len(payload) > LARGEST_MESSAGE:
        msg = f"a message of {len(payload)} bytes; at most {LARGEST_MESSAGE} are read"
        raise MessageError(msg)
    try:
        version = _HEADER.decode(payload).v
        if not OLDEST_SERVED <= version <= WIRE_VERSION:
            raise VersionError(version)
        return decoder.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        msg = f"not a message: {error}"
        raise MessageError(msg) from error
