// What the bundle does, against an API that answers what each test says. Run: node --test tests/clients/typescript/

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  ApiError, createClient, newIdempotencyKey, paymentOf, readError, startCheckout, waitUntilPaid,
} from "../../../clients/typescript/dist/paidonce.js";

const SOON = { firstMs: 1, slowestMs: 1 };

/** An API that answers in turn; the last answer repeats. Each answer is a body, [status, body, headers] or an error. */
function api(t, answers, options = {}) {
  const asked = [];
  t.mock.method(globalThis, "fetch", async (request, { signal }) => {
    signal.throwIfAborted();
    asked.push({ method: request.method, url: request.url, headers: request.headers, body: await request.text() });
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    if (answer instanceof Error) throw answer;
    const [status, body, headers] = Array.isArray(answer) ? answer : [200, answer, {}];
    return new Response(typeof body === "string" ? body : JSON.stringify(body), { status, headers });
  });
  return { client: createClient({ apiUrl: "https://api.test/", ...options }), asked };
}

const HOSTED = { payment_session_id: "ps_1", checkout_url: "https://pay.test/1", session_id: "cs_test_1" };
const CONTENT = { contentId: "c", successUrl: "https://shop.test/", cancelUrl: "https://shop.test/" };
const OPEN = { status: "open", payment_status: "unpaid" };
const ON_ITS_WAY = { status: "complete", payment_status: "processing" };
const PAID = { status: "complete", payment_status: "paid" };
const UNAVAILABLE = [502, { error: "The payment provider is not available.", code: "stripe_unavailable" }];

// ---------------------------------------------------------------- start a checkout

test("a hosted checkout says where to pay", async (t) => {
  const { client, asked } = api(t, [{ ...HOSTED, payment_window: { seconds_remaining: 9 } }], { token: "t" });

  const checkout = await startCheckout(client, "auction", { auction_id: "a" });

  assert.deepEqual(checkout, {
    ui: "hosted",
    checkoutUrl: "https://pay.test/1",
    paymentSessionId: "ps_1",
    paymentWindow: { seconds_remaining: 9 },
  });
  assert.equal(asked[0].url, "https://api.test/api/checkout/auction");
  assert.equal(asked[0].body, '{"auction_id":"a"}');
});

test("an embedded checkout has the secret for Stripe.js and the session to wait for", async (t) => {
  const { client } = api(t, [{ client_secret: "cs_test_1_secret_2" }]);

  assert.deepEqual(await startCheckout(client, "product", {}),
    { ui: "embedded", clientSecret: "cs_test_1_secret_2", sessionId: "cs_test_1" });
});

test("a product is bought without a login, and by a buyer who has logged in, into their purchases", async (t) => {
  const { client, asked } = api(t, [{ client_secret: "cs_test_1_secret_2" }]);
  await startCheckout(client, "product", {});
  await startCheckout(createClient({ apiUrl: "https://api.test", token: async () => "t" }), "product", {});

  assert.deepEqual(asked.map(({ url, headers }) => [new URL(url).pathname, headers.get("Authorization")]), [
    ["/api/checkout/embedded-session", null],
    ["/api/checkout/product", "Bearer t"],
  ]);
});

test("a buyer who has not logged in is refused by the route of the kind", async (t) => {
  const { client, asked } = api(t, [[401, { message: "Unauthorized" }]]);

  await assert.rejects(startCheckout(client, "content", CONTENT), { status: 401, temporary: false });
  assert.deepEqual(asked.map(({ url }) => url), ["https://api.test/api/checkout/content"]);
});

test("an answer without an address to pay at is a failure", async (t) => {
  const { client } = api(t, [{ payment_session_id: "ps_1" }]);

  await assert.rejects(startCheckout(client, "content", CONTENT), /cannot be read/);
});

test("the token goes to the routes that ask for it and to no others", async (t) => {
  const { client, asked } = api(t, [HOSTED], { token: () => "t" });
  await startCheckout(client, "quote", {});
  await startCheckout(client, "content", CONTENT);
  await client.GET("/api/offers/{kind}/{id}", { params: { path: { kind: "content", id: "c" } } });
  await client.GET("/api/me/offers/{kind}/{id}", { params: { path: { kind: "content", id: "c" } } });

  assert.deepEqual(asked.map(({ headers }) => headers.get("Authorization")), [null, "Bearer t", null, "Bearer t"]);
});

test("a checkout that fails for a moment is tried again as the same attempt", async (t) => {
  const { client, asked } = api(t, [new TypeError("fetch failed"), UNAVAILABLE, HOSTED]);

  const checkout = await startCheckout(client, "content", CONTENT);

  assert.equal(checkout.paymentSessionId, "ps_1");
  const keys = asked.map(({ headers }) => headers.get("Idempotency-Key"));
  assert.equal(keys.length, 3);
  assert.equal(new Set(keys).size, 1);
  assert.match(keys[0], /^[0-9a-f]{32}$/);
  assert.equal(new Set(asked.map(({ body }) => body)).size, 1);
});

test("each attempt has a key of its own, unless the caller repeats one", async (t) => {
  const { client, asked } = api(t, [HOSTED]);
  const idempotencyKey = newIdempotencyKey();
  for (const options of [undefined, undefined, { idempotencyKey }, { idempotencyKey }]) {
    await startCheckout(client, "content", CONTENT, options);
  }

  const [first, second, third, fourth] = asked.map(({ headers }) => headers.get("Idempotency-Key"));
  assert.notEqual(first, second);
  assert.deepEqual([third, fourth], [idempotencyKey, idempotencyKey]);
});

test("a refusal is not repeated, nor is what must wait for long", async (t) => {
  for (const refusal of [
    [409, { error: "This has been purchased already.", code: "already_purchased" }],
    [429, { error: "Too many checkouts; please wait.", code: "too_many_requests" }, { "Retry-After": "40" }],
  ]) {
    const { client, asked } = api(t, [refusal]);
    await assert.rejects(startCheckout(client, "content", CONTENT), (problem) =>
      problem instanceof ApiError && problem.code === refusal[1].code && problem.sentence === refusal[1].error);
    assert.equal(asked.length, 1);
    t.mock.restoreAll();
  }
});

test("an outage ends with the last failure", async (t) => {
  const { client, asked } = api(t, [UNAVAILABLE]);

  await assert.rejects(startCheckout(client, "content", CONTENT), { code: "stripe_unavailable", temporary: true });
  assert.equal(asked.length, 3);
});

// ---------------------------------------------------------------- wait until paid

test("waiting goes on while the buyer pays and while the purchase is recorded", async (t) => {
  const { client, asked } = api(t, [OPEN, ON_ITS_WAY, ON_ITS_WAY, PAID]);

  const payment = await waitUntilPaid(client, "cs_test_1", SOON);

  assert.deepEqual(payment, { result: "paid", mayPayAgain: false, answer: PAID });
  assert.equal(asked.length, 4);
  assert.equal(asked[0].url, "https://api.test/api/checkout/payment-status?session_id=cs_test_1");
});

test("waiting outlasts failures that pass", async (t) => {
  const { client, asked } = api(t, [new TypeError("fetch failed"), UNAVAILABLE, [200, "<html>"], [429, {}], PAID]);

  assert.equal((await waitUntilPaid(client, "cs_test_1", SOON)).result, "paid");
  assert.equal(asked.length, 5);
});

test("waiting stops at a failure that does not pass", async (t) => {
  const { client, asked } = api(t, [[404, { error: "There is no such session.", code: "not_found" }]]);

  await assert.rejects(waitUntilPaid(client, "cs_test_1", SOON), { status: 404, sentence: "There is no such session." });
  assert.equal(asked.length, 1);
});

test("waiting lasts as long as the server asks for", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "Date"] });
  const { client, asked } = api(t, [[503, {}, { "Retry-After": "20" }], PAID]);
  const waiting = waitUntilPaid(client, "cs_test_1", SOON);
  await answered();
  t.mock.timers.tick(19_000);
  await answered();
  assert.equal(asked.length, 1);

  t.mock.timers.tick(1_000);

  assert.equal((await waiting).result, "paid");
  assert.equal(asked.length, 2);
});

test("pauses grow up to the slowest", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "Date"] });
  const { client, asked } = api(t, [OPEN]);
  const at = [];
  const waiting = waitUntilPaid(client, "cs_test_1", { timeoutMs: 20_000, firstMs: 1_000, slowestMs: 4_000 });
  for (let second = 0; second <= 21; second += 1) {
    await answered();
    if (asked.length > at.length) at.push(second);
    t.mock.timers.tick(1_000);
  }

  assert.equal((await waiting).result, "open");
  assert.deepEqual(at, [0, 1, 3, 6, 10, 14, 18]);
});

test("at the end of its time, waiting says how the payment stands", async (t) => {
  for (const [answer, result] of [[OPEN, "open"], [ON_ITS_WAY, "processing"]]) {
    const { client, asked } = api(t, [answer]);
    assert.equal((await waitUntilPaid(client, "cs_test_1", { timeoutMs: 0 })).result, result);
    assert.equal(asked.length, 1);
    t.mock.restoreAll();
  }
});

test("a buyer who is done waits for the purchase only", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "Date"] });
  const { client } = api(t, [ON_ITS_WAY]);
  let result;
  waitUntilPaid(client, "cs_test_1", { firstMs: 1_000 }).then((payment) => { ({ result } = payment); });
  for (let second = 0; second < 26; second += 1) {
    await answered();
    t.mock.timers.tick(1_000);
  }
  await answered();

  assert.equal(result, "processing");
});

test("pauses are short again when the buyer is done", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "Date"] });
  const { client, asked } = api(t, [OPEN, OPEN, OPEN, ON_ITS_WAY, PAID]);
  waitUntilPaid(client, "cs_test_1", { firstMs: 1_000, slowestMs: 60_000 });
  const at = [];
  for (let second = 0; second <= 12; second += 1) {
    await answered();
    if (asked.length > at.length) at.push(second);
    t.mock.timers.tick(1_000);
  }

  assert.deepEqual(at, [0, 1, 3, 6, 7]);
});

test("waiting rejects with the last failure if it ends in one", async (t) => {
  const { client } = api(t, [UNAVAILABLE]);

  await assert.rejects(waitUntilPaid(client, "cs_test_1", { timeoutMs: 0 }), { code: "stripe_unavailable" });
});

test("waiting ends when its page is gone", async (t) => {
  const { client, asked } = api(t, [OPEN]);
  const page = new AbortController();
  const waiting = waitUntilPaid(client, "cs_test_1", { signal: page.signal, firstMs: 60_000, slowestMs: 60_000 });
  await answered();
  page.abort();
  await assert.rejects(waiting, { name: "AbortError" });

  await assert.rejects(waitUntilPaid(client, "cs_test_1", { signal: page.signal }), { name: "AbortError" });
  await assert.rejects(startCheckout(client, "content", CONTENT, { signal: page.signal }), { name: "AbortError" });
  assert.equal(asked.length, 1);
});

test("waiting ends when its page goes as an answer arrives", async (t) => {
  const page = new AbortController();
  t.mock.method(globalThis, "fetch", async () => {
    const body = new ReadableStream({
      pull(stream) {
        stream.enqueue(new TextEncoder().encode(JSON.stringify(OPEN)));
        stream.close();
        page.abort();
      },
    });
    return new Response(body);
  });
  const client = createClient({ apiUrl: "https://api.test" });

  const waiting = waitUntilPaid(client, "cs_test_1", { signal: page.signal, firstMs: 60_000, slowestMs: 60_000 });

  await assert.rejects(waiting, { name: "AbortError" });
});

test("every answer has one result, and only money that came back or never came may be paid again", () => {
  const rows = [
    ["open", "unpaid", undefined, "open", true],
    ["complete", "processing", undefined, "processing", false],
    ["complete", "processing", "under_review", "under_review", false],
    ["complete", "processing", "refunding", "refunding", false],
    ["complete", "paid", undefined, "paid", false],
    ["complete", "paid", "refunding", "refunding", false],
    ["complete", "failed", undefined, "failed", true],
    ["complete", "failed", "dismissed", "dismissed", false],
    ["complete", "refunded", undefined, "refunded", true],
    ["expired", "failed", undefined, "expired", true],
    ["complete", "a_word_of_next_year", undefined, "processing", false],
    ["complete", "paid", "a_word_of_next_year", "paid", false],
    ["complete", "failed", "a_word_of_next_year", "failed", false],
  ];
  for (const [status, payment_status, code, result, mayPayAgain] of rows) {
    const answer = { status, payment_status, code };
    assert.deepEqual(paymentOf(answer), { result, mayPayAgain, answer }, `${status} ${payment_status} ${code}`);
  }
});

// ---------------------------------------------------------------- read errors

test("a refusal has a sentence, a code and the request's id", () => {
  const answer = { error: "Refused.", code: "invalid_request", request_id: "r", fields: [{ field: "bid_id", problem: "is missing" }] };

  const problem = readError(answer, new Response("", { status: 400 }));

  assert.equal(problem.sentence, "Refused. (bid_id: is missing)");
  assert.equal(problem.message, problem.sentence);
  assert.deepEqual([problem.status, problem.code, problem.requestId], [400, "invalid_request", "r"]);
  assert.deepEqual(problem.fields, answer.fields);
  assert.equal(problem.temporary, false);
});

test("what API Gateway refuses has a sentence too", () => {
  const sentence = (status) => readError({ message: "Unauthorized" }, new Response("", { status })).sentence;
  assert.match(sentence(401), /log in/);
  assert.match(sentence(429), /wait/);
  assert.match(sentence(500), /try again/);
  assert.match(readError(undefined, new Response("", { status: 502 })).sentence, /try again/);
});

test("it is said whether another try helps", () => {
  const temporary = (status) => readError({}, new Response("", { status })).temporary;
  assert.deepEqual([400, 401, 403, 404, 409].map(temporary), Array(5).fill(false));
  assert.deepEqual([429, 500, 502, 503].map(temporary), Array(4).fill(true));
  assert.equal(readError({}, new Response("", { status: 503, headers: { "Retry-After": "3" } })).retryAfter, 3);
});

test("what was caught becomes a sentence", () => {
  const known = new ApiError("Known.", { status: 409 });
  assert.equal(readError(known), known);
  const lost = readError(new TypeError("fetch failed"));
  assert.match(lost.sentence, /cannot be reached/);
  assert.equal(lost.temporary, true);
  const slow = readError(new DOMException("", "TimeoutError"));
  assert.match(slow.sentence, /too long/);
  assert.equal(slow.temporary, true);
  assert.equal(readError(new DOMException("", "AbortError")).temporary, false);
  const own = readError(new RangeError("a mistake"));
  assert.equal(own.temporary, false);
  assert.equal(own.cause.message, "a mistake");
});

test("a request that hangs ends", async (t) => {
  t.mock.method(globalThis, "fetch", (_request, { signal }) => new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason));
  }));
  const client = createClient({ apiUrl: "https://api.test", timeoutMs: 5 });
  // Node ends while only an unreferenced timer is left.
  const alive = setTimeout(() => {}, 10_000);

  await assert.rejects(waitUntilPaid(client, "cs_test_1", { timeoutMs: 0 }), /took too long/);
  clearTimeout(alive);
});

/** Let everything happen that needs no timer. */
async function answered() {
  for (let i = 0; i < 20; i += 1) await new Promise((resolve) => { setImmediate(resolve); });
}
