"""The one table of topics: who publishes which messages where, and how.

``docs/protocol.md`` is made from it, the broker's access list too. The store is in no topic: the gateway knows it
from the identity, which the broker takes from the certificate.
"""

from __future__ import annotations

from typing import get_args

from protocol.messages import GatewayMessage, KioskMessage, Presence
from protocol.values import Value

ROOT = "hexiao/v1"


class Topic(Value, frozen=True):
    """One level below a device's own: ``hexiao/v1/<identity>/<name>``."""

    name: str
    publisher: str
    """``kiosk`` or ``gateway``: who may write here. The other one reads."""
    messages: tuple[type, ...]
    qos: int
    retain: bool
    meaning: str

    def of(self, identity: str) -> str:
        """Return the topic of one device."""
        return f"{ROOT}/{identity}/{self.name}"

    @property
    def of_all(self) -> str:
        """Return the filter that the gateway subscribes to."""
        return f"{ROOT}/+/{self.name}"


REQUEST = Topic("request", "kiosk", get_args(KioskMessage), 1, retain=False, meaning="what a kiosk asks and tells")
VERDICT = Topic("verdict", "gateway", get_args(GatewayMessage), 1, retain=False, meaning="what the gateway answers")
PRESENCE = Topic("presence", "kiosk", (Presence,), 1, retain=True, meaning="birth, and by last will death")

TOPICS = (REQUEST, VERDICT, PRESENCE)


def identity_in(topic: str) -> str | None:
    """Return the device's identity in one of our topics; None where it is none of ours."""
    parts = topic.split("/")
    return parts[2] if len(parts) == len(ROOT.split("/")) + 2 and topic.startswith(f"{ROOT}/") else None
