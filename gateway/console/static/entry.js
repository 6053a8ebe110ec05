// A code that is entered: what it is worth, how many, yes or no. What becomes of it is in ending.js.

import { waitFor } from "./ending.js";
import { clearEntry, fail, show, showAnswer, titled, usesLeft } from "./outcome.js";
import { button, make, names, say, send, words } from "./page.js";
import { Request } from "./requester.js";

let offered = null;

// Takes an offer off the page, if there is one.
export function cancelOffer() {
  if (offered) lapse();
}

function lapse() {
  offered = null;
  clearEntry();
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
    offered = null;
    waitFor(wanted.map((each) => Request.begin({ ...each, ...received }))); // an id each, a repeat is never a second one
  });
  const left = usesLeft(found.detail);
  show(
    "blue",
    names.verdicts.redeemable.name,
    titled(found.detail),
    left ? make("div", "about", left) : null,
    several ? make("div", "about", say("of_one_order", { n: picked.length })) : null,
    make("div", "bar", Number(quantity.max) > 1 ? quantity : null, amount, button(words.cancel, "plain", lapse), confirm),
  );
  (found.asks_amount ? amount : confirm).focus();
  setTimeout(() => offered === picked && (lapse(), show("amber", words.offer_lapsed)), found.valid_s * 1000 - 2000);
}

export async function look(body) {
  offered = null;
  const isShown = show("blue", words.looking);
  try {
    const found = await send("/api/look", JSON.stringify(body));
    if (!isShown()) return;
    if (found.verdict === "redeemable") showOffer(found, body);
    else showAnswer(found);
  } catch (error) {
    if (isShown()) fail(error);
  }
}
