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

// Without a body it only asks. Who is not signed in any more is led to the sign-in.
export async function send(path, body, headers = {}) {
  const posted = { method: "POST", headers: { "Content-Type": "application/json", ...headers }, body };
  const response = await fetch(path, body === undefined ? {} : posted);
  if (response.status === 401) location.reload();
  const content = response.status === 204 ? {} : await response.json();
  if (!response.ok) throw new Error(content.error ?? response.statusText);
  return content;
}
