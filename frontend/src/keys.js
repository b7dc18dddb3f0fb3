// Keys of the keyboard. A letter acts only outside fields, and on what the page shows with that key on it
// (data-key="c"); "g" and a letter goes to a place of the rail (data-go="d"). All of it can be switched off.
const STORE = "zhiying.keys";
const GO_WITHIN_MS = 1200;

let goPressedAt = 0;

export const keysAreOn = () => localStorage.getItem(STORE) !== "off";

export function isTyping(target) {
  return target instanceof Element && target.closest("input:not([type=checkbox],[type=radio],[type=submit],[type=button]), textarea, select, [contenteditable='true']") !== null;
}

const isPlain = (event) => !event.ctrlKey && !event.metaKey && !event.altKey && !event.isComposing;
const isSeen = (element) => element.getClientRects().length > 0;

function showState() {
  document.documentElement.classList.toggle("keys-off", !keysAreOn());
  for (const box of document.querySelectorAll("[data-keys-switch]")) box.checked = keysAreOn();
}

function press(letter) {
  const inCard = document.querySelectorAll(`.answer[aria-current] [data-key="${CSS.escape(letter)}"]`);
  const onPage = document.querySelectorAll(`[data-key="${CSS.escape(letter)}"]`);
  const button = [...inCard, ...onPage].find((each) => isSeen(each) && !each.disabled && (!each.closest(".answer") || each.closest(".answer[aria-current]")));
  if (button) button.click();
  else return focusField(letter);
  return true;
}

function focusField(letter) {
  const field = document.querySelector(`[data-focus="${CSS.escape(letter)}"]`);
  field?.focus();
  field?.select?.();
  return field !== null;
}

function go(letter) {
  const place = document.querySelector(`[data-go="${CSS.escape(letter)}"]`);
  place?.click();
  return place !== null;
}

function focusSearch() {
  const box = [...document.querySelectorAll("[data-search]")].find(isSeen);
  box?.focus();
  box?.select();
  return box !== undefined;
}

function moveInList(step) {
  const rows = [...document.querySelectorAll("[data-rows] tbody tr")].map((row) => row.querySelector("a[href]")).filter(Boolean);
  if (!rows.length) return false;
  const at = rows.findIndex((link) => link === document.activeElement);
  rows[Math.min(Math.max(at + step, 0), rows.length - 1)].focus();
  return true;
}

function onKey(event) {
  if (!isPlain(event) || event.defaultPrevented || isTyping(event.target) || !keysAreOn() || event.key.length !== 1) return;
  if (document.querySelector("dialog[open]")) return;
  const letter = event.key.toLowerCase();
  const wentAt = goPressedAt;
  goPressedAt = 0;
  let done = false;
  if (event.timeStamp - wentAt < GO_WITHIN_MS && wentAt) done = go(letter);
  else if (letter === "/") done = focusSearch();
  else if (letter === "?") done = openHelp();
  else if (letter === "j" || letter === "k") done = moveInList(letter === "j" ? 1 : -1);
  else {
    done = press(letter);
    if (!done && letter === "g") goPressedAt = event.timeStamp;
  }
  if (done) event.preventDefault();
}

function openHelp() {
  const help = document.getElementById("keys-help");
  if (!help || help.open) return false;
  help.showModal();
  return true;
}

export function startKeys() {
  showState();
  document.addEventListener("keydown", onKey);
  document.addEventListener("change", (event) => {
    if (!event.target.matches?.("[data-keys-switch]")) return;
    localStorage.setItem(STORE, event.target.checked ? "on" : "off");
    showState();
  });
}
