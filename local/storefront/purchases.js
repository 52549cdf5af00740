// The library: a list of the shopper's purchases.

import { badgeFor, busy, card, formatTime, h, loading, pleaseLogIn, quiet } from "./dom.js";
import { formatMoney } from "./money.js";
import { drawing } from "./pictures.js";

const PAGE_SIZE = 5;
const STATUSES = ["completed", "pending", "refunding", "refunded", "disputed", "quarantined", "failed"];
const NOTES = {
  pending: "The money is on its way.",
  quarantined: "Your payment is safe and under review.",
  refunding: "The money is on its way back.",
};
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
  content: { word: "Content", drawn: "course" },
};

/** Returns a sentence about the first of the payments that has not come to its end, undefined if all have. */
export function whatIsUnderWay(payments) {
  return payments.map(({ status }) => UNDER_WAY[status]).find(Boolean);
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
    STATUSES.map((status) => h("option", { value: status }, status.charAt(0).toUpperCase() + status.slice(1))));
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
        ? h("ul", { class: "purchases" }, data.map(purchaseRow))
        : quiet("Nothing here yet."));
      where.textContent = pagination.totalCount ? `Page ${pagination.page} of ${pages}` : "";
    } catch (problem) {
      list.replaceChildren();
      section.say(problem);
    }
    ends();
  }
}

function whole(parts) {
  return parts.length ? h("span", { class: "quiet whole" }, parts.join(" · ")) : null;
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

/** A list item with a purchase's title, time, status and amount. */
export function purchaseRow(purchase) {
  const { word, drawn } = KINDS[purchase.kind] ?? { word: purchase.kind, drawn: "parcel" };
  const money = (cents) => formatMoney(cents, purchase.currency);
  return h("li", {},
    drawing(drawn, "picture small"),
    h("span", { class: "what" },
      h("strong", {}, purchase.title ?? purchase.itemId),
      h("span", { class: "quiet" }, `${word}, ${formatTime(purchase.purchasedAt)}`)),
    NOTES[purchase.status] ? h("span", { class: "quiet" }, NOTES[purchase.status]) : null,
    purchase.refundedAmountCents ? h("span", { class: "quiet" }, `${money(purchase.refundedAmountCents)} refunded`) : null,
    badgeFor(purchase.status),
    h("span", { class: "number" }, money(purchase.amountPaidCents)),
    whole(breakdownOf(purchase).map(({ word, cents }) => `${word} ${money(cents)}`)),
    whole(enteredOf(purchase)));
}
