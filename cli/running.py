"""Calls of a running head office by its own API, on the machine that it runs on."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from http import HTTPStatus
from typing import Any

import typer

ANSWER_S = 10
_ANYWHERE = {"", "0.0.0.0", "::"}  # noqa: S104 - asked about, not bound


def call(config: Any, method: str, path: str, body: Any = None) -> Any:  # noqa: ANN401 - plain values
    """Return what the running head office answers; end the command with its words where it refuses."""
    host = "127.0.0.1" if config.public.host in _ANYWHERE else config.public.host
    url = f"http://{f'[{host}]' if ':' in host else host}:{config.public.port}{path}"
    try:
        token = config.token_file.read_text(encoding="utf-8").strip()
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data, headers, method=method)
        with urllib.request.urlopen(request, timeout=ANSWER_S) as answer:  # noqa: S310 - always http, just built
            return json.loads(answer.read() or "null")
    except urllib.error.HTTPError as error:
        raise _refused(_hint(error)) from error
    except OSError as error:
        hint = f"{url}: {error}; does the head office run?"
        raise _refused(hint) from error


def _hint(error: urllib.error.HTTPError) -> str:
    try:
        return str(json.load(error)["hint"])
    except (ValueError, KeyError, TypeError):
        return f"{error.code} {HTTPStatus(error.code).phrase}"


def _refused(why: str) -> typer.Exit:
    typer.secho(f"hexiao headoffice: {why}", fg="red", err=True)
    return typer.Exit(1)
