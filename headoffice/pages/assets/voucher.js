// Keeps an open voucher page true: it is told when it has changed, and asks every two seconds where nobody can tell it.
// A voucher whose code changes shows it from the tap on the button until it is used, its time is over, or nobody looks.
"use strict";

const PERIOD_MS = 2000;
const LOST_MS = 45000;
const PATIENCE_MS = 8000;

let opened = null;
let awake = null;
let stale = false;
let refreshing = false;
let renewals = 0;

function page() {
  return document.querySelector("main[data-page]");
}

function get(address) {
  return fetch(address, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) });
}

async function refresh() {
  const main = page();
  const state = await get(`${main.dataset.page}/state`);
  if (state.status === 404) return;
  if (!state.ok) throw new Error(`state: ${state.status}`);
  if ((await state.json()).seal !== main.dataset.seal) await renew();
}

async function renew() {
  const main = page();
  const mine = ++renewals;
  const ticket = await get(`${main.dataset.page}/ticket?lang=${main.lang.slice(0, 2)}`);
  if (ticket.status === 404) return;
  if (!ticket.ok) throw new Error(`ticket: ${ticket.status}`);
  const text = await ticket.text();
  if (mine !== renewals) return; // what was asked for later is newer
  page().outerHTML = text;
  offerLinks();
  if (opened === null) return;
  // A refusal leaves the code open, for the customer to try again; what is used is folded.
  if (document.querySelector(".opened") !== null && document.querySelector("[data-lately=redeemed]") === null) paint();
  else fold();
}

// One at a time: what is told meanwhile is asked for afterwards, and what could not be fetched in the next round.
async function refreshIfSeen() {
  stale = true;
  if (refreshing || document.visibilityState !== "visible") return;
  refreshing = true;
  try {
    while (stale) {
      stale = false;
      await refresh();
    }
  } catch {
    // No network for a moment: what is shown was true.
    stale = true;
  } finally {
    refreshing = false;
  }
}

function fold() {
  if (opened !== null) clearTimeout(opened.timer);
  opened = null;
  if (awake !== null) awake.release();
  const plate = document.querySelector(".opened");
  if (plate === null) return;
  plate.hidden = true;
  document.querySelector(".use").hidden = false;
}

function show(said) {
  if (document.querySelector(".opened") === null) return;
  const now = performance.now();
  opened = { id: said.opening, said, heard: now, until: now + said.left_ms, timer: setTimeout(beat, said.again_ms) };
  paint();
  stayAwake();
}

function paint() {
  const box = document.querySelector(".opened");
  const said = opened.said;
  box.querySelector(".plate").innerHTML = said.qr;
  const groups = said.groups.map((group) => Object.assign(document.createElement("span"), { textContent: group }));
  box.querySelector(".code").replaceChildren(...groups.flatMap((group, at) => (at ? [" ", group] : [group])));
  box.hidden = false;
  document.querySelector(".use").hidden = true;
  tellTime();
}

function tellTime() {
  if (opened === null) return;
  const now = performance.now();
  if (now >= opened.until || now - opened.heard >= LOST_MS) {
    leave();
    return fold();
  }
  const seconds = Math.ceil((opened.until - now) / 1000);
  const left = document.querySelector(".opened .left");
  const time = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  left.textContent = left.dataset.words.replace("{time}", time);
}

// A screen that goes dark before the kiosk shows no code; the browser ends it whenever the page is out of sight.
async function stayAwake() {
  const code = document.querySelector(".ready .qr");
  if (code === null || !("wakeLock" in navigator) || document.visibilityState !== "visible") return;
  if (awake !== null && !awake.released) return;
  try {
    awake = await navigator.wakeLock.request("screen");
  } catch {
    // Not allowed now, with a low battery for instance: the phone's own time-out is then as long as ever.
  }
}

async function ask(path) {
  const answer = await fetch(`${page().dataset.page}/open${path}`, { method: "POST" });
  if (answer.ok) return show(await answer.json());
  fold();
  await renew();
}

async function beat() {
  if (opened === null) return;
  if (document.visibilityState === "visible") {
    try {
      await ask(`/${opened.id}`);
      return;
    } catch {
      // No network for a moment: the code that is shown goes on counting for a while.
    }
  }
  if (opened !== null) opened.timer = setTimeout(beat, PERIOD_MS);
}

// A redemption keeps its id until its answer has come: whatever is sent again, also by a page that was opened anew
// meanwhile, is the same redemption.
function placeOf(form) {
  return `rid ${form.action}`;
}

function keepRid(form) {
  const rid = form.elements.rid;
  if (rid === undefined) return;
  rid.value = localStorage.getItem(placeOf(form)) ?? rid.value;
  localStorage.setItem(placeOf(form), rid.value);
}

// Forms work without this script, too; with it the page stays where it is, and its code open.
async function send(form) {
  keepRid(form);
  const page = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
  if (!page.ok) return;
  localStorage.removeItem(placeOf(form));
  await renew();
}

async function give(button) {
  const link = button.dataset.link;
  if (navigator.share) return navigator.share({ url: link });
  await navigator.clipboard.writeText(link);
  button.textContent = button.dataset.done;
}

// The buttons beside links: only where there is something to press them for.
function offerLinks() {
  if (!navigator.share && !navigator.clipboard) return;
  for (const button of document.querySelectorAll(".copy")) button.hidden = false;
}

document.addEventListener("click", (event) => {
  if (event.target.closest(".use")) ask("").catch(fold);
  const copy = event.target.closest(".copy");
  if (copy) give(copy).catch(() => copy.previousElementSibling.querySelector("input").select());
});
document.addEventListener("submit", (event) => {
  event.preventDefault();
  send(event.target).catch(() => event.target.submit());
});
// A photograph of the code is worth nothing from now on.
function leave() {
  if (opened !== null) navigator.sendBeacon(`${page().dataset.page}/open/${opened.id}/close`);
}

window.addEventListener("pagehide", leave);
const told = new EventSource(`${page().dataset.page}/events`);
told.onmessage = refreshIfSeen;
setInterval(() => {
  if (stale || told.readyState !== EventSource.OPEN) refreshIfSeen();
}, PERIOD_MS);
setInterval(tellTime, 500);
document.addEventListener("visibilitychange", () => {
  refreshIfSeen();
  stayAwake();
});
stayAwake();
offerLinks();
