// The last five steps: the webhook, the queue, the transaction, and who is told.

import { run, said } from "./follow-said.js";

const ENDED_UNPAID = new Set(["expired", "abandoned", "failed"]);
const ACTED_ON = new Set(["event_enqueued", "event_refused", "event_not_enqueued"]);

export function webhook(story) {
  const heard = story.invocations.filter(({ said: lines }) => lines.some(({ message }) => ACTED_ON.has(message)));
  const attempts = story.events.flatMap((event) => event.attempts.map((attempt) => ({ ...attempt, type: event.type })));
  const lines = heard.flatMap((invocation) => invocation.said);
  const refused = attempts.some(({ status }) => status === null || status >= 400);
  return {
    short: "Webhook",
    title: "The webhook checks the signature",
    why: "Over the exact bytes, with the signing secret and against the clock. Only then is the event queued, and only then answered 200.",
    state: lines.some(({ message }) => message === "event_enqueued") ? "done" : refused ? "trouble" : "waiting",
    at: lines[0]?.at,
    facts: {
      ...Object.fromEntries(lines.map((line) => [line.event_type ?? line.type ?? line.message,
        line.message === "event_enqueued" ? "signature valid, put on the queue" : line.message.replaceAll("_", " ")])),
      Delivered: attempts.map(({ type, status, attempt }) =>
        `${type} → ${status ?? "no answer"}${attempt > 1 ? ` (attempt ${attempt})` : ""}`).join("; ") || undefined,
      Function: heard.length ? `stripe_webhook, ${heard.map(run).join("; ")}` : undefined,
    },
    raw: { attempts, invocations: heard },
  };
}

export function queue(story) {
  const enqueued = said(story, "event_enqueued");
  const applied = said(story, "event_applied");
  const waited = applied.flatMap((line) => {
    const from = enqueued.find(({ event_id: id }) => id === line.event_id);
    return from ? [`${Date.parse(line.at) - Date.parse(from.at)} ms`] : [];
  });
  const { "payment events": now, "dead letters": dead } = story.queue;
  return {
    short: "Queue",
    title: "The queue hands the event to the worker",
    why: "If the worker fails, the event comes again; after eight attempts it is kept among the dead letters, with an alarm.",
    state: applied.length ? "done" : "waiting",
    at: applied[0]?.at,
    facts: {
      "From queued to applied": waited.join("; ") || undefined,
      Outcome: [...new Set(applied.map(({ type, outcome }) => `${type}: ${outcome}`))].join("; ") || undefined,
      "On the queue now": `${now.waiting} waiting, ${now.taken} being worked on, ${dead.waiting} dead letters`,
      Function: applied.length ? `fulfillment, ${applied.map(({ invocation }) => run(invocation)).join("; ")}` : undefined,
    },
    raw: applied,
  };
}

export function transaction(story) {
  const fulfilled = story.written.some(({ part }) => part === "purchase");
  const over = ENDED_UNPAID.has(story.session.status);
  const parts = fulfilled ? story.written : [];
  const completed = story.audit.find(({ action }) => action === "checkout_completed");
  return {
    short: "Transaction",
    title: "One transaction fulfills it",
    why: over
      ? "There was none: this payment ended without money, and nothing was sold."
      : "Purchase, access, the offer’s state, the buyer’s count and the history are written together, or none of them.",
    state: fulfilled ? "done" : over ? "trouble" : "waiting",
    at: completed?.at,
    facts: Object.fromEntries(parts.map(({ part, key, item }) => [part, item.status ? `${key} is ${item.status}` : key])),
    raw: parts,
  };
}

export function auditTrail(story) {
  return {
    short: "Audit",
    title: "The audit trail keeps it",
    why: "An entry is part of the transaction that it reports, and nobody may change it afterwards.",
    state: story.audit.length ? "done" : "waiting",
    at: story.audit.at(-1)?.at,
    facts: Object.fromEntries(story.audit.map((entry) => [entry.action, entry.at])),
    raw: story.audit,
  };
}

export function eventsOut(story) {
  const metrics = story.invocations.flatMap((invocation) => Object.entries(invocation.metrics));
  const totals = {};
  for (const [name, count] of metrics) totals[name] = (totals[name] ?? 0) + count;
  const heard = story.events_out.map(({ name }) => name);
  return {
    short: "Events",
    title: "Others are told",
    why: "The table’s stream brings each entry to the event bus, and what is counted goes through the log.",
    state: heard.length ? "done" : "waiting",
    at: story.events_out.at(-1)?.detail.occurred_at,
    facts: {
      Events: heard.join(", ") || undefined,
      Metrics: Object.entries(totals).map(([name, count]) => `${name} ${count}`).join(", ") || undefined,
    },
    raw: story.events_out,
  };
}
