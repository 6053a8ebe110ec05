"""Secrets that stand in files of their own, which only the head office's user can read."""

from __future__ import annotations

from pathlib import Path

from headoffice.errors import StartError


def secret_in(path: str) -> str:
    """Return the secret in a file; raise StartError."""
    try:
        secret = Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{path}: cannot be read ({error}); write the secret into it, alone"
        raise StartError(msg) from error
    if not secret:
        msg = f"{path}: is empty; write the secret into it, alone"
        raise StartError(msg)
    return secret
