// The rehearsal's addresses, and one place that tells a person when one of them said no.

import { word } from "./words.js";

const toast = document.querySelector("#toast");
let hiding = 0;

/** Show a sentence for a few seconds. */
export function say(text) {
  toast.textContent = text;
  toast.hidden = false;
  clearTimeout(hiding);
  hiding = setTimeout(() => { toast.hidden = true; }, 5000);
}

/** Call an address; return its JSON (or null); show what it said and throw where it refused. */
export async function call(method, path, body) {
  const options = { method };
  if (body instanceof Blob) options.body = body;
  else if (body !== undefined) {
    options.body = JSON.stringify(body);
    options.headers = { "Content-Type": "application/json" };
  }
  const response = await fetch(path, options);
  const text = await response.text();
  let answer = null;
  try { answer = text ? JSON.parse(text) : null; } catch { answer = { error: text.slice(0, 200) }; }
  if (!response.ok) {
    const why = [answer?.error, answer?.hint].filter(Boolean).join(" · ") || response.statusText;
    say(`${word("failed")}: ${why}`);
    throw new Error(why);
  }
  return answer;
}
