"""Both doors in one process: sockets bound first, so that a taken port is said in words, then uvicorn over them."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from typing import TYPE_CHECKING, Any

import uvicorn

from headoffice.errors import StartError
from headoffice.peer import PeerProtocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.types import ASGIApp

    from headoffice.config import Upstream

#: Longer than a gateway keeps an idle connection, so that it is the gateway who closes.
KEEP_ALIVE_S = 75
LAST_ANSWERS_S = 5
BACKLOG = 1024


class Server(uvicorn.Server):
    """A server beside another one: it says when it serves, and leaves signals to the process."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.serving = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to serve, and say so."""
        await super().startup(sockets)
        self.serving.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave them alone: of two servers only one could have them."""
        yield


def bind(host: str, port: int) -> socket.socket:
    """Return a listening socket; raise StartError where the address cannot be had."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0][0]
        door = socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        msg = f"{host}:{port}: cannot be listened on ({error.strerror}); is another program there already?"
        raise StartError(msg) from error
    # Inherited by every connection: an answer is small and must not wait for the acknowledgement of the one before.
    door.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return door


def public_server(app: ASGIApp) -> Server:
    """Return the server of the public door."""
    return Server(_settings(app, http="httptools"))


def upstream_server(app: ASGIApp, config: Upstream) -> Server:
    """Return the server of the gateways' door, which shakes hands with nobody but its authority's clients."""
    settings = _settings(
        app,
        http=PeerProtocol,
        ssl_certfile=config.certificate,
        ssl_keyfile=config.key,
        ssl_ca_certs=config.authority,
        ssl_cert_reqs=ssl.CERT_REQUIRED,
    )
    try:
        settings.load()
    except OSError as error:
        msg = (
            f"{config.certificate}, {config.key} or {config.authority} cannot be used ({error}); "
            "`hexiao provision headoffice cert` makes them"
        )
        raise StartError(msg) from error
    return Server(settings)


def _settings(app: ASGIApp, **particular: Any) -> uvicorn.Config:  # noqa: ANN401 - uvicorn's own options
    return uvicorn.Config(
        app,
        interface="asgi3",
        lifespan="off",
        log_config=None,
        access_log=False,  # the address of a customer's page is the key to the voucher
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=LAST_ANSWERS_S,
        **particular,
    )
