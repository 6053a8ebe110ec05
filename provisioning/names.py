"""What may be a name: of a device, and of a host. They end up in certificates, topics and the broker's files."""

from __future__ import annotations

import ipaddress
import re

from protocol.ids import IDENTITY_SHAPE
from provisioning.errors import AuthorityError

_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"(?=.{{1,253}}$){_LABEL}(\.{_LABEL})*", re.IGNORECASE)


def checked_identity(identity: str) -> str:
    """Return a name that a device can have; raise AuthorityError for any other.

    It becomes a level of topics and a word of the access list, so it holds no ``+``, ``#``, ``/``, space or line end.
    """
    if not re.fullmatch(IDENTITY_SHAPE, identity):
        msg = f"{identity!r} cannot name a device: small letters, digits and hyphens, at most 63, the first no hyphen"
        raise AuthorityError(msg)
    return identity


def checked_host(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | str:
    """Return an address, or the name of a host as it was given; raise AuthorityError for what is neither."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        if _HOST.fullmatch(host):
            return host
    msg = f"{host!r} is neither a host's name nor an IP address"
    raise AuthorityError(msg)
