// An offer as the API shows it: title, price, and whether this shopper can buy it now.

import { path } from "./api.js";
import { h } from "./dom.js";
import { formatMoney } from "./money.js";

/** Reads what is true for this shopper; for a visitor, what anybody may see. */
export function readOffer({ api, shopper }, kind, id) {
  if (shopper) return api.get(path`/api/me/offers/${kind}/${id}`);
  return api.get(path`/api/offers/${kind}/${id}`, { anonymous: true });
}

/** For a `catch`: what does not exist is undefined. */
export function nothing(problem) {
  if (problem.status !== 404) throw problem;
}

export function priceOf(offer) {
  const price = formatMoney(offer?.price_cents, offer?.currency);
  return price ? h("p", { class: "price" }, price) : null;
}

/** Whether to offer a button: to a visitor, the API does not say more than the price. */
export function canBuy(offer) {
  return offer?.buyable ?? Boolean(offer?.price_cents);
}

/** The API's sentence about an offer that cannot be bought. */
export function whyNot(offer) {
  if (canBuy(offer)) return undefined;
  return offer?.reason?.error ?? "This is not for sale.";
}
