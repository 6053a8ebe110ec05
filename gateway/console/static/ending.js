// What becomes of redemptions and undos that were begun on the page: they are waited for, given up, shown, settled.

import { clearEntry, isRedeemed, show, showAnswer, verdictOf } from "./outcome.js";
import { button, make, names, say, send, words } from "./page.js";
import { forget, Request } from "./requester.js";

const SHOWN_MS = 3000; // so long a success is shown until its goods count as handed over (rule 9)

let waiting = null; // the requests whose ends the page shows; one conversation at a time, as at a kiosk

export const isWaiting = () => waiting !== null;

// `question` draws a redemption of which somebody has to say whether its goods were handed over: there is one where it was
// begun before a reload.
export async function waitFor(requests, question = null) {
  const heard = make("div", "about");
  const told = (text) => (heard.textContent = text);
  waiting = requests;
  show("amber", words.pending, heard, make("div", "bar", button(words.give_up, "plain", () => park(requests))));
  const ends = await Promise.all(requests.map((request) => ended(request, told)));
  const redeemed = requests.filter((request, n) => !request.isHere && isRedeemed(ends[n]));
  const rows = await Promise.all(redeemed.map(({ rid }) => recorded(rid)));
  if (waiting !== requests) return;
  waiting = null;
  if (rows.length > 0) askOf(rows, ends, question);
  else showEnds(requests, ends);
}

async function ended(request, told) {
  const end = await request.end(told);
  if (request.parked || !isRedeemed(end)) forget(request.rid); // whether a parked one was handed over the list asks
  if (end.verdict === "undone") forget(request.undoes);
  return end;
}

// The customer has left: from now on only the end is asked for, and it comes to the lists.
function park(requests) {
  waiting = null;
  requests.forEach((request) => request.giveUp());
  const numbers = requests.map((request) => request.number).join("、");
  show("amber", say("given_up", { n: numbers }), make("div", "bar", button(words.next_code, "", clearEntry)));
}

// --- its end ----------------------------------------------------------------------------------------------------------

function counted(ends) {
  const count = ends.filter(isRedeemed).length;
  return count > 0 && count < ends.length ? make("div", "about", say("some_of", { n: count, of: ends.length })) : null;
}

function showEnds(requests, ends) {
  const other = ends.find((end) => !isRedeemed(end));
  const split = counted(ends);
  // Where some were redeemed and others not, a person says which goods went: the list asks of each (是否已交付?).
  if (split) showAnswer(other, { verdict: { name: verdictOf(other).name, colour: "red" }, more: split });
  else if (other) showAnswer(other);
  else showSuccess(requests, ends);
}

function showSuccess(requests, ends) {
  const { name, colour } = names.verdicts.redeemed;
  const verdict = { name: ends.length > 1 ? `${name} ×${ends.length}` : name, colour };
  // A success that the next code takes off the page sooner is asked about: so is one of which this could not be told.
  const seen = () => requests.forEach(({ rid }) => settle(rid).catch((error) => console.warn(error.message)));
  const isShown = showAnswer(ends[0], { verdict, next: () => (clearEntry(), seen()) });
  setTimeout(() => isShown() && seen(), SHOWN_MS);
}

// Says that the goods of a redemption were handed over.
export async function settle(rid) {
  await send(`/api/redemptions/${rid}/settled`, JSON.stringify({ handed_over: true }));
  forget(rid);
}

// --- after a reload ---------------------------------------------------------------------------------------------------

async function recorded(rid) {
  for (;;) {
    try {
      return await send(`/api/redemptions/${rid}`);
    } catch (error) {
      console.warn(error.message); // it is on record, because it was answered
      await new Promise((resolve) => setTimeout(resolve, names.requester.repeat_s * 1000));
    }
  }
}

// Nobody knows who stands there now: a success is a question, never green, and none where it was answered meanwhile.
function askOf(rows, ends, question) {
  const open = rows.filter((row) => isRedeemed(row) && !row.handed_over);
  rows.filter((row) => !open.includes(row)).forEach((row) => forget(row.rid));
  const list = make("ul", "cases");
  list.append(...open.map((row) => question(row, (one) => (one.remove(), list.childElementCount || clearEntry()))));
  const others = ends.filter((end) => !isRedeemed(end)).map((end) => make("div", "about", verdictOf(end).name));
  if (open.length > 0) show("amber", words.awaiting, list, ...others);
  else showAnswer(rows[0], { verdict: { name: verdictOf(rows[0]).name, colour: "" } });
}

// Takes up what a reload has broken off; only the ends of it are asked for.
export function resume(question) {
  const kept = Request.kept();
  const open = kept.filter((request) => !request.parked);
  kept.filter((request) => request.parked).forEach((request) => ended(request, () => {}));
  if (open.length > 0) waitFor(open, question);
}
