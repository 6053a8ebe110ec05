"""The texts of mosquitto's files: its configuration, and the access list, which is made from the one table of topics.

What mosquitto 2.0 does with an access list, tried: lines of a user come before patterns, and among them every ``deny``
before the rest, whatever their order. A stanza ``deny hexiao/v1/#`` would take the verdict topic too, and with it the
only way to tell a revoked kiosk why it is refused. So a revoked kiosk is denied each topic that it publishes on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta

from protocol.codec import LARGEST_MESSAGE
from protocol.ids import Identity
from protocol.topics import TOPICS
from provisioning.names import checked_host

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

HEADER = "# Written by `hexiao provision`; what is changed by hand is lost at the next change.\n"
#: What an MQTT packet may hold beside its payload: topic, properties, lengths.
PACKET_OVERHEAD = 1024


class BrokerSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What a broker is to be."""

    port: Annotated[int, Meta(ge=1, le=65535)]
    gateways: tuple[Identity, ...]
    """Identities of the gateways that it serves."""
    listen: str = "127.0.0.1"
    """The address it listens on; 0.0.0.0 for all of this machine's."""
    hosts: tuple[str, ...] = ("127.0.0.1", "localhost")
    """Names and addresses by which clients reach it; its certificate holds them."""
    user: str | None = None
    """The system user that it runs as where root starts it; None: whoever starts it."""
    revoked: tuple[Identity, ...] = ()
    """Identities of the kiosks that may only read why they are refused."""


def mosquitto_conf(folder: Path, settings: BrokerSettings) -> str:
    """Return the text of mosquitto.conf for a broker's folder."""
    return f"""{HEADER}
listener {settings.port} {checked_host(settings.listen)}
tls_version tlsv1.2
cafile {folder / "ca.pem"}
certfile {folder / "server.pem"}
keyfile {folder / "server.key"}

# Who somebody is says the certificate alone: user name and client id are its common name.
require_certificate true
use_identity_as_username true
use_username_as_clientid true
allow_anonymous false
acl_file {folder / "acl"}

# Nothing rests on the broker's memory: what must not be lost lies in the journals of kiosk, gateway and head office.
persistence false

# A packet goes out at once; else each waits some 40 ms for the acknowledgement of the one before it.
set_tcp_nodelay true
max_packet_size {LARGEST_MESSAGE + PACKET_OVERHEAD}
# A gateway acknowledges a message once it lies in its journal, many at a time.
max_inflight_messages 1000
max_queued_messages 10000
max_queued_bytes 16777216
max_keepalive 60
sys_interval 0

user {settings.user or "root"}
pid_file {pid_file(folder)}
log_dest stderr
log_timestamp false
log_type error
log_type warning
log_type notice
"""


def pid_file(folder: Path) -> Path:
    """Return where the running broker says its process number; that folder is its own, the rest is not."""
    return folder / "run" / "mosquitto.pid"


def access_list(gateways: Iterable[str], revoked: Iterable[str]) -> str:
    """Return the text of mosquitto's ``acl_file``. All that no line allows is refused."""
    stanzas = [_kiosks(), *(_gateway(name) for name in sorted(gateways)), *(_revoked(name) for name in sorted(revoked))]
    return HEADER + "".join(f"\n{stanza}" for stanza in stanzas)


def _kiosks() -> str:
    """Each kiosk its own topics; ``%u`` is the identity, which the broker takes from the certificate."""
    return "# Kiosks\n" + "".join(
        f"pattern {'write' if topic.publisher == 'kiosk' else 'read'} {topic.of('%u')}\n" for topic in TOPICS
    )


def _gateway(identity: str) -> str:
    return f"# Gateway\nuser {identity}\n" + "".join(
        f"topic {'write' if topic.publisher == 'gateway' else 'read'} {topic.of_all}\n" for topic in TOPICS
    )


def _revoked(identity: str) -> str:
    return f"# Revoked\nuser {identity}\n" + "".join(
        f"topic deny {topic.of(identity)}\n" for topic in TOPICS if topic.publisher == "kiosk"
    )
