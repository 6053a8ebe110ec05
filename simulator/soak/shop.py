"""A running rehearsal as a soak uses it: its addresses, called over and over while its parts die."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import aiohttp

from simulator.phone import phone_png

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

READY_WITHIN_S = 120.0
CALL_S = 40.0


class ShopError(RuntimeError):
    """The rehearsal did not begin, or has ended by itself."""


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody answered."""

    status: int
    is_good: bool
    """Whether it did what was asked."""
    body: Any


class Shop:
    """A ``hexiao demo`` process and its addresses."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        """Keep where its counter is, and the connections to it."""
        self._url = url
        self._session = session
        self._parties: dict[str, Any] = {}
        """Addresses and tokens of gateway and head office: they stay the same for as long as it runs."""

    async def call(self, method: str, path: str, body: Any = None) -> Any | None:  # noqa: ANN401 - JSON
        """Return what an address answers; None where the part that it needs is down."""
        said = await self._send(method, self._url + path, body, {})
        return said.body if said is not None and said.is_good else None

    async def office(self, method: str, path: str, body: Any = None) -> Any | None:  # noqa: ANN401 - JSON
        """Return what the head office's own API answers; None where it is down, or says no."""
        said = await self.ask("headoffice", method, path, body)
        return said.body if said is not None and said.is_good else None

    async def ask(self, party: str, method: str, path: str, body: Any = None, key: str | None = None) -> Said | None:  # noqa: ANN401 - JSON
        """Ask the own API of ``gateway`` or ``headoffice``, under a key where it wants one; None where it is down."""
        if not self._parties and (said := await self.call("GET", "/api/rehearsal")) is not None:
            self._parties = said
        if not self._parties:
            return None
        there = self._parties[party]
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {there['token']}"}
        return await self._send(
            method, there["url"] + path, body, headers if key is None else {**headers, "Idempotency-Key": key}
        )

    async def _send(self, method: str, url: str, body: Any, headers: Mapping[str, str]) -> Said | None:  # noqa: ANN401
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        try:
            async with self._session.request(method, url, data=data, headers=headers) as answer:
                content = await answer.read()
                return Said(answer.status, answer.ok, json.loads(content) if content else {})
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return None

    async def states(self, kiosk: str) -> AsyncIterator[dict[str, Any]]:
        """Yield what a kiosk shows, at each change, for as long as the rehearsal runs."""
        endless = aiohttp.ClientTimeout(total=None)
        async with self._session.get(f"{self._url}/api/kiosks/{kiosk}/events", timeout=endless) as answer:
            async for line in answer.content:
                if line.startswith(b"data: "):
                    yield json.loads(line[6:])

    async def hold(self, kiosk: str, text: str) -> bool:
        """Hold a phone with this code before a kiosk; whether that worked: on a full disk there is no picture."""
        return await self.call("PUT", f"/api/kiosks/{kiosk}/camera", phone_png(text)) is not None

    async def clear(self, kiosk: str) -> None:
        """Take it away."""
        await self.call("DELETE", f"/api/kiosks/{kiosk}/camera")

    async def press(self, kiosk: str, button: str) -> None:
        """Press a button."""
        await self.call("POST", f"/api/kiosks/{kiosk}/buttons/{button}?held_s=0.05")


@contextlib.asynccontextmanager
async def running_shop(data: Path, kiosks: int, database: str, environment: Mapping[str, str]) -> AsyncIterator[Shop]:
    """Run a rehearsal, with more in its environment, for as long as the block lasts; raise ShopError where it fails."""
    command = (sys.executable, "-P", "-m", "cli.main", "demo", "--data", str(data))
    process = await asyncio.create_subprocess_exec(
        *(*command, "--kiosks", str(kiosks), "--no-browser", "--platform", "--database", database),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, **environment},
        start_new_session=True,
    )
    try:
        url = await _ready(process)
        said = asyncio.create_task(_read_on(process))
        timeout = aiohttp.ClientTimeout(total=CALL_S)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            yield Shop(url, session)
        said.cancel()
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), 30)
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _ready(process: asyncio.subprocess.Process) -> str:
    lines: list[str] = []
    assert process.stdout is not None  # noqa: S101 - it was asked for
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(READY_WITHIN_S):
            async for line in process.stdout:
                lines.append(line.decode(errors="replace").rstrip())
                if lines[-1].startswith("READY "):
                    return lines[-1].removeprefix("READY ")
    ended = "ended by itself" if process.stdout.at_eof() else f"was not ready within {READY_WITHIN_S:.0f} s"
    msg = "\n".join([f"the rehearsal {ended}; the last that it said:", *(lines[-20:] or ["nothing"])])
    raise ShopError(msg)


async def _read_on(process: asyncio.subprocess.Process) -> None:
    """Take in what it says, so that it never waits for a reader."""
    assert process.stdout is not None  # noqa: S101 - it was asked for
    async for _ in process.stdout:
        pass
