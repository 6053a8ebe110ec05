// The clerks' page: a list, and what is done to those who are chosen in it. Every change is the head office's.

import { at, button, make, say, send, words } from "./page.js";

const state = { clerks: [], stores: [], chosen: new Set() };

// --- what is told -----------------------------------------------------------------------------------------------------

function tell(text) {
  at("told").textContent = text;
  at("told").hidden = !text;
  at("failed").hidden = true;
}

function fail(error) {
  at("failed").textContent = say("failed", { why: error.message });
  at("failed").hidden = false;
  at("told").hidden = true;
}

// Whatever came of it, the list is looked at anew: also a change of which nobody has said whether it was made.
async function attempt(work) {
  tell("");
  try {
    await work();
  } catch (error) {
    fail(error);
  }
  await load().catch(fail);
}

// --- the list ---------------------------------------------------------------------------------------------------------

const storeName = (id) => state.stores.find((store) => store.id === id)?.name ?? id;
const chosenClerks = () => state.clerks.filter((clerk) => state.chosen.has(clerk.number));

function badgeOf(clerk) {
  if (clerk.disabled) return make("span", "badge red", words.disabled);
  if (clerk.locked) return make("span", "badge amber", words.locked);
  return clerk.has_pin ? make("span", "badge green", words.active) : make("span", "badge amber", words.no_pin);
}

function drawClerk(clerk) {
  const box = make("input", "");
  Object.assign(box, { type: "checkbox", checked: state.chosen.has(clerk.number) });
  box.setAttribute("aria-label", `${clerk.number} ${clerk.name}`);
  box.addEventListener("change", () => {
    if (box.checked) state.chosen.add(clerk.number);
    else state.chosen.delete(clerk.number);
    drawChosen();
  });
  const role = clerk.manager ? make("span", "badge blue", words.manager) : null;
  const name = make("div", "name", `${clerk.name} `, role);
  const about = make("div", "quiet small", [clerk.number, clerk.stores.map(storeName).join("、")].join(" · "));
  const change = button(words.change, "plain", () => edit(clerk));
  return make("li", "clerk", make("label", "check", box), make("div", "what", name, about), badgeOf(clerk), change);
}

function drawChosen() {
  const count = chosenClerks().length;
  at("chosen").textContent = count ? say("chosen", { n: count }) : "";
  at("all").checked = count > 0 && count === state.clerks.length;
  for (const control of [...document.querySelectorAll("[data-act]"), at("move")]) control.disabled = count === 0;
}

async function load() {
  Object.assign(state, await send("/api/clerks"));
  state.chosen = new Set(chosenClerks().map((clerk) => clerk.number));
  at("clerks").replaceChildren(...state.clerks.map(drawClerk));
  at("no-clerks").hidden = state.clerks.length > 0;
  at("move").replaceChildren(new Option(words.move_to, ""), ...state.stores.map((store) => new Option(store.name, store.id)));
  drawChosen();
}

// --- what is done to those who are chosen -----------------------------------------------------------------------------

const wish = ({ number, name, manager, stores, disabled }, change) => ({ number, name, manager, stores, disabled, ...change });

function changeChosen(change) {
  return attempt(() => send("/api/clerks", JSON.stringify({ clerks: chosenClerks().map((clerk) => wish(clerk, change)) })));
}

function drawSlip(clerk, made, hint) {
  const qr = new DOMParser().parseFromString(made.qr, "image/svg+xml").documentElement;
  const until = made.until ? say("valid_until", { at: new Date(made.until).toLocaleString(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" }) }) : "";
  return make(
    "article",
    "slip",
    qr,
    make("div", "name", clerk.name),
    make("div", "", `${words.clerk_number} ${clerk.number} · ${clerk.stores.map(storeName).join("、")}`),
    make("div", "small", hint),
    make("div", "quiet small", until),
  );
}

async function handOut(kind, hint) {
  const slips = [];
  at("slip-list").replaceChildren();
  for (const clerk of chosenClerks()) slips.push(drawSlip(clerk, await send(`/api/clerks/${clerk.number}/${kind}`, ""), hint));
  at("slip-list").replaceChildren(...slips);
  at("slips").showModal();
}

const acts = {
  codes: () => attempt(() => handOut("code", words.one_time_hint)),
  badges: () => confirm(words.badge_sure) && attempt(() => handOut("badge", words.badge_hint)),
  enable: () => changeChosen({ disabled: false }),
  disable: () => changeChosen({ disabled: true }),
};

// --- one clerk --------------------------------------------------------------------------------------------------------

function edit(clerk) {
  at("clerk-title").textContent = clerk ? words.edit_clerk : words.add_clerk;
  at("name").value = clerk?.name ?? "";
  at("number").value = clerk?.number ?? "";
  at("number").readOnly = Boolean(clerk);
  at("manager").checked = clerk?.manager ?? false;
  at("stores").replaceChildren(
    ...state.stores.map((store) => {
      const box = make("input", "");
      Object.assign(box, { type: "checkbox", value: store.id, checked: clerk?.stores.includes(store.id) ?? state.stores.length === 1 });
      return make("label", "check", box, ` ${store.name}`);
    }),
  );
  at("clerk-wrong").hidden = true;
  at("clerk-form").onsubmit = async (event) => {
    event.preventDefault();
    const stores = Array.from(at("stores").querySelectorAll("input:checked"), (box) => box.value);
    const wanted = {
      number: at("number").value.trim() || null,
      name: at("name").value.trim(),
      manager: at("manager").checked,
      stores,
      disabled: clerk?.disabled ?? false,
    };
    try {
      await send("/api/clerks", JSON.stringify({ clerks: [wanted] }));
      at("clerk").close();
      await load();
    } catch (error) {
      at("clerk-wrong").textContent = error.message;
      at("clerk-wrong").hidden = false;
    }
  };
  at("clerk").showModal();
}

async function takeIn(file) {
  await attempt(async () => {
    const { numbers } = await send("/api/clerks.csv", await file.arrayBuffer(), { "Content-Type": "text/csv" });
    tell(say("taken_in", { n: numbers.length }));
  });
  at("file").value = "";
}

at("add").addEventListener("click", () => edit(null));
at("clerk-cancel").addEventListener("click", () => at("clerk").close());
at("slips-close").addEventListener("click", () => at("slips").close());
at("slips").addEventListener("close", () => at("slip-list").replaceChildren());
at("print").addEventListener("click", () => print());
at("csv-in").addEventListener("click", () => at("file").click());
at("file").addEventListener("change", () => at("file").files.length && takeIn(at("file").files[0]));
at("all").addEventListener("change", () => {
  state.chosen = new Set(at("all").checked ? state.clerks.map((clerk) => clerk.number) : []);
  load().catch(fail);
});
at("move").addEventListener("change", () => at("move").value && changeChosen({ stores: [at("move").value] }));
for (const control of document.querySelectorAll("[data-act]")) {
  control.addEventListener("click", () => acts[control.dataset.act]());
}
load().catch(fail);
