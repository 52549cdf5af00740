// From what the desk knows of a payment to the steps that a newcomer reads: pure, so that tests can ask it anything.

import { apiCall, intent, stripeEvents, stripeSession } from "./follow-asking.js";
import { auditTrail, eventsOut, queue, transaction, webhook } from "./follow-fulfilling.js";

/** The nine steps, each `{short, title, why, state, at, facts, raw}`; `state` is done, waiting or trouble. */
export function stepsOf(story) {
  return [apiCall, intent, stripeSession, stripeEvents, webhook, queue, transaction, auditTrail, eventsOut].map((step) => step(story));
}
