// Keeps an open voucher page true: asks every two seconds, while somebody looks, whether it has changed.
"use strict";

const PERIOD_MS = 2000;

async function refresh() {
  const main = document.querySelector("main[data-page]");
  const { page, seal } = main.dataset;
  const state = await fetch(`${page}/state`, { cache: "no-store" });
  if (!state.ok || (await state.json()).seal === seal) return;
  const ticket = await fetch(`${page}/ticket?lang=${main.lang.slice(0, 2)}`, { cache: "no-store" });
  if (ticket.ok) main.outerHTML = await ticket.text();
}

async function refreshIfSeen() {
  if (document.visibilityState !== "visible") return;
  try {
    await refresh();
  } catch {
    // No network for a moment: what is shown was true, and the next round asks again.
  }
}

setInterval(refreshIfSeen, PERIOD_MS);
document.addEventListener("visibilitychange", refreshIfSeen);
