// Computes the steps on the page "Follow a payment" from a payment's records; it has no side effects.

import { apiCall, checkoutSession, preparedSession, stripeEvents } from "./follow-checkout.js";
import { auditLog, publishedEvents, queue, transaction, webhook } from "./follow-fulfillment.js";

const STEPS = [apiCall, preparedSession, checkoutSession, stripeEvents, webhook, queue, transaction, auditLog, publishedEvents];

/** The nine steps, each `{short, title, why, state, at, facts, raw}`; `state` is done, waiting or failed. */
export function stepsOf(payment) {
  return STEPS.map((step) => step(payment));
}
