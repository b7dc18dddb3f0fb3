// Meaning joins the words once a query has settled: the answer is asked for again, and drawn only if its order changed.
const PAUSE = 350;
let waiting;
let htmx;

function joinLater() {
  clearTimeout(waiting);
  const ask = document.querySelector("#results [data-join]");
  if (ask) waiting = setTimeout(() => join(ask), PAUSE);
}

const isMeant = (ask) => ask.isConnected && document.querySelector("#q")?.value.trim() === ask.dataset.q.trim();

async function join(ask) {
  if (!isMeant(ask)) return;
  const answer = await fetch(ask.dataset.join, { headers: { "HX-Request": "true" } }).catch(() => null);
  if (answer?.status !== 200) return;
  const text = await answer.text();
  if (isMeant(ask)) htmx.swap("#results", text, { swapStyle: "innerHTML" });
}

export function startJoin(library) {
  htmx = library;
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target?.id === "results") joinLater();
  });
}
