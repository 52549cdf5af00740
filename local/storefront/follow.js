// "Follow a payment": looks again and again, and shows what one click did.

import { pause } from "./api.js";
import { badgeFor, h, say } from "./dom.js";
import { stepsOf } from "./follow-steps.js";
import { formatMoney } from "./money.js";

const EVERY_MS = 1000;
const place = (id) => document.getElementById(id);
const opened = new Set(); // the steps whose records a person has opened
let shown = ""; // what is on the page, to leave it alone while nothing changes

async function desk(path) {
  const answer = await fetch(`/desk/${path}`, { cache: "no-store" });
  const told = await answer.json();
  if (!answer.ok) throw new Error(told.error);
  return told;
}

async function look() {
  const wanted = new URLSearchParams(location.search).get("payment");
  try {
    const { data: payments } = await desk("payments");
    const chosen = wanted ?? payments[0]?.id;
    const story = chosen ? await desk(`payments/${encodeURIComponent(chosen)}`) : null;
    const seen = JSON.stringify([payments, story]);
    if (seen !== shown) show(payments, story, wanted);
    shown = seen;
    say(place("notice"));
  } catch (problem) {
    shown = "";
    say(place("notice"), problem.name === "Error" ? problem : "The shop’s desk cannot be reached. Is the stack running?");
  }
}

function show(payments, story, wanted) {
  const focused = document.activeElement?.dataset?.key;
  place("payments").replaceChildren(h("ul", { class: "payments" },
    h("li", {}, h("a", { href: "/follow", "aria-current": wanted ? null : "true", "data-key": "newest" },
      h("strong", {}, "The newest"), h("span", { class: "quiet" }, "Whatever is bought next"))),
    payments.map((payment) => paymentLink(payment, wanted && payment.id === story?.session.id))));
  if (story) showStory(story);
  if (focused) document.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
}

function paymentLink(payment, current) {
  return h("li", {}, h("a", { href: `/follow?payment=${payment.id}`, "aria-current": current ? "true" : null, "data-key": payment.id },
    h("strong", {}, payment.title), badgeFor(payment.status),
    h("span", { class: "quiet" }, `${payment.buyer_id ?? "a visitor"}, ${new Date(payment.created_at).toLocaleTimeString()}`)));
}

function showStory(story) {
  const { session } = story;
  const steps = stepsOf(story);
  const done = steps.filter(({ state }) => state === "done").length;
  place("story-title").textContent = session.title;
  place("summary").textContent =
    `${formatMoney(session.amount, session.currency)}, ${session.status}: ${done} of ${steps.length} steps done.`;
  place("path").replaceChildren(...steps.map(({ short, state }, index) =>
    h("li", {}, h("a", { href: `#step-${index + 1}`, "data-state": state, "data-key": short },
      short, h("span", { class: "unseen" }, `: ${STATES[state]}`)))));
  place("steps").replaceChildren(...steps.map((step, index) => stepItem(step, index + 1, Date.parse(session.created_at))));
}

const STATES = { done: "done", waiting: "not yet", trouble: "did not go through" };

function stepItem(step, number, began) {
  const facts = Object.entries(step.facts).filter(([, value]) => value !== undefined && value !== null && value !== "");
  return h("li", { class: "step", id: `step-${number}`, "data-state": step.state },
    h("span", { class: "mark", "aria-hidden": "true" }, String(number)),
    h("div", { class: "what" },
      h("div", { class: "step-head" },
        h("h3", {}, step.title, h("span", { class: "unseen" }, `: ${STATES[step.state]}`)),
        step.at ? h("span", { class: "after" }, after(Date.parse(step.at) - began)) : null),
      h("p", {}, step.why),
      facts.length ? h("dl", { class: "facts" }, facts.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, String(value))])) : null,
      records(step)));
}

/** The records themselves; they stay open while the page is built anew. */
function records({ title, raw, state }) {
  if (!raw || state === "waiting" || (Array.isArray(raw) && !raw.length)) return null;
  const details = h("details", { open: opened.has(title) },
    h("summary", { "data-key": title }, "The records"),
    h("pre", { tabindex: "0", "aria-label": `Records: ${title}` }, JSON.stringify(raw, null, 2)));
  details.addEventListener("toggle", () => (details.open ? opened.add(title) : opened.delete(title)));
  return details;
}

function after(milliseconds) {
  if (milliseconds <= 0) return milliseconds > -1000 ? "at the click" : "";
  if (milliseconds < 1000) return `${milliseconds} ms later`;
  const seconds = milliseconds / 1000;
  return seconds < 100 ? `${seconds.toFixed(1)} s later` : `${Math.round(seconds / 60)} min later`;
}

for (;;) {
  if (!document.hidden) await look();
  await pause(EVERY_MS);
}
