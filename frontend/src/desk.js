// The desk: results come while one types, one card is open, arrows choose, Enter opens the article.
import { keysAreOn } from "./keys.js";

const cards = () => [...document.querySelectorAll("#results .answer")];
const openCard = () => document.querySelector("#results .answer[aria-current]");

function choose(card, { focus = false } = {}) {
  if (!card) return;
  for (const each of cards()) if (each !== card) each.removeAttribute("aria-current");
  card.setAttribute("aria-current", "true");
  if (focus) {
    card.focus({ preventScroll: true });
    card.scrollIntoView({ block: "nearest" });
  }
}

function step(by) {
  const all = cards();
  const at = all.indexOf(openCard());
  const next = at + by;
  if (next < 0) return false;
  if (next < all.length) choose(all[next], { focus: true });
  return true;
}

function leaveBox(box) {
  const card = openCard() ?? cards()[0];
  if (card) choose(card, { focus: true });
  else box.blur();
}

function onBoxKey(event) {
  const box = event.currentTarget;
  if (event.isComposing || event.keyCode === 229) return; // the input method owns the key
  if (event.key === "ArrowDown" || event.key === "Enter") {
    event.preventDefault();
    if (event.key === "Enter") box.dispatchEvent(new Event("search", { bubbles: true }));
    leaveBox(box);
  }
  if (event.key === "Escape") {
    event.preventDefault(); // or the browser would empty the box
    leaveBox(box);
  }
}

function onPageKey(event, box) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open], details.menu[open]")) return;
  const onCard = document.activeElement === document.body || document.activeElement?.closest("#results") !== null;
  if (!onCard) return;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    if (!cards().length) return;
    event.preventDefault();
    if (!step(event.key === "ArrowDown" ? 1 : -1)) box.focus();
  }
  if (event.key === "Enter" && document.activeElement?.matches(".answer")) {
    event.preventDefault();
    document.activeElement.querySelector("h2 a")?.click();
  }
  if (event.key === "Escape") {
    box.focus();
    box.select();
  }
}

// While an input method is composing there is no request: neither a new one nor one already waiting.
function guardComposition(box) {
  let composing = false;
  let held = false;
  box.addEventListener("compositionstart", () => { composing = true; });
  box.addEventListener("compositionend", () => {
    composing = false;
    box.dispatchEvent(new Event("input", { bubbles: true }));
    if (held) box.dispatchEvent(new Event("search", { bubbles: true }));
    held = false;
  });
  document.addEventListener("input", (event) => {
    if (event.target === box && (composing || event.isComposing)) event.stopPropagation();
  }, true);
  box.addEventListener("htmx:beforeRequest", (event) => {
    if (!composing) return;
    held = true;
    event.preventDefault();
  });
}

function rememberInAddress(form) {
  const address = new URL(form.action, window.location.href);
  address.search = "";
  for (const [name, value] of new FormData(form)) if (value) address.searchParams.set(name, value);
  history.replaceState(history.state, "", address);
}

function syncTicket(form) {
  const number = form.elements.namedItem("ticket")?.value ?? "";
  for (const field of document.querySelectorAll("[data-ticket]")) field.value = number;
  for (const link of document.querySelectorAll("a[data-with-ticket]")) {
    const address = new URL(link.href);
    if (number) address.searchParams.set("ticket", number);
    else address.searchParams.delete("ticket");
    link.href = address.href;
  }
}

// What stands there is from before; the next answer takes the band away with everything else.
function markStale(results) {
  if (results.querySelector("[data-stale]")) return;
  const band = document.createElement("div");
  band.className = "band";
  band.dataset.stale = "";
  band.setAttribute("role", "status");
  results.prepend(band);
  band.textContent = "没查成，服务器没有应声；下面还是上一次的结果。您打的字还在，再按一次回车。";
}

// Room for the keys at the foot of the phone; the line of hints names only keys that act now.
function showFootSpace() {
  document.body.classList.toggle("has-keys-foot", openCard() !== null);
  for (const hint of document.querySelectorAll("[data-hint]")) hint.hidden = document.querySelector(`#results ${hint.dataset.hint}`) === null;
}

export function startDesk(htmx) {
  const form = document.getElementById("desk-form");
  const box = document.getElementById("q");
  const results = document.getElementById("results");
  if (!form || !box || !results) return;

  guardComposition(box);
  box.addEventListener("keydown", onBoxKey);
  document.addEventListener("keydown", (event) => onPageKey(event, box));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    box.dispatchEvent(new Event("search", { bubbles: true }));
  });
  document.getElementById("clear-q")?.addEventListener("click", () => {
    box.value = "";
    box.focus();
    box.dispatchEvent(new Event("search", { bubbles: true }));
  });
  form.elements.namedItem("ticket")?.addEventListener("input", () => {
    rememberInAddress(form);
    syncTicket(form);
  });

  results.addEventListener("click", (event) => {
    const card = event.target.closest(".answer");
    if (card && !card.hasAttribute("aria-current") && !event.target.closest("a, button")) choose(card);
    showFootSpace();
  });
  results.addEventListener("focusin", (event) => {
    if (event.target.matches(":focus-visible")) choose(event.target.closest(".answer"));
  });
  results.addEventListener("htmx:afterSwap", () => {
    rememberInAddress(form);
    syncTicket(form);
    showFootSpace();
  });
  for (const failure of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) {
    box.addEventListener(failure, (event) => {
      rememberInAddress(form);
      if (event.detail.xhr?.status === 401) window.location.reload(); // signed out meanwhile: sign in, and the words are still there
      else markStale(results);
    });
  }
  htmx.config.timeout = 10_000;
  syncTicket(form);
  showFootSpace();
  if (!box.value && keysAreOn() && window.matchMedia("(min-width: 768px)").matches) box.focus();
}
