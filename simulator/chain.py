"""A chain of coffee shops with a morning behind it: what the desk's pages are photographed and tried with.

Everything goes the way it goes in production: types are approved, gateways ask the ledger. Only the clock is moved.
"""

from __future__ import annotations

import asyncio
import random
import secrets
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import TYPE_CHECKING, Any

from headoffice import registry
from headoffice.alarms import board
from headoffice.api.stores import StoreIn
from headoffice.api.voucher_types import TypeIn
from headoffice.database import open_database
from headoffice.notices import contacts
from headoffice.notices.contacts import Contact
from headoffice.notices.kinds import Channel
from headoffice.office import Office
from headoffice.outbox import hooks
from headoffice.outbox.hooks import Form, Wanted
from headoffice.platforms import cases
from headoffice.public import public_app
from headoffice.redemptions import parcels
from headoffice.redemptions.ledger import Ledger
from headoffice.redemptions.parcels import Recipient, Shipment
from headoffice.servers import bind, public_server
from headoffice.staff import clerks
from headoffice.vouchers import campaigns, drafts, wallets
from headoffice.vouchers import issued as vouchers
from headoffice.vouchers.campaigns import Claim
from headoffice.vouchers.drafts import Decision
from headoffice.vouchers.issued import Order
from headoffice.vouchers.life import Step
from headoffice.vouchers.types import put_type
from protocol.alarms import Alarm, AlarmKind
from protocol.messages import Answer, Detail, Intent, Method
from protocol.platform import Case, Phase
from protocol.upstream import AskLook, AskRedeem, AskSettled, Looked

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Connection

#: A Saturday, 14:30 in Shanghai: until then the morning lasts.
NOW = datetime(2026, 11, 21, 6, 30, tzinfo=UTC)
STORES = {
    "nanjing-lu": ("南京路店", "上海市黄浦区南京东路 100 号", "021-5555 0100"),
    "jingan": ("静安寺店", "上海市静安区南京西路 1699 号", "021-5555 0101"),
    "lujiazui": ("陆家嘴店", "上海市浦东新区世纪大道 8 号", "021-5555 0102"),
    "xujiahui": ("徐家汇店", "上海市徐汇区虹桥路 1 号", ""),
}
CLERKS = ("王小明", "陈静", "刘洋", "赵敏", "周杰", "孙丽")
TYPES: dict[str, dict[str, Any]] = {
    "latte": {
        "title": "手冲拿铁兑换券",
        "kind": "group_buy",
        "value": 3200,
        "price": 1990,
        "colour": "#7a4b2a",
        "notices": ["sms", "email"],
    },
    "twenty": {"title": "满 100 减 20 代金券", "kind": "cash", "value": 2000, "minimum": 10000, "colour": "#c0392b"},
    "ten-cups": {"title": "十杯咖啡卡", "kind": "multi_use", "uses": 10, "price": 19900, "colour": "#1f6f5c"},
    "cake": {"title": "生日蛋糕到店自提", "kind": "pick_up", "price": 26800, "colour": "#b4527a"},
    "lesson": {"title": "拉花体验课", "kind": "booking", "price": 12800, "colour": "#34507e"},
    "friends": {"title": "好友同享第二杯", "kind": "friend", "value_text": "第二杯半价", "colour": "#a8741a"},
}
BY_POST: dict[str, dict[str, Any]] = {
    "beans": {"title": "单品咖啡豆 250 克", "kind": "gift", "price": 8800, "colour": "#5b4636", "channels": ["mail"]},
}
TO_WHOM = (
    Recipient(name="林晓梅", phone="138 0013 8000", address="上海市浦东新区锦绣路 1001 弄 8 号 602 室"),
    Recipient(name="张伟", phone="139 0013 9000", address="浙江省杭州市西湖区文三路 90 号 3 楼"),
)
#: How busy each hour is, beginning at 8:00.
BUSY = (7, 13, 9, 6, 21, 26, 11)


@dataclass
class Moved:
    """A clock that shows what it is set to."""

    at: datetime = NOW

    def __call__(self) -> datetime:
        """Return the moment."""
        return self.at


@contextmanager
def running_chain(folder: Path) -> Iterator[Office]:
    """Serve the chain's public door on a free loopback port until the end of the block."""
    clock = Moved()
    with closing(open_database(f"sqlite:///{folder / 'chain.db'}")) as database, bind("127.0.0.1", 0) as door:
        office = Office(
            database=database,
            ledger=Ledger(database, timedelta(minutes=15), clock),
            token=secrets.token_hex(16),
            url=f"http://127.0.0.1:{door.getsockname()[1]}",
            clock=clock,
        )
        live_through_a_morning(office, clock)
        server = public_server(public_app(office))
        serving = Thread(target=lambda: asyncio.run(server.serve([door])), name="chain")
        serving.start()
        try:
            yield office
        finally:
            office.changes.close()
            server.should_exit = True
            serving.join()


def live_through_a_morning(office: Office, clock: Moved, seed: int = 8) -> None:
    """Open the chain and let customers come until ``NOW``."""
    drawn = random.Random(seed)  # noqa: S311 - nothing secret
    clock.at = NOW - timedelta(days=9)
    office.database.write(lambda connection: _open(connection, clock.at))
    for at in _arrivals(drawn):
        clock.at = at
        _serve(office, drawn)
    for minute, to in enumerate(TO_WHOM):
        clock.at = NOW - timedelta(minutes=30 - minute)
        _have_sent(office, to)
    clock.at = NOW
    office.database.write(lambda connection: _leave_things_open(connection, office.clock()))
    office.database.write(lambda connection: _tell_others(connection, office.clock()))


def _open(connection: Connection, at: datetime) -> None:
    for store, (name, address, phone) in STORES.items():
        known = StoreIn.model_validate({"name": name, "address": address, "phone": phone, "hours": "08:00–22:00"})
        registry.put_store(connection, store, {**known.model_dump(), "clerk_policy": "shift"})
        registry.put_gateway(connection, f"gw-{store}", f"{name}网关", [store])
    for number, name in enumerate(CLERKS):
        where = list(STORES)[number % len(STORES)]
        clerks.add_clerk(connection, None, name, [where], clerks.draw_secrets())
    for type_id, what in (TYPES | BY_POST).items():
        made = TypeIn.model_validate({"brand": "山间咖啡", **what})
        drafts.submit(connection, type_id, made.model_dump_json(by_alias=True), "li.lei", at)
        drafts.approve(connection, type_id, Decision(by="wang.fang", at=at))
        put_type(connection, type_id, made.columns(), made.stores)


def _arrivals(drawn: random.Random) -> Iterator[datetime]:
    midnight = NOW.replace(hour=0, minute=0) - timedelta(hours=8)
    found = [
        midnight + timedelta(days=day, hours=8 + hour, seconds=drawn.randrange(3600))
        for day in (-2, -1, 0)
        for hour, many in enumerate(BUSY)
        for _ in range(many)
    ]
    return iter(sorted(at for at in found if at < NOW))


def _serve(office: Office, drawn: random.Random) -> None:
    """Let one customer come to a counter; now and then with a code that is refused."""
    store = drawn.choices(list(STORES), (5, 4, 3, 2))[0]
    gateway, at = f"gw-{store}", office.clock()
    clerk = str(clerks.FIRST_NUMBER + list(STORES).index(store))
    kiosk = f"kiosk-{store}-{drawn.randint(1, 2)}"
    if drawn.random() < 0.08:  # noqa: PLR2004 - one in twelve
        office.ledger.answer(gateway, AskLook(requester=kiosk, store=store, code=secrets.token_hex(8), clerk=clerk))
        return
    type_id = drawn.choices(list(TYPES), (9, 6, 4, 2, 1, 2))[0]
    order = Order(type=type_id, booked_for=at if type_id == "lesson" else None)
    customer = f"138{drawn.randrange(10**8):08}"

    def issue(connection: Connection) -> str:
        issued = vouchers.issue(connection, order, at)
        wallets.keep(connection, wallets.wallet_of(connection, customer, at), issued.id, at)
        return issued.code

    code = office.database.write(issue)
    method = drawn.choices((Method.SCAN, Method.TYPED, Method.WEB), (12, 2, 1))[0]
    looked = office.ledger.answer(gateway, AskLook(requester=kiosk, store=store, code=code))
    terms = looked.terms if isinstance(looked, Looked) else 0
    paid = 10_000 + 500 * drawn.randrange(20) if type_id == "twenty" else None
    intent = Intent(rid=secrets.token_hex(16), code=code, offer="-", clerk=clerk, method=method, amount=paid)
    answer = office.ledger.answer(gateway, AskRedeem(requester=kiosk, store=store, intent=intent, terms=terms))
    if isinstance(answer, Answer) and drawn.random() < 0.99:  # noqa: PLR2004 - one in a hundred is not acknowledged
        office.ledger.answer(gateway, AskSettled(requester=kiosk, rid=intent.rid, handed_over=True))
    if drawn.random() < 0.04:  # noqa: PLR2004 - one in twenty-five comes back
        office.ledger.answer(gateway, AskLook(requester=kiosk, store=store, code=code, clerk=clerk))
    if drawn.random() < 0.03:  # noqa: PLR2004 - one in thirty was the wrong one
        office.ledger.undo(secrets.token_hex(16), intent.rid, "顾客改变主意", "li.lei")


def _have_sent(office: Office, to: Recipient) -> None:
    """Let somebody have coffee sent; the shop has sent only the first so far."""
    at = office.clock()
    code = office.database.write(lambda connection: vouchers.issue(connection, Order(type="beans"), at).code)
    rid = secrets.token_hex(16)
    office.ledger.redeem_on_page(rid, code, 1, to)
    if to is TO_WHOM[0]:
        shipment = Shipment(carrier="顺丰速运", number="SF1400038221")
        office.database.write(lambda connection: parcels.send(connection, rid, shipment, at))


def _leave_things_open(connection: Connection, at: datetime) -> None:
    """Leave what waits for people: refunds, drafts, a consume at a platform that was never answered."""
    for type_id, hours in (("latte", 30), ("ten-cups", 3)):
        then = at - timedelta(hours=hours)
        code = vouchers.issue(connection, Order(type=type_id), then).code
        vouchers.live(connection, code, Step.ASK_REFUND, then + timedelta(minutes=50))
    for type_id, author, what in (
        ("twenty", "li.lei", {**TYPES["twenty"], "value": 2500, "minimum": 12000}),
        (
            "cold-brew",
            "wang.fang",
            {"title": "冷萃买一送一", "kind": "coupon", "colour": "#2f6f8f", "stores": ["jingan"]},
        ),
        ("new-year", "wang.fang", {"title": "新年礼盒", "kind": "gift", "price": 39900, "colour": "#a3262a"}),
    ):
        body = TypeIn.model_validate({"brand": "山间咖啡", **what}).model_dump_json(by_alias=True)
        drafts.submit(connection, type_id, body, author, at - timedelta(hours=2))
    why = Decision(by="li.lei", at=at - timedelta(hours=1), reason="礼盒缺少图片和使用说明")
    drafts.reject(connection, "new-year", why)
    left_at = (at - timedelta(minutes=6)).timestamp()
    case = Case(
        requester="kiosk-jingan-1",
        store="jingan",
        intent=Intent(rid=secrets.token_hex(16), code="920000000003", clerk="1002"),
        claimed_at=left_at,
        left_at=left_at,
        phase=Phase.OPEN,
        attempts=2,
        voucher="wxcard/p1Pj9jr9",
        detail=Detail(title="双人下午茶套餐", code_tail="0003"),
    )
    cases.keep(connection, "gw-jingan", case, at)


def _tell_others(connection: Connection, at: datetime) -> None:
    """Hang up a campaign's codes, have a customer and accounting told of what happens, and let a kiosk fall silent."""
    dates = {"type": "latte", "begins_at": at - timedelta(days=7), "ends_at": at + timedelta(days=10)}
    campaigns.put_campaign(
        connection, "november", {**dates, "stock": 500, "each": 1, "paused": False}, ["door", "flyer", "receipt"]
    )
    for source, many in (("door", 9), ("flyer", 4)):
        for _ in range(many):
            wish = Claim(secrets.token_hex(16), "november", source, wallets.nameless(connection, at))
            campaigns.claim(connection, wish, at)
    phone, by = TO_WHOM[0].phone, "收银台登记表 2026-11"
    agreed = Contact(channel=Channel.SMS, address=phone, lang="zh", agreed_at=at, agreed_by=by)
    customer = wallets.wallet_of(connection, phone, at)
    contacts.put(connection, customer, [agreed])
    wallets.keep(connection, customer, vouchers.issue(connection, Order(type="latte"), at).id, at)
    told = Wanted(url="https://erp.example/hexiao", types=["redemption.redeemed", "redemption.undone"])
    bot = Wanted(url="https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=", types=["alarm.raised"], form=Form.WECOM)
    for wanted in (told, bot):
        hooks.add(connection, wanted, at)
    for kiosk, minutes, lasts in (("jingan-2", 40, False), ("lujiazui-1", 18, True)):
        store = kiosk.rpartition("-")[0]
        since = (at - timedelta(minutes=minutes)).timestamp()
        silent = Alarm(kind=AlarmKind.KIOSK_SILENT, about=kiosk, store=store, since=since)
        board.report(connection, f"gw-{store}", [silent], at)
        if not lasts:
            board.report(connection, f"gw-{store}", [], at)
