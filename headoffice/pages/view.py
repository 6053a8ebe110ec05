"""A voucher as its customer's page shows it: judged by the owner's own rules, told in the customer's words."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, bindparam, func, select

from headoffice.pages import words
from headoffice.pages.lately import Lately, said_lately
from headoffice.redemptions import parcels
from headoffice.redemptions.online import BY_POST, PAGE, redeemed_there
from headoffice.registry import ONLINE_STORE
from headoffice.tables.pages import shares
from headoffice.tables.schema import stores, voucher_type_stores, voucher_types, vouchers
from headoffice.vouchers.books import Store, face_value, voucher_by_id, weekdays_in
from headoffice.vouchers.codes import grouped
from headoffice.vouchers.customers import hidden
from headoffice.vouchers.life import Standing
from headoffice.vouchers.openings import friend_who_used
from headoffice.vouchers.orders import OrderState, Stage, state_of
from protocol.kinds import Kind
from protocol.owner import Moment, Voucher, VoucherState, judge
from protocol.signed import read_signed
from protocol.values import replace
from protocol.vocabulary import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import RowMapping

    from protocol.last_use import LastUse

#: Of a voucher that is valid in no store yet.
_ZONE = "Asia/Shanghai"
MOST_STORES = 20
#: Of what somebody is called, called at, and sent to, in characters.
LONGEST = {"name": 30, "phone": 20, "address": 120}
#: Of a store that names no map of its own: a link, followed by a touch alone; the page itself asks nobody.
_MAP = "https://uri.amap.com/search?keyword="
#: Of 255; above it white is no longer read easily.
_BRIGHT = 160

_LOOKS = (
    select(vouchers.c.code, vouchers.c.stage, vouchers.c.page_token, voucher_types)
    .join(voucher_types, voucher_types.c.id == vouchers.c.type)
    .where(vouchers.c.id == bindparam("voucher"))
)
_PAGE = select(vouchers.c.id).where(vouchers.c.page_token == bindparam("token"))
_FRIENDS_PAGE = select(shares.c.voucher).where(shares.c.token == bindparam("token"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A voucher as its page needs it. ``looks`` are its type's columns and its code."""

    voucher: Voucher
    verdict: Verdict
    looks: RowMapping
    where: Sequence[RowMapping]
    stores_in_all: int
    owners: bool
    """Whether the page is its owner's; a friend's page can open the code, and nothing else."""
    used_by: str | None
    """Of a friend coupon that is used: the friend who used it, empty: its owner; None: nobody knows."""
    lately: Lately | None
    """What a counter said of it a moment ago, where it can be used all the same."""
    given: str
    """What its owner got by redeeming it on the page; empty: nothing was redeemed there, or nothing stands for it."""
    on_page: bool
    """Whether it can be redeemed on the page now."""
    by_post: bool
    """Whether what it is good for can be sent now."""
    posted: Sequence[RowMapping]
    """What of it is to be sent or was, the newest first."""

    @property
    def order(self) -> OrderState | None:
        """How far the shop is with an order; None where the voucher is none."""
        stage = None if self.looks["stage"] is None else Stage(self.looks["stage"])
        return state_of(stage, Standing(self.voucher.state, self.voucher.left, expired=False))

    @property
    def last(self) -> LastUse | None:
        """The last use, where it is what the page is about."""
        return self.voucher.last if self.verdict in {Verdict.ALREADY_REDEEMED, Verdict.USES_EXHAUSTED} else None

    @property
    def seal(self) -> str:
        """A word that changes when the page would."""
        voucher = self.voucher
        facts = (self.verdict, voucher.state, voucher.left, voucher.last, voucher.terms, self.order, self.lately)
        here = (self.on_page, self.given, self.by_post, [(one["rid"], one["number"]) for one in self.posted])
        return hashlib.sha256(repr((facts, here)).encode()).hexdigest()[:16]


def see(connection: Connection, token: str, at: datetime) -> Seen | None:
    """Return the voucher whose page this is; None where there is none."""
    found = connection.execute(_PAGE, {"token": token}).scalar()
    shared = None if found else connection.execute(_FRIENDS_PAGE, {"token": token}).scalar()
    return see_voucher(connection, str(found or shared), at, owners=shared is None)


def see_voucher(connection: Connection, voucher_id: str, at: datetime, *, owners: bool = True) -> Seen | None:
    """Return a voucher by its id; None where there is none."""
    looks = connection.execute(_LOOKS, {"voucher": voucher_id}).mappings().first()
    if looks is None:
        return None
    where, in_all = _stores(connection, looks["id"], everywhere=looks["everywhere"])
    nowhere = Store("", "", _zone(where))
    voucher = voucher_by_id(connection, voucher_id, nowhere)
    if voucher is None:
        return None
    moment = Moment(store="", store_name="", kiosk="", at=at.astimezone(nowhere.zone), own_number=True)
    anywhere = replace(voucher, stores=None, holder=None)
    there = replace(moment, on_page=True)
    sent = replace(there, by_post=True)
    verdict = judge(anywhere, moment if voucher.offline else there if voucher.online else sent)
    shows_given = owners and looks["given"] and redeemed_there(connection, voucher.id)
    lately = said_lately(connection, voucher.id, at) if verdict is Verdict.REDEEMABLE else None
    return Seen(
        voucher=voucher,
        verdict=verdict,
        looks=looks,
        where=where,
        stores_in_all=in_all,
        owners=owners,
        used_by=friend_who_used(connection, voucher_id) if looks["kind"] == Kind.FRIEND else None,
        lately=lately,
        given=looks["given"] if shows_given else "",
        on_page=owners and judge(voucher, there) is Verdict.REDEEMABLE,
        by_post=owners and judge(voucher, sent) is Verdict.REDEEMABLE,
        posted=parcels.of_voucher(connection, voucher.id) if owners and voucher.mail else (),
    )


def told(seen: Seen, lang: str) -> dict[str, Any]:
    """Return what the template sets, in one language."""
    voucher, looks = seen.voucher, seen.looks
    last, lately = seen.last, seen.lately
    return {
        **looks_told(dict(looks), lang),
        "seal": seen.seal,
        "verdict": seen.verdict.value,
        "mood": mood(seen),
        "state": words.state(seen.verdict, voucher.state, lang, counter=voucher.offline, online=voucher.online),
        "counter": voucher.offline or not (voucher.online or voucher.mail),
        "on_page": seen.on_page,
        "by_post": seen.by_post,
        "longest": LONGEST,
        "posted": [_posted(one, _zone(seen.where)) for one in seen.posted],
        "given": seen.given,
        "terms": voucher.terms,
        "lately": lately and words.lately(lately.verdict, lately.uses, voucher.left, lang),
        "lately_verdict": lately and lately.verdict.value,
        "lately_at": lately and {"at": lately.at.astimezone(_zone(seen.where)), "store": lately.store},
        "code": looks["code"],
        "dynamic": voucher.dynamic,
        # Nobody types a signed code; its tail is what a kiosk's screen shows of it.
        "groups": [f"…{voucher.code_tail}"] if read_signed(looks["code"]) else grouped(looks["code"]).split(" "),
        "uses": voucher.uses,
        # What a receiver has got is not the giver's any more.
        "left": 0 if voucher.state is VoucherState.GIVEN else voucher.left,
        "booked": voucher.booked_for and f"{voucher.booked_for:%Y-%m-%d %H:%M}",
        "order": seen.order and words.order_name(seen.order, lang),
        "valid": words.validity(voucher.valid_from, voucher.valid_until, lang),
        "stores": [{**store, "map": _map(store)} for store in seen.where],
        "everywhere": looks["everywhere"],
        "stores_in_all": seen.stores_in_all,
        "used_by": None if seen.used_by is None else seen.used_by or words.LABELS[lang]["its_owner"],
        "last": last
        and {
            "at": datetime.fromisoformat(last.at),
            "store": last.store,
            "kiosk": _kiosk(last),
        },
    }


def looks_told(looks: Mapping[str, Any], lang: str) -> dict[str, Any]:
    """Return what the templates set of a type, from its columns; its dates are those of a voucher issued now."""
    days, hours = looks["valid_days"], looks["hours_from"] and (looks["hours_from"], looks["hours_until"])
    zone = ZoneInfo(_ZONE)
    begin, end = (at and at.astimezone(zone) for at in (looks["valid_from"], looks["valid_until"]))
    return {
        "title": looks["title"],
        "brand": looks["brand"],
        "initial": (looks["brand"] or looks["title"])[:1],
        "logo": looks["logo"],
        "colour": looks["colour"],
        "on_colour": _ink_on(looks["colour"]),
        "kind": words.kind_name(looks["kind"], lang),
        "value": face_value(looks["value_fen"], looks["value_text"]),
        "minimum": words.minimum(looks["minimum_fen"] or 0, lang),
        "valid": words.LABELS[lang]["valid_days"].format(days=days) if days else words.validity(begin, end, lang),
        "times": words.times(weekdays_in(looks["weekdays"]), hours, lang),
        "details": looks["details"],
    }


def mood(seen: Seen) -> str:
    """Return what the page looks like: ready, done, waiting for something, or over."""
    match seen.verdict:
        case Verdict.REDEEMABLE:
            return "ready"
        case Verdict.ALREADY_REDEEMED | Verdict.USES_EXHAUSTED:
            return "done"
        case Verdict.NOT_YET_VALID | Verdict.NOT_NOW | Verdict.BOOKING_EARLY | Verdict.NOT_READY:
            return "waiting"
        case Verdict.GIFTING if seen.voucher.state is VoucherState.GIVEN:
            return "over"
        case Verdict.GIFTING | Verdict.UNPAID | Verdict.REFUNDING | Verdict.NOT_FOR_COUNTER:
            return "waiting"
        case _:
            return "over"


def _kiosk(last: LastUse) -> str:
    """Return which kiosk it was; empty where it was the page itself."""
    return "" if last.kiosk in {PAGE, BY_POST} else last.kiosk


def _posted(parcel: RowMapping, zone: ZoneInfo) -> dict[str, Any]:
    """Return what a page says of a parcel: of whom it is for as much as tells two apart."""
    at = {name: parcel[name] and parcel[name].astimezone(zone) for name in ("ordered_at", "sent_at")}
    to = " ".join(hidden(part) for part in (parcel["name"], parcel["phone"]) if part)
    return {**at, "to": to, "carrier": parcel["carrier"], "number": parcel["number"]}


def _zone(where: Sequence[RowMapping]) -> ZoneInfo:
    return ZoneInfo(where[0]["timezone"] if where else _ZONE)


def _map(store: RowMapping) -> str:
    """Return where a store is shown on a map; empty where nobody has said where it is."""
    if store["map"] or not store["address"]:
        return str(store["map"])
    return _MAP + quote(f"{store['address']} {store['name']}", safe="")


def _ink_on(colour: str) -> str:
    """Return black or white, whichever is read more easily on a colour (luma of ITU-R BT.601)."""
    red, green, blue = bytes.fromhex(colour[1:])
    bright = 0.299 * red + 0.587 * green + 0.114 * blue
    return "#1b1c1e" if bright > _BRIGHT else "#fff"


def _stores(connection: Connection, type_id: str, *, everywhere: bool) -> tuple[Sequence[RowMapping], int]:
    """Return the first stores where a type is valid, and how many there are."""
    wanted = select(stores).where(stores.c.id != ONLINE_STORE)
    if not everywhere:
        wanted = wanted.join(voucher_type_stores, voucher_type_stores.c.store == stores.c.id)
        wanted = wanted.where(voucher_type_stores.c.type == type_id)
    first = connection.execute(wanted.order_by(stores.c.id).limit(MOST_STORES)).mappings().all()
    if len(first) < MOST_STORES:
        return first, len(first)
    return first, connection.execute(select(func.count()).select_from(wanted.subquery())).scalar_one()
