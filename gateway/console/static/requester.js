// The page as a requester (rules 1, 8 and 9 of docs/redemption.md): a redemption, or an undo, is asked for under its own id
// for ten seconds; then, after a reload and once it is given up only its end is asked for. Nothing is drawn here.

import { names, Said, send } from "./page.js";

const limits = names.requester; // seconds
const KEPT = "redemptions";

const kept = () => JSON.parse(sessionStorage.getItem(KEPT) ?? "[]");
const keep = (all) => sessionStorage.setItem(KEPT, JSON.stringify(all));

// What is kept lives over a reload: until it ended without success, or somebody said that the goods were handed over.
export const forget = (rid) => keep(kept().filter((one) => one.rid !== rid));

function freshRid() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function pause(ms, signal) {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    const over = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => (clearTimeout(over), resolve()), { once: true });
  });
}

export class Request {
  #asked = null; // when it was begun on this page; null: only its end may be asked for
  #round = new AbortController();

  constructor({ rid, undoes = null, body, parked = false }) {
    Object.assign(this, { rid, undoes, body, parked });
  }

  // Begins a redemption, or where `undoes` names one its undo; it is kept before it leaves.
  static begin(body, undoes = null) {
    const request = new Request({ rid: freshRid(), undoes, body });
    request.#asked = { running: performance.now(), wall: Date.now() };
    request.#keep();
    return request;
  }

  // What was begun before the reload.
  static kept() {
    return kept().map((one) => new Request(one));
  }

  // Whether whoever it was begun for can still be taken to stand there; else its success is a question.
  get isHere() {
    return this.#asked !== null && !this.parked;
  }

  // The number under which a kiosk, too, parks what is not waited for any more.
  get number() {
    return this.rid.slice(0, 4).toUpperCase();
  }

  giveUp() {
    this.parked = true;
    this.#keep();
    this.#round.abort();
  }

  // Returns the owner's final answer, however long that takes. Nothing else ends it: not silence, and not what a gateway or
  // a proxy says of a message, which `told` hears (empty: it is at work).
  async end(told) {
    for (;;) {
      const askingMs = this.#askingMs();
      this.#round = new AbortController();
      const { signal } = this.#round;
      const late = setTimeout(() => this.#round.abort(), askingMs || limits.patience_s * 1000);
      try {
        const answer = await this.#ask(askingMs > 0, signal);
        if (answer.final === true && answer.rid === this.rid) return answer;
        told("");
      } catch (error) {
        told(error instanceof Said ? error.message : "");
      } finally {
        clearTimeout(late);
      }
      await pause(this.#pauseMs(askingMs > 0), signal);
    }
  }

  #pauseMs(wasAsking) {
    const left = this.#askingMs();
    if (left > 0) return Math.min(left, limits.repeat_s * 1000);
    return wasAsking ? 0 : limits.resolve_repeat_s * 1000;
  }

  #ask(redeeming, signal) {
    const own = this.undoes ? `/api/redemptions/${this.undoes}/undo` : "/api/redemptions";
    const body = JSON.stringify(this.body);
    return redeeming
      ? send(own, body, { "Idempotency-Key": this.rid }, signal)
      : send(`${own}/${this.rid}/resolve`, body, {}, signal);
  }

  // For how long it may still be asked for. By two clocks: one stands still while the computer sleeps, the other can be set.
  #askingMs() {
    if (!this.isHere) return 0;
    const passed = Math.max(performance.now() - this.#asked.running, Date.now() - this.#asked.wall);
    return Math.max(0, limits.asking_s * 1000 - passed);
  }

  #keep() {
    const { rid, undoes, body, parked } = this;
    keep([...kept().filter((one) => one.rid !== rid), { rid, undoes, body, parked }]);
  }
}
