// The wallet page works without this: it only fills in amounts, keeps a form from being sent twice, and shows what has
// become of a payment as soon as it is known.
const SOONEST = 1500;
const LATEST = 15000;

for (const button of document.querySelectorAll("[data-amount]")) {
  button.addEventListener("click", () => {
    const field = button.form.elements.amount;
    field.value = button.dataset.amount;
    field.focus();
  });
}

for (const form of document.querySelectorAll("form[data-once]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
  });
}
// Coming back by the browser's own button, the page is as it was left: it may be sent again.
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-once]")) delete form.dataset.sent;
});

const list = document.querySelector("[data-watch]");

async function changed() {
  const answer = await fetch(list.dataset.watch, { headers: { Accept: "application/json" }, redirect: "error" });
  if (!answer.ok) return false;
  const { payments } = await answer.json();
  return [...list.querySelectorAll("[data-reference]")].some(
    (row) => payments[row.dataset.reference] && payments[row.dataset.reference] !== row.dataset.status,
  );
}

/** Nobody who is typing loses what they typed: the page waits until the fields are empty again. */
function isTyping() {
  return [...document.querySelectorAll("form[data-once] [name=amount]")].some((field) => field.value !== "");
}

async function watch(wait) {
  let news = false;
  if (!document.hidden) {
    try {
      news = await changed();
    } catch {
      // The network is away for a moment: the next look may succeed.
    }
  }
  if (news && !isTyping()) location.replace(list.dataset.home);
  else setTimeout(() => watch(Math.min(wait * 1.2, LATEST)), wait);
}
if (list) setTimeout(() => watch(SOONEST), SOONEST);
