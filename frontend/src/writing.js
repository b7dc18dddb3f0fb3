// Writing an article: it saves itself, keeps a copy in this browser, and shows the body as it will look.
import { mountEditor } from "./editor.js";

const WAIT_MS = 2000;
const STORE = "zhiying.writing:";
const form = document.getElementById("writing");
const status = document.getElementById("saved");
const key = STORE + form.dataset.draft;
let timer = 0;
let last = "";
let stopped = false;
let editor = null;

const typedFields = () => [...form.elements].filter((each) => each.name && !["hidden", "submit", "button", "file", "fieldset"].includes(each.type));

function snapshot() {
  const found = {};
  for (const each of typedFields()) {
    if (each.type !== "radio" || each.checked) found[each.name] = each.value;
  }
  return found;
}

function keepCopy(now) {
  try {
    localStorage.setItem(key, JSON.stringify({ at: Date.now(), version: form.elements.opened_version.value, fields: now }));
  } catch {
    // A full or forbidden store: the server keeps the draft as well.
  }
}

function forgetCopy() {
  localStorage.removeItem(key);
}

function tell(words, bad = false) {
  status.textContent = words;
  status.classList.toggle("is-bad", bad);
}

async function save() {
  const now = snapshot();
  const text = JSON.stringify(now);
  if (stopped || text === last || form.dataset.sent) return;
  const sent = new FormData();
  sent.set("csrf_token", form.elements.csrf_token.value);
  sent.set("opened_version", form.elements.opened_version.value);
  for (const [name, value] of Object.entries(now)) sent.set(name, value);
  let answer;
  try {
    answer = await fetch(form.dataset.save, { method: "POST", body: sent, headers: { Accept: "application/json" }, signal: AbortSignal.timeout(15000) });
  } catch {
    tell("没存上，字留在这个浏览器里；网络好了会再存", true);
    timer = setTimeout(save, 5 * WAIT_MS);
    return;
  }
  if (answer.ok) {
    const said = await answer.json();
    last = text;
    form.elements.opened_version.value = said.version;
    document.getElementById("checks").innerHTML = said.checks;
    tell(`已存 ${said.saved}`);
    if (JSON.stringify(snapshot()) === text) forgetCopy();
    return;
  }
  if (answer.status === 409) {
    stopped = true;
    tell("这份草稿在另一个窗口存过了；按「存草稿」可以合在一起", true);
  } else if (answer.status === 401) {
    tell("登录已过期：字留在这个浏览器里，按「存草稿」重新登录就接着写", true);
  } else {
    tell("没存上，字留在这个浏览器里", true);
  }
}

function onChange() {
  keepCopy(snapshot());
  clearTimeout(timer);
  timer = setTimeout(save, WAIT_MS);
}

// What a crash or a lost session left in this browser is offered, never put in by itself.
function offerCopy() {
  const left = JSON.parse(localStorage.getItem(key) ?? "null");
  const now = snapshot();
  if (!left || Object.entries(left.fields).every(([name, value]) => now[name] === undefined || now[name] === value)) {
    forgetCopy();
    return;
  }
  const place = document.getElementById("left-over");
  place.querySelector("[data-when]").textContent = new Date(left.at).toLocaleTimeString("zh-CN", { hour: "2-digit", minute: "2-digit" });
  place.hidden = false;
  place.querySelector("[data-does=bring-back]").addEventListener("click", () => {
    for (const each of typedFields()) {
      const value = left.fields[each.name];
      if (value === undefined) continue;
      if (each.type === "radio") each.checked = each.value === value;
      else each.value = value;
    }
    editor?.setValue(form.elements.body.value);
    for (const each of typedFields()) each.dispatchEvent(new Event("input", { bubbles: true }));
    place.hidden = true;
  });
  place.querySelector("[data-does=leave-it]").addEventListener("click", () => {
    forgetCopy();
    place.hidden = true;
  });
}

// Rows of the basis: added, taken out and moved in place; without script the same buttons post.
function renumber() {
  const rows = [...form.querySelectorAll("[data-basis]")];
  rows.forEach((row, at) => {
    const before = `basis-${row.dataset.basis}-`;
    const after = `basis-${at}-`;
    for (const each of row.querySelectorAll("*")) {
      for (const name of ["id", "name", "for", "aria-describedby"]) {
        const value = each.getAttribute(name);
        if (value?.startsWith(before)) each.setAttribute(name, after + value.slice(before.length));
      }
    }
    row.dataset.basis = String(at);
    row.querySelector("[data-place]").textContent = String(at + 1);
    for (const button of row.querySelectorAll("button[name=act]")) {
      const verb = button.value.split("-")[1];
      button.value = `row-${verb}-${at}`;
      button.hidden = (verb === "up" && at === 0) || (verb === "down" && at === rows.length - 1);
    }
  });
}

function moveButtons(row) {
  const place = row.querySelector(".buttons");
  const model = place.querySelector("[value^=row-drop]");
  for (const [verb, words] of [["down", "下移"], ["up", "上移"]]) {
    if (place.querySelector(`[value^=row-${verb}]`)) continue;
    const button = model.cloneNode(true);
    button.value = `row-${verb}-0`;
    button.querySelector("span").textContent = words;
    const use = button.querySelector("use");
    use.setAttribute("href", use.getAttribute("href").replace(/#.*$/, `#arrow-${verb}`));
    place.prepend(button);
  }
}

function onRow(event) {
  const button = event.target.closest("button[name=act][value^=row-]");
  if (!button) return;
  const rows = document.getElementById("basis-rows");
  const [, verb, place] = button.value.split("-");
  const row = rows.querySelector(`[data-basis="${place}"]`);
  const model = rows.querySelector("[data-basis]");
  if (!model || (verb === "drop" && rows.children.length === 1)) return; // the server makes an empty row
  event.preventDefault();
  let focus = null;
  if (verb === "add") {
    const made = model.cloneNode(true);
    for (const each of made.querySelectorAll("input, textarea, select")) {
      each.value = "";
      each.removeAttribute("aria-invalid");
    }
    for (const each of made.querySelectorAll(".fault")) each.remove();
    made.dataset.basis = model.dataset.basis;
    rows.append(made);
    focus = made.querySelector("textarea");
  } else if (verb === "drop") {
    focus = (row.nextElementSibling ?? row.previousElementSibling).querySelector("textarea");
    row.remove();
  } else {
    const beside = verb === "up" ? row.previousElementSibling : row.nextElementSibling;
    if (beside) verb === "up" ? beside.before(row) : beside.after(row);
    focus = row.querySelector(`[value^=row-${verb}]`);
  }
  renumber();
  (focus?.hidden ? focus.closest("[data-basis]").querySelector("textarea") : focus)?.focus();
  onChange();
}

for (const row of form.querySelectorAll("[data-basis]")) moveButtons(row);
if (form.querySelector("[data-basis]")) renumber();
offerCopy();
last = JSON.stringify(snapshot());
form.addEventListener("input", onChange);
form.addEventListener("change", onChange);
form.addEventListener("click", onRow);
form.addEventListener("submit", () => {
  clearTimeout(timer);
  keepCopy(snapshot()); // until a page of this draft says that it was saved
});
mountEditor(form.elements.body, {
  assets: form.dataset.vditor,
  upload: form.dataset.pictures,
  token: form.elements.csrf_token.value,
  changed: onChange,
}).then((mounted) => {
  editor = mounted;
});
