// The fairness page: check any round by its id, in the browser.
import { loadRound, showVerification } from "./verify.js";

const form = document.querySelector("#verify");
const box = document.querySelector("#verification");
const input = form.elements.round;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
let run = 0;

function complain(message) {
  const note = document.createElement("p");
  note.className = "note note-error";
  note.setAttribute("role", "alert");
  note.textContent = message;
  box.replaceChildren(note);
}

async function verify(roundId) {
  run += 1;
  const mine = run;
  const stopped = () => mine !== run;
  const id = roundId.trim().toLowerCase();
  if (!UUID.test(id)) {
    complain("A round id looks like 0198c1d2-3e4f-7a5b-8c6d-7e8f9a0b1c2d.");
    return;
  }
  try {
    const record = await loadRound(form.dataset.url.replace("00000000-0000-0000-0000-000000000000", id));
    if (stopped()) return;
    await showVerification(box, record, { stopped });
  } catch (error) {
    if (!stopped()) complain(error.message);
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const id = input.value.trim();
  history.replaceState(null, "", `?round=${encodeURIComponent(id)}#verify`);
  verify(id);
});
for (const button of document.querySelectorAll("[data-round]")) {
  button.addEventListener("click", () => {
    input.value = button.dataset.round;
    form.requestSubmit();
  });
}
const asked = new URLSearchParams(location.search).get("round");
if (asked) {
  input.value = asked;
  verify(asked);
}
