// Computes the steps on the page "Follow a payment" from a payment's records; it has no side effects.

import { apiCall, checkoutSession, preparedSession, stripeEvents } from "./follow-checkout.js";
import { auditLog, publishedEvents, queue, transaction, webhook } from "./follow-fulfillment.js";

const STEPS = [apiCall, preparedSession, checkoutSession, stripeEvents, webhook, queue, transaction, auditLog, publishedEvents];

/** The nine steps, each `{short, title, why, state, at, facts, raw}`; `state` is done, waiting, failed or never. */
export function stepsOf(payment) {
  // No shopper ever had the page of a discarded session: nothing more will happen to it.
  const never = payment.session.status === "discarded";
  return STEPS.map((step) => step(payment)).map((step) => (never && step.state === "waiting" ? { ...step, state: "never" } : step));
}
