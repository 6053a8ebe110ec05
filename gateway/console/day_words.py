"""The words of a closed day's page, in Chinese and English."""

from __future__ import annotations

#: key: (Chinese, English).
_WORDS: dict[str, tuple[str, str]] = {
    "title": ("日结", "Day's closing"),
    "back": ("返回核销台", "Back"),
    "print": ("用浏览器打印此页即可存档", "Print this page with the browser to file it"),
    "open_day": ("此日尚未日结", "This day is not closed"),
    "closed": ("已由 {by} 于 {at} 日结", "Closed by {by} at {at}"),
    "by": ("日结人", "Closed by"),
    "close": ("日结", "Close the day"),
    "once": ("日结后不再改变;之后发生的另行列出", "A closing does not change; what comes later is listed beside it"),
    "total": ("合计", "Total"),
    "count": ("核销笔数", "Redemptions"),
    "uses": ("次数", "Uses"),
    "amount": ("实收金额", "Received"),
    "by_type": ("按券", "By voucher"),
    "by_clerk": ("按核销员", "By clerk"),
    "by_kiosk": ("按终端", "By kiosk"),
    "refused": ("拒绝", "Refused"),
    "given_back": ("日结后撤销", "Undone after the closing"),
    "undone": ("已撤销", "Undone"),
    "conflicts": ("离线冲突", "Offline conflicts"),
    "open": ("未完成", "Open"),
    "late": ("日结后补入", "Came after the closing"),
    "ended": ("日结时未完成,现已有结果", "Open at the closing, ended since"),
    "differences": ("与总部和终端的差异", "Differences from head office and kiosks"),
    "compare": ("与总部核对", "Compare with head office and kiosks"),
    "silent": ("没有应答、未核对的终端:", "Kiosks that did not answer, and were not compared:"),
    "compared": ("已核对 {n} 笔,{m} 笔不同", "{n} compared, {m} differ"),
    "no_answer": ("总部没有应答,未能核对", "The head office does not answer; nothing was compared"),
    "gateway": ("网关", "Gateway"),
    "headoffice": ("总部", "Head office"),
    "history": ("核销员的记录", "A clerk's records"),
    "nothing": ("没有", "None"),
}


def words_of_day(language: str) -> dict[str, str]:
    """Return the page's words in one of ``gateway.console.texts.LANGUAGES``."""
    return {key: both[language != "zh"] for key, both in _WORDS.items()}
