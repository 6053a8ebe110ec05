"""Text messages, by the call ``SendSms`` of 阿里云, signed as ``ACS3-HMAC-SHA256`` wants it.

The carrier fills in a template that it has approved; what is sent is the values. Of its answers the code alone is kept:
what else it says may name the customer.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from string import Formatter
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

import msgspec

from headoffice.notices.files import secret_in
from headoffice.notices.ports import Receipt, Unsent
from headoffice.notices.words import SENTENCES
from headoffice.outbox.sender import Unanswered

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from headoffice.notices.config import Sms
    from headoffice.notices.kinds import Occasion
    from headoffice.notices.ports import Notice
    from headoffice.outbox.sender import Sender

_ACTION, _VERSION = "SendSms", "2017-05-25"
_ALGORITHM = "ACS3-HMAC-SHA256"
_GOOD = "OK"
#: Codes after which the same message would never be taken: it is the customer's number that is wrong, or barred.
_NEVER = frozenset(
    {
        "isv.MOBILE_NUMBER_ILLEGAL",
        "isv.BLACK_KEY_CONTROL_LIMIT",
        "isv.DENY_IP_RANGE",
        "isv.DOMESTIC_NUMBER_NOT_SUPPORTED",
        "isv.MOBILE_COUNT_OVER_LIMIT",
    }
)
_GAPS = re.compile(r"[\s-]")
_CODE = re.compile(r"[\w.]{1,60}", re.ASCII)


class _Said(msgspec.Struct, rename="pascal"):
    code: str = ""
    biz_id: str = ""


@dataclass(frozen=True, slots=True)
class Key:
    """Who calls."""

    id: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Call:
    """What is called, by its name and the version of the interface, and with what."""

    action: str
    version: str
    query: Mapping[str, str] = field(repr=False)


def signed(key: Key, url: str, call: Call, at: datetime, nonce: str) -> tuple[str, dict[str, str]]:
    """Return the address and the headers of a call; ``nonce`` is a word that no other call has had."""
    parts = urlsplit(url)
    asked = "&".join(f"{_escaped(name)}={_escaped(value)}" for name, value in sorted(call.query.items()))
    nothing = hashlib.sha256(b"").hexdigest()
    headers = {
        "host": parts.netloc,
        "x-acs-action": call.action,
        "x-acs-content-sha256": nothing,
        "x-acs-date": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "x-acs-signature-nonce": nonce,
        "x-acs-version": call.version,
    }
    names = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
    canonical = "\n".join(("POST", parts.path or "/", asked, lines, names, nothing))
    text = f"{_ALGORITHM}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    signature = hmac.digest(key.secret.encode(), text.encode(), hashlib.sha256).hex()
    headers["authorization"] = f"{_ALGORITHM} Credential={key.id},SignedHeaders={names},Signature={signature}"
    return parts._replace(path=parts.path or "/", query=asked).geturl(), headers


def _escaped(text: str) -> str:
    return quote(text, safe="~")


class TextMessages:
    """The carrier of text messages."""

    def __init__(self, config: Sms, sender: Sender, clock: Callable[[], datetime]) -> None:
        """Keep the parts."""
        self._config = config
        self._sender = sender
        self._clock = clock
        self._key = Key(config.key_id, "")

    async def start(self) -> None:
        """Read the secret and make ready to call."""
        self._key = Key(self._config.key_id, secret_in(self._config.secret_file))
        await self._sender.start()

    async def close(self) -> None:
        """Hang up."""
        await self._sender.close()

    async def send(self, notice: Notice) -> Receipt | Unsent:
        """Have a text message sent."""
        lang, template = self._template(notice.lang, notice.occasion)
        if not template:
            return Unsent(f"[notices.sms.templates] has none for {notice.occasion}", over=True)
        names = [name for _, name, _, _ in Formatter().parse(SENTENCES[lang][notice.occasion]) if name]
        query = {
            "PhoneNumbers": _GAPS.sub("", notice.to),
            "SignName": self._config.sign,
            "TemplateCode": template,
            "TemplateParam": json.dumps({name: notice.values[name] for name in names}, ensure_ascii=False),
            "OutId": notice.id,
        }
        call = Call(_ACTION, _VERSION, query)
        url, headers = signed(self._key, self._config.url, call, self._clock(), secrets.token_hex(16))
        answer = await self._sender.post(url, b"", headers)
        if isinstance(answer, Unanswered):
            return Unsent(answer.why)
        try:
            said = msgspec.json.decode(answer.body, type=_Said)
        except msgspec.DecodeError:
            return Unsent(f"answered {answer.status} without a code")
        if said.code == _GOOD:
            return Receipt(said.biz_id)
        code = said.code if _CODE.fullmatch(said.code) else "something else"
        return Unsent(f"answered {answer.status} {code}", over=said.code in _NEVER)

    def _template(self, lang: str, occasion: Occasion) -> tuple[str, str]:
        """Return a template and its language: the customer's, else the other one."""
        mine = sorted(self._config.templates.items(), key=lambda one: one[0] != lang)
        return next(((of, known[occasion]) for of, known in mine if occasion in known), (lang, ""))
