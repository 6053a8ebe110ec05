"""The one vocabulary of answers: on the wire, on every screen, in every light and sound, in every record.

The table below is the product's promise to customers, clerks and managers. A phrase holds the lines of the
kiosk's panel: at most four lines of eight hanzi, or of sixteen Latin letters, which is what 128x64 pixels show at 16
px. The second line of a refusal says what to do, or what the matter is.
"""

from __future__ import annotations

from enum import StrEnum

from protocol.values import Value


class Verdict(StrEnum):
    """Every answer a counter can get."""

    LOOKING = "looking"
    REDEEMABLE = "redeemable"
    PENDING = "pending"
    REDEEMED = "redeemed"
    ACCEPTED_OFFLINE = "accepted_offline"
    ALREADY_REDEEMED = "already_redeemed"
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    NOT_NOW = "not_now"
    BOOKING_EARLY = "booking_early"
    BOOKING_LATE = "booking_late"
    INVALIDATED = "invalidated"
    GIFTING = "gifting"
    DELETED = "deleted"
    REFUNDING = "refunding"
    REFUNDED = "refunded"
    UNPAID = "unpaid"
    NOT_READY = "not_ready"
    OUT_OF_STOCK = "out_of_stock"
    BELOW_MINIMUM = "below_minimum"
    USES_EXHAUSTED = "uses_exhausted"
    NOT_ENOUGH_USES = "not_enough_uses"
    NOT_FOR_COUNTER = "not_for_counter"
    WRONG_MERCHANT = "wrong_merchant"
    WRONG_STORE = "wrong_store"
    STALE_CODE = "stale_code"
    CLAIM_CODE = "claim_code"
    FOLLOW_CODE = "follow_code"
    PAYMENT_CODE = "payment_code"
    SETUP_CODE = "setup_code"
    MANY_CODES = "many_codes"
    BAD_CODE = "bad_code"
    UNKNOWN_CODE = "unknown_code"
    BUSY = "busy"
    CLERK_SIGNED_IN = "clerk_signed_in"
    CLERK_SIGNED_OUT = "clerk_signed_out"
    CLERK_REQUIRED = "clerk_required"
    CLERK_WRONG_PIN = "clerk_wrong_pin"
    CLERK_LOCKED = "clerk_locked"
    CLERK_WRONG_STORE = "clerk_wrong_store"
    CLERK_DISABLED = "clerk_disabled"
    UPSTREAM_UNAVAILABLE = "upstream_unavailable"
    OFFLINE_REFUSED = "offline_refused"
    OFFLINE_CONFLICT = "offline_conflict"
    UNDONE = "undone"
    UNDO_TOO_LATE = "undo_too_late"
    UNDO_UNSUPPORTED = "undo_unsupported"
    DEVICE_UNBOUND = "device_unbound"
    DEVICE_REVOKED = "device_revoked"
    RATE_LIMITED = "rate_limited"
    RISK_CONTROL = "risk_control"
    ABORTED = "aborted"
    FAULT = "fault"


class Colour(StrEnum):
    """What the light shows; amber is red together with green."""

    OFF = "off"
    BLUE = "blue"
    GREEN = "green"
    AMBER = "amber"
    RED = "red"


class Pattern(StrEnum):
    """How the light shows it: told apart without seeing colours."""

    STEADY = "steady"
    PULSE = "pulse"
    BLINK = "blink"


class Sound(StrEnum):
    """What the buzzer plays; each can be told from the others with closed eyes."""

    ONE_SHORT = "one_short"
    TWO_SHORT = "two_short"
    RISING_PAIR = "rising_pair"
    FALLING_PAIR = "falling_pair"
    LEVEL_PAIR = "level_pair"
    ONE_LOW = "one_low"
    LONG_LOW = "long_low"
    SLOW_TICK = "slow_tick"


class Light(Value, frozen=True):
    """A light: what colour, and how it is shown."""

    colour: Colour
    pattern: Pattern = Pattern.STEADY


class Phrase(Value, frozen=True):
    """What a verdict says to people, and how it looks and sounds.

    ``zh`` and ``en`` are the fixed lines of the panel; what is particular to a voucher (its name, when, where) is set
    around them by the screen. ``en_name`` and ``zh_name`` are the verdict's short names in tables and records.
    """

    zh: tuple[str, ...]
    en: tuple[str, ...]
    light: Light
    sound: Sound | None

    @property
    def zh_name(self) -> str:
        """The first Chinese line: the verdict's name in tables."""
        return self.zh[0]

    @property
    def en_name(self) -> str:
        """The English lines as one name for tables."""
        return self.en[0]


_BLUE = Light(Colour.BLUE)
_BLUE_PULSE = Light(Colour.BLUE, Pattern.PULSE)
_GREEN = Light(Colour.GREEN)
_RED = Light(Colour.RED)
_AMBER_BLINK = Light(Colour.AMBER, Pattern.BLINK)
_AMBER_PULSE = Light(Colour.AMBER, Pattern.PULSE)
_AMBER = Light(Colour.AMBER)
_OFF = Light(Colour.OFF)


def _refusal(zh: tuple[str, ...], en: tuple[str, ...]) -> Phrase:
    return Phrase(zh, en, _RED, Sound.FALLING_PAIR)


def _question(zh: tuple[str, ...], en: tuple[str, ...]) -> Phrase:
    return Phrase(zh, en, _AMBER_BLINK, Sound.TWO_SHORT)


PHRASES: dict[Verdict, Phrase] = {
    Verdict.LOOKING: Phrase(("正在查询",), ("Looking up",), _BLUE_PULSE, None),
    Verdict.REDEEMABLE: Phrase(("待核销",), ("Ready to redeem",), _BLUE, Sound.ONE_SHORT),
    Verdict.PENDING: Phrase(("正在核销",), ("Checking,", "do not hand over", "yet"), _AMBER_PULSE, Sound.SLOW_TICK),
    Verdict.REDEEMED: Phrase(("核销成功",), ("Redeemed",), _GREEN, Sound.RISING_PAIR),
    Verdict.ACCEPTED_OFFLINE: Phrase(
        ("离线已受理", "可交付", "联网后上传"), ("Accepted offline", "Hand over"), _AMBER, Sound.LEVEL_PAIR
    ),
    Verdict.ALREADY_REDEEMED: _refusal(("已使用", "请出示其他券"), ("Already used", "Show another")),
    Verdict.EXPIRED: _refusal(("已过期", "请出示其他券"), ("Expired", "Show another")),
    Verdict.NOT_YET_VALID: _refusal(("未生效", "请在此时间后使用"), ("Not valid yet", "Come back after")),
    Verdict.NOT_NOW: _refusal(("当前时段不可用", "请按可用时段使用"), ("Not at this time", "See its hours")),
    Verdict.BOOKING_EARLY: _refusal(
        ("未到预约时间", "请按预约时间前来"), ("Too early for", "the booking", "Come back at")
    ),
    Verdict.BOOKING_LATE: _refusal(("已过预约时间", "请重新预约"), ("Too late for", "the booking", "Book again")),
    Verdict.INVALIDATED: _refusal(("失效", "商家已停用此券"), ("Withdrawn", "by the shop")),
    Verdict.GIFTING: _refusal(("转赠中", "或已转赠他人"), ("Being given away", "or given away")),
    Verdict.DELETED: _refusal(("已删除", "顾客已删除"), ("Deleted by", "the customer")),
    Verdict.REFUNDING: _refusal(("退款中", "请出示其他券"), ("Being refunded", "Show another")),
    Verdict.REFUNDED: _refusal(("已退款", "请出示其他券"), ("Refunded", "Show another")),
    Verdict.UNPAID: _refusal(("订单未支付", "请先完成支付"), ("Not paid", "Pay first")),
    Verdict.NOT_READY: _refusal(("备货中", "请稍后再来"), ("Not ready", "Come back later")),
    Verdict.OUT_OF_STOCK: _refusal(("库存不足", "请联系店长"), ("Out of stock", "Ask the manager")),
    Verdict.BELOW_MINIMUM: _refusal(("未达使用门槛", "请加购后再用"), ("Below the", "minimum spend", "Buy more first")),
    Verdict.USES_EXHAUSTED: _refusal(("次数已用完", "请出示其他券"), ("No uses left", "Show another")),
    Verdict.NOT_ENOUGH_USES: _refusal(("剩余次数不足", "请减少数量"), ("Not enough uses", "Choose fewer")),
    Verdict.NOT_FOR_COUNTER: _refusal(
        ("此券仅限线上使用", "请打开券页使用"), ("Online only", "Use it on its", "own page")
    ),
    Verdict.WRONG_MERCHANT: _refusal(("非本商户卡券", "请核对卡券"), ("Not our voucher", "Show another")),
    Verdict.WRONG_STORE: _refusal(
        ("当前门店不适用", "请到适用门店使用"), ("Not valid at", "this store", "Please go to")
    ),
    Verdict.STALE_CODE: _question(
        ("二维码未展开", "或已超过五分钟", "请返回券详情页", "再点“立即使用”"),
        ("Ask the customer", "to reopen the", "code"),
    ),
    Verdict.CLAIM_CODE: _question(("这是领券二维码", "请先领券再出示"), ("A claim code:", "claim first")),
    Verdict.FOLLOW_CODE: _question(("这是公众号二维码", "请出示卡券"), ("A follow code:", "show the voucher")),
    Verdict.PAYMENT_CODE: _question(("这是付款码", "请出示卡券", "二维码"), ("A payment code:", "show the voucher")),
    Verdict.SETUP_CODE: _question(("这是绑定码", "请出示卡券"), ("A setup code:", "show the voucher")),
    Verdict.MANY_CODES: _question(("请只出示一个码", "请收起其他二维码"), ("Show one code", "Hide the others")),
    Verdict.BAD_CODE: _question(("无法识别此码", "请出示卡券"), ("Cannot use this", "code", "Show the voucher")),
    Verdict.UNKNOWN_CODE: _refusal(("查无此券", "请核对卡券"), ("No such voucher", "Check the code")),
    Verdict.BUSY: _question(("此券正在别处核销", "请稍候再试"), ("In use elsewhere", "right now", "Try again soon")),
    Verdict.CLERK_SIGNED_IN: Phrase(("已登录",), ("Signed in",), _BLUE, Sound.ONE_SHORT),
    Verdict.CLERK_SIGNED_OUT: Phrase(("已退出",), ("Signed out",), _BLUE, Sound.ONE_SHORT),
    Verdict.CLERK_REQUIRED: _question(("请店员登录", "出示工牌或按×"), ("Clerk sign-in", "Show your badge")),
    Verdict.CLERK_WRONG_PIN: _question(("密码错误", "请重新输入"), ("Wrong PIN", "Try again")),
    Verdict.CLERK_LOCKED: _question(("店员已锁定", "请联系店长"), ("Clerk locked", "Ask the manager")),
    Verdict.CLERK_WRONG_STORE: _question(
        ("非本店店员", "请联系店长"), ("Clerk of another", "store", "Ask the manager")
    ),
    Verdict.CLERK_DISABLED: _question(("店员账号已停用", "请联系店长"), ("Clerk disabled", "Ask the manager")),
    Verdict.UPSTREAM_UNAVAILABLE: _question(
        ("平台暂无响应", "未核销", "请稍候再试"), ("No answer from", "the platform", "Nothing spent")
    ),
    Verdict.OFFLINE_REFUSED: _question(("网络不通,未核销", "此券须联网核销"), ("No network", "Nothing spent")),
    Verdict.OFFLINE_CONFLICT: _refusal(("离线核销有冲突", "请联系店长"), ("Offline conflict", "Ask the manager")),
    Verdict.UNDONE: Phrase(("已撤销核销",), ("Undone",), _BLUE, Sound.LEVEL_PAIR),
    Verdict.UNDO_TOO_LATE: _refusal(("已过撤销时限", "请联系店长"), ("Too late to undo", "Ask the manager")),
    Verdict.UNDO_UNSUPPORTED: _refusal(("此券不可撤销", "请联系店长"), ("Cannot be undone", "Ask the manager")),
    Verdict.DEVICE_UNBOUND: Phrase(
        ("设备未绑定门店", "请联系技术员"), ("Not set up", "Call technician"), _RED, Sound.LONG_LOW
    ),
    Verdict.DEVICE_REVOKED: Phrase(
        ("设备已停用", "请联系技术员"), ("Disabled", "Call technician"), _RED, Sound.LONG_LOW
    ),
    Verdict.RATE_LIMITED: _question(("操作频繁", "请稍候"), ("Too fast,", "please wait")),
    Verdict.RISK_CONTROL: _question(("平台风控拦截", "请联系店长"), ("Held by the", "platform", "Ask the manager")),
    Verdict.ABORTED: Phrase(("已取消,未核销",), ("Cancelled", "Nothing spent"), _OFF, Sound.ONE_LOW),
    Verdict.FAULT: Phrase(("系统故障",), ("Fault",), _RED, Sound.LONG_LOW),
}

#: Verdicts that end nothing: the conversation goes on after them.
UNDECIDED = frozenset({Verdict.LOOKING, Verdict.REDEEMABLE, Verdict.PENDING, Verdict.ACCEPTED_OFFLINE})

#: How a code came in (核销方式), with the words that records carry.
METHODS = {"scan": "扫码", "typed": "输码", "web": "网页", "api": "接口", "push": "平台推送"}
