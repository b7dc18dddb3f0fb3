// Review: from change to change (n, p), and a remark that takes along the words that were selected (m).
let at = -1;

const changes = () => [...document.querySelectorAll("[data-change]")].filter((row) => row.getClientRects().length > 0);

function step(by) {
  const rows = changes();
  if (!rows.length) return;
  at = Math.min(Math.max(at + by, 0), rows.length - 1);
  for (const row of rows) row.classList.toggle("is-here", row === rows[at]);
  rows[at].focus({ preventScroll: true });
  rows[at].scrollIntoView({ block: "center" });
  const place = document.querySelector("[data-step-at]");
  if (place) place.textContent = `${at + 1} / ${rows.length}`;
}

// The words somebody selected in the new text, with the place they stand in.
function selected() {
  const selection = window.getSelection();
  const node = selection?.anchorNode;
  const row = (node instanceof Element ? node : node?.parentElement)?.closest("[data-remark-field]");
  const words = selection?.toString().trim().slice(0, 200) ?? "";
  return row && words ? { field: row.dataset.remarkField, text: row.closest("[data-text]")?.dataset.text ?? "", words } : null;
}

let last = null;

function takeAlong(details) {
  const form = details.querySelector("form");
  if (!details.open || !form) return;
  if (last) {
    form.elements.namedItem("quote").value = last.words;
    const place = form.elements.namedItem("place");
    const wanted = `${last.text}:${last.field}`;
    if ([...place.options].some((option) => option.value === wanted)) place.value = wanted;
  }
  form.elements.namedItem("text").focus();
}

export function startReview() {
  document.addEventListener("click", (event) => {
    const key = event.target.closest?.("[data-step]");
    if (key) step(Number(key.dataset.step));
  });
  if (!document.querySelector(".remark-add")) return;
  document.addEventListener("selectionchange", () => {
    last = selected() ?? last;
  });
  document.querySelector(".remark-add").addEventListener("toggle", (event) => takeAlong(event.target));
}
