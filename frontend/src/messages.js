// Short words at the foot of the page, read out by screen readers, gone after a while.
const STAYS_MS = 3500;

export function say(words) {
  const place = document.getElementById("messages");
  if (!place) return;
  const message = document.createElement("div");
  message.className = "message";
  message.textContent = words;
  place.replaceChildren(message);
  setTimeout(() => message.remove(), STAYS_MS);
}
