"""Several things done at the same time, of which none fails unnoticed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterable, Mapping


class EndedError(RuntimeError):
    """Something that goes on without end has ended by itself."""


async def together(works: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Do several things at once; where one fails, give the others up and raise what it raised."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        await asyncio.gather(*tasks)
    finally:
        await _cancelled(tasks)


async def beside(work: Coroutine[Any, Any, None], endless: Mapping[str, Coroutine[Any, Any, None]]) -> None:
    """Do ``work``; what goes on beside it, by name, is cancelled then.

    Where any of it fails, everything is given up. Raises what it raised, and EndedError where one of the endless ends.
    """
    working = asyncio.create_task(work)
    others = {asyncio.create_task(other, name=name) for name, other in endless.items()}
    try:
        done, _ = await asyncio.wait({working, *others}, return_when=asyncio.FIRST_COMPLETED)
        for ended in done & others:
            ended.result()
            msg = f"{ended.get_name()} has ended by itself"
            raise EndedError(msg)
        working.result()
    finally:
        ends = await _cancelled((working, *others))
    for end in ends:
        if isinstance(end, Exception):
            raise end


async def _cancelled(tasks: Iterable[asyncio.Task[None]]) -> list[BaseException | None]:
    """Cancel tasks, and return what each has come to."""
    tasks = list(tasks)
    for task in tasks:
        task.cancel()
    return await asyncio.gather(*tasks, return_exceptions=True)
