// The first four steps: the API call, the prepared session, the Checkout Session and the payment at Stripe.

import { duration, linesWith } from "./follow-log.js";
import { formatMoney } from "./money.js";

const ROUTES = {
  bid: "POST /api/checkout/create-session",
  auction: "POST /payments/checkout/create",
  order: "POST /orders/{orderId}/checkout",
  product: "POST /api/checkout/embedded-session",
  content: "POST /api/checkout",
};

export function apiCall(payment) {
  const { session } = payment;
  const [line] = linesWith(payment, "session_prepared");
  return {
    short: "API",
    title: "The shop calls the API",
    why: `${session.buyer_id ? "API Gateway verifies the shopper’s token and invokes the function." : "API Gateway invokes the function; this offer needs no login."} ` +
      "The price comes from the stored offer, never from the request.",
    state: "done",
    at: session.created_at,
    facts: {
      Route: session.kind in ROUTES ? ROUTES[session.kind] : `POST /api/checkout/${session.kind}`,
      Shopper: session.buyer_id ?? "none: this offer needs no login",
      Function: line ? `create_session, ${duration(line.invocation)}` : undefined,
      Request: line?.correlation_id,
    },
    raw: line?.invocation,
  };
}

export function preparedSession({ session }) {
  return {
    short: "Session",
    title: "The function prepares a payment session",
    why: "It stores the complete request to Stripe before it calls Stripe, so a crash from here on loses nothing.",
    state: "done",
    at: session.created_at,
    facts: {
      "Payment session": session.id,
      Amount: formatMoney(session.amount, session.currency),
      "Sale key": session.sale_key ?? "none: this offer can be bought any number of times",
      Attempt: session.attempt,
      "Status now": session.status,
    },
    raw: session,
  };
}

export function checkoutSession({ session, stripe_requests: requests, audit }) {
  const [request] = requests.filter(({ idempotency_key: key }) => key === session.idempotency_key);
  const created = audit.find(({ action }) => action === "checkout_created");
  return {
    short: "Stripe",
    title: "Stripe creates a Checkout Session",
    why: session.stripe_session_id || session.status !== "discarded"
      ? "The idempotency key belongs to the payment session: if the call is repeated, Stripe returns the same Checkout Session."
      : "There is none that a shopper could pay: Stripe refused the request, or the time to pay was over before Stripe had it.",
    state: session.stripe_session_id ? "done" : session.status === "discarded" ? "failed" : "waiting",
    at: created?.at,
    facts: {
      Call: request && `${request.method} ${request.path} → ${request.status}`,
      "Idempotency key": session.idempotency_key,
      "Checkout Session": session.stripe_session_id,
      "Can be paid until": session.expires_at,
    },
    raw: requests,
  };
}

export function stripeEvents({ events, session }) {
  const ended = events.find(({ type }) => /^checkout\.session\.(completed|expired)$/.test(type));
  return {
    short: "Payment",
    title: "The shopper pays at Stripe",
    ...paymentAtStripe(new Set(events.map(({ type }) => type)), session.status),
    at: ended && new Date(ended.created * 1000).toISOString(), // Stripe's times are whole seconds
    facts: Object.fromEntries(events.map(({ id, type }) => [type, id])),
    raw: events,
  };
}

/** Whether the shopper has paid: what is recorded decides, and Stripe's events tell what is not recorded yet. */
function paymentAtStripe(types, status) {
  const happened = (name) => types.has(`checkout.session.${name}`);
  if (status === "complete" || status === "quarantined" || happened("async_payment_succeeded")) return PAYMENT.paid;
  if (status === "failed" || happened("async_payment_failed")) return PAYMENT.refused;
  if (status === "processing") return PAYMENT.underWay;
  if (happened("completed")) return PAYMENT.paid;
  if (status === "expired" || status === "discarded" || happened("expired")) return PAYMENT.unpaid;
  return types.has("payment_intent.payment_failed") ? PAYMENT.declined : PAYMENT.begun;
}

const CARD_DATA = "Card data stays at Stripe. Stripe reports the outcome as events, in any order and possibly more than once.";
const PAYMENT = {
  begun: { state: "waiting", why: CARD_DATA },
  declined: { state: "failed", why: `A payment was declined; the shopper may try another card. ${CARD_DATA}` },
  underWay: { state: "waiting", why: `The shopper is done, and the money is on its way: a bank debit takes days. ${CARD_DATA}` },
  paid: { state: "done", why: CARD_DATA },
  refused: { state: "failed", why: `The shopper was done, and the bank refused: no money arrived. ${CARD_DATA}` },
  unpaid: { state: "failed", why: "The shopper did not pay, and cannot any more: the payment page is closed." },
};
