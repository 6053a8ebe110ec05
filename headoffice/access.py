"""The administrator's token: made at the first start, readable by the head office's own user alone."""

from __future__ import annotations

import hmac
import os
import secrets
from typing import TYPE_CHECKING

from headoffice.errors import StartError

if TYPE_CHECKING:
    from pathlib import Path


def token_in(path: Path) -> str:
    """Return the token in a file, which is made where there is none; raise StartError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            door = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            token = path.read_text(encoding="utf-8").strip()
        else:
            token = secrets.token_urlsafe(32)
            with os.fdopen(door, "w", encoding="utf-8") as file:
                file.write(f"{token}\n")
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{path}: the administrator's token cannot be read or made ({error})"
        raise StartError(msg) from error
    if not token:
        msg = f"{path}: is empty; delete it to have a new token made"
        raise StartError(msg)
    return token


def is_token(given: str, token: str) -> bool:
    """Compare in a time that says nothing about the token."""
    return hmac.compare_digest(given.encode(), token.encode())
