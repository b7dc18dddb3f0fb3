// Forms: sent once, asked before what cannot be undone, counted while typing, and what was typed is not lost.
import { say } from "./messages.js";

const DRAFT = "zhiying.draft:";
const DRAFT_WAIT_MS = 400;

function onSubmit(event) {
  const form = event.target;
  const question = event.submitter?.dataset.confirm ?? form.dataset.confirm;
  if (question && !window.confirm(question)) {
    event.preventDefault();
    return;
  }
  if (form.method !== "post" || event.defaultPrevented) return;
  if (form.hasAttribute("data-again")) return; // hands over a file: the page stays, and the form may be sent again
  if (form.hasAttribute("data-toggle")) {
    event.preventDefault();
    toggle(form);
    return;
  }
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  forgetDraft(form);
  // After the browser has read the form, or the button's own name and value would be missing from it.
  setTimeout(() => {
    for (const button of form.querySelectorAll("button:not([type=button])")) button.disabled = true;
  });
}

async function post(form) {
  const answer = await fetch(form.action, {
    method: "POST",
    body: new FormData(form),
    headers: { "HX-Request": "true" },
    redirect: "manual",
    signal: AbortSignal.timeout(8000),
  });
  if (!answer.ok && answer.type !== "opaqueredirect") throw new Error(String(answer.status));
}

// A star: posts in place and turns over; without script the form posts as any other.
async function toggle(form) {
  const button = form.querySelector("[aria-pressed]");
  const wanted = form.elements.namedItem("keep");
  const turnsOn = wanted.value === "1";
  try {
    await post(form);
    wanted.value = turnsOn ? "0" : "1";
    button.setAttribute("aria-pressed", String(turnsOn));
    say(turnsOn ? "已收藏" : "不再收藏");
  } catch {
    say("没收藏成，过几秒再点一次");
  }
}

function wake() {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    for (const button of form.querySelectorAll("button:not([type=button])")) button.disabled = false;
  }
}

function count(field) {
  const place = document.getElementById(field.dataset.count);
  if (!place) return;
  const length = [...field.value].length;
  const limit = Number(field.dataset.limit) || 0;
  const perSecond = Number(field.dataset.perSecond) || 0;
  const words = limit ? `${length} / ${limit} 字` : `${length} 字`;
  place.textContent = perSecond ? `${words}，念约 ${Math.round(length / perSecond)} 秒` : words;
  place.classList.toggle("is-over", limit > 0 && length > limit);
}

// A form with data-keep="name" keeps its text in this tab until it is sent.
const storeOf = (form) => DRAFT + form.dataset.keep;
const keptFields = (form) => form.querySelectorAll("textarea[name], input[type=text][name]");

function keepDraft(form) {
  const draft = Object.fromEntries([...keptFields(form)].map((field) => [field.name, field.value]));
  sessionStorage.setItem(storeOf(form), JSON.stringify(draft));
}

function forgetDraft(form) {
  if (form.dataset.keep) sessionStorage.removeItem(storeOf(form));
}

function bringBack(form) {
  const draft = JSON.parse(sessionStorage.getItem(storeOf(form)) ?? "{}");
  for (const field of keptFields(form)) {
    if (draft[field.name] !== undefined && field.value === field.defaultValue) field.value = draft[field.name];
  }
}

// A box over a list that is all on the page: rows without the words are hidden.
function narrow(box) {
  const words = box.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const row of document.querySelectorAll(`#${CSS.escape(box.dataset.narrows)} [data-words]`)) {
    row.hidden = !words.every((word) => row.dataset.words.toLowerCase().includes(word));
    if (!row.hidden) shown += 1;
  }
  for (const group of document.querySelectorAll(`#${CSS.escape(box.dataset.narrows)} [data-group]`)) {
    group.hidden = group.querySelector("[data-words]:not([hidden])") === null;
  }
  const status = document.getElementById(`${box.dataset.narrows}-count`);
  if (status) status.textContent = words.length ? `剩 ${shown} 个` : "";
}

export function startForms() {
  let timer = 0;
  document.addEventListener("submit", onSubmit);
  window.addEventListener("pageshow", wake);
  document.addEventListener("input", (event) => {
    const field = event.target;
    if (field.dataset?.count) count(field);
    if (field.dataset?.narrows && !event.isComposing) narrow(field);
    const form = field.form;
    if (!form?.dataset.keep) return;
    clearTimeout(timer);
    timer = setTimeout(() => keepDraft(form), DRAFT_WAIT_MS);
  });
  document.addEventListener("compositionend", (event) => {
    if (event.target.dataset?.narrows) narrow(event.target);
  });
  for (const form of document.querySelectorAll("form[data-keep]")) bringBack(form);
  for (const form of document.querySelectorAll("form[data-tells]")) post(form).catch(() => {}); // a mark for a list; missing one is no fault
  for (const field of document.querySelectorAll("[data-count]")) count(field);
  for (const box of document.querySelectorAll("[data-narrows]")) if (box.value) narrow(box);
}
