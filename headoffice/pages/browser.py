"""The wallet that a browser keeps: a cookie with its token, and the proof that a form is one of our own pages'.

A form that another site makes this browser send carries no proof: that is made of the cookie, which only we can read.
Where the secret stands in a page's address already, as a voucher's does, nobody who lacks it can forge its forms.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING

from headoffice.vouchers.wallets import TOKEN, mint_token

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

_COOKIE = "wallet"
_KEPT_S = 400 * 24 * 3600


def kept_token(request: Request) -> str | None:
    """Return the token of the wallet that this browser keeps; None where it keeps none."""
    token = request.cookies.get(_COOKIE, "")
    return token if TOKEN.fullmatch(token) else None


def token_for(request: Request) -> str:
    """Return the token of the wallet that this browser keeps, or that it is to keep from now on."""
    return kept_token(request) or mint_token()


def keep_token(request: Request, response: Response, token: str) -> Response:
    """Let a browser keep a wallet from now on. Where it keeps one, only that may come: a link changes nobody's."""
    secure = request.headers.get("x-forwarded-proto", request.url.scheme) == "https"
    response.set_cookie(_COOKIE, token, _KEPT_S, secure=secure, httponly=True, samesite="lax")
    return response


def proof_of(token: str) -> str:
    """Return what a form of ours carries."""
    return hashlib.sha256(f"form of {token}".encode()).hexdigest()[:32]


def is_ours(request: Request) -> bool:
    """Whether this form was on a page of ours, in this very browser."""
    token = kept_token(request)
    proof = request.query_params.get("proof", "")
    return token is not None and hmac.compare_digest(proof.encode(), proof_of(token).encode())
