"""A second, minimal head office: the gateways' upstream contract on aiohttp, its books in memory.

It shows that the contract can be served by somebody else, and it fails on command: it can stall, drop a connection
once the question has arrived, answer nonsense, and forget to look at the store.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import msgspec
from aiohttp import web

from protocol import codec
from protocol.alarms import Report
from protocol.bundle import Beside
from protocol.comparing import AskRecorded, Recorded, Recordings, TellDiffering
from protocol.duty import Activated, AskActivate, AskCode, AskStaff, ClerkFacts, Staffed
from protocol.last_use import LastUse
from protocol.messages import Action, Answer, Notice
from protocol.owner import Known, Moment, Voucher, describe, judge, rule_redeem, rule_undo
from protocol.status import StoreStatus
from protocol.upstream import (
    AskHello,
    AskLeased,
    AskLook,
    AskRedeem,
    AskResolve,
    AskSettled,
    AskUpload,
    Leased,
    Looked,
    Met,
    UpstreamAnswer,
    UpstreamRequest,
)
from protocol.values import replace
from protocol.vocabulary import Verdict

if TYPE_CHECKING:
    import ssl

CHINA = timezone(timedelta(hours=8))
WINDOW = timedelta(minutes=30)
WAIT_S = 5.0
_UNTIL = "2026-11-29T12:00:00+08:00"
_QR = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M0 0h9v9h-9z"/></svg>'


@dataclass
class MinimalHeadOffice:
    """One chain's books, and the door at which gateways ask. Start it, and read what it was asked in ``asked``."""

    stores: list[dict[str, Any]] = field(default_factory=list)
    gateways: frozenset[str] = frozenset({"gw-1"})
    forgets_stores: bool = False
    """Whether it calls vouchers of other stores redeemable, as a broken head office would."""
    nonsense: bytes | None = None
    """What it answers instead of a message."""
    vouchers: dict[str, Voucher] = field(default_factory=dict)
    order: tuple[str, ...] = ()
    """Codes of vouchers that were bought together."""
    clerks: dict[str, ClerkFacts] = field(default_factory=dict)
    known: dict[str, Known] = field(default_factory=dict)
    asked: list[UpstreamRequest] = field(default_factory=list)
    differing: list[TellDiffering] = field(default_factory=list)
    takes_reports: bool = False
    """Whether gateways may tell it what is wrong in their stores, which is no part of what it must do."""
    reports: list[Report] = field(default_factory=list)
    statuses: list[StoreStatus] = field(default_factory=list)
    settled: list[AskSettled] = field(default_factory=list)
    peers: set[str] = field(default_factory=set)
    url: str = ""

    def __post_init__(self) -> None:
        """Begin answering at once."""
        self.answering = asyncio.Event()
        self.answering.set()
        self.drops = 0
        self._arrived = asyncio.Event()
        self._runner: web.AppRunner | None = None

    def add(self, code: str, **fields: Any) -> Voucher:
        """Issue a voucher with this code."""
        facts: dict[str, Any] = {"title": "咖啡兑换券", "value": "¥32", "kind": "coupon", "terms": 7} | fields
        voucher = Voucher(id=f"v-{code}", code_tail=code[-4:], **facts)
        self.vouchers[code] = voucher
        return voucher

    def kinds(self) -> Counter[str]:
        """Return how often each kind of question came."""
        return Counter(type(message).__name__ for message in self.asked)

    async def until_asked(self, kind: type[UpstreamRequest], times: int = 1) -> None:
        """Wait until a kind of question has come so many times."""
        async with asyncio.timeout(WAIT_S):
            while self.kinds()[kind.__name__] < times:
                self._arrived.clear()
                await self._arrived.wait()

    async def start(self, context: ssl.SSLContext, port: int = 0) -> None:
        """Serve on loopback, with client certificates."""
        app = web.Application()
        app.router.add_post("/upstream/v1/ask", self._ask)
        app.router.add_get("/upstream/v1/stores", self._stores)
        if self.takes_reports:
            app.router.add_post("/upstream/v1/alarms", self._report)
            app.router.add_post("/upstream/v1/status", self._status)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port, ssl_context=context)
        await site.start()
        self.url = f"https://127.0.0.1:{self._runner.addresses[0][1]}"

    async def close(self) -> None:
        """Stop serving."""
        self.answering.set()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def answer(self, message: UpstreamRequest) -> UpstreamAnswer:
        """Answer one question; each is one transaction, because nothing here waits."""
        store = next((row for row in self.stores if row["id"] == getattr(message, "store", None)), None)
        match message:
            case AskSettled():
                self.settled.append(message)
                self._see(message.rid)
                return Notice(verdict=Verdict.REDEEMED, rid=message.rid)
            case AskLook():
                return self._look(message)
            case AskHello() | AskUpload():
                return Met()  # it is never restored, and asks for no journal
            case AskLeased():
                return Leased(vouchers=(), last=True)  # it leases nothing
            case AskRecorded():
                return self._recorded(message)
            case TellDiffering():
                self.differing.append(message)
                return Met()
            case AskActivate() | AskStaff() | AskCode():
                return self.staffed(message)
            case _ if store is None:
                return Notice(verdict=Verdict.FAULT, rid=message.intent.rid, hint="not a store of this gateway")
            case AskRedeem() | AskResolve():
                return self._rule(message, store["name"])

    def _recorded(self, ask: AskRecorded) -> Recordings:
        """Return two rids a page: whoever asks must go on asking."""
        mine = {rid: known for rid, known in sorted(self.known.items()) if known.store == ask.store}
        if ask.of:
            wanted = [rid for rid in mine if rid in ask.of]
        else:
            wanted = [rid for rid in mine if mine[rid].at.date() == ask.day and rid > (ask.after or "")][:2]
        records = tuple(
            Recorded(rid=rid, verdict=mine[rid].answer.verdict, undone_by=mine[rid].answer.undone_by) for rid in wanted
        )
        return Recordings(records=records, last=bool(ask.of) or len(records) < 2)

    def staffed(self, ask: AskActivate | AskStaff | AskCode) -> Staffed | Activated:
        """Add clerks, or change them, and give out codes that nobody can show; whoever is called 不行 is refused."""
        if isinstance(ask, AskActivate):
            return Activated(verdict=Verdict.BAD_CODE)
        if isinstance(ask, AskCode):
            return Staffed(numbers=(ask.number,), code=f"HEXIAO:START:{ask.number}", qr=_QR, until=_UNTIL)
        if any(clerk.name == "不行" for clerk in ask.clerks):
            return Staffed(refused="不行 is nobody")
        for clerk in ask.clerks:
            number = clerk.number or str(1001 + len(self.clerks))
            self.clerks[number] = msgspec.structs.replace(clerk, number=number)
        return Staffed(numbers=tuple(self.clerks))

    def _look(self, ask: AskLook) -> Looked:
        voucher = self.vouchers.get(ask.code)
        if voucher is None:
            return Looked(verdict=Verdict.UNKNOWN_CODE)
        seen = replace(voucher, stores=None) if self.forgets_stores else voucher
        moment = self._moment(ask.store, ask.requester, ask.store)
        verdict = judge(seen, moment)
        detail, last = describe(voucher, verdict), voucher.last
        unsettled = verdict is Verdict.ALREADY_REDEEMED and last is not None and last.is_unsettled(moment.at)
        beside = [self.vouchers[code] for code in self.order if ask.code in self.order and code != ask.code]
        return Looked(
            verdict=verdict,
            detail=msgspec.structs.replace(detail, unsettled=unsettled),
            voucher=voucher.id,
            terms=voucher.terms,
            stores=voucher.stores,
            max_quantity=max(voucher.left, 1),
            asks_amount=voucher.asks_amount,
            others=tuple(
                Beside(code=other.id.removeprefix("v-"), voucher=other.id, terms=other.terms)
                for other in beside
                if judge(other, moment) is Verdict.REDEEMABLE
            ),
        )

    def _rule(self, ask: AskRedeem | AskResolve, store_name: str) -> UpstreamAnswer:
        intent, known = ask.intent, self.known.get(ask.intent.rid)
        moment = self._moment(ask.store, ask.requester, store_name)
        if intent.action is Action.UNDO:
            ruling = rule_undo(ask, known, self.known.get(intent.undoes or ""), moment, WINDOW)
        else:
            ruling = rule_redeem(ask, known, self.vouchers.get(intent.code or ""), moment)
        if ruling.record and isinstance(ruling.answer, Answer):
            self.known[intent.rid] = Known(
                requester=ask.requester, store=ask.store, intent=intent, answer=ruling.answer, at=moment.at
            )
        if ruling.claim and intent.code:
            voucher = self.vouchers[intent.code]
            last = LastUse(at=moment.at.isoformat(), store=store_name, kiosk=ask.requester, seen=False)
            self.vouchers[intent.code] = replace(voucher, taken=voucher.taken | set(ruling.claim), last=last)
        if ruling.release is not None:
            self._release(ruling.release, by=intent.rid)
        return ruling.answer

    def _see(self, rid: str) -> None:
        code = self.known[rid].intent.code if rid in self.known else None
        voucher = self.vouchers.get(code or "")
        if code is not None and voucher is not None and voucher.last is not None:
            self.vouchers[code] = replace(voucher, last=replace(voucher.last, seen=True))

    def _release(self, rid: str, by: str) -> None:
        target = self.known[rid]
        marked = msgspec.structs.replace(target.answer, undone_by=by)
        self.known[rid] = replace(target, answer=marked)
        code = target.intent.code or ""
        self.vouchers[code] = replace(self.vouchers[code], taken=frozenset(), last=None)

    @staticmethod
    def _moment(store: str, kiosk: str, store_name: str) -> Moment:
        return Moment(store=store, store_name=store_name, kiosk=kiosk, at=datetime.now(CHINA))

    async def _ask(self, request: web.Request) -> web.StreamResponse:
        if self._peer(request) not in self.gateways:
            return web.Response(status=403, text="no registered gateway; register it with PUT /api/v1/gateways/{id}")
        payload = await request.read()
        message = codec.upstream_request(payload)
        self.asked.append(message)
        self._arrived.set()
        if self.drops and request.transport is not None:
            self.drops -= 1
            request.transport.abort()
            return web.Response()
        await self.answering.wait()
        body = self.nonsense if self.nonsense is not None else codec.encode(self.answer(message))
        return web.Response(body=body, content_type="application/json")

    async def _report(self, request: web.Request) -> web.Response:
        self.reports.append(msgspec.json.decode(await request.read(), type=Report))
        return web.json_response({})

    async def _status(self, request: web.Request) -> web.Response:
        self.statuses.append(msgspec.json.decode(await request.read(), type=StoreStatus))
        return web.json_response({})

    async def _stores(self, request: web.Request) -> web.Response:
        if self._peer(request) not in self.gateways:
            return web.Response(status=403, text="no registered gateway")
        clerks = [{**msgspec.to_builtins(clerk), "badge": number} for number, clerk in self.clerks.items()]
        roster = {"stores": self.stores, "clerks": clerks}
        return web.Response(body=msgspec.json.encode(roster), content_type="application/json")

    def _peer(self, request: web.Request) -> str:
        certificate: Any = request.get_extra_info("peercert") or {}
        names = [value for part in certificate.get("subject", ()) for key, value in part if key == "commonName"]
        self.peers.update(names)
        return names[0] if names else ""
