"""Refusals of the counter's addresses: JSON with what happened and what to do."""

from __future__ import annotations

import http
import logging
from typing import TYPE_CHECKING, Any

from aiohttp import web

from provisioning.errors import ProvisioningError
from simulator.hub import KioskOffError, KioskSilentError
from simulator.processes import PartError
from simulator.services import ServiceDownError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from simulator.services import Reply

log = logging.getLogger(__name__)

#: Of what a part says that is no refusal of ours, so much is passed on.
LONGEST_WORDS = 400

_HINTS = {
    http.HTTPStatus.NOT_FOUND: "the addresses are listed in docs/rehearsal.md",
    http.HTTPStatus.METHOD_NOT_ALLOWED: "the addresses and their methods are listed in docs/rehearsal.md",
    http.HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "send a smaller picture",
}


class ApiError(Exception):
    """A refusal, with its HTTP status, what happened, and what to do."""

    def __init__(self, status: int, error: str, hint: str = "") -> None:
        """Keep all three."""
        super().__init__(error)
        self.status = status
        self.error = error
        self.hint = hint


def refusal(status: int, error: str, hint: str = "", **more: Any) -> web.Response:  # noqa: ANN401 - plain values
    """Return a refusal as an answer."""
    return web.json_response({"error": error, "hint": hint, **more}, status=status)


def passed_on(reply: Reply) -> web.Response:
    """Return what a part answered, in this room's words where it refused."""
    said = reply.json()
    if reply.is_good:
        return web.json_response(said, status=reply.status)
    if isinstance(said, dict) and "error" in said:
        return refusal(reply.status, said["error"], said.get("hint", ""))
    return refusal(reply.status, reply.body.decode(errors="replace")[:LONGEST_WORDS])


@web.middleware
async def errors_as_json(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Turn whatever a handler raises into a refusal."""
    try:
        return await handler(request)
    except ApiError as error:
        return refusal(error.status, error.error, error.hint)
    except KioskOffError as error:
        return refusal(http.HTTPStatus.CONFLICT, str(error), "POST /api/kiosks/{id}/power/restore gives it power")
    except KioskSilentError as error:
        return refusal(http.HTTPStatus.GATEWAY_TIMEOUT, str(error), "its log lies in the data folder under logs/")
    except PartError as error:
        return refusal(http.HTTPStatus.BAD_GATEWAY, str(error), "these are the last lines of its log", log=error.lines)
    except (ServiceDownError, ProvisioningError) as error:
        return refusal(
            http.HTTPStatus.SERVICE_UNAVAILABLE, str(error), "POST /api/parts/{part}/start starts a part that is off"
        )
    except web.HTTPException as error:
        if error.status < http.HTTPStatus.BAD_REQUEST:
            raise
        return refusal(error.status, error.reason, _HINTS.get(http.HTTPStatus(error.status), ""))
    except Exception:
        log.exception("api_failed path=%s", request.path)
        return refusal(http.HTTPStatus.INTERNAL_SERVER_ERROR, "the counter itself failed", "its terminal says more")
