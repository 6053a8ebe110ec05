"""How the books of kiosk, gateway and head office can differ over a redemption id, and what a person does about it."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

import msgspec

from protocol.envelope import Message
from protocol.ids import Identity, Rid, StoreId
from protocol.vocabulary import UNDECIDED, Verdict


class Recorded(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a rid has ended, in one party's books."""

    rid: Rid
    verdict: Verdict
    undone_by: Rid | None = None


class What(StrEnum):
    """In which way the books differ."""

    NOT_AT_HEADOFFICE = "not_at_headoffice"
    NOT_AT_GATEWAY = "not_at_gateway"
    OTHER_END = "other_end"
    UNDONE_AT_HEADOFFICE = "undone_at_headoffice"
    UNDONE_AT_GATEWAY = "undone_at_gateway"
    NOT_AT_KIOSK = "not_at_kiosk"
    ONLY_AT_KIOSK = "only_at_kiosk"
    OTHER_END_AT_KIOSK = "other_end_at_kiosk"


#: (Chinese, English): what the matter is, and what to do.
WHAT_TO_DO: dict[What, tuple[str, str]] = {
    What.NOT_AT_HEADOFFICE: (
        "总部没有此笔。总部的数据可能是旧备份:请运行 hexiao headoffice restore",
        "The head office has none. Its books may be an older copy: run hexiao headoffice restore",
    ),
    What.NOT_AT_GATEWAY: (
        "网关没有此笔。网关的数据可能是旧备份;以总部为准",
        "The gateway has none. Its journal may be an older copy; the head office counts",
    ),
    What.OTHER_END: (
        "结果不同,以总部为准。请把核销编号报给技术支持",
        "They ended otherwise; the head office counts. Tell support the redemption id",
    ),
    What.UNDONE_AT_HEADOFFICE: (
        "总部已撤销,网关已照此更正",
        "Undone at the head office; the gateway has taken that over",
    ),
    What.UNDONE_AT_GATEWAY: (
        "网关记为已撤销,总部没有撤销。请把核销编号报给技术支持",
        "The gateway has it as undone, the head office has not. Tell support the redemption id",
    ),
    What.NOT_AT_KIOSK: (
        "终端没有此笔。终端的数据可能是旧备份,或换过存储卡;以网关为准",
        "The kiosk has none. Its journal may be an older copy, or its card a new one; the gateway counts",
    ),
    What.ONLY_AT_KIOSK: (
        "只有终端有此笔。网关的数据可能是旧备份:请运行 hexiao gateway restore",
        "Only the kiosk has it. The gateway's journal may be an older copy: run hexiao gateway restore",
    ),
    What.OTHER_END_AT_KIOSK: (
        "终端的结果不同,以网关为准。请把核销编号报给技术支持",
        "It ended otherwise at the kiosk; the gateway counts. Tell support the redemption id",
    ),
}


class Differing(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A rid over which the books differ; None: the party has nothing of it, or was not asked."""

    rid: Rid
    what: What
    gateway: Verdict | None = None
    headoffice: Verdict | None = None
    kiosk: Identity | None = None
    """Whose journal differs, where it is a kiosk's."""
    at_kiosk: Verdict | None = None


class AskRecorded(Message, frozen=True, kw_only=True, tag="ask_recorded"):
    """How have this gateway's rids of a store's day ended, behind that one; or these rids? Answered by Recordings."""

    store: StoreId
    day: date
    after: Rid | None = None
    of: tuple[Rid, ...] = ()


class TellDiffering(Message, frozen=True, kw_only=True, tag="tell_differing"):
    """What a gateway has found different on a store's day, for the head office's people. Answered by Met."""

    store: StoreId
    day: date
    compared: int
    count: int
    """How many differ; ``differing`` has the first of them."""
    differing: tuple[Differing, ...] = ()


class Recordings(Message, frozen=True, kw_only=True, tag="recordings"):
    """How rids have ended, in the order in which they did; ``last``: there are no more."""

    records: tuple[Recorded, ...] = ()
    last: bool = False


class AskBook(Message, frozen=True, kw_only=True, tag="ask_book"):
    """How have this kiosk's newest redemptions ended, before that place in its journal? Answered by Book."""

    before: int | None = None


class Book(Message, frozen=True, kw_only=True, tag="book"):
    """A part of a kiosk's journal, the newest first, without its refusals; what has not ended there is pending."""

    before: int | None = None
    """The same as in the question."""
    through: int
    """The place of the oldest row that was looked at: what the next question names."""
    since: str
    """When that was, by the kiosk's clock: ISO 8601 with offset."""
    records: tuple[Recorded, ...] = ()
    last: bool = False


def compare_kiosk(kiosk: str, at_kiosk: Recorded | None, gateway: Recorded | None) -> Differing | None:
    """Return in which way a kiosk's record of a rid differs from its gateway's; None where it does not.

    A kiosk may not have heard an end yet; and that one was undone after its customer had left it is not told.
    """
    known = at_kiosk or gateway
    if known is None or (at_kiosk and at_kiosk.verdict in UNDECIDED):
        return None
    if at_kiosk and gateway and at_kiosk.verdict in {gateway.verdict, Verdict.FAULT}:
        return None  # FAULT: it was told that gateway and head office differ, which is listed between these two
    what = What.OTHER_END_AT_KIOSK if at_kiosk and gateway else What.NOT_AT_KIOSK if gateway else What.ONLY_AT_KIOSK
    return Differing(
        rid=known.rid,
        what=what,
        gateway=gateway.verdict if gateway else None,
        kiosk=kiosk,
        at_kiosk=at_kiosk.verdict if at_kiosk else None,
    )


def compare(gateway: Recorded | None, headoffice: Recorded | None) -> Differing | None:
    """Return in which way two records of one rid differ; None where they say the same, or neither is there."""
    what, known = _what(gateway, headoffice), gateway or headoffice
    if what is None or known is None:
        return None
    return Differing(
        rid=known.rid,
        what=what,
        gateway=gateway.verdict if gateway else None,
        headoffice=headoffice.verdict if headoffice else None,
    )


def _what(gateway: Recorded | None, headoffice: Recorded | None) -> What | None:
    if gateway is None:
        return What.NOT_AT_GATEWAY
    if headoffice is None:
        return What.NOT_AT_HEADOFFICE
    if gateway.verdict is not headoffice.verdict:
        return What.OTHER_END
    if (gateway.undone_by is None) is (headoffice.undone_by is None):
        return None
    return What.UNDONE_AT_HEADOFFICE if gateway.undone_by is None else What.UNDONE_AT_GATEWAY
