// What the storefront computes without a browser.
// Run: node --import ./tests/local/storefront/served.mjs --test tests/local/storefront/

import assert from "node:assert/strict";
import { test } from "node:test";

const { ApiError, createApi, path } = await import("../../../local/storefront/api.js");
const { auctionState } = await import("../../../local/storefront/auction.js");
const { inWords } = await import("../../../local/storefront/countdown.js");
const { formatMoney, toDecimal } = await import("../../../local/storefront/money.js");
const { breakdownOf, enteredOf, referenceOf, refundOf } = await import("../../../local/storefront/purchases.js");
const { readReturn, resultOf } = await import("../../../local/storefront/return.js");
const { expiryOf } = await import("../../../local/storefront/session.js");

test("an amount has the decimals that Stripe counts it in", () => {
  assert.equal(toDecimal(12999, "usd"), "129.99");
  assert.equal(toDecimal(5, "usd"), "0.05");
  assert.equal(toDecimal(500, "jpy"), "500");
  assert.equal(toDecimal(5120, "kwd"), "5.120");
  assert.equal(toDecimal(-5, "eur"), "-0.05");
});

test("currencies that browsers show without decimals are not shown 100 times too high", () => {
  for (const currency of ["HUF", "ALL", "ISK", "UGX", "LAK"]) {
    assert.match(formatMoney(129900, currency, "en"), /1,299\.00$/, currency);
  }
  assert.match(formatMoney(1299, "MGA", "en"), /1,299$/);
});

test("a large amount keeps its last cent", () => {
  assert.equal(formatMoney(Number.MAX_SAFE_INTEGER, "usd", "en"), "$90,071,992,547,409.91");
});

test("an amount that is missing or not whole is not shown", () => {
  assert.equal(formatMoney(null, "usd"), "");
  assert.equal(formatMoney(9.99, "usd"), "");
  assert.equal(formatMoney(100, null), "");
});

test("ids are escaped in paths", () => {
  assert.equal(path`/orders/${"a/b?c"}/checkout`, "/orders/a%2Fb%3Fc/checkout");
});

test("the token goes to routes that ask for it and to no others", async (t) => {
  const sent = [];
  t.mock.method(globalThis, "fetch", async ({ url, headers }) => {
    sent.push([url, Object.fromEntries(headers)]);
    return new Response("{}", { status: 200 });
  });
  const api = createApi({ apiUrl: "http://api.test/$default/", token: "secret" });
  await api.get("/api/purchases");
  await api.get("/api/offers/content/c", { anonymous: true });
  await api.post("/api/checkout/embedded-session", {}, { anonymous: true, headers: { "Idempotency-Key": "k" } });
  assert.deepEqual(sent, [
    ["http://api.test/$default/api/purchases", { authorization: "Bearer secret" }],
    ["http://api.test/$default/api/offers/content/c", {}],
    ["http://api.test/$default/api/checkout/embedded-session",
      { "content-type": "application/json", "idempotency-key": "k" }],
  ]);
});

test("a refusal, an outage and an answer that cannot be read are sentences", async (t) => {
  const answers = [
    () => Response.json({ error: "This row is sold.", code: "already_purchased" }, { status: 409 }),
    () => { throw new TypeError("fetch failed"); },
    () => new Response("<html>"),
    () => new Response(""),
  ];
  t.mock.method(globalThis, "fetch", async () => answers.shift()());
  const api = createApi({ apiUrl: "http://api.test" });

  for (const expected of [/^This row is sold\.$/, /cannot be reached/, /cannot be read/, /cannot be read/]) {
    await assert.rejects(api.get("/api/rows/7"), (problem) =>
      problem instanceof ApiError && expected.test(problem.sentence));
  }
});

test("a login that has ended is told, for a buyer's requests only", async (t) => {
  t.mock.method(globalThis, "fetch", async () => Response.json({ message: "Unauthorized" }, { status: 401 }));
  let ended = 0;
  const api = createApi({ apiUrl: "http://api.test", token: "old", onLoginEnded: () => { ended += 1; } });

  await assert.rejects(api.get("/api/offers/content/c", { anonymous: true }), { status: 401 });
  assert.equal(ended, 0);
  await assert.rejects(api.get("/api/purchases"), { status: 401 });
  assert.equal(ended, 1);
});

test("a request of a page that is gone ends as aborted", async () => {
  const api = createApi({ apiUrl: "http://127.0.0.1:9", signal: AbortSignal.abort() });

  await assert.rejects(api.get("/api/purchases"), { name: "AbortError" });
});

test("every address that a payment returns to is understood", () => {
  const at = (address) => readReturn(new URL(address, "http://shop.test"));
  assert.deepEqual(at("/?checkout=success&session_id=cs_1&kind=bid&id=42"), { sessionId: "cs_1", kind: "bid" });
  assert.deepEqual(at("/orders/order_1?session_id=cs_2"), { sessionId: "cs_2", kind: "order" });
  assert.deepEqual(at("/auctions/a?session_id=cs_3"), { sessionId: "cs_3", kind: "auction" });
  assert.deepEqual(at("/hero-me?session_id=cs_4"), { sessionId: "cs_4", kind: "product" });
  assert.deepEqual(at("/products/p?session_id=cs_5"), { sessionId: "cs_5", kind: "product" });
  assert.deepEqual(at("/orders/order_1?checkout=cancel"), { cancelled: true });
  assert.equal(at("/"), null);
});

test("the payment window reads as a clock", () => {
  assert.equal(inWords(86_399), "23 h 59 min 59 s");
  assert.equal(inWords(61), "1 min 01 s");
  assert.equal(inWords(0), "0 min 00 s");
});

test("a token says when it ends, a strange one does not break the shop", () => {
  const token = `e30.${Buffer.from(JSON.stringify({ exp: 1_800_000_000 })).toString("base64url")}.x`;
  assert.equal(expiryOf(token), 1_800_000_000_000);
  assert.equal(expiryOf("opaque"), null);
});

test("only money that has arrived is called a confirmed payment", () => {
  const titles = (answer) => resultOf(answer, "product")[0];
  assert.equal(titles({ payment_status: "paid" }), "Payment confirmed");
  for (const answer of [
    { payment_status: "processing" },
    { payment_status: "processing", code: "under_review" },
    { payment_status: "processing", code: "refunding" },
    { payment_status: "paid", code: "refunding" },
    { payment_status: "failed" },
    { payment_status: "failed", code: "dismissed" },
    { payment_status: "refunded" },
    { payment_status: "unpaid" },
    { payment_status: "a_word_of_next_year" },
    {},
  ]) {
    const [title, sentence] = resultOf(answer, "product");
    assert.doesNotMatch(title, /confirmed$/, JSON.stringify(answer));
    assert.doesNotMatch(sentence, /is yours\./, JSON.stringify(answer));
  }
});

test("who must not pay again is told", () => {
  for (const answer of [{ payment_status: "processing" }, { payment_status: "processing", code: "under_review" }]) {
    assert.match(resultOf(answer)[1], /do not pay again/);
  }
  assert.match(resultOf({ payment_status: "processing", code: "under_review" })[1], /is safe/);
});

test("a payment that a person closed is not said to have failed to arrive", () => {
  const [title, sentence] = resultOf({ payment_status: "failed", code: "dismissed" }, "product");
  assert.equal(title, "Your payment was closed");
  assert.match(sentence, /contact the seller/);
  assert.doesNotMatch(sentence, /not arrive|try again/);
});

test("an auction is called paid only while its payment stands", () => {
  const states = [
    ["open", "unpaid", undefined, "open"],
    ["complete", "processing", undefined, "wait"],
    ["complete", "processing", "under_review", "wait"],
    ["complete", "processing", "refunding", "wait"],
    ["complete", "paid", undefined, "paid"],
    ["complete", "paid", "refunding", "wait"],
    ["complete", "failed", undefined, "toPay"],
    ["complete", "failed", "dismissed", "over"],
    ["complete", "refunded", undefined, "toPay"],
    ["complete", "a_word_of_next_year", undefined, "wait"],
    ["expired", "failed", undefined, "toPay"],
  ];
  for (const [status, payment_status, code, as] of states) {
    const shown = auctionState({ status, payment_status, code });
    assert.equal(shown.as, as, `${status} ${payment_status} ${code}`);
    assert.equal(Boolean(shown.note), !["paid", "open"].includes(as), `${status} ${payment_status} ${code}`);
  }
  assert.match(auctionState({ status: "complete", payment_status: "refunded" }).note, /went back/);
});

test("a purchase shows what was taken off its price and added to it", () => {
  assert.deepEqual(breakdownOf({ discountCents: 240, taxCents: 266, shippingCents: 500 }), [
    { word: "Discount", cents: -240 },
    { word: "Tax", cents: 266 },
    { word: "Shipping", cents: 500 },
  ]);
  assert.deepEqual(breakdownOf({ discountCents: 0, taxCents: 266, shippingCents: 0 }), [{ word: "Tax", cents: 266 }]);
  assert.deepEqual(breakdownOf({}), []);
});

test("a purchase shows what its buyer entered, and nothing else", () => {
  const address = { line1: "Unter den Linden 1", postal_code: "10117", city: "Berlin", country: "DE" };
  assert.deepEqual(enteredOf({
    entered: {
      shipping_details: { name: "Ada", address },
      billing_address: { country: "DE" },
      phone: "+4930123456",
      tax_ids: [{ type: "eu_vat", value: "DE123456789" }],
      custom_fields: { cover: "Ada L." },
      consent: { terms_of_service: "accepted", promotions: "opt_out" },
    },
  }), [
    "Delivered to Ada, Unter den Linden 1, 10117, Berlin, DE",
    "Billed to DE",
    "Phone +4930123456",
    "Tax ID DE123456789",
    "cover: Ada L.",
    "Terms of service accepted",
  ]);
  assert.deepEqual(enteredOf({ entered: { shipping_details: { name: "Ada" } } }), ["Delivered to Ada"]);
  assert.deepEqual(enteredOf({}), []);
});

test("a refund has an amount, a state, and what is known about it", () => {
  const paid = { status: "completed", amountPaidCents: 2926, currency: "usd", refundedAmountCents: 0 };
  assert.equal(refundOf(paid), undefined);
  assert.equal(refundOf({ ...paid, refundedAmountCents: 500, refundReason: "It was torn." }),
    "$5.00 of $29.26 refunded: It was torn.");
  assert.match(refundOf({ ...paid, status: "refunded", refundedAmountCents: 2926, refundedAt: "2026-11-21T14:52:31.000Z" }),
    /^\$29\.26 refunded on Nov 21, 2026/);
  assert.equal(refundOf({ ...paid, status: "refunding" }), "$29.26 on its way back");
  assert.equal(refundOf({ ...paid, status: "refunding", refundedAmountCents: 500, lostAmountCents: 1000 }),
    "$5.00 of $29.26 refunded · $10.00 taken back by the bank · $14.26 on its way back");
});

test("the reference of a purchase is its payment session", () => {
  assert.equal(referenceOf({ id: "pur_eac6" }), "ps_eac6");
});
