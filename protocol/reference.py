"""The wire's reference, made from the code; a test holds the two together.

``python -m protocol.reference > docs/protocol.md`` writes it anew.
"""

from __future__ import annotations

import inspect
import sys
from datetime import date, datetime, time
from typing import TYPE_CHECKING, get_args

import msgspec

from protocol import codec
from protocol.alarms import Alarm, Report
from protocol.comparing import Differing, Recorded
from protocol.duty import Did, Done, OnDuty
from protocol.envelope import OLDEST_SERVED, WIRE_VERSION
from protocol.leasing import Accepted, Lease, LeasedVoucher, PublicKey
from protocol.messages import Detail, GatewayMessage, Intent, KioskMessage, Presence
from protocol.status import KioskStatus, StoreStatus
from protocol.topics import ROOT, TOPICS
from protocol.upstream import Entry, UpstreamAnswer, UpstreamRequest
from protocol.vocabulary import PHRASES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_HEAD = f"""# The wire

Made from the code by `python -m protocol.reference`; do not edit.

Kiosk and gateway speak JSON over MQTT 5, gateway and head office JSON over HTTPS. Everybody is known by the common
name of a client certificate. A message has a `type`, its version `v` (served are {OLDEST_SERVED} to {WIRE_VERSION}),
and marks: its sender's generation `gen` and journal sequence `seq`, and the highest of either that the sender has seen
of the receiver, `heard_gen` and `heard_seq` (0: none). Whoever is shown more of itself than its journal holds works on
an older copy, and stops. To a kiosk a gateway adds the `seal` of its mark, which the kiosk brings back with it. Between
gateway and head office `run` names the run of the books that is asked, and that answers: what was asked of another one
is refused, and asked again. Unknown fields are ignored, an unknown `type` is refused. A message has at most
{codec.LARGEST_MESSAGE} bytes. Times are ISO 8601 with offset, money is integer fen, durations are seconds.

## Topics

The broker lets a device write and read below its own name only. The store is in no topic: the gateway knows it from
the name.

| topic | who writes | messages | QoS | retained | meaning |
|---|---|---|---|---|---|
"""


def markdown() -> str:
    """Return the whole reference."""
    return "".join(_parts())


def _parts() -> Iterator[str]:
    yield _HEAD
    for topic in TOPICS:
        names = ", ".join(f"`{_kind(message)}`" for message in topic.messages)
        kept = "yes" if topic.retain else "no"
        yield _row(f"`{ROOT}/<name>/{topic.name}`", topic.publisher, names, str(topic.qos), kept, topic.meaning)
    yield from _section("From a kiosk", get_args(KioskMessage))
    yield from _section("To a kiosk", get_args(GatewayMessage))
    yield from _section("Presence", (Presence,))
    yield "\n## From a gateway to the head office\n\n"
    yield "`POST /upstream/v1/ask` takes one of these and answers with one of the next section.\n"
    yield from _messages(get_args(UpstreamRequest))
    yield "\n`POST /upstream/v1/alarms` takes a report of what is wrong now; a head office need not take any.\n"
    yield from _messages((Report, Alarm))
    yield (
        "\n`POST /upstream/v1/status` takes how a store is that the head office lists as `testing`; a head office need "
        "not take any.\n"
    )
    yield from _messages((StoreStatus, KioskStatus))
    yield "\n## From the head office to a gateway\n"
    yield from _messages(get_args(UpstreamAnswer))
    yield "\n## Parts of messages\n"
    yield from _messages((Intent, Detail, Accepted, OnDuty, Done, Did, Entry, PublicKey, Lease, LeasedVoucher))
    yield from _messages((Recorded, Differing))
    yield "\n## Verdicts\n\n| verdict | 屏幕 | screen | light | sound |\n|---|---|---|---|---|\n"
    for verdict, phrase in PHRASES.items():
        light = f"{phrase.light.colour} {phrase.light.pattern}" if phrase.light.colour != "off" else "off"
        sound = (phrase.sound or "-").replace("_", " ")
        yield _row(f"`{verdict}`", " / ".join(phrase.zh), " ".join(phrase.en), light, sound)


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |\n"


def _section(title: str, messages: Iterable[type]) -> Iterator[str]:
    yield f"\n## {title}\n"
    yield from _messages(messages)


def _messages(messages: Iterable[type]) -> Iterator[str]:
    for message in messages:
        yield f"\n### `{_kind(message)}`\n\n{inspect.cleandoc(message.__doc__ or '')}\n\n"
        yield "| field | type | default |\n|---|---|---|\n"
        for field in msgspec.structs.fields(message):
            if field.name in {"v", "gen", "seq", "heard_gen", "heard_seq", "run", "seal"}:
                continue
            default = "required" if field.required else f"`{_default(field)}`"
            yield f"| `{field.encode_name}` | {_type(field.type)} | {default} |\n"


def _kind(message: type) -> str:
    tag = message.__struct_config__.tag if hasattr(message, "__struct_config__") else None
    return str(tag) if tag else message.__name__


def _default(field: msgspec.structs.FieldInfo) -> object:
    value = field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
    return msgspec.json.encode(value).decode()


def _type(annotation: object) -> str:
    """Return an annotation in words: ``text or null``."""
    words = {str: "text", int: "integer", float: "number", bool: "true or false", type(None): "null"}
    words |= {datetime: "moment", date: "day", time: "time of day"}
    if isinstance(annotation, type):
        return words.get(annotation, f"`{annotation.__name__}`")
    parts = get_args(annotation)
    if hasattr(annotation, "__metadata__"):
        return _type(parts[0])
    if getattr(annotation, "__origin__", None) is tuple:
        return f"list of {_type(parts[0])}"
    return " or ".join(_type(part) for part in parts)


if __name__ == "__main__":
    sys.stdout.write(markdown())
