// The first four steps: the API is asked, writes down what it will ask of Stripe, asks, and the shopper pays.

import { run, said } from "./follow-said.js";
import { formatMoney } from "./money.js";

const ROUTES = {
  bid: "POST /api/checkout/create-session",
  auction: "POST /payments/checkout/create",
  order: "POST /orders/{orderId}/checkout",
  product: "POST /api/checkout/embedded-session",
  content: "POST /api/checkout",
};

export function apiCall(story) {
  const { session } = story;
  const [line] = said(story, "session_prepared");
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

export function intent(story) {
  const { session } = story;
  return {
    short: "Intent",
    title: "The session is prepared",
    why: "Everything that Stripe will be sent is decided and kept before Stripe is asked: a crash from here on loses nothing.",
    state: "done",
    at: session.created_at,
    facts: {
      "Payment session": session.id,
      Amount: formatMoney(session.amount, session.currency),
      "Sale key": session.sale_key ?? "none: this may be bought any number of times",
      Attempt: session.attempt,
      "Status now": session.status,
    },
    raw: session,
  };
}

export function stripeSession(story) {
  const { session, stripe_requests: requests } = story;
  const [request] = requests.filter(({ idempotency_key: key }) => key === session.idempotency_key);
  const created = story.audit.find(({ action }) => action === "checkout_created");
  return {
    short: "Stripe",
    title: "Stripe makes a Checkout Session",
    why: "The idempotency key belongs to the session. Asked twice, Stripe answers with the same session.",
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

export function stripeEvents(story) {
  const { events, session } = story;
  const declined = events.some(({ type }) => type === "payment_intent.payment_failed");
  const ended = events.find(({ type }) => /^checkout\.session\.(completed|expired)$/.test(type));
  return {
    short: "Payment",
    title: "The shopper pays at Stripe",
    why: "We see nothing of the card. Stripe tells what happened as events, in any order and possibly more than once.",
    state: ended || session.status === "complete" ? "done" : declined ? "trouble" : "waiting",
    at: ended && new Date(ended.created * 1000).toISOString(), // Stripe tells whole seconds
    facts: Object.fromEntries(events.map(({ id, type }) => [type, id])),
    raw: events,
  };
}
