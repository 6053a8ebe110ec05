"""Who is at the other end of a TLS connection; uvicorn does not put the client's certificate into the scope."""

from __future__ import annotations

from typing import TYPE_CHECKING

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

if TYPE_CHECKING:
    import asyncio

#: Where a request finds the common name: ``request.state.peer``; None where no certificate was shown.
PEER = "peer"


class PeerProtocol(HttpToolsProtocol):
    """HTTP/1.1 that knows the common name in its client's certificate.

    The certificate has been verified by then: this protocol is only made once the handshake is over.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn's own
        """Read the certificate once for all the requests of this connection."""
        super().connection_made(transport)
        tls = transport.get_extra_info("ssl_object")
        self.app_state = {**self.app_state, PEER: None if tls is None else common_name(tls.getpeercert())}


def common_name(certificate: object) -> str | None:
    """Return the one common name in a verified certificate, as ``ssl`` tells it; else None."""
    if not isinstance(certificate, dict):
        return None
    names = [value for part in certificate.get("subject", ()) for key, value in part if key == "commonName"]
    return names[0] if len(names) == 1 else None
