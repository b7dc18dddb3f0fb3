// What goes on from what is typed, in one line under the desk's box: Tab or → takes the first (or the one chosen with
// Alt+↓), a click takes any. ↑ ↓ stay with the cards, Enter asks what stands in the box. It comes and goes by itself.
const WAIT_MS = 60;

export function startSuggestions() {
  const box = document.getElementById("q");
  const line = document.getElementById("offers-line");
  const list = document.getElementById("offers");
  if (!box || !line || !list) return;

  let asking = null;
  let waiting = 0;
  let asked = "";

  const options = () => [...list.children];
  const chosen = () => list.querySelector("[aria-selected='true']");

  function show(open) {
    list.hidden = !open;
    line.classList.toggle("is-open", open);
    box.setAttribute("aria-expanded", open ? "true" : "false");
    if (!open) choose(null);
  }

  function choose(option) {
    for (const each of options()) each.setAttribute("aria-selected", each === option ? "true" : "false");
    if (option) box.setAttribute("aria-activedescendant", option.id);
    else box.removeAttribute("aria-activedescendant");
    option?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  function stop() {
    clearTimeout(waiting);
    asking?.abort();
    asking = null;
  }

  function away() {
    stop();
    asked = "";
    show(false);
  }

  async function ask(words) {
    asking?.abort();
    const mine = new AbortController();
    asking = mine;
    try {
      const answer = await fetch(`${list.dataset.from}?${new URLSearchParams({ q: words })}`, { signal: mine.signal, headers: { Accept: "text/html" } });
      if (!answer.ok) return away();
      const text = await answer.text();
      if (asking !== mine || box.value.trim() !== words) return undefined;
      asked = words;
      list.innerHTML = text; // our own server's options, their texts escaped there
      return show(list.childElementCount > 0 && document.activeElement === box);
    } catch {
      if (asking === mine) away();
      return undefined;
    }
  }

  function later() {
    const words = box.value.trim();
    line.classList.toggle("is-typed", words !== "");
    clearTimeout(waiting);
    if (!words) return away();
    if (words === asked) return undefined;
    waiting = setTimeout(ask, WAIT_MS, words);
    return undefined;
  }

  function take(option) {
    if (!option) return;
    box.value = option.textContent;
    box.focus();
    box.setSelectionRange(box.value.length, box.value.length);
    away();
    box.dispatchEvent(new Event("search", { bubbles: true }));
  }

  function step(by) {
    const all = options();
    choose(all[(all.indexOf(chosen()) + by + all.length + (by < 0 && !chosen() ? 1 : 0)) % all.length]);
  }

  const atEnd = () => box.selectionStart === box.value.length && box.selectionEnd === box.value.length;

  function onKey(event) {
    if (event.isComposing || event.keyCode === 229 || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (list.hidden) return;
    const { key, altKey } = event;
    if (altKey && (key === "ArrowDown" || key === "ArrowUp")) step(key === "ArrowDown" ? 1 : -1);
    else if (!altKey && (key === "Tab" || (key === "ArrowRight" && atEnd()) || (key === "Enter" && chosen()))) take(chosen() ?? options()[0]);
    else {
      if (key === "Enter" || key === "Escape") away();
      return;
    }
    event.preventDefault();
    event.stopImmediatePropagation();
  }

  box.setAttribute("role", "combobox");
  box.setAttribute("aria-autocomplete", "list");
  box.setAttribute("aria-controls", list.id);
  box.setAttribute("aria-expanded", "false");
  line.classList.toggle("is-typed", box.value.trim() !== "");
  box.addEventListener("keydown", onKey, true);
  box.addEventListener("input", later);
  box.addEventListener("blur", away);
  box.addEventListener("search", () => line.classList.toggle("is-typed", box.value.trim() !== ""));
  list.addEventListener("mousedown", (event) => event.preventDefault()); // the box keeps the cursor
  list.addEventListener("click", (event) => take(event.target.closest("[role='option']")));
}
