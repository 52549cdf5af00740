// "Follow a payment": reads the records every second and shows the steps.

import { pause } from "./api.js";
import { badgeFor, h, say } from "./dom.js";
import { stepsOf } from "./follow-steps.js";
import { formatMoney } from "./money.js";

const EVERY_MS = 1000;
const place = (id) => document.getElementById(id);
const opened = new Set(); // titles of the steps whose records are expanded
let shown = ""; // the records on the page; it is rebuilt only if they change

async function read(path) {
  const response = await fetch(`/admin/${path}`, { cache: "no-store" });
  const body = await response.json();
  if (!response.ok) throw new Error(body.error);
  return body;
}

async function refresh() {
  const wanted = new URLSearchParams(location.search).get("payment");
  try {
    const { data: payments } = await read("payments");
    const chosen = wanted ?? payments[0]?.id;
    const payment = chosen ? await read(`payments/${encodeURIComponent(chosen)}`) : null;
    const records = JSON.stringify([payments, payment]);
    if (records !== shown) show(payments, payment, wanted);
    shown = records;
    say(place("notice"));
  } catch (problem) {
    shown = "";
    say(place("notice"), problem.name === "Error" ? problem : "The stack cannot be reached. Is it running?");
  }
}

function show(payments, payment, wanted) {
  const focused = document.activeElement?.dataset?.key;
  place("payments").replaceChildren(h("ul", { class: "payments" },
    h("li", {}, h("a", { href: "/follow", "aria-current": wanted ? null : "true", "data-key": "newest" },
      h("strong", {}, "Newest payment"), h("span", { class: "quiet" }, "Always the latest payment"))),
    payments.map((session) => paymentLink(session, wanted && session.id === payment?.session.id))));
  if (payment) showPayment(payment);
  if (focused) document.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
}

function paymentLink(session, current) {
  return h("li", {}, h("a", { href: `/follow?payment=${session.id}`, "aria-current": current ? "true" : null, "data-key": session.id },
    h("strong", {}, session.title), badgeFor(session.status),
    h("span", { class: "quiet" }, `${session.buyer_id ?? "a visitor"}, ${new Date(session.created_at).toLocaleTimeString()}`)));
}

function showPayment(payment) {
  const { session } = payment;
  const steps = stepsOf(payment);
  const done = steps.filter(({ state }) => state === "done").length;
  place("payment-title").textContent = session.title;
  place("summary").textContent =
    `${formatMoney(session.amount, session.currency)}, ${session.status}: ${done} of ${steps.length} steps done.`;
  place("path").replaceChildren(...steps.map(({ short, state }, index) =>
    h("li", {}, h("a", { href: `#step-${index + 1}`, "data-state": state, "data-key": short },
      short, h("span", { class: "unseen" }, `: ${STATES[state]}`)))));
  place("steps").replaceChildren(...steps.map((step, index) => stepItem(step, index + 1, Date.parse(session.created_at))));
}

const STATES = { done: "done", waiting: "not yet", failed: "failed", never: "does not happen" };

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

/** The records of a step; they stay expanded when the page is rebuilt. */
function records({ title, raw, state }) {
  if (!raw || state === "never" || (Array.isArray(raw) && !raw.length)) return null;
  const details = h("details", { open: opened.has(title) },
    h("summary", { "data-key": title }, "Records"),
    h("pre", { tabindex: "0", "aria-label": `Records: ${title}` }, JSON.stringify(raw, null, 2)));
  details.addEventListener("toggle", () => (details.open ? opened.add(title) : opened.delete(title)));
  return details;
}

function after(milliseconds) {
  if (milliseconds <= 0) return milliseconds > -1000 ? "at the start" : "";
  if (milliseconds < 1000) return `${milliseconds} ms later`;
  const seconds = milliseconds / 1000;
  return seconds < 100 ? `${seconds.toFixed(1)} s later` : `${Math.round(seconds / 60)} min later`;
}

for (;;) {
  if (!document.hidden) await refresh();
  await pause(EVERY_MS);
}
