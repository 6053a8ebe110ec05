// The phone: the real customer page in it, and the picture that the kiosk's camera gets of it.

import { call, say } from "./api.js";
import { word } from "./words.js";

const FRAME = { width: 1296, height: 972 };
const phone = document.querySelector("#phone");
const page = document.querySelector("#phone-page");
const before = document.querySelector("#before");
const hint = document.querySelector("#camera-hint");
const holdButton = document.querySelector("#hold");

let kiosk = null;
let held = false;

/** Say before which kiosk's camera the phone is held. */
export async function standAt(id) {
  if (held) await takeAway();
  kiosk = id;
}

/** Put a voucher on the phone; `address` is its page on this origin. */
export function putOnPhone(address) {
  page.src = address;
}

/** Hold the phone up, or take it away. */
export const toggleHold = () => (held ? takeAway() : holdUp());

/** Hold up the phone: photograph its page and put the picture before the camera. */
export async function holdUp() {
  const code = page.contentDocument?.querySelector("svg.qr");
  if (!code) { say(word("failed")); return; }
  const photo = await photograph(code, page.contentDocument.title);
  await put(photo);
}

/** Put any picture before the camera. */
export async function putPhoto(file) {
  await put(file);
}

/** Leave the counter empty. */
export async function takeAway() {
  await call("DELETE", `api/kiosks/${kiosk}/camera`);
  setHeld(false);
}

/** Set the words that depend on whether the phone is held up. */
export function setHoldWords() {
  holdButton.textContent = word(held ? "take-away" : "hold");
  holdButton.setAttribute("aria-pressed", String(held));
}

async function put(picture) {
  await call("PUT", `api/kiosks/${kiosk}/camera`, picture);
  setHeld(true);
  const seen = await createImageBitmap(picture);
  const pen = before.getContext("2d");
  const scale = Math.min(before.width / seen.width, before.height / seen.height);
  pen.fillStyle = "#16181d";
  pen.fillRect(0, 0, before.width, before.height);
  const [width, height] = [seen.width * scale, seen.height * scale];
  pen.drawImage(seen, (before.width - width) / 2, (before.height - height) / 2, width, height);
}

function setHeld(now) {
  held = now;
  phone.classList.toggle("held", held);
  before.hidden = !held;
  hint.hidden = held;
  setHoldWords();
}

/** Return what the camera would see: the phone at a small angle, its screen lit, the shop dark behind it. */
async function photograph(code, title) {
  const canvas = new OffscreenCanvas(FRAME.width, FRAME.height);
  const pen = canvas.getContext("2d");
  const shop = pen.createLinearGradient(0, 0, 0, FRAME.height);
  shop.addColorStop(0, "#3d3a36");
  shop.addColorStop(1, "#1b1a19");
  pen.fillStyle = shop;
  pen.fillRect(0, 0, FRAME.width, FRAME.height);
  pen.translate(FRAME.width / 2, FRAME.height / 2);
  pen.rotate(0.04);
  pen.fillStyle = "#0b0c0f";
  pen.beginPath();
  pen.roundRect(-300, -640, 600, 1280, 60);
  pen.fill();
  pen.fillStyle = "#f6f4ef";
  pen.fillRect(-276, -560, 552, 1120);
  pen.fillStyle = "#23262d";
  pen.font = "600 34px sans-serif";
  pen.textAlign = "center";
  pen.fillText(title, 0, -290, 500);
  pen.fillStyle = "#ffffff";
  pen.fillRect(-230, -240, 460, 460);
  pen.drawImage(await picture(code), -206, -216, 412, 412);
  return canvas.convertToBlob({ type: "image/png" });
}

/** Return an SVG element as an image that a canvas can draw. */
function picture(svg) {
  const copy = svg.cloneNode(true);
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("width", "824");
  copy.setAttribute("height", "824");
  const image = new Image();
  const loaded = new Promise((resolve, reject) => {
    image.onload = () => resolve(image);
    image.onerror = () => reject(new Error("the page's code cannot be drawn"));
  });
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(new XMLSerializer().serializeToString(copy))}`;
  return loaded;
}
