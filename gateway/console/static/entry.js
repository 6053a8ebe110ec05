// A code that is entered: what it is worth, how many, yes or no, and what became of it. The page draws the rest.

import { at, button, make, names, say, send, words } from "./page.js";

let offered = null;

export function freshRid() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function ask(path, body, rid) {
  return send(path, body === undefined ? undefined : JSON.stringify(body), rid ? { "Idempotency-Key": rid } : {});
}

export async function untilFinal(path, body, rid) {
  for (;;) {
    const answer = await ask(path, body, rid);
    if (answer.final) return answer;
    await new Promise((resolve) => setTimeout(resolve, 1500));
  }
}

// --- what is shown ----------------------------------------------------------------------------------------------------

export function why(detail) {
  const moment = detail.at ? `${detail.at.slice(0, 10)} ${detail.at.slice(11, 16)}` : "";
  const notLive = detail.testing ? words.not_live : "";
  return [moment, detail.store, detail.kiosk, (detail.stores ?? []).join("、"), notLive, detail.reason].filter(Boolean).join(" · ");
}

export function show(colour, verdict, ...more) {
  at("outcome").replaceChildren(make("div", `outcome ${colour}`, make("div", "verdict", verdict), ...more));
}

export const fail = (error) => show("red", say("failed", { why: error.message }));

function usesLeft(detail) {
  return detail.uses_left === undefined || detail.uses_left === null ? "" : say("uses_left", { n: detail.uses_left });
}

const titled = (detail) => make("div", "name", detail.title ?? "", detail.value ? ` ${detail.value}` : "");

export function showAnswer(answer) {
  const verdict = names.verdicts[answer.verdict];
  showEnd(verdict.colour, verdict.name, answer);
}

function showEnd(colour, name, answer, ...more) {
  const detail = answer.detail ?? {};
  const told = answer.verdict === "redeemed" ? usesLeft(detail) : [why(detail), usesLeft(detail)].filter(Boolean).join(" · ");
  const about = make("div", "about", told);
  show(colour, name, detail.title ? titled(detail) : null, about, ...more, make("div", "bar", button(words.next_code, "", clearEntry)));
}

function clearEntry() {
  offered = null;
  at("outcome").replaceChildren();
  at("code").value = "";
  at("code").focus();
}

// Takes an offer off the page, if there is one.
export function cancelOffer() {
  if (offered) clearEntry();
}

// --- an offer ---------------------------------------------------------------------------------------------------------

// Yuan with two decimals at most, or nothing where nothing has to be said.
const isSum = (input) => (input.value ? /^\d{1,7}(\.\d{1,2})?$/.test(input.value) : !input.required);

function showOffer(found, body) {
  const picked = [found, ...found.others].map(({ code, offer }) => ({ ...body, code, offer }));
  const several = picked.length > 1; // of one order: how many vouchers, not how many uses of one
  offered = picked;
  const quantity = make("input", "");
  Object.assign(quantity, { type: "number", min: 1, max: several ? picked.length : found.max_quantity, value: 1, required: true });
  quantity.setAttribute("aria-label", several ? words.vouchers : words.quantity);
  const amount = make("input", "amount");
  Object.assign(amount, { inputMode: "decimal", placeholder: words.amount, required: found.asks_amount });
  amount.setAttribute("aria-label", words.amount);
  quantity.addEventListener("input", () => {
    amount.hidden = several && quantity.value !== "1"; // whose sum would it be?
    if (amount.hidden) amount.value = "";
  });
  const confirm = button(words.confirm, "primary", () => {
    amount.setCustomValidity(isSum(amount) ? "" : words.amount_wrong);
    if (!quantity.reportValidity() || !amount.reportValidity()) return;
    const received = amount.value ? { amount: Math.round(Number(amount.value) * 100) } : {};
    const count = Number(quantity.value);
    const wanted = several ? picked.slice(0, count) : [{ ...picked[0], quantity: count }];
    redeem(wanted.map((each) => ({ ...each, ...received })));
  });
  const left = usesLeft(found.detail);
  show(
    "blue",
    names.verdicts.redeemable.name,
    titled(found.detail),
    left ? make("div", "about", left) : null,
    several ? make("div", "about", say("of_one_order", { n: picked.length })) : null,
    make("div", "bar", Number(quantity.max) > 1 ? quantity : null, amount, button(words.cancel, "plain", clearEntry), confirm),
  );
  (found.asks_amount ? amount : confirm).focus();
  setTimeout(() => offered === picked && (clearEntry(), show("amber", words.offer_lapsed)), found.valid_s * 1000 - 2000);
}

export async function look(body) {
  show("blue", words.looking);
  try {
    const found = await ask("/api/look", body);
    if (found.verdict === "redeemable") showOffer(found, body);
    else showAnswer(found);
  } catch (error) {
    fail(error);
  }
}

// --- its end ----------------------------------------------------------------------------------------------------------

// The ids are drawn here, one for each voucher, and kept over a reload: a repeat is the same redemption, never a second.
async function redeem(bodies) {
  offered = null;
  const begun = bodies.map((body) => ({ rid: freshRid(), body }));
  sessionStorage.setItem("redemptions", JSON.stringify(begun));
  await finish(begun);
}

async function endOf({ rid, body }) {
  for (;;) {
    try {
      return await untilFinal("/api/redemptions", body, rid);
    } catch (error) {
      if (!(error instanceof TypeError)) return { error };
      await new Promise((resolve) => setTimeout(resolve, 2000)); // the gateway is not reached: ask again
    }
  }
}

async function finish(begun) {
  show("amber", words.pending);
  const ends = await Promise.all(begun.map(endOf));
  sessionStorage.removeItem("redemptions");
  const failed = ends.find((end) => end.verdict !== "redeemed");
  const count = ends.filter((end) => end.verdict === "redeemed").length;
  const split = failed && count ? make("div", "about", say("some_of", { n: count, of: ends.length })) : null;
  if (failed?.error) show("red", say("failed", { why: failed.error.message }), split);
  else if (split) showEnd("red", names.verdicts[failed.verdict].name, failed, split);
  else if (ends.length > 1 && !failed) showEnd("green", `${names.verdicts.redeemed.name} ×${ends.length}`, ends[0]);
  else showAnswer(ends[0]);
  // Where some were redeemed and others not, a person says which goods went: the page asks of each (是否已交付?).
  if (!failed) setTimeout(() => begun.forEach(({ rid }) => settle(rid, true)), 3000);
}

export async function settle(rid, handedOver) {
  await ask(`/api/redemptions/${rid}/settled`, { handed_over: handedOver }).catch(fail);
}

// Takes up what a reload has broken off.
export function resume() {
  const begun = JSON.parse(sessionStorage.getItem("redemptions") ?? "null");
  if (begun) finish(begun);
}
