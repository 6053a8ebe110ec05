// The manager's page. It draws what the gateway's interface says, and asks again when the gateway says that something changed.

import { leftOf, runDown, setClock } from "./countdown.js";
import { isWaiting, resume, settle, waitFor } from "./ending.js";
import { cancelOffer, look } from "./entry.js";
import { fail, isRedeemed, show, verdictOf, why } from "./outcome.js";
import { at, button, make, names, say, send, words } from "./page.js";
import { Request } from "./requester.js";

const state = { rows: [], stores: [], show: "all", store: "" };

// --- what a row says --------------------------------------------------------------------------------------------------

const timeOf = (row) => row.at.slice(11, 16);
const tailOf = (tail) => (tail ? make("span", "tail", `····${tail}`) : null);

function badge(verdict) {
  return make("span", `badge ${verdict.colour}`, verdict.name);
}

function place(row) {
  const kiosk = row.kiosk === names.identity ? "" : row.kiosk_name ?? row.kiosk;
  const parts = [state.stores.length > 1 ? row.store_name : "", kiosk, row.clerk, names.methods[row.method]];
  const uses = row.detail.uses_left ?? null;
  if (uses !== null) parts.push(say("uses_left", { n: uses }));
  return parts.filter(Boolean).join(" · ");
}

// --- today ------------------------------------------------------------------------------------------------------------

const isUsed = (row) => row.rid !== null && (row.verdict === "redeemed" || row.verdict === "undone");

// Until when the head office undoes it; null where it has not said for how long.
function undoneUntil(row) {
  const window = state.stores.find((store) => store.id === row.store)?.undo_s ?? 0;
  return window > 0 ? Date.parse(row.at) + window * 1000 : null;
}

const canBeUndone = (row) => undoneUntil(row) === null || leftOf(undoneUntil(row)) > 0;

function drawRow(row) {
  const name = make("div", "name", row.title ?? verdictOf(row).name, " ", tailOf(row.code_tail));
  if (row.practice) name.append(" ", make("span", "badge blue", words.practice));
  const told = row.verdict === "redeemed" ? "" : why(row.detail);
  const what = make("div", "what", name, make("div", "about", place(row)), told ? make("div", "about", told) : null);
  const end = make("div", "end", badge(verdictOf(row)));
  if (isRedeemed(row) && row.action === "redeem" && canBeUndone(row)) {
    const undo = button(words.undo_row, "plain", () => askUndo(row));
    const until = undoneUntil(row);
    if (until !== null) undo.append(" ", runDown(make("span", "left"), until, () => undo.remove()));
    end.append(undo);
  }
  const time = make("time", "", timeOf(row));
  time.dateTime = row.at;
  return make("li", row.undone_by ? "row given-back" : "row", time, what, end);
}

function drawToday() {
  const wanted = state.rows.filter(
    (row) =>
      (!state.store || row.store === state.store) &&
      (state.show === "all" || (state.show === "redeemed") === (isUsed(row) || !row.final)),
  );
  at("rows").replaceChildren(...wanted.map(drawRow));
  at("sheet-store").value = state.store;
  at("sheet-store").disabled = !state.store;
  at("no-rows").hidden = wanted.length > 0;
  const shown = state.stores.filter((store) => !state.store || store.id === state.store);
  const sum = (name) => shown.reduce((total, store) => total + (store.totals[name] ?? 0), 0);
  const known = new Set(["redeemed", "undone", "given_back", "pending"]);
  const others = [...new Set(shown.flatMap((store) => Object.keys(store.totals)))].filter((name) => !known.has(name));
  const refused = others.reduce((total, name) => total + sum(name), 0);
  const totals = [
    ["redeemed", sum("redeemed"), "green"],
    ["refused", refused, ""],
    ["undone", sum("given_back"), ""],
    ["open", sum("pending"), sum("pending") ? "amber" : ""],
  ];
  at("totals").replaceChildren(
    ...totals.map(([key, number, colour]) =>
      make("div", colour, make("dt", "", words[key]), make("dd", "", String(number))),
    ),
  );
  const all = shown.reduce((total, store) => total + Object.values(store.totals).reduce((a, b) => a + b, 0), 0);
  at("more-rows").hidden = state.rows.length < 300 || all <= state.rows.length;
  at("more-rows").textContent = say("more_rows", { n: state.rows.length });
}

// The day, and which stores are not live yet: customers' vouchers are refused there.
function drawDay() {
  const testing = state.stores.filter((store) => store.testing);
  const named = state.stores.length > 1 ? testing.map((store) => store.name).join("、") : "";
  const told = testing.length > 0 ? `${words.testing} ${named}`.trim() : "";
  at("today-date").textContent = [state.stores[0]?.day, told].filter(Boolean).join(" · ");
}

function drawStores() {
  const several = state.stores.length > 1;
  const options = state.stores.map((store) => new Option(store.name, store.id));
  const chosen = at("store").value || localStorage.getItem("store");
  at("store").replaceChildren(...options.map((option) => option.cloneNode(true)));
  if (state.stores.some((store) => store.id === chosen)) at("store").value = chosen;
  at("store-field").hidden = !several;
  at("show-store").hidden = !several;
  at("show-store").replaceChildren(new Option(words.all_stores, ""), ...options);
  at("show-store").value = state.store;
  at("look-button").disabled = state.stores.length === 0;
  if (state.stores.length === 0) show("", words.no_stores);
  drawDay();
  if (!at("day").value) at("day").value = state.stores[0]?.day ?? "";
}

async function loadToday() {
  const today = await send("/api/today");
  setClock(today.now);
  state.rows = today.rows;
  const drawnOf = () => JSON.stringify(state.stores.map((store) => [store.id, store.name, store.day, store.testing]));
  const before = drawnOf();
  state.stores = today.stores;
  if (before !== drawnOf()) drawStores();
  drawToday();
}

// --- what needs somebody ----------------------------------------------------------------------------------------------

function drawCase(row, ...buttons) {
  // The number is the one that a kiosk shows where the clerk has given up waiting.
  const number = row.final ? "" : say("number", { n: row.rid.slice(0, 4).toUpperCase() });
  const name = make("div", "name", `${timeOf(row)} `, row.title ?? "", " ", tailOf(row.code_tail), " ", number);
  const actions = buttons.length ? make("div", "bar", ...buttons) : null;
  return make("li", "case", name, make("div", "quiet small", place(row)), actions);
}

async function loadOpen() {
  const found = await send("/api/open");
  at("attention").hidden = found.open.length === 0;
  at("attention-name").textContent = `${words.open} ${found.open.length}`;
  at("open").replaceChildren(...found.open.map((row) => drawCase(row)));
  at("call").hidden = !found.call;
  at("call").textContent = found.call;
  at("question").hidden = found.awaiting.length === 0;
  at("awaiting").replaceChildren(...found.awaiting.map((row) => drawQuestion(row, () => {}))); // drawn anew by the change
}

// A redemption of which somebody has to say whether its goods were handed over; `answered` gets the drawing once they did.
function drawQuestion(row, answered) {
  const handedOver = () => settle(row.rid).then(() => answered(drawn), (error) => isWaiting() || fail(error));
  const yes = button(words.yes_handed, "primary", handedOver);
  const drawn = drawCase(row, yes, button(words.no_handed, "danger", () => askUndo(row)));
  return drawn;
}

function askUndo(row) {
  if (isWaiting()) return; // one conversation at a time
  const dialog = at("undo");
  at("undo-what").textContent = `${timeOf(row)} ${row.title ?? ""} ····${row.code_tail ?? ""}`;
  at("undo-reason").value = "";
  const until = undoneUntil(row);
  at("undo-until").hidden = until === null;
  at("undo-now").disabled = !canBeUndone(row);
  if (until !== null) runDown(at("undo-left"), until, () => (at("undo-now").disabled = true));
  dialog.returnValue = "";
  dialog.onclose = () => {
    if (dialog.returnValue !== "undo") return;
    cancelOffer();
    waitFor([Request.begin({ reason: at("undo-reason").value.trim(), store: row.store }, row.rid)]);
  };
  dialog.showModal();
}

// --- kiosks and links -------------------------------------------------------------------------------------------------

function presence(kiosk) {
  if (kiosk.state === "revoked") return ["red", words.revoked];
  if (kiosk.online === null) return ["", words.unknown];
  if (kiosk.online) return ["green", words.online];
  return ["", kiosk.since === null && kiosk.heard_at === null ? words.never_seen : words.offline];
}

async function loadKiosks() {
  const { kiosks } = await send("/api/kiosks");
  at("no-kiosks").hidden = kiosks.length > 0;
  at("kiosks").replaceChildren(
    ...kiosks.map((kiosk) => {
      const [colour, name] = presence(kiosk);
      const about = make("div", "quiet small", [kiosk.store_name, kiosk.id].join(" · "));
      return make("li", "device", make("div", "what", make("div", "name", kiosk.name), about), make("span", `badge ${colour}`, name));
    }),
  );
}

async function loadLinks() {
  const status = await send("/api/status");
  const { stores } = await send("/api/stores");
  state.wantClerk = new Set(stores.filter((store) => store.clerk_required).map((store) => store.id));
  chooseStore();
  const dot = (name, up) => {
    const element = make("span", `dot ${up === null ? "" : up ? "good" : "bad"}`, name);
    element.title = `${name}: ${up === null ? words.unknown : up ? words.connected : words.disconnected}`;
    element.setAttribute("aria-label", element.title);
    return element;
  };
  at("behind").hidden = !status.behind;
  at("links").replaceChildren(dot(words.headoffice, status.headoffice), dot(words.broker, status.broker));
}

// --- entering a code --------------------------------------------------------------------------------------------------

function chooseStore() {
  at("clerk-field").hidden = !(state.wantClerk ?? new Set()).has(at("store").value);
}

async function enter(event) {
  event.preventDefault();
  if (isWaiting()) return; // first it ends, or is given up
  if (state.stores.length === 0) await loadToday().catch(fail); // somebody types faster than the page loads
  if (state.stores.length === 0) return;
  const clerk = at("clerk-field").hidden ? "" : at("clerk").value.trim();
  const body = { store: at("store").value, code: at("code").value.trim(), ...(clerk ? { clerk } : {}) };
  localStorage.setItem("store", body.store);
  await look(body);
}

// --- changes ----------------------------------------------------------------------------------------------------------

const loads = { records: [loadToday, loadOpen], kiosks: [loadKiosks, loadToday], links: [loadLinks] };

const missed = new Set(); // what could not be loaded is asked for again

async function load(...topics) {
  await Promise.all([...new Set(topics.flatMap((topic) => loads[topic]))].map(loadOne));
}

async function loadOne(one) {
  try {
    await one();
    missed.delete(one);
  } catch {
    missed.add(one);
  }
}

setInterval(() => missed.forEach(loadOne), 3000);

function listen() {
  const events = new EventSource("/api/events");
  for (const topic of Object.keys(loads)) events.addEventListener(topic, () => load(topic));
  events.onopen = () => {
    at("lost").hidden = true;
    load(...Object.keys(loads));
  };
  events.onerror = () => {
    at("lost").hidden = false;
    if (events.readyState === EventSource.CLOSED) setTimeout(listen, 3000);
  };
}

at("look").addEventListener("submit", enter);
at("look-button").disabled = false; // until here the browser itself would have sent the form, and the code with it as an address
at("store").addEventListener("change", chooseStore);
at("close-day").addEventListener("click", () => {
  const store = state.store || state.stores[0]?.id;
  if (store) location.assign(`/days?${new URLSearchParams({ store, day: at("day").value })}`);
});
at("undo-cancel").addEventListener("click", () => at("undo").close(""));
at("show-store").addEventListener("change", (event) => ((state.store = event.target.value), drawToday()));
for (const choice of document.querySelectorAll("[data-show]")) {
  choice.addEventListener("click", () => {
    state.show = choice.dataset.show;
    for (const other of document.querySelectorAll("[data-show]")) other.setAttribute("aria-pressed", other === choice);
    drawToday();
  });
}
document.addEventListener("keydown", (event) => {
  if (at("undo").open) return;
  if (event.key === "/" && !/^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) {
    event.preventDefault();
    at("code").focus();
  }
  if (event.key === "Escape") cancelOffer();
});
listen();
setInterval(() => load("records"), 60_000); // a new day, and questions that come with time alone

resume(drawQuestion);
