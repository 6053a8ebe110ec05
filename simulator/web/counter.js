// The counter in a browser: puts phone, kiosk, desk and faults together.

import { call, say } from "./api.js";
import { follow, press, toggleSound } from "./kiosk.js";
import { holdUp, putOnPhone, putPhoto, setHoldWords, standAt, takeAway, toggleHold } from "./phone.js";
import { chosen, setWords, switchLanguage, word } from "./words.js";

const $ = (selector) => document.querySelector(selector);
const DAY_MS = 86_400_000;
const KINDS = ["cash", "coupon", "gift", "group_buy", "discount", "multi_use"];
const VERBS = ["gift", "take-back", "delete", "withdraw", "ask-refund", "grant-refund", "refuse-refund"];
const LINKS = ["kiosk-broker", "gateway-broker", "gateway-headoffice"];
const PARTS = ["broker", "gateway", "headoffice"];

const inDays = (days) => new Date(Date.now() + days * DAY_MS).toISOString();
const PRESETS = {
  "p-latte": () => ({ title: "拿铁咖啡兑换券", kind: "gift" }),
  "p-cash": () => ({ title: "二十元代金券", kind: "cash" }),
  "p-card": () => ({ title: "咖啡次卡", kind: "multi_use", uses: 5 }),
  "p-here": () => ({ title: "仅限本店的优惠券", kind: "coupon", stores: [rehearsal.kiosks[0].store] }),
  "p-tomorrow": () => ({ title: "明日早餐券", kind: "coupon", valid_from: inDays(1) }),
  "p-expired": () => ({ title: "昨日优惠券", kind: "coupon", valid_until: inDays(-1) }),
};

let rehearsal = null;
let voucher = null;

async function issue(wanted) {
  voucher = await call("POST", "api/vouchers", wanted);
  sessionStorage.setItem("hexiao-voucher", JSON.stringify(voucher));
  showVoucher();
}

function showVoucher() {
  // The same page that the head office serves, by way of this origin, so that the picture of it can be taken.
  putOnPhone(`phone/${new URL(voucher.page).pathname.split("/").pop()}?lang=${chosen()}`);
  $("#life").hidden = false;
}

function chooseKiosk(id) {
  const kiosk = rehearsal.kiosks.find((one) => one.id === id);
  $("#store-name").textContent = kiosk.store_name ?? kiosk.store;
  standAt(id);
  follow(id, (state) => { $("#kiosk").dataset.screen = state.screen; $("#kiosk").dataset.verdict = state.verdict ?? ""; });
  fillFaults(id);
}

function fillFaults(kiosk) {
  const faults = $("#faults");
  faults.replaceChildren();
  const row = (name, verbs, path) => {
    const line = document.createElement("div");
    line.className = "fault";
    line.append(word(name));
    const buttons = document.createElement("div");
    for (const verb of verbs) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = word(verb);
      button.onclick = async () => {
        await call("POST", path(verb));
        for (const other of buttons.children) other.ariaPressed = String(other === button && verb !== "restore" && verb !== "start");
      };
      buttons.append(button);
    }
    line.append(buttons);
    faults.append(line);
  };
  row("power", ["cut", "restore"], (verb) => `api/kiosks/${kiosk}/power/${verb}`);
  for (const link of LINKS) row(link, ["cut", "stall", "restore"], (verb) => `api/links/${link}/${verb}`);
  for (const part of PARTS) row(part, ["kill", "start"], (verb) => `api/parts/${part}/${verb}`);
}

function fillChoices() {
  const presets = $("#presets");
  presets.replaceChildren();
  for (const [name, wanted] of Object.entries(PRESETS)) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = word(name);
    button.onclick = () => issue(wanted());
    presets.append(button);
  }
  const verbs = $("#life-verbs");
  verbs.replaceChildren();
  for (const verb of VERBS) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = word(verb);
    button.onclick = async () => { await call("POST", `api/vouchers/${encodeURIComponent(voucher.code)}/${verb}`); showVoucher(); };
    verbs.append(button);
  }
  const kinds = $("#issue [name=kind]");
  kinds.replaceChildren(...KINDS.map((kind) => new Option(word(kind === "gift" ? "gift_kind" : kind), kind)));
  const stores = $("#issue [name=store]");
  const seen = new Map(rehearsal.kiosks.map((kiosk) => [kiosk.store, kiosk.store_name ?? kiosk.store]));
  stores.replaceChildren(new Option(word("all-stores"), ""), ...[...seen].map(([id, name]) => new Option(name, id)));
  $("#language").textContent = word("other");
  $("#sound").textContent = word($("#sound").ariaPressed === "true" ? "sound-on" : "sound-off");
  setHoldWords();
}

function listen() {
  $("#kiosk-picker").onchange = (event) => chooseKiosk(event.target.value);
  $("#language").onclick = () => { switchLanguage(); fillChoices(); fillFaults($("#kiosk-picker").value); if (voucher) showVoucher(); };
  $("#sound").onclick = () => { $("#sound").ariaPressed = String(toggleSound()); fillChoices(); };
  $("#hold").onclick = toggleHold;
  $("#issue").onsubmit = (event) => {
    event.preventDefault();
    const form = new FormData(event.target);
    const wanted = { title: form.get("title"), kind: form.get("kind"), uses: Number(form.get("uses")) };
    if (form.get("store")) wanted.stores = [form.get("store")];
    issue(wanted);
  };
  const camera = $("#camera");
  $("#phone").addEventListener("dragstart", (event) => event.dataTransfer.setData("text/x-hexiao-phone", "phone"));
  camera.addEventListener("dragover", (event) => { event.preventDefault(); camera.classList.add("over"); });
  camera.addEventListener("dragleave", () => camera.classList.remove("over"));
  camera.addEventListener("drop", (event) => {
    event.preventDefault();
    camera.classList.remove("over");
    const [file] = event.dataTransfer.files;
    if (file) putPhoto(file); else holdUp();
  });
  camera.addEventListener("click", () => { if (!$("#before").hidden) takeAway(); });
  // A button that was clicked lets go of the keyboard: Enter is the kiosk's OK, not the same click once more.
  document.addEventListener("click", (event) => { if (event.detail) event.target.closest("button")?.blur(); });
  const keys = { Enter: "ok", Escape: "cancel", ArrowUp: "up", ArrowDown: "down" };
  document.addEventListener("keydown", (event) => {
    if (event.repeat || event.target.closest("input, select, button, summary, textarea")) return;
    if (event.key === " ") { event.preventDefault(); toggleHold(); }
    if (keys[event.key]) { event.preventDefault(); press(keys[event.key]); }
  });
}

async function open() {
  rehearsal = await call("GET", "api/rehearsal");
  $("#kiosk-picker").replaceChildren(...rehearsal.kiosks.map((kiosk) => new Option(kiosk.id, kiosk.id)));
  setWords();
  fillChoices();
  listen();
  chooseKiosk(rehearsal.kiosks[0].id);
  const kept = sessionStorage.getItem("hexiao-voucher");
  if (kept) { voucher = JSON.parse(kept); showVoucher(); } else await issue(PRESETS["p-latte"]());
  document.body.dataset.ready = "yes";
}

open().catch((error) => say(error.message));
