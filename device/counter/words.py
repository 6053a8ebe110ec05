"""What the counter says beside the verdicts' own phrases, in both languages; each line fits sixteen Latin cells."""

from __future__ import annotations

from enum import StrEnum

from protocol.values import Value


class Language(StrEnum):
    """The language of the panel."""

    ZH = "zh"
    EN = "en"


class Words(Value, frozen=True, kw_only=True):
    """The fixed words of one language; braces are filled in by the screens."""

    starting: str
    show_code: tuple[str, str]
    """First in the panel's language, then in the other: customers read either."""
    testing: str
    """At rest, while the store is not live: only practice vouchers are redeemed."""
    not_live: tuple[str, str]
    """Instead of "not valid at this store", then."""
    offline: tuple[str, str]
    gateway_silent: tuple[str, str]
    camera_fault: tuple[str, str]
    not_signed_in: tuple[str, str]
    on_duty: str
    sign_in: str
    sign_out: str
    undo: str
    undo_left: str
    why: str
    reasons: tuple[str, ...]
    choose: str
    not_undone: tuple[str, ...]
    nothing_to_undo: tuple[str, ...]
    shift_count: str
    shift_amount: str
    day_count: str
    """How many redemptions the signed-in clerk has today."""
    day_undone: str
    done_tail: str
    done_undone: str
    browse: str
    not_told: tuple[str, ...]
    by_buttons: str
    """What up and down do at rest."""
    type_code: str
    type_amount: str
    minimum: str
    type_number: str
    type_pin: str
    pin_or_manager: str
    manager_number: str
    no_manager: tuple[str, ...]
    """A badge was shown to approve something, and it is no manager's."""
    new_pin: str
    pin_again: str
    pins_differ: str
    pin_set: tuple[str, ...]
    pin_unsure: tuple[str, ...]
    """The PIN was sent and nobody has answered: it may be set or not."""
    code_spent: tuple[str, ...]
    take_or_back: str
    claim: tuple[str, ...]
    """Beside a claim QR, in eight cells a line: what it is for, in both languages."""
    still_open: str
    """How many redemptions that were given up at the counter have not ended, or the number of the only one."""
    slow: tuple[str, str]
    quantity: str
    uses_left: str
    confirm_or_cancel: str
    approve_or_cancel: str
    still_pending: tuple[str, str, str]
    wait_or_give_up: str
    parked: tuple[str, str, str, str]
    disputed: tuple[str, str, str]
    """Under a fault's number: the gateway and the head office have two ends of the redemption."""
    lapsed: tuple[str, ...]
    nothing_spent: str
    outcome_open: str
    support: str
    pick_up: str
    """Instead of "ready to redeem", where goods are handed over."""
    hand_over: str
    redeemed_times: str
    together: str
    """How many of how many, where some of an order were refused."""
    code_tail: str
    redeemed_tail: str
    handed_over: str
    yes_or_no: str
    leave_or_day: str
    """Beside yes and no what shows the clerk's own day."""


WORDS = {
    Language.ZH: Words(
        starting="正在启动",
        show_code=("请出示券码", "Show your code"),
        testing="测试中 用练习券",
        not_live=("门店未上线", "请联系技术员"),
        offline=("网络不通", "暂不能核销"),
        gateway_silent=("门店网关无响应", "暂不能核销"),
        camera_fault=("扫码器故障", "请联系技术员"),
        not_signed_in=("网络不通", "未登录"),
        on_duty="店员 {name}",
        sign_in="请店员登录 ×",
        sign_out="退出登录?",
        undo="撤销此核销?",
        undo_left="撤销{number}/{count} 限{minutes}分",
        why="撤销原因",
        reasons=("扫错券", "顾客改主意", "商品缺货", "重复核销", "其他"),
        choose="▲▼OK ×返回",
        not_undone=("未撤销", "请重试"),
        nothing_to_undo=("没有可撤销的核销",),
        shift_count="本班核销 {count}",
        shift_amount="实收¥{yuan}",
        day_count="今日核销 {count}",
        day_undone="撤销 {count}",
        done_tail="尾号{tail}",
        done_undone="已撤销",
        browse="▲▼明细 ×返回",
        not_told=("暂时查不到", "请稍后再试"),
        by_buttons="▲撤销 ▼输码",
        type_code="券码 {count}位",
        type_amount="实收金额",
        minimum="满¥{yuan}可用",
        type_number="店员编号",
        type_pin="密码",
        pin_or_manager="密码或店长码",
        manager_number="店长码或编号",
        no_manager=("需店长授权", "请店长出示", "员工码"),
        new_pin="设置密码",
        pin_again="再输一次",
        pins_differ="两次不同,重设",
        pin_set=("密码已设置", "已登录"),
        pin_unsure=("结果未知", "请用新密码登录", "不行则重新设置"),
        code_spent=("此码已失效", "请店长重新发码"),
        take_or_back="▲▼OK ×退回",
        claim=("扫码领券", "Scan for", "vouchers"),
        still_open="待确认 {number}",
        slow=("网络较慢", "正在重试"),
        quantity="待核销 {quantity}/{most} ▲▼",
        uses_left="剩余{left}次",
        confirm_or_cancel="OK确认 ×取消",
        approve_or_cancel="OK授权 ×取消",
        still_pending=("结果确认中", "请勿重复核销", "请勿交付"),
        wait_or_give_up="OK等待 ×放弃",
        parked=("结果确认中", "编号 {number}", "请勿交付", "可接待下一位"),
        disputed=("各方记录不一致", "请勿交付", "请联系店长"),
        lapsed=("超时,未核销",),
        nothing_spent="未核销",
        outcome_open="结果确认中",
        support="电话 {number}",
        pick_up="待自提",
        hand_over="请交付商品",
        redeemed_times="核销成功 ×{quantity}",
        together="成功{done}张 共{count}张",
        code_tail="尾号{tail}",
        redeemed_tail="已核销 尾号{tail}",
        handed_over="是否已交付?",
        yes_or_no="OK是 ×否",
        leave_or_day="OK是 ×否 ▼今日",
    ),
    Language.EN: Words(
        starting="Starting",
        show_code=("Show your code", "请出示券码"),
        testing="Practice only",
        not_live=("Store not live", "Call technician"),
        offline=("No network", "Cannot redeem"),
        gateway_silent=("Gateway silent", "Cannot redeem"),
        camera_fault=("Camera fault", "Call technician"),
        not_signed_in=("No network", "Not signed in"),
        on_duty="Clerk {name}",
        sign_in="Clerk sign-in ×",
        sign_out="Sign out?",
        undo="Undo this?",
        undo_left="Undo {number}/{count} {minutes} min",
        why="Reason",
        reasons=("Wrong voucher", "Changed mind", "Out of stock", "Redeemed twice", "Other"),
        choose="▲▼OK ×back",
        not_undone=("Not undone", "Try again"),
        nothing_to_undo=("Nothing to undo",),
        shift_count="Redeemed: {count}",
        shift_amount="Paid ¥{yuan}",
        day_count="Today: {count}",
        day_undone="Undone: {count}",
        done_tail="*{tail}",
        done_undone="undone",
        browse="▲▼list ×back",
        not_told=("Not available", "Try again soon"),
        by_buttons="▲undo ▼type code",
        type_code="Code, {count} so far",
        type_amount="Amount received",
        minimum="from ¥{yuan}",
        type_number="Clerk number",
        type_pin="PIN",
        pin_or_manager="PIN or manager",
        manager_number="Manager number",
        no_manager=("A manager's", "badge is wanted"),
        new_pin="Choose a PIN",
        pin_again="Once more",
        pins_differ="Not the same",
        pin_set=("PIN set", "Signed in"),
        pin_unsure=("Outcome unknown", "Try the new PIN,", "else start again"),
        code_spent=("This code is used", "or has expired"),
        take_or_back="▲▼OK ×back",
        claim=("Scan for", "vouchers", "扫码领券"),
        still_open="Open: {number}",
        slow=("Slow network,", "trying again"),
        quantity="Redeem {quantity}/{most} ▲▼",
        uses_left="{left} left",
        confirm_or_cancel="OK yes ×cancel",
        approve_or_cancel="OK approve ×no",
        still_pending=("Still checking", "Do not redeem or", "hand over yet"),
        wait_or_give_up="OK wait ×stop",
        parked=("Not known yet", "Number {number}", "Do not hand over", "Serve the next"),
        disputed=("Records differ", "Do not hand over", "Ask the manager"),
        lapsed=("Timed out", "Nothing spent"),
        nothing_spent="Nothing spent",
        outcome_open="Outcome open",
        support="Call {number}",
        pick_up="Pick-up",
        hand_over="Hand over goods",
        redeemed_times="Redeemed ×{quantity}",
        together="{done} of {count} done",
        code_tail="Code *{tail}",
        redeemed_tail="Redeemed *{tail}",
        handed_over="Handed over?",
        yes_or_no="OK yes ×no",
        leave_or_day="OK yes ×no ▼list",
    ),
}
