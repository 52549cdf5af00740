// From what the desk knows of a payment to the steps that a newcomer reads: pure, so that tests can ask it anything.

import { formatMoney } from "./money.js";

const ROUTES = {
  bid: "POST /api/checkout/create-session",
  auction: "POST /payments/checkout/create",
  order: "POST /orders/{orderId}/checkout",
  product: "POST /api/checkout/embedded-session",
  content: "POST /api/checkout",
};
const ENDED_UNPAID = new Set(["expired", "abandoned", "failed"]);
const ACTED_ON = new Set(["event_enqueued", "event_refused", "event_not_enqueued"]);

/** The nine steps, each `{short, title, why, state, at, facts, raw}`; `state` is done, waiting or trouble. */
export function stepsOf(story) {
  return [
    apiCall(story), intent(story), stripeSession(story), stripeEvents(story), webhook(story),
    queue(story), transaction(story), auditTrail(story), eventsOut(story),
  ];
}

const said = (story, message) => story.invocations.flatMap((invocation) =>
  invocation.said.filter((line) => line.message === message).map((line) => ({ ...line, invocation })));

const run = ({ milliseconds, cold_start: cold }) => `${Math.round(milliseconds)} ms${cold ? ", a cold start" : ""}`;

function apiCall(story) {
  const { session } = story;
  const [line] = said(story, "intent_written");
  return {
    short: "API",
    title: "The shop calls the API",
    why: "API Gateway checks the shopper’s token and calls the function. A price is never taken from the request.",
    state: "done",
    at: session.created_at,
    facts: {
      Route: session.kind in ROUTES ? ROUTES[session.kind] : `POST /api/checkout/${session.kind}`,
      Shopper: session.buyer_id ?? "nobody has to log in for this",
      Function: line ? `create_session, ${run(line.invocation)}` : undefined,
      Request: line?.correlation_id,
    },
    raw: line?.invocation,
  };
}

function intent(story) {
  const { session } = story;
  return {
    short: "Intent",
    title: "The intent is written down",
    why: "Everything that Stripe will be sent is decided and kept before Stripe is asked: a crash from here on loses nothing.",
    state: "done",
    at: session.created_at,
    facts: {
      "Payment session": session.id,
      Amount: formatMoney(session.amount, session.currency),
      Claim: session.claim ?? "none: this may be bought any number of times",
      Attempt: session.attempt,
      "Status now": session.status,
    },
    raw: session,
  };
}

function stripeSession(story) {
  const { session, stripe_requests: requests } = story;
  const [request] = requests.filter(({ idempotency_key: key }) => key === session.idempotency_key);
  const created = story.audit.find(({ action }) => action === "checkout_created");
  return {
    short: "Stripe",
    title: "Stripe makes a Checkout Session",
    why: "The idempotency key belongs to the intent. Asked twice, Stripe answers with the same session.",
    state: session.stripe_session_id ? "done" : "waiting",
    at: created?.at,
    facts: {
      Call: request && `${request.method} ${request.path} → ${request.status}`,
      "Idempotency key": session.idempotency_key,
      "Stripe session": session.stripe_session_id,
      "Can be paid until": session.expires_at,
    },
    raw: requests,
  };
}

function stripeEvents(story) {
  const { events } = story;
  const declined = events.some(({ type }) => type === "payment_intent.payment_failed");
  const ended = events.find(({ type }) => /^checkout\.session\.(completed|expired)$/.test(type));
  return {
    short: "Payment",
    title: "The shopper pays at Stripe",
    why: "We see nothing of the card. Stripe tells what happened as events, in any order and possibly more than once.",
    state: ended ? "done" : declined ? "trouble" : "waiting",
    at: ended && new Date(ended.created * 1000).toISOString(), // Stripe tells whole seconds
    facts: Object.fromEntries(events.map(({ id, type }) => [type, id])),
    raw: events,
  };
}

function webhook(story) {
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

function queue(story) {
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

function transaction(story) {
  const settled = story.written.some(({ part }) => part === "purchase");
  const over = ENDED_UNPAID.has(story.session.status);
  const parts = settled ? story.written : [];
  const completed = story.audit.find(({ action }) => action === "checkout_completed");
  return {
    short: "Transaction",
    title: "One transaction settles it",
    why: over
      ? "There was none: this payment ended without money, and nothing was sold."
      : "Purchase, access, the offer’s state, the buyer’s count and the history are written together, or none of them.",
    state: settled ? "done" : over ? "trouble" : "waiting",
    at: completed?.at,
    facts: Object.fromEntries(parts.map(({ part, key, item }) => [part, item.status ? `${key} is ${item.status}` : key])),
    raw: parts,
  };
}

function auditTrail(story) {
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

function eventsOut(story) {
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
