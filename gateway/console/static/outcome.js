// What the page says of the code that was entered last: a colour, a verdict, and what is known of the voucher.

import { at, button, make, names, say, words } from "./page.js";

// Draws an outcome, and returns whether it is still the one that is shown.
export function show(colour, verdict, ...more) {
  const drawn = make("div", `outcome ${colour}`, make("div", "verdict", verdict), ...more);
  at("outcome").replaceChildren(drawn);
  return () => drawn.isConnected;
}

export const fail = (error) => show("red", say("failed", { why: error.message }));

export function clearEntry() {
  at("outcome").replaceChildren();
  at("code").value = "";
  at("code").focus();
}

export function why(detail) {
  const moment = detail.at ? `${detail.at.slice(0, 10)} ${detail.at.slice(11, 16)}` : "";
  const notLive = detail.testing ? words.not_live : "";
  const handedOver = detail.unsettled ? words.awaiting : ""; // nobody has said that they saw the answer to its redemption
  const where = [moment, detail.store, detail.kiosk, (detail.stores ?? []).join("、")];
  return [...where, handedOver, notLive, detail.reason].filter(Boolean).join(" · ");
}

export function usesLeft(detail) {
  return detail.uses_left === undefined || detail.uses_left === null ? "" : say("uses_left", { n: detail.uses_left });
}

export const titled = (detail) => make("div", "name", detail.title ?? "", detail.value ? ` ${detail.value}` : "");

// What was undone is never shown as if it stood (rule 10).
export const verdictOf = (one) => (one.undone_by ? { name: words.given_back, colour: "blue" } : names.verdicts[one.verdict]);

export const isRedeemed = (answer) => answer.verdict === "redeemed" && !answer.undone_by;

export function showAnswer(answer, { verdict = verdictOf(answer), more = null, next = clearEntry } = {}) {
  const detail = answer.detail ?? {};
  const nothing = answer.verdict === "aborted" ? words.nothing_spent : "";
  const told = isRedeemed(answer) ? usesLeft(detail) : [nothing, why(detail), usesLeft(detail)].filter(Boolean).join(" · ");
  const bar = make("div", "bar", button(words.next_code, "", next));
  return show(verdict.colour, verdict.name, detail.title ? titled(detail) : null, make("div", "about", told), more, bar);
}
