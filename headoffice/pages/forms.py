"""What the forms of the customers' pages bring."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs

if TYPE_CHECKING:
    from starlette.requests import Request


async def form_of(request: Request, longest: int) -> dict[str, str] | None:
    """Return each field's text, printable and without blanks around it; None where it is more than ``longest`` bytes.

    No more than that is read, whatever the sender says of its length.
    """
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > longest:
            return None
    fields = parse_qs(body.decode(errors="replace"))
    return {name: "".join(char for char in said[0] if char.isprintable()).strip() for name, said in fields.items()}
