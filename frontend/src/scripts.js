// What an agent does with a script: read it out large, copy it.
import { say } from "./messages.js";

const textOf = (source) => source.textContent.trim();

function sourceFor(button) {
  return button.closest("[data-script-of]")?.querySelector("[data-script]") ?? null;
}

async function copy(text) {
  if (navigator.clipboard && window.isSecureContext) {
    await navigator.clipboard.writeText(text);
    return;
  }
  copyByHand(text); // an intranet address without https has no clipboard
}

function copyByHand(text) {
  const area = document.createElement("textarea");
  const back = document.activeElement;
  area.value = text;
  area.readOnly = true;
  area.className = "sr-only";
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  back?.focus();
  if (!done) throw new Error("copy refused");
}

function readOut(button) {
  const source = sourceFor(button);
  const dialog = document.getElementById("big-script");
  if (!source || !dialog) return;
  const title = button.closest("[data-script-of]").dataset.scriptOf;
  dialog.querySelector("[data-big-title]").textContent = title;
  dialog.querySelector("[data-big-text]").replaceChildren(...[...source.childNodes].map((node) => node.cloneNode(true)));
  dialog.showModal();
}

async function onClick(event) {
  const button = event.target.closest("[data-does]");
  if (!button) return;
  if (button.dataset.does === "read") readOut(button);
  if (button.dataset.does === "print") window.print();
  if (button.dataset.does === "copy") {
    const source = sourceFor(button);
    if (!source) return;
    const text = textOf(source);
    try {
      await copy(text);
      say(`话术已复制，${[...text].length} 字`);
    } catch {
      say("没复制成，请选中话术再按 Ctrl + C");
    }
  }
}

export function startScripts() {
  document.addEventListener("click", onClick);
  document.addEventListener("keydown", (event) => {
    const dialog = document.getElementById("big-script");
    if (dialog?.open && !event.defaultPrevented && event.key.toLowerCase() === "r") dialog.close();
  });
}
