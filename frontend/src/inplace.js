// A form with data-in-place acts without leaving the page: the answer is a sentence at the foot. With data-leaves the
// form makes room for the sentence, for it has done what it was for. Without script it posts as any other form.
import { settle } from "./asked.js";
import { say } from "./messages.js";

const WAIT_MS = 10_000;

async function act(form) {
  await settle();
  const answer = await fetch(form.action, {
    method: "POST",
    body: new FormData(form),
    headers: { Accept: "application/json" },
    redirect: "manual",
    signal: AbortSignal.timeout(WAIT_MS),
  });
  if (answer.status === 401) {
    window.location.reload(); // signed out meanwhile: sign in, and the page is as it was
    return "";
  }
  if (answer.status === 204) return form.dataset.repeat ?? "已经记过";
  const told = await answer.json();
  if (!answer.ok) throw new Error([told.error, told.todo].filter(Boolean).join("。"));
  if (form.hasAttribute("data-leaves")) leave(form, told.said);
  return told.said;
}

function leave(form, words) {
  const line = document.createElement("p");
  line.className = "is-ok strong";
  line.tabIndex = -1;
  line.textContent = words;
  form.replaceWith(line);
  line.focus();
}

async function onSubmit(event) {
  const form = event.target;
  if (!form.hasAttribute("data-in-place")) return;
  event.preventDefault();
  if (form.dataset.busy) return;
  form.dataset.busy = "yes";
  try {
    const words = await act(form);
    if (words) say(words);
  } catch (fault) {
    say(fault instanceof TypeError || fault instanceof SyntaxError || fault.name === "TimeoutError" ? "没记上，服务器没有应声；过几秒再按一次" : fault.message);
  } finally {
    delete form.dataset.busy;
  }
}

export function startInPlace() {
  document.addEventListener("submit", onSubmit);
}
