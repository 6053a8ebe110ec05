"""Messages of the chain's account (公众号), by its template or subscription interface.

Calls carry a token that the account's secret gets, and that is good for two hours; several head offices get the same.
The account answers 200 to everything and says in ``errcode`` what has become of it; of that the number alone is kept.
"""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

import msgspec

from headoffice.notices.files import secret_in
from headoffice.notices.ports import Receipt, Unsent
from headoffice.outbox.sender import Unanswered

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from headoffice.notices.config import Template, Wechat
    from headoffice.notices.kinds import Occasion
    from headoffice.notices.ports import Notice
    from headoffice.outbox.sender import Sender

_PATHS = {"template": "/cgi-bin/message/template/send", "subscribe": "/cgi-bin/message/subscribe/bizsend"}
_TOKEN_PATH = "/cgi-bin/stable_token"  # noqa: S105 - an address
#: Seconds by which a token is fetched before it ends; both are good meanwhile.
_EARLY_S = 300.0
#: The token is not, or not any more, one of the account's.
_OTHER_TOKEN = frozenset({40001, 40014, 42001})
#: The customer does not follow the account, has refused, or was never there.
_NEVER = frozenset({40003, 43004, 43101, 43116, 50005})
#: Of fields that the platform cuts or refuses: by how their name begins, what they hold at most.
_LONGEST = {"thing": 20, "character_string": 32, "phrase": 5, "const": 20}


class _Said(msgspec.Struct):
    errcode: int = 0
    msgid: int = 0
    access_token: str = ""
    expires_in: int = 0


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    until: float


class Account:
    """The chain's account."""

    def __init__(self, config: Wechat, sender: Sender, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Keep the parts; ``monotonic`` tells seconds."""
        self._config = config
        self._sender = sender
        self._monotonic = monotonic
        self._secret = ""
        self._token: _Token | None = None
        self._turn = asyncio.Lock()

    async def start(self) -> None:
        """Read the secret and make ready to call."""
        self._secret = secret_in(self._config.secret_file)
        await self._sender.start()

    async def close(self) -> None:
        """Hang up."""
        await self._sender.close()

    async def send(self, notice: Notice) -> Receipt | Unsent:
        """Send a message to a follower."""
        template = self._template(notice.lang, notice.occasion)
        if template is None:
            return Unsent(f"[notices.wechat.templates] has none for {notice.occasion}", over=True)
        body = self._body(notice, template)
        said = await self._with_token(body, stale=None)
        if isinstance(said, _Said) and said.errcode in _OTHER_TOKEN:
            said = await self._with_token(body, stale=self._token)
        if isinstance(said, Unsent):
            return said
        if said.errcode:
            return Unsent(f"answered errcode {said.errcode}", over=said.errcode in _NEVER)
        return Receipt(str(said.msgid))

    def _template(self, lang: str, occasion: Occasion) -> Template | None:
        """Return a template: in the customer's language, else in the other one."""
        mine = sorted(self._config.templates.items(), key=lambda one: one[0] != lang)
        return next((known[occasion] for _, known in mine if occasion in known), None)

    def _body(self, notice: Notice, template: Template) -> dict[str, Any]:
        data = {name: {"value": _fitting(name, notice.values[of])} for name, of in template.fields.items()}
        body = {"touser": notice.to, "template_id": template.id, "data": data}
        if self._config.form == "template":
            return {**body, "url": notice.page, "client_msg_id": notice.id}
        return {**body, "page": notice.page}

    async def _with_token(self, body: dict[str, Any], stale: _Token | None) -> _Said | Unsent:
        token = await self._current(stale)
        if isinstance(token, Unsent):
            return token
        return await self._call(f"{_PATHS[self._config.form]}?access_token={quote(token.text, safe='')}", body)

    async def _current(self, stale: _Token | None) -> _Token | Unsent:
        """Return a token that is good, and not the one that the account did not know."""
        async with self._turn:
            token = self._token
            if token is not None and token is not stale and self._monotonic() < token.until:
                return token
            asked = {"grant_type": "client_credential", "appid": self._config.app_id, "secret": self._secret}
            said = await self._call(_TOKEN_PATH, asked)
            if stale is not None and isinstance(said, _Said) and said.access_token == stale.text:
                # Few a day may be asked for by force, so only where nobody else has had another one made.
                said = await self._call(_TOKEN_PATH, {**asked, "force_refresh": True})
            if isinstance(said, Unsent):
                return said
            if said.errcode or not said.access_token:
                return Unsent(f"no token: errcode {said.errcode}")
            self._token = _Token(said.access_token, self._monotonic() + said.expires_in - _EARLY_S)
            return self._token

    async def _call(self, path: str, body: dict[str, Any]) -> _Said | Unsent:
        content = json.dumps(body, ensure_ascii=False).encode()
        answer = await self._sender.post(self._config.url.rstrip("/") + path, content, {})
        if isinstance(answer, Unanswered):
            return Unsent(answer.why)
        try:
            return msgspec.json.decode(answer.body, type=_Said)
        except msgspec.DecodeError:
            return Unsent(f"answered {answer.status} without an errcode")


def _fitting(name: str, value: str) -> str:
    """Return as much of a value as a field of this name holds."""
    most = _LONGEST.get(name.rstrip("0123456789"))
    return value if most is None else value[:most]
