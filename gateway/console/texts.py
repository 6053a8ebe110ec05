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
    "testing": ("测试中,仅限练习券", "Testing: practice only"),
    "not_live": ("门店未上线", "The store is not live"),
    "practice": ("练习", "Practice"),
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
    "vouchers": ("张数", "Vouchers"),
    "of_one_order": ("同一订单共 {n} 张,可一次核销", "{n} of one order: redeem them at once"),
    "some_of": ("成功 {n} 张,共 {of} 张", "{n} of {of} were redeemed"),
    "amount": ("实收金额(元)", "Amount received (¥)"),
    "amount_wrong": ("请输入金额,如 128.50", "Enter a sum, such as 128.50"),
    "uses_left": ("剩余 {n} 次", "{n} uses left"),
    "next_code": ("下一张", "Next code"),
    "pending": ("结果确认中,请勿交付", "Checking, do not hand over yet"),
    "give_up": ("顾客已离开,不再等待", "The customer left, stop waiting"),
    "given_up": ("编号 {n} 不再等待,结果见列表,请勿交付", "Number {n} goes to the list, do not hand over"),
    "nothing_spent": ("券未使用", "Nothing was spent"),
    "offer_lapsed": ("已超时,请重新查询", "This offer has lapsed, look up again"),
    "yes_handed": ("已交付", "Handed over"),
    "no_handed": ("未交付,撤销", "No, undo"),
    "undo": ("撤销", "Undo"),
    "undo_title": ("撤销核销", "Undo a redemption"),
    "undo_left": ("可撤销时间还剩", "Can be undone for another"),
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
    "clerks": ("核销员", "Clerks"),
    "back": ("返回核销台", "Back to redemptions"),
    "add_clerk": ("新增核销员", "Add a clerk"),
    "edit_clerk": ("修改核销员", "Change a clerk"),
    "name": ("姓名", "Name"),
    "clerk_number": ("编号", "Number"),
    "number_hint": ("留空则自动分配", "Left empty: the next free one"),
    "manager": ("店长", "Manager"),
    "manager_hint": ("可用员工码授权撤销和大额核销", "Approves undos and high values with the badge"),
    "works_at": ("所属门店", "Works at"),
    "save": ("保存", "Save"),
    "change": ("修改", "Change"),
    "choose_all": ("全选", "Choose all"),
    "chosen": ("已选 {n} 人", "{n} chosen"),
    "disable": ("停用", "Disable"),
    "enable": ("启用", "Enable"),
    "move_to": ("移到门店…", "Move to…"),
    "one_time_codes": ("一次性码", "One-time codes"),
    "one_time_hint": (
        "在门店终端扫码设置密码,限用一次",
        "Show it to a kiosk of the store, choose a PIN; works once",
    ),
    "valid_until": ("有效至 {at}", "Valid until {at}"),
    "new_badges": ("新员工码", "New badges"),
    "badge_hint": ("出示给终端即可登录,旧码已失效", "Shown to a kiosk it signs in; the old one ends"),
    "badge_sure": ("所选人员的旧员工码将立即失效。继续?", "The old badges of those chosen end at once. Go on?"),
    "print": ("打印", "Print"),
    "close": ("关闭", "Close"),
    "no_pin": ("未设密码", "No PIN yet"),
    "locked": ("已锁定", "Locked"),
    "disabled": ("已停用", "Disabled"),
    "active": ("正常", "Active"),
    "no_clerks": ("还没有核销员", "No clerks yet"),
    "csv_out": ("导出 CSV", "CSV out"),
    "csv_in": ("导入 CSV", "CSV in"),
    "taken_in": ("已导入 {n} 人", "{n} taken in"),
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
