// Times that run down in sight: one tick for all of them, by the gateway's clock and not by this browser's.

let ahead = 0; // milliseconds
let running = [];

export const setClock = (now) => (ahead = Date.parse(now) - Date.now());
export const leftOf = (until) => until - (Date.now() + ahead);

function draw({ element, until }) {
  const seconds = Math.max(0, Math.ceil(leftOf(until) / 1000));
  element.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

// Shows in an element how long it is until then; at the end, says so once. It stops where the element leaves the page.
export function runDown(element, until, ended) {
  running = running.filter((other) => other.element !== element);
  const each = { element, until, ended };
  running.push(each);
  draw(each);
  return element;
}

setInterval(() => {
  running = running.filter(({ element }) => element.isConnected);
  for (const each of running) draw(each);
  const over = running.filter(({ until }) => leftOf(until) <= 0);
  running = running.filter((each) => !over.includes(each));
  for (const { ended } of over) ended();
}, 1000);
