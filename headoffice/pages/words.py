"""What a customer's page says, in Chinese and English."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from headoffice.vouchers import orders
from headoffice.vouchers.books import face_value
from headoffice.vouchers.campaigns import Refusal
from headoffice.vouchers.life import Step
from protocol.kinds import EN, ZH, Kind
from protocol.owner import VoucherState
from protocol.vocabulary import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime, time

    from headoffice.vouchers.orders import OrderState

LANGUAGES = ("zh", "en")


@dataclass(frozen=True, slots=True)
class Said:
    """A state in a few words, and what it means for the customer."""

    name: str
    meaning: str


_ZH = {
    Verdict.REDEEMABLE: Said("待使用", "请将二维码对准收银台的扫码设备"),
    Verdict.ALREADY_REDEEMED: Said("已使用", "此券已核销"),
    Verdict.USES_EXHAUSTED: Said("次数已用完", "此卡的次数已全部核销"),
    Verdict.EXPIRED: Said("已过期", "此券已超过有效期"),
    Verdict.NOT_YET_VALID: Said("未生效", "还没到可以使用的时间"),
    Verdict.NOT_NOW: Said("当前时段不可用", "请在可用时段到店使用"),
    Verdict.INVALIDATED: Said("已失效", "商家已停用此券"),
    Verdict.GIFTING: Said("转赠中", "收回转赠后才能使用"),
    Verdict.DELETED: Said("已删除", "此券已被删除"),
    Verdict.REFUNDING: Said("退款中", "退款处理期间不能使用"),
    Verdict.REFUNDED: Said("已退款", "此券已退款"),
    Verdict.UNPAID: Said("未支付", "请先完成支付"),
    Verdict.NOT_FOR_COUNTER: Said("仅限线上使用", "此券不能在门店核销"),
    Verdict.BOOKING_EARLY: Said("未到预约时间", "请在预约时间到店"),
    Verdict.BOOKING_LATE: Said("已过预约时间", "请联系门店改约"),
    Verdict.NOT_READY: Said("备货中", "备好后即可到店自提"),
}
_EN = {
    Verdict.REDEEMABLE: Said("Ready to use", "Hold this code over the kiosk at the counter"),
    Verdict.ALREADY_REDEEMED: Said("Used", "This voucher has been redeemed"),
    Verdict.USES_EXHAUSTED: Said("No uses left", "Every use of this card has been redeemed"),
    Verdict.EXPIRED: Said("Expired", "Its time is over"),
    Verdict.NOT_YET_VALID: Said("Not valid yet", "Its time has not come yet"),
    Verdict.NOT_NOW: Said("Not at this time", "Come back at a time when it can be used"),
    Verdict.INVALIDATED: Said("Withdrawn", "The shop has withdrawn this voucher"),
    Verdict.GIFTING: Said("Being given away", "Take it back to use it yourself"),
    Verdict.DELETED: Said("Deleted", "This voucher has been deleted"),
    Verdict.REFUNDING: Said("Being refunded", "It cannot be used meanwhile"),
    Verdict.REFUNDED: Said("Refunded", "This voucher has been refunded"),
    Verdict.UNPAID: Said("Not paid", "Pay first"),
    Verdict.NOT_FOR_COUNTER: Said("Online only", "It cannot be redeemed in a shop"),
    Verdict.BOOKING_EARLY: Said("Too early", "Come at the time that is booked"),
    Verdict.BOOKING_LATE: Said("Too late", "Ask the shop for another time"),
    Verdict.NOT_READY: Said("Being prepared", "Come once it is ready for pick-up"),
}
STATES = {"zh": _ZH, "en": _EN}
#: Why nothing is claimed, and what to do.
REFUSED = {
    "zh": {
        Refusal.PAUSED: Said("活动暂停", "请稍后再来"),
        Refusal.EARLY: Said("活动未开始", "请在活动时间内领取"),
        Refusal.OVER: Said("活动已结束", "请关注下一次活动"),
        Refusal.GONE: Said("已领完", "这批券已经全部领完"),
        Refusal.ENOUGH: Said("您已领取过", "每人限领 {each} 张，券在您的卡包里"),
    },
    "en": {
        Refusal.PAUSED: Said("Paused", "Come back later"),
        Refusal.EARLY: Said("Not yet", "Come back once it has begun"),
        Refusal.OVER: Said("Over", "Look out for the next one"),
        Refusal.GONE: Said("All gone", "Every voucher has been claimed"),
        Refusal.ENOUGH: Said("You have it already", "{each} for each person: it is among your vouchers"),
    },
}
#: What its owner can do with a voucher: the button, and what comes of it.
DOING = {
    "zh": {
        Step.GIFT: Said(
            "转赠给好友", "会生成一个只能用一次的领取链接。好友领取前，您可以随时收回；转赠期间此券不能使用。"
        ),
        Step.TAKE_BACK: Said("收回转赠", "领取链接立即失效，此券可以继续使用。"),
        Step.ASK_REFUND: Said("申请退款", "退款处理期间此券不能使用；商家同意后，款项按原路退回。"),
        Step.DELETE: Said("删除此券", "删除后不能恢复，也不能再使用。"),
    },
    "en": {
        Step.GIFT: Said(
            "Give it to a friend",
            "Makes a link that is good once. Until your friend has received it you can take it back, but not use it.",
        ),
        Step.TAKE_BACK: Said("Take it back", "The link is worth nothing any more, and you can use the voucher again."),
        Step.ASK_REFUND: Said(
            "Ask for a refund",
            "While the shop decides it cannot be used; what was paid goes back the way it came.",
        ),
        Step.DELETE: Said("Delete it", "It never comes back, and cannot be used any more."),
    },
}
#: What can be redeemed on its page alone.
_ONLINE = {
    "zh": Said("待使用", "在本页核销，无需到店"),
    "en": Said("Ready to use", "Redeem it here: there is no need to go to a shop"),
}
#: What is sent, and nothing else.
_BY_POST = {
    "zh": Said("待使用", "填写收件地址，由商家寄出"),
    "en": Said("Ready to use", "Say where to, and the shop sends it"),
}
_GIVEN = {"zh": Said("已转赠", "好友已领取此券"), "en": Said("Given away", "Your friend has received it")}
#: What a counter says of a voucher that stays as it is.
_SAID_ZH = {
    Verdict.REDEEMED: Said("核销成功", "本次使用 {uses} 次，还可使用 {left} 次"),
    Verdict.WRONG_STORE: Said("当前门店不适用", "请到下面列出的适用门店使用"),
    Verdict.STALE_CODE: Said("二维码已过时", "请点“立即使用”，直接出示本页面，不要出示截图"),
    Verdict.OUT_OF_STOCK: Said("门店库存不足", "券没有核销，请换一家适用门店或稍后再来"),
    Verdict.NOT_ENOUGH_USES: Said("剩余次数不足", "券没有核销，请店员减少次数后再试"),
    Verdict.BELOW_MINIMUM: Said("未达使用门槛", "券没有核销，消费满额后再出示"),
    Verdict.BUSY: Said("此券正在别处核销", "请稍候片刻再出示"),
    Verdict.UPSTREAM_UNAVAILABLE: Said("暂时无法核销", "券没有核销，请稍候再出示"),
}
_SAID_EN = {
    Verdict.REDEEMED: Said("Redeemed", "{uses} used now, {left} left"),
    Verdict.WRONG_STORE: Said("Not valid at this store", "Go to one of the stores that are listed below"),
    Verdict.STALE_CODE: Said("This code was too old", "Tap “Use now” and show this page itself, not a screenshot"),
    Verdict.OUT_OF_STOCK: Said("Out of stock here", "Nothing was redeemed: try another store, or come back later"),
    Verdict.NOT_ENOUGH_USES: Said("Not enough uses left", "Nothing was redeemed: ask the clerk to take fewer"),
    Verdict.BELOW_MINIMUM: Said(
        "Below the minimum spend", "Nothing was redeemed: show it again once the bill is enough"
    ),
    Verdict.BUSY: Said("In use elsewhere right now", "Wait a moment and show it again"),
    Verdict.UPSTREAM_UNAVAILABLE: Said("Cannot be redeemed now", "Nothing was redeemed: show it again in a moment"),
}
_SAID = {"zh": _SAID_ZH, "en": _SAID_EN}
KINDS = {"zh": ZH, "en": EN}

LABELS = {
    "zh": {
        "code": "券码",
        "qr": "券的二维码",
        "valid": "有效期",
        "when": "可用时段",
        "booked": "预约时间",
        "order": "订单状态",
        "minimum": "使用门槛",
        "minimum_of": "满 {worth} 可用",
        "use_now": "立即使用",
        "open_hint": "到收银台前再点，二维码最多显示五分钟",
        "bright": "扫不出时，请调高屏幕亮度",
        "open_left": "{time} 后收起",
        "uses": "剩余次数",
        "details": "使用说明",
        "stores": "适用门店",
        "everywhere": "全部门店可用",
        "more": "共 {count} 家门店适用",
        "used_at": "使用时间",
        "used_in": "使用门店",
        "used_by": "使用人",
        "its_owner": "券主",
        "kiosk": "核销设备",
        "call": "拨打电话",
        "map": "查看地图",
        "follow": "关注公众号",
        "follow_hint": "长按或用微信扫一扫；核销时请收起",
        "truth": "核销结果以收银台设备屏幕为准",
        "other": "English",
        "wallet": "我的卡包",
        "wallet_back": "返回卡包",
        "wallet_empty": "还没有可用的券",
        "wallet_past": "已使用或已失效（{count}）",
        "wallet_full": "只显示最近的 {count} 张",
        "until": "至",
        "more_of_it": "更多操作",
        "gift_link": "把这个链接发给好友，先领先得",
        "copy_link": "复制链接",
        "copied": "已复制",
        "share": "分享给好友",
        "notices": "通知",
        "notices_hint": "您的券到账、核销、退款和即将到期时，会通知到：",
        "quiet": "退订通知",
        "tell_me": "有消息通知我",
        "tell_me_hint": "留下联系方式，券到账、核销、退款和即将到期时通知您；在券页可随时更改或退订。",
        "tell_otherwise": "更改",
        "my_sms": "手机号",
        "my_email": "邮箱",
        "agree": "我同意接收我的券的通知",
        "by_sms": "短信",
        "by_wechat": "微信",
        "by_email": "邮件",
        "share_hint": "好友打开链接就能出示二维码；谁先使用，券就核销。",
        "share_name": "好友称呼",
        "gift_title": "送您一张券",
        "gift_take": "领取到我的卡包",
        "gift_once": "只能领取一次，先领先得",
        "gift_gone": "已经领走或已收回",
        "gift_gone_hint": "请联系送您券的人。",
        "valid_days": "领取后 {days} 天内",
        "claim_qr": "领券二维码",
        "claim_take": "立即领取",
        "claim_mine": "查看我的券",
        "claim_scan": "扫码领券",
        "claim_scan_hint": "用微信或手机相机扫一扫，领取后到店出示券码",
        "redeem_here": "在线核销",
        "redeem_here_hint": "核销后立即显示券的内容；每次核销一次，不能恢复。",
        "given": "您的内容",
        "post": "邮寄到家",
        "post_hint": "提交后核销一次，由商家按此地址寄出；寄出前如需修改，请联系商家。",
        "post_name": "收件人",
        "post_phone": "联系电话",
        "post_address": "详细地址",
        "posted": "邮寄进度",
        "posted_waits": "已提交，等待寄出",
        "posted_gone": "已寄出",
        "missing": "没有找到这张券",
        "missing_hint": "链接可能不完整，请从收到券的地方重新打开。",
    },
    "en": {
        "code": "Code",
        "qr": "QR code of the voucher",
        "valid": "Valid",
        "when": "Usable",
        "booked": "Booked for",
        "order": "Order",
        "minimum": "Minimum spend",
        "minimum_of": "{worth}",
        "use_now": "Use now",
        "bright": "If it is not read, make the screen brighter",
        "open_hint": "Tap when you stand at the counter: the code shows for five minutes at most",
        "open_left": "Folds in {time}",
        "uses": "Uses left",
        "details": "Details",
        "stores": "Where",
        "everywhere": "All stores",
        "more": "{count} stores in all",
        "used_at": "Used at",
        "used_in": "Used in",
        "used_by": "Used by",
        "its_owner": "Its owner",
        "kiosk": "Kiosk",
        "call": "Call",
        "map": "Map",
        "follow": "Follow us",
        "follow_hint": "Scan it with WeChat, and fold it again before the kiosk",
        "truth": "What the kiosk's screen says counts",
        "other": "中文",
        "wallet": "My vouchers",
        "wallet_back": "Back to my vouchers",
        "wallet_empty": "Nothing to use yet",
        "wallet_past": "Used or over ({count})",
        "wallet_full": "Only the newest {count} are shown",
        "until": "until",
        "more_of_it": "More",
        "gift_link": "Send this link to your friend: the first to open it can take it",
        "copy_link": "Copy the link",
        "copied": "Copied",
        "share": "Share with a friend",
        "notices": "Notices",
        "notices_hint": "When your vouchers arrive, are redeemed or refunded, or are about to expire, you are told by:",
        "quiet": "No more notices",
        "tell_me": "Tell me about my vouchers",
        "tell_me_hint": "Leave an address to be told when your vouchers arrive, are redeemed or refunded, or are about "
        "to expire. You can change or end this on a voucher's page at any time.",
        "tell_otherwise": "Change",
        "my_sms": "Mobile number",
        "my_email": "Mail address",
        "agree": "I agree to be told about my vouchers",
        "by_sms": "Text message",
        "by_wechat": "WeChat",
        "by_email": "Mail",
        "share_hint": "Your friend can show the code, too; whoever is first uses it.",
        "share_name": "Your friend's name",
        "gift_title": "A voucher for you",
        "gift_take": "Put it into my wallet",
        "gift_once": "It can be taken once, by whoever is first",
        "gift_gone": "It has been taken, or taken back",
        "gift_gone_hint": "Ask the one who sent you the link.",
        "valid_days": "{days} days from when you claim it",
        "claim_qr": "QR code to claim a voucher",
        "claim_take": "Claim it",
        "claim_mine": "Show my voucher",
        "claim_scan": "Scan to claim",
        "claim_scan_hint": "Scan with WeChat or your camera, then show the voucher in the shop",
        "redeem_here": "Redeem it here",
        "redeem_here_hint": "What it gives is shown at once. This spends one use, and cannot be taken back here.",
        "given": "What you got",
        "post": "Have it sent",
        "post_hint": "This spends one use, and the shop sends it there. To change the address, tell the shop in time.",
        "post_name": "Name",
        "post_phone": "Telephone",
        "post_address": "Address",
        "posted": "On its way",
        "posted_waits": "Ordered, to be sent",
        "posted_gone": "Sent",
        "missing": "There is no such voucher",
        "missing_hint": "The link may be incomplete: open it again from where you received it.",
    },
}
_DAYS = {
    "zh": ("周一", "周二", "周三", "周四", "周五", "周六", "周日"),
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
}
_OPEN_END = {"zh": ("起", "至 ", "长期有效"), "en": ("from ", "until ", "No end date")}


def language(asked: str | None, accepted: str) -> str:
    """Return the language to speak: the one asked for, else the browser's first that is ours, else Chinese."""
    if asked in LANGUAGES:
        return str(asked)
    for wish in accepted.split(","):
        name = wish.split(";")[0].strip().lower()[:2]
        if name in LANGUAGES:
            return name
    return "zh"


def kind_name(kind: str, lang: str) -> str:
    """Return a kind's name."""
    return KINDS[lang][Kind(kind)]


def order_name(state: OrderState, lang: str) -> str:
    """Return what an order's customer reads of its state."""
    return (orders.ZH if lang == "zh" else orders.EN)[state]


def state(verdict: Verdict, of: VoucherState, lang: str, *, counter: bool, online: bool) -> Said:
    """Return what a voucher is for its customer: whether a shop redeems it, or its own page, or it is sent."""
    if verdict is Verdict.REDEEMABLE and not counter:
        return (_ONLINE if online else _BY_POST)[lang]
    return _GIVEN[lang] if of is VoucherState.GIVEN else STATES[lang][verdict]


def lately(verdict: Verdict, uses: int, left: int, lang: str) -> Said:
    """Return what a counter has said a moment ago, and what the customer does now."""
    said = _SAID[lang][verdict]
    return Said(said.name, said.meaning.format(uses=uses, left=left))


def minimum(fen: int, lang: str) -> str:
    """Return from what bill on a voucher is honoured; empty where any will do."""
    return LABELS[lang]["minimum_of"].format(worth=face_value(fen, "")) if fen else ""


def validity(begin: datetime | None, end: datetime | None, lang: str) -> str:
    """Return from when until when, as a customer reads it; an end at midnight is the day before."""
    since, until, always = _OPEN_END[lang]
    last = _day(end, last=True) if end else ""
    if begin and end:
        return f"{_day(begin)} – {last}"
    if begin:
        return f"{_day(begin)} {since}" if lang == "zh" else f"{since}{_day(begin)}"
    return f"{until}{last}" if end else always


def times(days: Iterable[int], hours: tuple[time, time] | None, lang: str) -> str:
    """Return on which days and at what time of day; empty where it is always."""
    usable = sorted(days)
    named = "" if len(usable) == len(_DAYS[lang]) else _days(usable, lang)
    clock = f"{hours[0]:%H:%M}–{hours[1]:%H:%M}" if hours else ""
    return " ".join(part for part in (named, clock) if part)


def _days(usable: list[int], lang: str) -> str:
    """Return weekdays, three and more that follow one another as a span."""
    names, comma = _DAYS[lang], "、" if lang == "zh" else ", "
    spans: list[list[int]] = []
    for day in usable:
        if spans and spans[-1][-1] == day - 1:
            spans[-1].append(day)
        else:
            spans.append([day])
    return comma.join(
        f"{names[span[0]]}–{names[span[-1]]}" if span[2:] else comma.join(names[day] for day in span) for span in spans
    )


def _day(at: datetime, *, last: bool = False) -> str:
    midnight = (at.hour, at.minute, at.second) == (0, 0, 0)
    if midnight:
        return f"{at - timedelta(days=1) if last else at:%Y-%m-%d}"
    return f"{at:%Y-%m-%d %H:%M}"
