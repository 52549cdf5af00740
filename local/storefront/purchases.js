// The library: a list of the shopper's purchases.

import { path } from "./api.js";
import { badgeFor, busy, card, formatTime, h, loading, pleaseLogIn, quiet, reference } from "./dom.js";
import { formatMoney } from "./money.js";
import { drawing } from "./pictures.js";

const PAGE_SIZE = 5;
const STATUSES = ["completed", "pending", "refunding", "refunded", "disputed", "quarantined", "failed"];
const NOTES = {
  pending: "The money is on its way.",
  quarantined: "Your payment is safe and under review.",
  disputed: "Your bank is looking at this payment.",
};
// What a shopper may have to ask the shop about.
const ASKED_ABOUT = new Set(["pending", "quarantined", "refunding", "disputed", "failed"]);
// What a shopper must know before paying for the same thing again.
const UNDER_WAY = {
  pending: "Your payment is on its way. Please do not pay again.",
  quarantined: "Your payment is safe. A person is looking at it. Please do not pay again.",
  disputed: "Your bank is looking at your payment. Please do not pay again.",
  refunding: "Your money is on its way back. You can pay again when it has arrived.",
};
const KINDS = {
  bid: { word: "Offer", drawn: "parcel" },
  quote: { word: "Agreed price", drawn: "parcel" },
  auction: { word: "Auction", drawn: "turntable" },
  order: { word: "Order", drawn: "tickets" },
  product: { word: "Product", drawn: "feelings" },
  content: { word: "Course", drawn: "course" },
};

/** Returns what to say about the first of the payments that has not come to its end, undefined if all have. */
export function underWay(payments) {
  const payment = payments.find(({ status }) => UNDER_WAY[status]);
  return payment && h("div", {}, quiet(UNDER_WAY[payment.status]), reference(referenceOf(payment)));
}

/** The id of the payment session, from the purchase or payment that came of it. */
export function referenceOf({ id }) {
  return String(id).replace(/^pur_/, "ps_");
}

/** The shopper's purchases, newest first, in pages. */
export function purchasesCard({ api, shopper }) {
  const section = card("Your purchases", { eyebrow: "Library", id: "purchases", wide: true });
  if (!shopper) {
    section.show(pleaseLogIn("see what you bought"));
    return section.element;
  }
  let page = 1;
  let pages = 1;
  const filter = h("select", { id: "status", onchange: () => { page = 1; load(); } },
    h("option", { value: "" }, "All"),
    STATUSES.map((status) => h("option", { value: status }, badgeFor(status).textContent)));
  const list = h("div", {}, loading("Loading your purchases…"));
  const newer = h("button", { type: "button", class: "secondary", onclick: () => turn(newer, -1) }, "Newer");
  const older = h("button", { type: "button", class: "secondary", onclick: () => turn(older, 1) }, "Older");
  const where = h("span", { class: "quiet", role: "status" });
  const turning = h("div", { class: "actions pages", hidden: true }, newer, where, older);
  section.show(
    h("p", { class: "filter" }, h("label", { for: "status" }, "Show "), filter),
    list,
    turning);
  load();
  return section.element;

  function turn(button, by) {
    page += by;
    busy([button], load).then(ends);
  }

  function ends() {
    newer.disabled = page <= 1;
    older.disabled = page >= pages;
    turning.hidden = pages === 1 && page === 1;
  }

  async function load() {
    section.say();
    const requested = { page, status: filter.value };
    const query = new URLSearchParams({ page, pageSize: PAGE_SIZE });
    if (requested.status) query.set("status", requested.status);
    try {
      const { data, pagination } = await api.get(`/api/purchases?${query}`);
      if (requested.page !== page || requested.status !== filter.value) return; // another request has replaced this one
      pages = Math.max(1, pagination.totalPages);
      list.replaceChildren(data.length
        ? h("ul", { class: "purchases" }, data.map((purchase) => purchaseRow(purchase, api)))
        : quiet("Nothing here yet."));
      where.textContent = pagination.totalCount ? `Page ${pagination.page} of ${pages}` : "";
    } catch (problem) {
      list.replaceChildren();
      section.say(problem);
    }
    ends();
  }
}

/** What was taken off the price and added to it, as words and amounts; the tax may be in the price already. */
export function breakdownOf({ discountCents, taxCents, shippingCents }) {
  return [
    { word: "Discount", cents: -discountCents },
    { word: "Tax", cents: taxCents },
    { word: "Shipping", cents: shippingCents },
  ].filter(({ cents }) => cents);
}

/** What the buyer entered on Stripe's page, as short sentences. */
export function enteredOf({ entered = {} }) {
  const { shipping_details: shipping, billing_address: billing, phone } = entered;
  return [
    shipping && `Delivered to ${[shipping.name, ...placeOf(shipping.address)].filter(Boolean).join(", ")}`,
    billing && `Billed to ${placeOf(billing).join(", ")}`,
    phone && `Phone ${phone}`,
    ...(entered.tax_ids ?? []).map(({ value }) => `Tax ID ${value}`),
    ...Object.entries(entered.custom_fields ?? {}).map(([key, value]) => `${key}: ${value}`),
    entered.consent?.terms_of_service === "accepted" && "Terms of service accepted",
    entered.consent?.promotions === "opt_in" && "News and offers wanted",
  ].filter(Boolean);
}

function placeOf({ line1, line2, postal_code: postalCode, city, state, country } = {}) {
  return [line1, line2, postalCode, city, state, country].filter(Boolean);
}

/** What went back, or is on its way back, as a sentence; undefined if nothing does. */
export function refundOf({ status, amountPaidCents, refundedAmountCents = 0, lostAmountCents = 0, currency, refundedAt, refundReason }) {
  const money = (cents) => formatMoney(cents, currency);
  const arrived = refundedAmountCents && [
    refundedAmountCents < amountPaidCents ? `${money(refundedAmountCents)} of ${money(amountPaidCents)}` : money(refundedAmountCents),
    " refunded",
    refundedAt ? ` on ${formatTime(refundedAt)}` : "",
    refundReason ? `: ${refundReason}` : "",
  ].join("");
  const rest = amountPaidCents - refundedAmountCents - lostAmountCents;
  return [
    arrived,
    lostAmountCents && `${money(lostAmountCents)} taken back by the bank`,
    status === "refunding" && `${money(rest)} on its way back`,
  ].filter(Boolean).join(" · ") || undefined;
}

/** A list item with a purchase's title, time, status and amount; the rest follows, or with the API can be opened. */
export function purchaseRow(purchase, api) {
  const { word, drawn } = KINDS[purchase.kind] ?? { word: purchase.kind, drawn: "parcel" };
  const refund = refundOf(purchase);
  const title = purchase.title ?? purchase.itemId;
  return h("li", {},
    drawing(drawn, "picture small"),
    h("span", { class: "what" },
      h("strong", {}, title),
      h("span", { class: "quiet" }, `${word}, ${formatTime(purchase.purchasedAt)}`)),
    NOTES[purchase.status] ? h("span", { class: "quiet" }, NOTES[purchase.status]) : null,
    badgeFor(purchase.status),
    h("span", { class: "number" }, formatMoney(purchase.amountPaidCents, purchase.currency)),
    refund ? h("span", { class: "quiet whole" }, refund) : null,
    ...(api ? [] : [whole(partsOf(purchase)), whole(enteredOf(purchase))]),
    !api || ASKED_ABOUT.has(purchase.status) ? h("div", { class: "whole" }, reference(referenceOf(purchase))) : null,
    api ? details(purchase, title, api) : null);
}

function whole(parts) {
  return parts.length ? h("span", { class: "quiet whole" }, parts.join(" · ")) : null;
}

function partsOf(purchase) {
  return breakdownOf(purchase).map(({ word, cents }) => `${word} ${formatMoney(cents, purchase.currency)}`);
}

/** The parts of a purchase's price, what was entered, and the receipt, which only the purchase itself has. */
function details(purchase, title, api) {
  const place = h("div", {});
  let read = false;
  return h("details", { class: "whole", ontoggle: (event) => event.target.open && !read && open() },
    h("summary", {}, "Details", h("span", { class: "unseen" }, ` of ${title}`)), place);

  async function open() {
    place.replaceChildren(loading("Loading the details…"));
    try {
      const whole = await api.get(path`/api/purchases/${purchase.id}`);
      read = true;
      place.replaceChildren(...factsOf(whole), receiptOf(whole));
    } catch (problem) {
      if (problem.name !== "AbortError") place.replaceChildren(quiet(problem.sentence ?? "The details cannot be read now."));
    }
  }
}

function factsOf(purchase) {
  const money = (cents) => formatMoney(cents, purchase.currency);
  const facts = [
    ["Paid", money(purchase.amountPaidCents)],
    ...breakdownOf(purchase).map(({ word, cents }) => [word, money(cents)]),
    ["Refund", refundOf(purchase)],
    ["You entered", enteredOf(purchase).join(" · ")],
    ["Reference", referenceOf(purchase)],
  ];
  return [h("dl", { class: "facts" },
    facts.filter(([, value]) => value).flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]))];
}

function receiptOf({ receiptUrl, status, title }) {
  if (receiptUrl) {
    return h("p", {}, h("a", { href: receiptUrl, target: "_blank", rel: "noopener" },
      "Receipt", h("span", { class: "unseen" }, ` for ${title}, in a new tab`)));
  }
  return quiet(status === "pending" || status === "failed" ? "There is no receipt: no money has arrived."
    : "The receipt is not here yet. It comes within some minutes.");
}
