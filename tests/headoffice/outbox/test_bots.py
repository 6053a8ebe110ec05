"""Alarms in people's groups: messages as 企业微信 and 钉钉 take them, by bots that check what the real ones check."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web

from headoffice.alarms import board
from headoffice.outbox import bots
from headoffice.outbox.bots import LONGEST
from headoffice.outbox.sender import Reply
from protocol.alarms import Alarm, AlarmKind
from tests.headoffice.outbox.conftest import real_clock
from tests.headoffice.outbox.receiver import receiving, served
from tests.headoffice.outbox.test_dispatcher import dispatching, until

if TYPE_CHECKING:
    from collections.abc import Mapping

    from headoffice.database import Database
    from tests.headoffice.counter import Clock, Counter

KEY = "693a91f6-7000-4bc4-97a0-0ec2sifa5aaa"
SECRET = "SEC" + "0f1e2d3c" * 8
ALARMS = ["alarm.raised", "alarm.reminded", "alarm.ended"]


@dataclass
class WeComBot:
    """Takes text of at most 2048 bytes under its key."""

    taken: list[str] = field(default_factory=list)

    def answer(self, request: web.Request, body: dict[str, Any]) -> web.Response:
        return web.json_response(self.judge(request.query, body))

    def judge(self, query: Mapping[str, str], body: dict[str, Any]) -> dict[str, Any]:
        if query.get("key") != KEY:
            return {"errcode": 93000, "errmsg": "invalid webhook url"}
        if body.get("msgtype") != "text" or not body["text"]["content"]:
            return {"errcode": 40008, "errmsg": "invalid message type"}
        if len(body["text"]["content"].encode()) > 2048:
            return {"errcode": 40058, "errmsg": "content exceed max length"}
        self.taken.append(body["text"]["content"])
        return {"errcode": 0, "errmsg": "ok"}


@dataclass
class DingTalkBot:
    """Takes text that holds its keyword and comes with a signature that is no older than an hour."""

    taken: list[str] = field(default_factory=list)

    def answer(self, request: web.Request, body: dict[str, Any]) -> web.Response:
        return web.json_response(self.judge(request.query, body))

    def judge(self, query: Mapping[str, str], body: dict[str, Any]) -> dict[str, Any]:
        if query.get("access_token") != KEY:
            return {"errcode": 300005, "errmsg": "token is not exist"}
        stamp = query.get("timestamp", "0")
        expected = hmac.digest(SECRET.encode(), f"{stamp}\n{SECRET}".encode(), hashlib.sha256)
        if abs(time.time() * 1000 - int(stamp)) > 3_600_000:
            return {"errcode": 310000, "errmsg": "invalid timestamp"}
        if query.get("sign") != base64.b64encode(expected).decode():
            return {"errcode": 310000, "errmsg": "sign not match"}
        if "核销" not in body["text"]["content"]:
            return {"errcode": 310000, "errmsg": "keywords not in content"}
        self.taken.append(body["text"]["content"])
        return {"errcode": 0, "errmsg": "ok"}


def _silent(clock: Clock) -> Alarm:
    return Alarm(kind=AlarmKind.KIOSK_SILENT, about="till-1", store="nanjing-lu", since=clock().timestamp())


def _report(database: Database, clock: Clock, *alarms: Alarm) -> None:
    database.write(lambda connection: board.report(connection, "gw-nanjing-lu", alarms, clock()))


def test_an_alarm_and_its_end_come_to_both_groups(counter: Counter, database: Database, clock: Clock) -> None:
    clock.at = real_clock()
    wecom, dingtalk = WeComBot(), DingTalkBot()
    with served(receiving()) as one, served(receiving()) as other, served(dispatching(database)):
        one.answer, other.answer = wecom.answer, dingtalk.answer
        for url, form, secret in (
            (f"{one.url}?key={KEY}", "wecom", None),
            (f"{other.url}?access_token={KEY}", "dingtalk", SECRET),
        ):
            wanted = {"url": url, "form": form, "events": ALARMS, "secret": secret}
            added = counter.api.post("/api/v1/webhooks", wanted).raise_for_status().json()
            counter.api.post(f"/api/v1/webhooks/{added['id']}/test").raise_for_status()
        until(lambda: len(wecom.taken) == len(dingtalk.taken) == 1)
        for alarms in ([_silent(clock)], []):
            _report(database, clock, *alarms)
        until(lambda: len(wecom.taken) == len(dingtalk.taken) == 3)
    assert wecom.taken == dingtalk.taken
    tested, raised, ended = wecom.taken
    assert "测试" in tested
    assert raised.startswith("【核销告警】南京路店:核销机 till-1 没有响应")
    assert "\n南京路店: kiosk till-1 is silent" in raised
    assert ended.startswith("【核销告警解除】南京路店:已恢复")


def test_a_bot_that_says_no_in_a_good_answer_has_not_taken_it(counter: Counter, database: Database) -> None:
    wecom = WeComBot()
    with served(receiving()) as receiver, served(dispatching(database)):
        receiver.answer = wecom.answer
        wanted = {"url": f"{receiver.url}?key=wrong", "form": "wecom", "events": ALARMS}
        path = f"/api/v1/webhooks/{counter.api.post('/api/v1/webhooks', wanted).json()['id']}"
        counter.api.post(f"{path}/test")
        until(lambda: bool(counter.api.get(f"{path}/deliveries").json()[0]["error"]))
        (row,) = counter.api.get(f"{path}/deliveries").json()
        assert (row["state"], row["error"]) == ("waiting", "answered errcode 93000: invalid webhook url")
        assert "wrong" not in counter.api.get(path).json()["url"]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (Reply(200, b'{"errcode":0,"errmsg":"ok"}'), None),
        (
            Reply(200, b'{"errcode":45009,"errmsg":"api freq out of limit"}'),
            "answered errcode 45009: api freq out of limit",
        ),
        (Reply(200, b"<html>"), "answered 200 without an errcode"),
        (Reply(200, b"[]"), "answered 200 without an errcode"),
        (Reply(502, b""), "answered 502"),
    ],
)
def test_what_a_bots_answer_means(answer: Reply, why: str | None) -> None:
    assert bots.objection(answer) == why


def test_a_message_is_cut_where_a_bot_would_refuse_it_and_stays_readable() -> None:
    body = {"type": "alarm.raised", "data": {"zh": "很长" * 2000, "en": "long"}}
    text = json.loads(bots.message(body))["text"]["content"]
    assert LONGEST - 3 < len(text.encode()) <= LONGEST
    assert text.startswith("【核销告警】很长")


def test_a_dingtalk_bot_without_a_secret_is_not_signed(clock: Clock) -> None:
    assert bots.signed("https://oapi.dingtalk.example/robot/send?access_token=x", "", clock()).endswith("=x")


def test_bots_are_told_of_alarms_alone_and_their_secrets_are_not_drawn_here(counter: Counter) -> None:
    wanted = {"url": "https://oapi.dingtalk.com/robot/send?access_token=x", "form": "dingtalk"}
    assert counter.api.post("/api/v1/webhooks", {**wanted, "events": ["*"]}).status_code == 422
    added = counter.api.post("/api/v1/webhooks", {**wanted, "events": ALARMS}).raise_for_status().json()
    assert added["secret"] == ""
    path = f"/api/v1/webhooks/{added['id']}"
    assert counter.api.post(f"{path}/rotate").status_code == 422
    assert counter.api.put(path, {"events": ["voucher.issued"]}).status_code == 422
    assert counter.api.put(path, {"events": ["alarm.raised"]}).json()["events"] == ["alarm.raised"]
