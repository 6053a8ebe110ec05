// What the desk's pages do by themselves: hear of changes, copy a link, read a picture, jump to the search.

const part = document.getElementById("live");
if (part) listen(part, document.getElementById("heard"));

function listen(part, heard) {
  const events = new EventSource(part.dataset.events);
  let wanted = null;
  let shown = null;
  let refreshing = false;
  const say = (on) => {
    heard.className = on ? "dot good" : "dot bad";
    heard.textContent = on ? heard.dataset.on : heard.dataset.off;
  };
  events.onopen = () => say(true);
  events.onerror = () => {
    say(false);
    if (events.readyState === EventSource.CLOSED) location.reload(); // the session has ended: the page says so
  };
  const refresh = async () => {
    if (refreshing || wanted === shown) return;
    refreshing = true;
    const seal = wanted;
    try {
      const answer = await fetch(part.dataset.part, { headers: { accept: "text/html-part" }, redirect: "error" });
      if (!answer.ok) return;
      replace(part, await answer.text());
      shown = seal;
    } catch {
      // No network for a moment: what is shown was true, and the next round asks again.
    } finally {
      refreshing = false;
    }
    if (shown === seal) refresh(); // what was told meanwhile
  };
  events.onmessage = ({ data }) => {
    shown ??= data;
    wanted = data;
    refresh();
  };
  setInterval(refresh, 2000);
}

function replace(part, html) {
  const top = new Set([...part.querySelectorAll("time")].map((time) => time.dateTime));
  part.innerHTML = html;
  for (const time of part.querySelectorAll("time")) {
    if (!top.has(time.dateTime)) time.closest(".row").classList.add("new");
  }
}

for (const button of document.querySelectorAll("[data-copy]")) {
  button.type = "button";
  button.addEventListener("click", async () => {
    const from = document.getElementById(button.dataset.copy);
    from.select();
    await navigator.clipboard.writeText(from.value);
    button.textContent = button.dataset.copied;
  });
}

for (const button of document.querySelectorAll("[data-print]")) button.addEventListener("click", () => print());

for (const input of document.querySelectorAll("[data-into]")) {
  input.addEventListener("change", () => {
    const [file] = input.files;
    input.setCustomValidity(file && file.size > Number(input.dataset.most) ? input.dataset.tooLarge : "");
    if (!file || !input.reportValidity()) return;
    const reader = new FileReader();
    reader.addEventListener("load", () => {
      document.getElementById(input.dataset.into).value = reader.result;
      const shown = document.getElementById(`${input.dataset.into}-seen`);
      shown.src = reader.result;
      shown.hidden = false;
    });
    reader.readAsDataURL(file);
  });
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.target.closest("input, textarea, select")) return;
  const search = document.getElementById("q");
  event.preventDefault();
  if (search) search.focus();
  else if (document.querySelector('nav a[href$="/vouchers"]')) location.href = "/desk/vouchers";
});
