// Tells the portal what was asked and meant: once a query has stood for 0.8 s, or as soon as something is done with an
// answer; never on each letter. What is told is a mark; a missing one is no fault.
const SETTLED_MS = 800;
const TOLD = ["q", "mark", "hits", "took", "category", "first"];

let timer = 0;
let lastTold = "";

const answerShown = () => document.querySelector("#results [data-asked]");

async function tell(act = {}) {
  const asked = answerShown();
  const form = document.getElementById("tells");
  if (!asked || !form) return;
  clearTimeout(timer);
  lastTold = asked.dataset.mark;
  const body = new FormData(form);
  for (const name of TOLD) body.set(name, asked.dataset[name]);
  for (const [name, value] of Object.entries(act)) body.set(name, value);
  const options = { method: "POST", body, keepalive: true, redirect: "manual", signal: AbortSignal.timeout(4000) };
  await fetch(form.action, options).catch(() => {});
}

// Before an act that belongs to the query at hand: the query itself is told first.
export async function settle() {
  if (answerShown() && answerShown().dataset.mark !== lastTold) await tell();
}

function wait() {
  clearTimeout(timer);
  timer = setTimeout(settle, SETTLED_MS);
}

function onAct(event) {
  const card = event.target.closest(".answer");
  if (!card) return;
  const does = event.target.closest("[data-does]")?.dataset.does;
  const how = { copy: "copied", read: "read" }[does] ?? (event.target.closest("h2 a, .answer-foot a[data-with-ticket]") ? "opened" : "");
  if (how) tell({ how, document: card.dataset.document });
  else if (event.target.closest("a")) settle();
}

export function startAsked() {
  const box = document.getElementById("q");
  const results = document.getElementById("results");
  if (!box || !results || !document.getElementById("tells")) return;
  box.addEventListener("input", () => clearTimeout(timer));
  results.addEventListener("click", onAct);
  results.addEventListener("auxclick", onAct);
  results.addEventListener("htmx:afterSwap", wait);
  window.addEventListener("pageshow", wait);
}
