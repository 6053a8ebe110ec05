"""Carriers of notices, as fakes over real HTTP and SMTP on free ports of loopback: they check what they are sent."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import re
import ssl
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from email.message import EmailMessage
    from pathlib import Path

SECRET = "a-secret-of-nobody"
APP_ID, TOKEN = "wx0123456789abcdef", "token-"
_SIGNED = re.compile(r"ACS3-HMAC-SHA256 Credential=(\w+),SignedHeaders=([\w;-]+),Signature=([0-9a-f]{64})")


@dataclass
class Texting:
    """Takes text messages as 阿里云 does, and none whose signature is not right."""

    url: str = ""
    messages: list[dict[str, Any]] = field(default_factory=list)
    code: Callable[[dict[str, str]], str] = lambda _: "OK"

    async def take(self, request: web.Request) -> web.Response:
        """Take one."""
        if not _is_signed(request):
            return web.json_response({"Code": "SignatureDoesNotMatch", "Message": "…"}, status=400)
        query = dict(request.query)
        code = self.code(query)
        if code != "OK":
            return web.json_response({"Code": code, "Message": f"{query['PhoneNumbers']}: no"}, status=400)
        self.messages.append({**query, "values": json.loads(query["TemplateParam"])})
        return web.json_response({"Code": "OK", "Message": "OK", "BizId": f"{len(self.messages)}^0", "RequestId": "-"})


def _is_signed(request: web.Request) -> bool:
    """Check a signature as the carrier's documentation describes it, from what has come alone."""
    found = _SIGNED.fullmatch(request.headers.get("authorization", ""))
    if found is None:
        return False
    names = found[2].split(";")
    query = "&".join(
        sorted(f"{quote(name, safe='~')}={quote(value, safe='~')}" for name, value in request.query.items())
    )
    lines = [f"{name}:{request.headers[name].strip()}" for name in names]
    parts = [request.method, request.path, query, *lines, "", found[2], request.headers["x-acs-content-sha256"]]
    text = f"ACS3-HMAC-SHA256\n{hashlib.sha256(chr(10).join(parts).encode()).hexdigest()}"
    right = hmac.digest(SECRET.encode(), text.encode(), hashlib.sha256).hex()
    return hmac.compare_digest(right, found[3]) and request.headers["x-acs-action"] == "SendSms"


@dataclass
class Following:
    """An account (公众号) with followers: its token is good until ``forget``."""

    url: str = ""
    messages: list[dict[str, Any]] = field(default_factory=list)
    tokens: int = 0
    errcode: Callable[[dict[str, Any]], int] = lambda _: 0
    given: str = ""
    valid: str = ""

    def forget(self) -> None:
        """End the token before its time; the same is given out until another one is forced."""
        self.valid = ""

    async def token(self, request: web.Request) -> web.Response:
        """Give out a token."""
        asked = await request.json()
        if (asked["appid"], asked["secret"], asked["grant_type"]) != (APP_ID, SECRET, "client_credential"):
            return web.json_response({"errcode": 40125, "errmsg": "invalid appsecret"})
        if not self.given or asked.get("force_refresh"):
            self.tokens += 1
            self.given = self.valid = f"{TOKEN}{self.tokens}"
        return web.json_response({"access_token": self.given, "expires_in": 7200})

    async def take(self, request: web.Request) -> web.Response:
        """Take one message."""
        if request.query.get("access_token") != self.valid:
            return web.json_response({"errcode": 40001, "errmsg": "invalid credential"})
        body = await request.json()
        if errcode := self.errcode(body):
            return web.json_response({"errcode": errcode, "errmsg": f"no: {body['touser']}"})
        self.messages.append({"path": request.path, **body})
        return web.json_response({"errcode": 0, "errmsg": "ok", "msgid": 1000 + len(self.messages)})


@dataclass
class Mailing:
    """A mail server that takes mail from whoever signs in, over TLS alone."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    signed_in: list[str] = field(default_factory=list)
    reply: Callable[[str], str] = lambda _: "250 OK"
    """To a recipient."""


@dataclass
class _Talk:
    """One connection to a mail server."""

    server: Mailing
    context: ssl.SSLContext
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    encrypted: bool = False
    user: str = ""
    taken: bool = False

    async def go_on(self) -> None:
        """Answer until the other side has gone."""
        await self.say("220 mail.test")
        while line := (await self.reader.readline()).decode().strip():
            word = line.split(" ")[0].upper()
            answer = getattr(self, f"on_{word.lower()}", None)
            await (answer(line) if answer else self.say("502 what?"))
            if word == "QUIT":
                break
        self.writer.close()

    async def say(self, text: str) -> None:
        self.writer.write(f"{text}\r\n".encode())
        await self.writer.drain()

    async def on_ehlo(self, _: str) -> None:
        await self.say("250-mail.test\r\n250 AUTH PLAIN" if self.encrypted else "250-mail.test\r\n250 STARTTLS")

    async def on_starttls(self, _: str) -> None:
        await self.say("220 go ahead")
        await self.writer.start_tls(self.context)
        self.encrypted = True

    async def on_auth(self, line: str) -> None:
        _, user, password = base64.b64decode(line.split(" ")[2]).decode().split("\0")
        if password != SECRET:
            await self.say("535 no")
            return
        self.user = user
        self.server.signed_in.append(user)
        await self.say("235 welcome")

    async def on_mail(self, _: str) -> None:
        await self.say("250 OK" if self.user else "530 sign in first")

    async def on_rcpt(self, line: str) -> None:
        reply = self.server.reply(line)
        self.taken = reply.startswith("250")
        await self.say(reply)

    async def on_data(self, _: str) -> None:
        await self.say("354 go on")
        content = await self.reader.readuntil(b"\r\n.\r\n")
        self.server.mails.append(message_from_bytes(content[:-5], policy=policy.default))
        await self.say("250 taken")

    async def on_rset(self, _: str) -> None:
        await self.say("250 OK")

    async def on_quit(self, _: str) -> None:
        await self.say("221 bye")


@asynccontextmanager
async def texting(port: int = 0) -> AsyncIterator[Texting]:
    """Run a carrier of text messages until the end of the block."""
    carrier = Texting()
    async with _serving({"/": carrier.take}, port) as address:
        carrier.url = f"{address}/"
        yield carrier


@asynccontextmanager
async def following() -> AsyncIterator[Following]:
    """Run an account until the end of the block."""
    account = Following()
    sends = {f"/cgi-bin/message/{path}": account.take for path in ("template/send", "subscribe/bizsend")}
    async with _serving({"/cgi-bin/stable_token": account.token, **sends}) as address:
        account.url = address
        yield account


@asynccontextmanager
async def mailing(certificate: Path, key: Path) -> AsyncIterator[Mailing]:
    """Run a mail server until the end of the block."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    mailing = Mailing()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _Talk(mailing, context, reader, writer).go_on()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    mailing.port = server.sockets[0].getsockname()[1]
    async with server:
        yield mailing


@asynccontextmanager
async def _serving(routes: dict[str, Any], port: int = 0) -> AsyncIterator[str]:
    app = web.Application()
    for path, handler in routes.items():
        app.router.add_post(path, handler)
    runner = web.AppRunner(app, access_log=None)  # which would say to whom
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
