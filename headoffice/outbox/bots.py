"""Alarms as messages of a group's bot: 企业微信 and 钉钉.

Both answer 200 to everything and say in ``errcode`` what has become of it; both take twenty messages a minute.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from headoffice.outbox.types import ALARM_ENDED, TEST

if TYPE_CHECKING:
    from datetime import datetime

    from headoffice.outbox.sender import Reply

#: Begins every message. A 钉钉 bot can be told to take only what holds a keyword: 核销 is one that always fits.
_HEAD = "【核销告警】"
_OVER = "【核销告警解除】"
_TEST = "【核销告警】这是一条测试消息。This is a test."
#: 企业微信 takes so many bytes of text.
LONGEST = 2048


def message(body: dict[str, Any]) -> bytes:
    """Return an event of an alarm as both take it: Chinese, and English below."""
    data = body["data"]
    if body["type"] == TEST:
        text = _TEST
    else:
        head = _OVER if body["type"] == ALARM_ENDED else _HEAD
        text = f"{head}{data['zh']}\n{data['en']}"
    cut = text.encode()[:LONGEST].decode(errors="ignore")
    return json.dumps({"msgtype": "text", "text": {"content": cut}}, ensure_ascii=False).encode()


def signed(url: str, secret: str, at: datetime) -> str:
    """Return the address of a 钉钉 bot with the signature that it wants where it was given a secret (加签)."""
    if not secret:
        return url
    timestamp = str(int(at.timestamp() * 1000))
    digest = hmac.digest(secret.encode(), f"{timestamp}\n{secret}".encode(), hashlib.sha256)
    joint = "&" if "?" in url else "?"
    return f"{url}{joint}{urlencode({'timestamp': timestamp, 'sign': base64.b64encode(digest).decode()})}"


def objection(answer: Reply) -> str | None:
    """Return why a bot has not taken a message; None where it has."""
    if answer.status != HTTPStatus.OK:
        return f"answered {answer.status}"
    try:
        said = json.loads(answer.body)
        code, why = said["errcode"], said.get("errmsg", "")
    except (ValueError, TypeError, KeyError, AttributeError):
        return "answered 200 without an errcode"
    return None if code == 0 else f"answered errcode {code}: {why}"
