"""Which addresses the head office sends to: none inside its own network, but those that its operator names.

Who may add a webhook could otherwise have it ask whatever the head office reaches and others do not. A name is judged
by what it stands for at the moment of each connection.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

from headoffice.errors import RefusedError

Network = IPv4Network | IPv6Network
_LOCALHOST = "localhost"


@dataclass(frozen=True, slots=True)
class Reach:
    """What may be sent to: the whole of the Internet, and these networks."""

    networks: tuple[Network, ...] = ()

    def check(self, url: str) -> None:
        """Raise RefusedError for an address that nothing would be sent to."""
        try:
            parts = urlsplit(url)
            host, _ = parts.hostname, parts.port
        except ValueError as error:
            msg = f"url: is no address ({error})"
            raise RefusedError(msg) from error
        if not host or parts.fragment or parts.username is not None or parts.password is not None:
            msg = "url: must be https://host/path, without a user and without #"
            raise RefusedError(msg)
        literal = _literal(host)
        if literal is not None and not self.allows(literal):
            msg = f"url: {host} is not on the Internet, and in none of the networks of [webhooks] in the configuration"
            raise RefusedError(msg)
        if parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(host, literal)):
            msg = "url: must begin with https://"
            raise RefusedError(msg)

    def allows(self, address: IPv4Address | IPv6Address) -> bool:
        """Whether something may be sent to an address."""
        meant = _unwrapped(address)
        return (meant.is_global and not meant.is_multicast) or any(meant in network for network in self.networks)


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _is_loopback(host: str, literal: IPv4Address | IPv6Address | None) -> bool:
    return literal.is_loopback if literal is not None else host == _LOCALHOST


def _unwrapped(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Return the address of IPv4 that one of IPv6 stands for, if it does."""
    if isinstance(address, IPv6Address):
        return address.ipv4_mapped or address.sixtofour or address
    return address
