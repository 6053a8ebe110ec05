// What the page says, in both languages. The kiosk, the phone and the console speak for themselves.

const WORDS = {
  zh: {
    tagline: "柜台演练：一部手机、一台核销机、一张店长的桌子",
    kiosk: "核销机", customer: "顾客的手机", counter: "柜台", desk: "店长", phone: "顾客的券页",
    drag: "拖到镜头前", "before-camera": "把手机拖到这里，或放入任何照片",
    hold: "出示给镜头", "take-away": "拿开手机", issue: "给顾客一张券", own: "自己填写…", "issue-it": "发券",
    title: "券名", kind: "种类", uses: "次数", store: "门店", "all-stores": "全部门店",
    life: "这张券的一生", cancel: "取消", confirm: "确认", "sound-on": "声音：开", "sound-off": "声音：关", other: "English",
    keys: "键盘：空格 出示或拿开 · 回车 OK · Esc ✕ · ↑ ↓ 数量",
    faults: "弄坏点什么", off: "核销机已断电", quiet: "空闲",
    gift: "转赠", "take-back": "收回", delete: "删除", withdraw: "停用", "ask-refund": "申请退款", "grant-refund": "同意退款", "refuse-refund": "拒绝退款",
    cash: "代金券", discount: "折扣券", gift_kind: "礼品券", group_buy: "团购券", coupon: "优惠券", multi_use: "次卡",
    "kiosk-broker": "核销机 ↔ 消息中心", "gateway-broker": "网关 ↔ 消息中心", "gateway-headoffice": "网关 ↔ 总部",
    power: "核销机电源", broker: "消息中心", gateway: "门店网关", headoffice: "总部",
    cut: "切断", stall: "卡住", restore: "恢复", kill: "强杀", start: "启动",
    "p-cash": "代金券 ¥20", "p-latte": "拿铁兑换券", "p-card": "咖啡次卡 5 次", "p-expired": "已过期的券", "p-here": "仅限第一家店", "p-tomorrow": "明天才生效",
    issued: "已发券", failed: "没有成功",
  },
  en: {
    tagline: "the rehearsal counter: a phone, a kiosk, a manager's desk",
    kiosk: "Kiosk", customer: "The customer's phone", counter: "The counter", desk: "The manager", phone: "The customer's voucher page",
    drag: "drag me before the camera", "before-camera": "Drag the phone here, or drop any photo",
    hold: "Hold it up to the camera", "take-away": "Take the phone away", issue: "Give the customer a voucher", own: "Fill in your own…", "issue-it": "Issue it",
    title: "Title", kind: "Kind", uses: "Uses", store: "Store", "all-stores": "all stores",
    life: "This voucher's life", cancel: "Cancel", confirm: "OK", "sound-on": "Sound: on", "sound-off": "Sound: off", other: "中文",
    keys: "Keys: space holds up or takes away · Enter OK · Esc ✕ · ↑ ↓ quantity",
    faults: "Break something", off: "The kiosk has no power", quiet: "idle",
    gift: "Give away", "take-back": "Take back", delete: "Delete", withdraw: "Withdraw", "ask-refund": "Ask refund", "grant-refund": "Grant refund", "refuse-refund": "Refuse refund",
    cash: "Cash voucher", discount: "Discount", gift_kind: "Gift", group_buy: "Group-buy", coupon: "Coupon", multi_use: "Multi-use card",
    "kiosk-broker": "kiosk ↔ broker", "gateway-broker": "gateway ↔ broker", "gateway-headoffice": "gateway ↔ head office",
    power: "Kiosk's power", broker: "Broker", gateway: "Store gateway", headoffice: "Head office",
    cut: "cut", stall: "stall", restore: "restore", kill: "kill -9", start: "start",
    "p-cash": "¥20 voucher", "p-latte": "Free latte", "p-card": "Coffee card, 5 uses", "p-expired": "Expired", "p-here": "First store only", "p-tomorrow": "From tomorrow",
    issued: "Issued", failed: "Did not work",
  },
};

let language = localStorage.getItem("hexiao-language") ?? (navigator.language.startsWith("zh") ? "zh" : "en");

/** Return a word in the chosen language. */
export const word = (key) => WORDS[language][key] ?? key;

/** Return the chosen language: zh or en. */
export const chosen = () => language;

/** Change to the other language and set every marked element anew. */
export function switchLanguage() {
  language = language === "zh" ? "en" : "zh";
  localStorage.setItem("hexiao-language", language);
  setWords();
}

/** Set the words of every element marked with data-word or data-title. */
export function setWords() {
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  for (const element of document.querySelectorAll("[data-word]")) element.textContent = word(element.dataset.word);
  for (const element of document.querySelectorAll("[data-title]")) element.title = word(element.dataset.title);
}
