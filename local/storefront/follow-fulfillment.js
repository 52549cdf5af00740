// The last five steps: the webhook, the queue, the transaction, the audit log and the published events.

import { duration, linesWith } from "./follow-log.js";

const ENDED_UNPAID = new Set(["expired", "discarded", "failed"]);
const WEBHOOK_MESSAGES = new Set(["event_enqueued", "event_refused", "event_not_enqueued"]);

export function webhook(payment) {
  const invocations = payment.invocations.filter(({ lines }) => lines.some(({ message }) => WEBHOOK_MESSAGES.has(message)));
  const attempts = payment.events.flatMap((event) => event.attempts.map((attempt) => ({ ...attempt, type: event.type })));
  const lines = invocations.flatMap((invocation) => invocation.lines);
  const refused = attempts.some(({ status }) => status === null || status >= 400);
  return {
    short: "Webhook",
    title: "The webhook verifies the signature",
    why: "It verifies the signature over the exact bytes of the request, and its age. Then it puts the event on the queue and answers 200.",
    state: lines.some(({ message }) => message === "event_enqueued") ? "done" : refused ? "failed" : "waiting",
    at: lines[0]?.at,
    facts: {
      ...Object.fromEntries(lines.map((line) => [line.event_type ?? line.type ?? line.message,
        line.message === "event_enqueued" ? "signature valid, put on the queue" : line.message.replaceAll("_", " ")])),
      Delivered: attempts.map(({ type, status, attempt }) =>
        `${type} → ${status ?? "no answer"}${attempt > 1 ? ` (attempt ${attempt})` : ""}`).join("; ") || undefined,
      Function: invocations.length ? `stripe_webhook, ${invocations.map(duration).join("; ")}` : undefined,
    },
    raw: { attempts, invocations },
  };
}

export function queue(payment) {
  const enqueued = linesWith(payment, "event_enqueued");
  const applied = linesWith(payment, "event_applied");
  const waited = applied.flatMap((line) => {
    const from = enqueued.find(({ event_id: id }) => id === line.event_id);
    return from ? [`${Date.parse(line.at) - Date.parse(from.at)} ms`] : [];
  });
  const { "payment events": now, "dead letters": dead } = payment.queue;
  return {
    short: "Queue",
    title: "The queue delivers the event to the fulfillment function",
    why: "If the function fails, the queue delivers the event again. After eight attempts the event goes to the dead-letter queue, which has an alarm.",
    state: applied.length ? "done" : "waiting",
    at: applied[0]?.at,
    facts: {
      "From queued to applied": waited.join("; ") || undefined,
      Outcome: [...new Set(applied.map(({ type, outcome }) => `${type}: ${outcome}`))].join("; ") || undefined,
      "On the queue now": `${now.waiting} waiting, ${now.in_flight} in flight, ${dead.waiting} dead letters`,
      Function: applied.length ? `fulfillment, ${applied.map(({ invocation }) => duration(invocation)).join("; ")}` : undefined,
    },
    raw: applied,
  };
}

// What a purchase that is no sale says, by its status: the step is not done, and nothing was sold.
const NO_SALE = {
  pending: "The shopper is done, and the money is on its way: the purchase is recorded, and nothing is sold until the money arrives.",
  quarantined: "The money arrived, and the purchase is recorded in quarantine: nothing is sold until an operator decides.",
  refunding: "The money arrived, and it was for nothing that could be sold: it goes back, and nothing was sold.",
  refunded: "The money arrived, and it was for nothing that could be sold: it went back, and nothing was sold.",
  disputed: "The money arrived, and the shopper’s bank disputes it: nothing was sold.",
  failed: "The bank refused the payment: the purchase is recorded as failed, and nothing was sold.",
};
const DISMISSED = "The money arrived, and an operator closed the payment without a sale.";
const UNDECIDED = new Set(["pending", "quarantined"]);
const SALES = new Set(["checkout_completed", "quarantine_accepted"]);

export function transaction({ session, written, audit }) {
  const purchase = written.find(({ part }) => part === "purchase");
  const isOurs = ({ purchase_id: id }) => id === undefined || id === purchase?.key;
  const sale = audit.find((entry) => SALES.has(entry.action) && isOurs(entry));
  const sold = purchase && (sale || purchase.item.status === "completed");
  const parts = purchase ? written.filter(({ part, item }) => part === "ownership" ? isOurs(item) : sold || part !== "offer") : [];
  return {
    short: "Transaction",
    title: "One transaction fulfills the payment",
    ...(sold ? fulfilled(purchase.item) : purchase ? notSold(purchase.item) : noPurchase(session)),
    at: sale?.at,
    facts: Object.fromEntries(parts.map(({ part, key, item }) => [part, item.status ? `${key} is ${item.status}` : key])),
    raw: parts,
  };
}

function fulfilled({ status }) {
  const since = status === "completed" ? "" : ` Since then the purchase has become ${status}.`;
  return {
    state: "done",
    why: "The purchase, the audit entry and all that this kind of offer needs (an ownership, the offer’s status, the buyer’s purchase count) " +
      `were written together.${since}`,
  };
}

function notSold({ status, dismissed_at: dismissed }) {
  return {
    state: UNDECIDED.has(status) ? "waiting" : "failed",
    why: dismissed && status === "failed" ? DISMISSED : NO_SALE[status] ?? `The purchase is ${status}, and nothing was sold.`,
  };
}

function noPurchase({ status }) {
  return ENDED_UNPAID.has(status)
    ? { state: "failed", why: "There is none: the payment ended without money, and nothing was sold." }
    : { state: "waiting", why: "When the money arrives, the purchase and all that depends on it are written together or not at all." };
}

export function auditLog({ audit }) {
  return {
    short: "Audit",
    title: "The audit log records each change",
    why: "An entry is part of the transaction that it reports. No function is allowed to change or delete one.",
    state: audit.length ? "done" : "waiting",
    at: audit.at(-1)?.at,
    facts: Object.fromEntries(audit.map((entry) => [entry.action, entry.at])),
    raw: audit,
  };
}

export function publishedEvents({ invocations, events_out: published }) {
  const totals = {};
  for (const [name, count] of invocations.flatMap(({ metrics }) => Object.entries(metrics))) {
    totals[name] = (totals[name] ?? 0) + count;
  }
  return {
    short: "Events",
    title: "Events are published to subscribers",
    why: "The audit log’s stream puts each entry on the event bus as an event. Metrics are written to the log.",
    state: published.length ? "done" : "waiting",
    at: published.at(-1)?.detail.occurred_at,
    facts: {
      Events: published.map(({ name }) => name).join(", ") || undefined,
      Metrics: Object.entries(totals).map(([name, count]) => `${name} ${count}`).join(", ") || undefined,
    },
    raw: published,
  };
}
