// The steps that "Follow a payment" computes from the records. Run: node --test tests/local/storefront/

import assert from "node:assert/strict";
import { test } from "node:test";

const { stepsOf } = await import("../../../local/storefront/follow-steps.js");

const CLICK = "2026-05-17T12:30:00.000Z";
const SESSION = {
  id: "ps_1", kind: "content", buyer_id: "user_1", sale_key: "content#c#user_1", attempt: 1, status: "open",
  amount: 999, currency: "usd", created_at: CLICK, idempotency_key: "content:c:user_1", stripe_session_id: "cs_1",
};
const NOTHING_ELSE = {
  stripe_requests: [], events: [], invocations: [], written: [], audit: [], events_out: [],
  queue: { "payment events": { waiting: 0, in_flight: 0 }, "dead letters": { waiting: 0, in_flight: 0 } },
};
const states = (payment) => Object.fromEntries(stepsOf({ session: SESSION, ...NOTHING_ELSE, ...payment }).map(
  ({ short, state }) => [short, state]));
const step = (payment, name) => stepsOf({ session: SESSION, ...NOTHING_ELSE, ...payment }).find(({ short }) => short === name);
const ran = (name, lines, metrics = {}) => ({ function: name, milliseconds: 12, cold_start: false, lines, metrics });
const event = (type, attempts = []) => ({ id: "evt_1", type, created: 1_779_021_000, attempts });

test("a payment that was only begun waits for its shopper", () => {
  assert.deepEqual(states({}), {
    API: "done", Session: "done", Stripe: "done", Payment: "waiting", Webhook: "waiting",
    Queue: "waiting", Transaction: "waiting", Audit: "waiting", Events: "waiting",
  });
});

test("what Stripe was asked is found by the prepared session's own key", () => {
  const other = { method: "POST", path: "/v1/checkout/sessions/cs_1/expire", status: 200, idempotency_key: null };
  const ours = { ...other, path: "/v1/checkout/sessions", idempotency_key: SESSION.idempotency_key };
  assert.equal(step({ stripe_requests: [other, ours] }, "Stripe").facts.Call, "POST /v1/checkout/sessions → 200");
});

test("a declined card is a failure until another one pays", () => {
  const declined = event("payment_intent.payment_failed");
  assert.equal(states({ events: [declined] }).Payment, "failed");
  assert.equal(states({ events: [declined, event("checkout.session.completed")] }).Payment, "done");
});

test("the signature counts as checked once the webhook says that it queued the event", () => {
  const queued = ran("stripe_webhook", [{ message: "event_enqueued", event_id: "evt_1", event_type: "checkout.session.completed", at: CLICK }]);
  const webhook = step({ invocations: [queued] }, "Webhook");
  assert.equal(webhook.state, "done");
  assert.equal(webhook.facts["checkout.session.completed"], "signature valid, put on the queue");
});

test("a webhook that nobody answers, or that is refused, is a failure", () => {
  for (const status of [null, 400, 500]) {
    const attempts = [{ type: "checkout.session.completed", status, attempt: 1 }];
    assert.equal(states({ events: [event("checkout.session.completed", attempts)] }).Webhook, "failed", String(status));
  }
});

test("the time on the queue is from queued to applied", () => {
  const invocations = [
    ran("stripe_webhook", [{ message: "event_enqueued", event_id: "evt_1", at: "2026-05-17T12:30:01.000Z" }]),
    ran("fulfillment", [{ message: "event_applied", event_id: "evt_1", type: "checkout.session.completed", outcome: "fulfilled", at: "2026-05-17T12:30:01.250Z" }]),
  ];
  assert.equal(step({ invocations }, "Queue").facts["From queued to applied"], "250 ms");
});

test("a payment that ended without money had no transaction", () => {
  const expired = { session: { ...SESSION, status: "expired" } };
  const { state, why } = step(expired, "Transaction");
  assert.equal(state, "failed");
  assert.match(why, /nothing was sold/);
});

test("what was counted is added up over the functions", () => {
  const invocations = [ran("a", [], { "payments.events.enqueued": 1 }), ran("b", [], { "payments.events.enqueued": 2 })];
  assert.equal(step({ invocations }, "Events").facts.Metrics, "payments.events.enqueued 3");
});
