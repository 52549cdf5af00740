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

const COMPLETED = event("checkout.session.completed");
const purchased = (status, item = {}) => [
  { part: "session", key: "ps_1", item: {} },
  { part: "purchase", key: "pur_1", item: { status, ...item } },
  { part: "offer", key: "content#c", item: { status: "published" } },
];
const SOLD = [{ action: "checkout_completed", purchase_id: "pur_1", at: CLICK }];
const ACCEPTED = [{ action: "purchase_quarantined", purchase_id: "pur_1", at: CLICK }, { action: "quarantine_accepted", purchase_id: "pur_1", at: CLICK }];
const OF_ANOTHER = [{ action: "checkout_completed", purchase_id: "pur_cs_2", at: CLICK }];

test("every step is true for every status of the session", () => {
  const expected = {
    prepared: ["waiting", "waiting", "waiting"],
    open: ["done", "waiting", "waiting"],
    processing: ["done", "waiting", "waiting"],
    failed: ["done", "failed", "failed"],
    expired: ["done", "failed", "failed"],
    complete: ["done", "done", "waiting"],
    quarantined: ["done", "done", "waiting"],
  };
  for (const [status, [stripe, payment, transaction]] of Object.entries(expected)) {
    const session = { ...SESSION, status, stripe_session_id: status === "prepared" ? undefined : "cs_1" };
    const found = states({ session });
    assert.deepEqual([found.Stripe, found.Payment, found.Transaction], [stripe, payment, transaction], status);
  }
});

test("nothing more happens to a payment whose page nobody had", () => {
  const session = { ...SESSION, status: "discarded", stripe_session_id: undefined };
  assert.deepEqual(states({ session }), {
    API: "done", Session: "done", Stripe: "failed", Payment: "failed", Webhook: "never",
    Queue: "never", Transaction: "failed", Audit: "never", Events: "never",
  });
});

test("the shopper has paid when the money came, and not when the page expired or the bank refused", () => {
  const payment = (status, ...types) => step({ session: { ...SESSION, status }, events: types.map((type) => event(`checkout.session.${type}`)) }, "Payment");
  assert.equal(payment("open", "completed").state, "done");
  assert.equal(payment("open", "expired").state, "failed");
  assert.equal(payment("expired", "expired").state, "failed");
  assert.match(payment("expired", "expired").why, /did not pay/);
  assert.equal(payment("processing", "completed").state, "waiting");
  assert.match(payment("processing", "completed").why, /on its way/);
  assert.equal(payment("failed", "completed", "async_payment_failed").state, "failed");
  assert.equal(payment("complete", "completed", "async_payment_succeeded").state, "done");
});

test("the transaction is done only if it sold something", () => {
  const table = [
    ["processing", "pending", {}, [], "waiting", /on its way/],
    ["failed", "failed", {}, [], "failed", /bank refused/],
    ["complete", "failed", { dismissed_at: CLICK }, [], "failed", /operator closed/],
    ["quarantined", "quarantined", {}, [], "waiting", /quarantine/],
    ["quarantined", "quarantined", {}, OF_ANOTHER, "waiting", /quarantine/],
    ["complete", "refunding", {}, [], "failed", /goes back/],
    ["complete", "refunded", {}, [], "failed", /went back/],
    ["complete", "disputed", {}, [], "failed", /disputes/],
    ["complete", "completed", {}, SOLD, "done", /written together\.$/],
    ["complete", "completed", {}, ACCEPTED, "done", /written together\.$/],
    ["complete", "refunding", {}, SOLD, "done", /become refunding/],
    ["complete", "refunded", {}, SOLD, "done", /become refunded/],
    ["complete", "disputed", {}, SOLD, "done", /become disputed/],
    ["complete", "quarantined", {}, SOLD, "done", /become quarantined/],
    ["complete", "failed", { dismissed_at: CLICK }, SOLD, "done", /become failed/],
  ];
  for (const [session, purchase, item, audit, state, why] of table) {
    const found = step({ session: { ...SESSION, status: session }, events: [COMPLETED], written: purchased(purchase, item), audit }, "Transaction");
    const name = `${session} ${purchase} ${audit.length}`;
    assert.equal(found.state, state, name);
    assert.match(found.why, why, name);
    assert.equal(/nothing (was|is) sold|without a sale/.test(found.why), state !== "done", name);
    assert.equal("offer" in found.facts, state === "done", name);
  }
});

test("an ownership of another purchase is not what this payment wrote", () => {
  const ownership = { part: "ownership", key: "owns#c", item: { purchase_id: "pur_2" } };
  const found = step({ written: [...purchased("refunding"), ownership] }, "Transaction");
  assert.equal("ownership" in found.facts, false);
});

test("a shopper without a login has no token that is verified", () => {
  assert.doesNotMatch(step({ session: { ...SESSION, buyer_id: undefined } }, "API").why, /token/);
  assert.match(step({}, "API").why, /token/);
});
