"""Runs the platform of cards until SIGTERM or SIGINT."""

from __future__ import annotations

import argparse
from pathlib import Path

from aiohttp import web

from service.logs import start_logging
from simulator.cards.server import CardServer
from simulator.layout import HOST


def main() -> None:
    """Entry point of ``python -m simulator.cards``."""
    parser = argparse.ArgumentParser(prog="python -m simulator.cards", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="port of loopback to listen on")
    parser.add_argument("--secret", type=Path, required=True, help="file with what calls are authorised by")
    parser.add_argument("--events", required=True, help="address of the head office that takes the events")
    wanted = parser.parse_args()
    start_logging("INFO")
    server = CardServer(wanted.secret.read_text(encoding="utf-8").strip(), wanted.events)
    web.run_app(server.application(), host=HOST, port=wanted.port, access_log=None, print=None, shutdown_timeout=1.0)


if __name__ == "__main__":
    main()
