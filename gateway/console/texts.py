"""The page's words, in Chinese and English; the verdicts' names come from the product's one vocabulary."""

from __future__ import annotations

from protocol.vocabulary import METHODS, PHRASES

LANGUAGES = ("zh", "en")

#: key: (Chinese, English). The script uses them too; ``{n}`` and the like are filled in there.
_WORDS: dict[str, tuple[str, str]] = {
    "title": ("核销台", "Redemptions"),
    "language": ("English", "中文"),
    "sign_in": ("登录", "Sign in"),
    "sign_out": ("退出", "Sign out"),
    "token": ("控制台口令", "Console token"),
    "token_hint": ("口令在网关数据目录的 console.token 文件中", "It is in console.token in the gateway's data folder"),
    "token_wrong": ("口令不正确", "This is not the token"),
    "today": ("今日核销", "Today"),
    "redeemed": ("已核销", "Redeemed"),
    "refused": ("已拒绝", "Refused"),
    "undone": ("已撤销", "Undone"),
    "open": ("未完成", "Open"),
    "number": ("编号 {n}", "Number {n}"),
    "awaiting": ("是否已交付?", "Handed over?"),
    "all_stores": ("全部门店", "All stores"),
    "all": ("全部", "All"),
    "download_csv": ("下载当日 CSV", "Day as CSV"),
    "close_day": ("日结", "Day's closing"),
    "download_xlsx": ("下载当日 Excel", "Day as XLSX"),
    "day": ("日期", "Day"),
    "type_code": ("输码核销", "Enter a code"),
    "code": ("券码", "Code"),
    "code_hint": ("二维码下方的数字或字母", "Below the QR"),
    "store": ("门店", "Store"),
    "clerk": ("核销员编号", "Clerk number"),
    "look": ("查询", "Look up"),
    "looking": ("正在查询…", "Looking up…"),
    "confirm": ("确认核销", "Redeem"),
    "cancel": ("取消", "Cancel"),
    "quantity": ("次数", "Uses"),
    "amount": ("实收金额(元)", "Amount received (¥)"),
    "amount_wrong": ("请输入金额,如 128.50", "Enter a sum, such as 128.50"),
    "uses_left": ("剩余 {n} 次", "{n} uses left"),
    "next_code": ("下一张", "Next code"),
    "pending": ("结果确认中,请勿交付", "Checking, do not hand over yet"),
    "offer_lapsed": ("已超时,请重新查询", "This offer has lapsed, look up again"),
    "yes_handed": ("已交付", "Handed over"),
    "no_handed": ("未交付,撤销", "No, undo"),
    "undo": ("撤销", "Undo"),
    "undo_title": ("撤销核销", "Undo a redemption"),
    "undo_reason": ("原因", "Reason"),
    "undo_reason_hint": ("例如:顾客改变主意", "For example: the customer changed their mind"),
    "kiosks": ("核销终端", "Kiosks"),
    "online": ("在线", "Online"),
    "offline": ("离线", "Offline"),
    "unknown": ("未知", "Unknown"),
    "revoked": ("已停用", "Disabled"),
    "never_seen": ("尚未连接", "Not seen yet"),
    "no_kiosks": ("还没有绑定核销终端", "No kiosk is bound yet"),
    "no_stores": ("总部尚未给此网关分配门店", "The head office has given this gateway no store yet"),
    "nothing_today": ("今天还没有记录", "Nothing yet today"),
    "headoffice": ("总部", "Head office"),
    "broker": ("终端网络", "Kiosk network"),
    "connected": ("正常", "Connected"),
    "disconnected": ("中断", "Not connected"),
    "given_back": ("已撤销", "Undone"),
    "undo_row": ("撤销", "Undo"),
    "lost": ("与网关的连接已断开,正在重连…", "The connection to the gateway is lost, trying again…"),
    "behind": (
        "网关的数据是旧副本,已停止核销。请联系技术人员运行: hexiao gateway restore",
        "The gateway's journal is an older copy, so it redeems nothing. Have a technician run: hexiao gateway restore",
    ),
    "failed": ("没有成功:{why}", "That did not work: {why}"),
    "more_rows": ("仅显示最近 {n} 条,全部见 CSV", "The latest {n} are shown; the CSV has all"),
}
_METHODS_EN = {"scan": "Scanned", "typed": "Typed", "web": "Web page", "api": "Interface", "push": "Platform"}


def words(language: str) -> dict[str, str]:
    """Return the page's words in one of LANGUAGES."""
    at = LANGUAGES.index(language)
    return {key: both[at] for key, both in _WORDS.items()}


def verdict_names(language: str) -> dict[str, dict[str, str]]:
    """Return every verdict's name and colour for the page; a table wants it shorter than the panel's English."""
    return {
        str(verdict): {
            "name": phrase.zh_name if language == "zh" else verdict.replace("_", " ").capitalize(),
            "colour": str(phrase.light.colour),
        }
        for verdict, phrase in PHRASES.items()
    }


def method_names(language: str) -> dict[str, str]:
    """Return the names of the ways in which a code comes in."""
    return METHODS if language == "zh" else _METHODS_EN
