// The kiosk: its screen pixel for pixel, its light and buzzer as its pins drive them, its four buttons.

import { call } from "./api.js";
import { word } from "./words.js";

const WIDTH = 128;
const HEIGHT = 64;
const DOT = 8;
const LOUDNESS = 0.05;
const oled = document.querySelector("#oled");
const light = document.querySelector("#light");
const body = document.querySelector("#kiosk");
const said = document.querySelector("#said");

let audio = null;
let tone = null;
let current = null;
let live = null;

/** Follow a kiosk; `onState` hears of each of its states. */
export function follow(id, onState) {
  live?.close();
  current = id;
  live = new EventSource(`api/kiosks/${id}/live`);
  live.addEventListener("state", (event) => { const state = JSON.parse(event.data); tell(state); onState(state); });
  live.addEventListener("pins", (event) => drive(JSON.parse(event.data)));
  live.addEventListener("contrast", (event) => { oled.style.filter = `brightness(${0.35 + 0.65 * JSON.parse(event.data)})`; });
  live.addEventListener("panel", (event) => draw(atob(JSON.parse(event.data))));
  live.addEventListener("error", () => draw("")); // the rehearsal has ended: a dark screen says so
}

/** Let the buzzer be heard, or not; return whether it is. */
export function toggleSound() {
  if (audio) { audio.close(); audio = null; tone = null; } else audio = new AudioContext();
  return audio !== null;
}

/** Press a button for so many seconds. */
export const press = (button, held = 0.1) => call("POST", `api/kiosks/${current}/buttons/${button}?held_s=${held.toFixed(2)}`);

/** Say what the screen says to those who do not see it. */
function tell(state) {
  body.dataset.power = state.screen === "off" ? "off" : "on";
  light.dataset.colour = state.light?.colour ?? "off";
  light.setAttribute("aria-label", `${light.dataset.colour} ${state.light?.pattern ?? ""}`);
  said.textContent = state.screen === "off" ? word("off") : (state.lines ?? []).filter(Boolean).join(" · ");
  oled.setAttribute("aria-label", said.textContent);
}

/** Show the duty cycles of the light's three pins, and sound the buzzer's tone. */
function drive({ red, green, blue, buzzer_hz: hertz, volume }) {
  const glow = Math.max(red, green, blue);
  const hue = red && green ? "245 158 11" : red ? "239 68 68" : green ? "34 197 94" : "59 130 246";
  light.style.setProperty("--glow", glow ? `rgb(${hue} / ${0.15 + 0.85 * glow})` : "transparent");
  if (!audio) return;
  tone?.stop();
  tone = null;
  if (!hertz) return;
  tone = new OscillatorNode(audio, { type: "square", frequency: hertz });
  tone.connect(new GainNode(audio, { gain: LOUDNESS * volume })).connect(audio.destination);
  tone.start();
}

/** Draw the screen's bytes, eight dots each from left to right: every lit one a small square. */
function draw(bytes) {
  const pen = oled.getContext("2d");
  pen.fillStyle = "#020408";
  pen.fillRect(0, 0, oled.width, oled.height);
  pen.fillStyle = "#d8efff";
  for (let n = 0; n < bytes.length * 8; n += 1) {
    if (bytes.charCodeAt(n >> 3) & (0x80 >> (n & 7))) {
      pen.fillRect((n % WIDTH) * DOT, Math.floor(n / WIDTH) * DOT, DOT - 1, DOT - 1);
    }
  }
  oled.dataset.lit = String([...bytes].some((byte) => byte !== "\0"));
}

oled.width = WIDTH * DOT;
oled.height = HEIGHT * DOT;

for (const button of document.querySelectorAll("[data-button]")) {
  let down = 0;
  button.addEventListener("pointerdown", (event) => {
    button.setPointerCapture(event.pointerId);
    down = performance.now();
    button.classList.add("down");
  });
  button.addEventListener("pointerup", () => {
    button.classList.remove("down");
    if (down) press(button.dataset.button, Math.max(0.1, (performance.now() - down) / 1000));
    down = 0;
  });
  button.addEventListener("pointercancel", () => { down = 0; button.classList.remove("down"); });
  button.addEventListener("click", (event) => { if (event.detail === 0) press(button.dataset.button); }); // by keyboard
}
