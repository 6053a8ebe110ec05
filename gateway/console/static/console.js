// The manager's page. It draws what the gateway's interface says, and asks again when the gateway says that something changed.

import { leftOf, runDown, setClock } from "./countdown.js";
import { at, button, make, names, say, send, words } from "./page.js";

const state = { rows: [], stores: [], show: "all", store: "", offer: null };

function freshRid() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function ask(path, body, rid) {
  return send(path, body === undefined ? undefined : JSON.stringify(body), rid ? { "Idempotency-Key": rid } : {});
}

// --- what a row says --------------------------------------------------------------------------------------------------

const verdictOf = (row) => (row.undone_by ? { name: words.given_back, colour: "blue" } : names.verdicts[row.verdict]);
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

function why(detail) {
  const moment = detail.at ? `${detail.at.slice(0, 10)} ${detail.at.slice(11, 16)}` : "";
  const notLive = detail.testing ? words.not_live : "";
  return [moment, detail.store, detail.kiosk, (detail.stores ?? []).join("、"), notLive, detail.reason].filter(Boolean).join(" · ");
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
  if (row.verdict === "redeemed" && row.action === "redeem" && !row.undone_by && canBeUndone(row)) {
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
  const today = await ask("/api/today");
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
  const found = await ask("/api/open");
  at("attention").hidden = found.open.length === 0;
  at("attention-name").textContent = `${words.open} ${found.open.length}`;
  at("open").replaceChildren(...found.open.map((row) => drawCase(row)));
  at("call").hidden = !found.call;
  at("call").textContent = found.call;
  at("question").hidden = found.awaiting.length === 0;
  at("awaiting").replaceChildren(
    ...found.awaiting.map((row) =>
      drawCase(
        row,
        button(words.yes_handed, "primary", () => settle(row, true)),
        button(words.no_handed, "danger", () => askUndo(row)),
      ),
    ),
  );
}

async function settle(row, handedOver) {
  await ask(`/api/redemptions/${row.rid}/settled`, { handed_over: handedOver }).catch(fail);
}

function askUndo(row) {
  const dialog = at("undo");
  at("undo-what").textContent = `${timeOf(row)} ${row.title ?? ""} ····${row.code_tail ?? ""}`;
  at("undo-reason").value = "";
  const until = undoneUntil(row);
  at("undo-until").hidden = until === null;
  at("undo-now").disabled = !canBeUndone(row);
  if (until !== null) runDown(at("undo-left"), until, () => (at("undo-now").disabled = true));
  dialog.returnValue = "";
  dialog.onclose = async () => {
    if (dialog.returnValue !== "undo") return;
    const body = { reason: at("undo-reason").value.trim() };
    try {
      show("amber", words.pending);
      showAnswer(await untilFinal(`/api/redemptions/${row.rid}/undo`, body, freshRid()));
    } catch (error) {
      fail(error);
    }
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
  const { kiosks } = await ask("/api/kiosks");
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
  const status = await ask("/api/status");
  const { stores } = await ask("/api/stores");
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

function show(colour, verdict, ...more) {
  at("outcome").replaceChildren(make("div", `outcome ${colour}`, make("div", "verdict", verdict), ...more));
}

const fail = (error) => show("red", say("failed", { why: error.message }));

function showAnswer(answer) {
  const verdict = names.verdicts[answer.verdict];
  const detail = answer.detail ?? {};
  const left = detail.uses_left === undefined || detail.uses_left === null ? "" : say("uses_left", { n: detail.uses_left });
  show(
    verdict.colour,
    verdict.name,
    detail.title ? make("div", "name", detail.title, detail.value ? ` ${detail.value}` : "") : null,
    make("div", "about", answer.verdict === "redeemed" ? left : [why(detail), left].filter(Boolean).join(" · ")),
    make("div", "bar", button(words.next_code, "", clearEntry)),
  );
}

function clearEntry() {
  state.offer = null;
  at("outcome").replaceChildren();
  at("code").value = "";
  at("code").focus();
}

// Yuan with two decimals at most, or nothing where nothing has to be said.
const isSum = (input) => (input.value ? /^\d{1,7}(\.\d{1,2})?$/.test(input.value) : !input.required);

function showOffer(found, body) {
  const offer = { ...body, code: found.code, offer: found.offer };
  state.offer = offer;
  const quantity = make("input", "");
  Object.assign(quantity, { type: "number", min: 1, max: found.max_quantity, value: 1 });
  quantity.setAttribute("aria-label", words.quantity);
  const amount = make("input", "amount");
  Object.assign(amount, { inputMode: "decimal", placeholder: words.amount, required: found.asks_amount });
  amount.setAttribute("aria-label", words.amount);
  const confirm = button(words.confirm, "primary", () => {
    amount.setCustomValidity(isSum(amount) ? "" : words.amount_wrong);
    if (!amount.reportValidity()) return;
    const received = amount.value ? { amount: Math.round(Number(amount.value) * 100) } : {};
    redeem({ ...offer, quantity: Number(quantity.value) || 1, ...received });
  });
  const left = found.detail.uses_left;
  show(
    "blue",
    names.verdicts.redeemable.name,
    make("div", "name", found.detail.title ?? "", found.detail.value ? ` ${found.detail.value}` : ""),
    left === undefined || left === null ? null : make("div", "about", say("uses_left", { n: left })),
    make("div", "bar", found.max_quantity > 1 ? quantity : null, amount, button(words.cancel, "plain", clearEntry), confirm),
  );
  (found.asks_amount ? amount : confirm).focus();
  setTimeout(() => state.offer === offer && (clearEntry(), show("amber", words.offer_lapsed)), found.valid_s * 1000 - 2000);
}

async function look(event) {
  event.preventDefault();
  if (state.stores.length === 0) await loadToday().catch(fail); // somebody types faster than the page loads
  if (state.stores.length === 0) return;
  const clerk = at("clerk-field").hidden ? "" : at("clerk").value.trim();
  const body = { store: at("store").value, code: at("code").value.trim(), ...(clerk ? { clerk } : {}) };
  localStorage.setItem("store", body.store);
  show("blue", words.looking);
  try {
    const found = await ask("/api/look", body);
    if (found.verdict === "redeemable") showOffer(found, body);
    else showAnswer(found);
  } catch (error) {
    fail(error);
  }
}

// The id of a redemption is drawn here and kept over a reload: a repeat is the same redemption, never a second one.
async function redeem(body) {
  state.offer = null;
  const rid = freshRid();
  sessionStorage.setItem("redemption", JSON.stringify({ rid, body }));
  await finish(rid, body);
}

async function finish(rid, body) {
  show("amber", words.pending);
  try {
    const answer = await untilFinal("/api/redemptions", body, rid);
    showAnswer(answer);
    if (answer.verdict === "redeemed") setTimeout(() => settle({ rid }, true), 3000);
    sessionStorage.removeItem("redemption");
  } catch (error) {
    if (error instanceof TypeError) setTimeout(() => finish(rid, body), 2000);
    else (fail(error), sessionStorage.removeItem("redemption"));
  }
}

async function untilFinal(path, body, rid) {
  for (;;) {
    const answer = await ask(path, body, rid);
    if (answer.final) return answer;
    await new Promise((resolve) => setTimeout(resolve, 1500));
  }
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

at("look").addEventListener("submit", look);
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
  if (event.key === "Escape" && state.offer) clearEntry();
});
listen();
setInterval(() => load("records"), 60_000); // a new day, and questions that come with time alone

const unfinished = JSON.parse(sessionStorage.getItem("redemption") ?? "null");
if (unfinished) finish(unfinished.rid, unfinished.body);
