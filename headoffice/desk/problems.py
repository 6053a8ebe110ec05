"""Why something was not done, for a person who reads Chinese: the office says it in English, for programs and logs.

A test looks up whatever the desk and the rules behind it can refuse; what somebody adds has to be added here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from headoffice.errors import HeadOfficeError

#: Each as the office says it, ``{}`` for what changes, and the same in Chinese.
_SAID = {
    # The desk's own
    "the two passwords differ": "两次输入的密码不一致",
    "it has ended meanwhile": "此笔已经有结果了",
    "say by whom it was sent; its customer reads it": "请填写快递公司,顾客的页面会显示",
    "say why; it is kept": "请填写原因,原因会被记录",
    "say what has to change": "请写明需要修改什么",
    "there is no such voucher": "没有这张券",
    "this order waits no more": "此订单已不在等待中",
    "there is no such role": "没有这个角色",
    "nobody is known to this voucher": "此券没有顾客资料",
    "no redemption of this voucher has this id": "此券没有这个编号的核销",
    "head office withdraws vouchers, and forgets customers": "停用券和删除顾客资料由总部操作",
    "head office or a technician sets a store live": "门店上线由总部或技术员操作",
    "a day is written as 2026-11-30": "日期请写成 2026-11-30",
    "the last day is not before the first, and at most {} days are shown": "结束日期不能早于开始日期,最多显示 {} 天",
    "{}: not a store of yours": "{}:不是您的门店",
    "{}: a sum in yuan is written as 20 or 12.50": "{}:金额(元)请写成 20 或 12.50",
    "{}: a moment is written as 2026-12-31T22:00": "{}:时间请写成 2026-12-31T22:00",
    "begins_at must be before ends_at": "开始时间须早于结束时间",
    # Stores, types, clerks, people
    "there is no store {}; add it with {} first": "没有门店 {},请先添加",
    "there is no store {} of yours": "{} 不是您的门店",
    "there is no store {}": "没有门店 {}",
    "{} is live already": "{} 已经上线",
    "{} is being tried out already": "{} 已经在测试中",
    "{} cannot go live before this is so: {}": "{} 还不能上线:请先完成清单中标着“待办”的各项",
    "say who makes it": "请填写制作人",
    "there is a store {} already": "已有门店 {}",
    "there is a type {} already": "已有券种 {}",
    "there is a campaign {} already": "已有领券活动 {}",
    "there is no campaign {} with a code at {}": "领券活动 {} 在 {} 没有二维码",
    "there is no campaign {}": "没有领券活动 {}",
    "there is no voucher type {}": "没有券种 {}",
    "there is no draft of a voucher type {}": "券种 {} 没有待审核的版本",
    "{} was drawn up anew meanwhile; look at it again": "{} 刚刚被重新提交,请再看一次",
    "the draft of {} was rejected by {}; submit it again first": "{} 已被 {} 审核不通过,请先重新提交",
    "{} has drawn up {}; somebody else decides about it": "{} 是 {} 的提交人,须由他人审核",
    "there is no clerk {}; {}": "没有店员 {}",
    "there is no clerk {}": "没有店员 {}",
    "clerk number {} is taken": "店员编号 {} 已被使用",
    "{} works in other stores too, so head office changes that": "{} 也在其他门店工作,由总部修改",
    "clerk {} works in other stores too: only the head office changes more than the store": (
        "店员 {} 也在其他门店工作:除门店外的修改由总部操作"
    ),
    "{} is no store of this gateway": "{} 不是此网关的门店",
    "{} is new and works in no store": "{} 是新店员,还没有选择门店",
    "a password has between {} and {} characters": "密码须为 {} 到 {} 个字符",
    "this password is too easily guessed; take several words that do not belong together": (
        "此密码太容易猜到,请用几个不相干的词"
    ),
    "a login is a letter, then letters, digits, dots and dashes, such as li.lei": (
        "登录名以字母开头,只含字母、数字、点和短横,如 li.lei"
    ),
    "{} is there already": "{} 已存在",
    "{} is the last administrator; make another one first": "{} 是最后一位管理员,请先添加另一位",
    "a store manager is one of at least one store": "店长至少须有一家门店",
    "nobody is called {} here": "没有登录名为 {} 的人",
    "this link was used or is too old; ask for another one": "此链接已使用或已过期,请再要一个",
    "too many wrong passwords; try again in {}": "密码错误次数过多,请在 {} 后再试",
    "there is an administrator, who lets others in; {} helps one in again": "已有管理员,由管理员添加其他人",
    # Webhooks
    "say from when on": "请填写从何时起",
    "there is no webhook {}; {}": "没有推送 {}",
    "a bot is told of alarms alone, not of {}": "群机器人只能接收告警,不能接收 {}",
    "a bot's secret is given out where the bot was made; remove this webhook and add it with the new one": (
        "机器人的密钥在建机器人的地方给出:请删除此推送,用新密钥重新添加"
    ),
    "there is no event {}; there are {}, and {} for all of them": "没有事件 {}",
    "a webhook that is told nothing is none; name its events, or pause it": "请至少选择一种事件,或暂停此推送",
    "secret: must be {} and the base64 of {} to {} random bytes; or leave it out": (
        "密钥须为 {} 加 {} 到 {} 个随机字节的 base64,也可留空"
    ),
    "url: is no address ({})": "地址不正确({})",
    "url: must be https://host/path, without a user and without #": "地址须为 https://主机/路径,不含用户名和 #",
    "url: {} is not on the Internet, and in none of the networks of [webhooks] in the configuration": (
        "{} 不是公网地址,也不在配置 [webhooks] 的网段里"
    ),
    "url: must begin with https://": "地址须以 https:// 开头",
    # Vouchers and their life
    "{} is not possible: the voucher {}": "此券目前不能这样操作",
    "{} is not possible: the order is {}": "此订单目前不能这样操作",
    "it is shared with {} friends already, and with no more": "已分享给 {} 位好友,不能再分享",
    "{} is not possible now": "目前不能这样操作",
    "the voucher is under the lease {}, which only its holder can use; recall that first": (
        "此券已租给门店离线使用,请先收回租约 {}"
    ),
    "vouchers of the type {} are under the lease {}; recall that first, and wait for its end": (
        "券种 {} 已租给门店离线使用,请先收回租约 {},等它结束后再改"
    ),
    "nothing is to be sent for this redemption": "此笔核销没有要寄出的东西",
    "the redemption was undone: do not send it": "此笔核销已撤销,请不要寄出",
    # Why a customer was not told
    "the redemption was undone": "核销已撤销",
    "the customer was not told of the redemption that is undone": "顾客没有收到被撤销的那次核销的通知",
    "the customer is not written to any more": "顾客已退订,或资料已删除",
    "the voucher is {}": "此券已不能使用",
    "the voucher has been used": "此券已使用",
    "the voucher has expired": "此券已过期",
    "not sent within a day: {}": "一天内未能发出:{}",
    "waits for the morning": "等到早上再发",
    "there is no [notices.{}] in the configuration": "配置里没有 [notices.{}]",
    "[notices.{}.templates] has none for {}": "[notices.{}.templates] 里没有 {} 的模板",
    "no token: errcode {}": "取不到 access_token:errcode {}",
    "no answer in {} s": "{} 秒内没有回答",
    "cannot be reached: {}": "无法连接:{}",
    "the server does not take mail for this customer: {}": "邮件服务器不收此顾客的邮件:{}",
    "the server answered {}": "邮件服务器回答 {}",
    "the server does not answer": "邮件服务器没有回答",
    "the server cannot be used: {}": "邮件服务器不可用:{}",
    "answered {}": "对方回答 {}",
    "there is no notice {} that was not sent; {}": "没有未发送的通知 {}",
    "give one address at least": "请至少填写一种联系方式",
    "nobody is told of this voucher": "此券没有要通知的顾客",
    "the books were restored and wait for the journals of {}; try again later": (
        "总部的数据已从备份恢复,正在等待网关 {} 的记录,请稍后再试"
    ),
    "the books may be behind; send it again": "总部的数据可能不是最新的,请再试一次",
}


#: What can be wrong with a field, by the name that pydantic has for it; what is not here is said in English.
_FAULTS = {
    "missing": "请填写",
    "string_too_short": "请填写",
    "string_too_long": "太长,最多 {max_length} 个字符",
    "string_pattern_mismatch": "格式不正确",
    "literal_error": "只能是 {expected}",
    "int_parsing": "请填写整数",
    "greater_than_equal": "不能小于 {ge}",
    "less_than_equal": "不能大于 {le}",
    "too_short": "请至少填写 {min_length} 个",
    "too_long": "最多 {max_length} 个",
}


def _pattern(said: str) -> re.Pattern[str]:
    return re.compile(re.escape(said).replace(r"\{\}", "(.+?)"), re.DOTALL)


_PATTERNS = [(_pattern(said), chinese) for said, chinese in _SAID.items()]


def sentence(error: HeadOfficeError | ValidationError, lang: str) -> str:
    """Return what an error says to a person; what was typed is not repeated."""
    if isinstance(error, ValidationError):
        return "; ".join(f"{'.'.join(map(str, fault['loc']))}: {_fault(fault, lang)}" for fault in error.errors())
    return told(str(error), lang)


def _fault(fault: Mapping[str, Any], lang: str) -> str:
    """Return what is wrong with one field."""
    chinese = _FAULTS.get(fault["type"]) if lang == "zh" else None
    said = str(fault["msg"]).removeprefix("Value error, ")
    return told(said, lang) if chinese is None else chinese.format_map(fault.get("ctx", {}))


def told(problem: str, lang: str) -> str:
    """Return why something was not done in a reader's language; in the office's own words where it has no others."""
    if lang != "zh":
        return problem
    for pattern, chinese in _PATTERNS:
        if found := pattern.fullmatch(problem):
            return chinese.format(*found.groups())
    return problem
