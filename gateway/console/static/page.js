// What every page of the console has: its words, its elements, and the gateway's interface.

export const names = JSON.parse(document.getElementById("names").textContent);
export const words = names.words;
export const at = (id) => document.getElementById(id);
export const say = (key, values = {}) => words[key].replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");

export function make(tag, className, ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

export function button(text, className, act) {
  const element = make("button", className, text);
  element.type = "button";
  element.addEventListener("click", act);
  return element;
}

// What the gateway says of a message that it did not take.
export class Said extends Error {}

// Without a body it only asks. Who is not signed in any more is led to the sign-in. It throws Said where the gateway has
// not taken it, and whatever `fetch` throws where the gateway was not reached, or `signal` was given meanwhile.
export async function send(path, body, headers = {}, signal = undefined) {
  const posted = { method: "POST", headers: { "Content-Type": "application/json", ...headers }, body, signal };
  const response = await fetch(path, body === undefined ? { signal } : posted);
  if (response.status === 401) location.reload();
  const content = response.status === 204 ? {} : await response.json();
  if (!response.ok) throw new Said(content.error ?? response.statusText);
  return content;
}
