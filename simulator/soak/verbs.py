"""The product's own command, as a technician gives it on the machine of a part."""

from __future__ import annotations

import asyncio
import sys

from simulator.soak.shop import ShopError


async def hexiao(*arguments: str) -> None:
    """Run ``hexiao`` with these arguments to its end; raise ShopError with what it said where it fails."""
    command = (sys.executable, "-P", "-m", "cli.main", *arguments)
    pipe = asyncio.subprocess.PIPE
    running = await asyncio.create_subprocess_exec(*command, stdout=pipe, stderr=asyncio.subprocess.STDOUT)
    said, _ = await running.communicate()
    if running.returncode != 0:
        msg = f"hexiao {' '.join(arguments)} has failed: {said.decode(errors='replace').strip()}"
        raise ShopError(msg)
