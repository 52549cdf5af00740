// The order: its lines, total and payments, and a button to pay while it is unpaid.

import { path } from "./api.js";
import { badgeFor, busy, card, formatTime, h, loading, pleaseLogIn, quiet } from "./dom.js";
import { formatMoney } from "./money.js";
import { canBuy, nothing, readOffer, whyNot } from "./offers.js";
import { drawing } from "./pictures.js";
import { underWay } from "./purchases.js";
import { leaveToPay } from "./return.js";

export function orderCard(shop, orderId = shop.sample?.order_id) {
  const { api, shopper } = shop;
  const section = card("Your order", { eyebrow: "Order", id: "order" });
  if (!shopper || !orderId) {
    section.show(drawing("tickets", "picture"), pleaseLogIn("see your order"));
    return section.element;
  }
  section.show(loading("Loading your order…"));
  load();
  return section.element;

  async function load() {
    try {
      const offered = readOffer(shop, "order", orderId).catch(nothing);
      show(...await Promise.all([api.get(path`/orders/${orderId}`), offered]));
    } catch (problem) {
      section.show(quiet("There is no order to show."));
      section.say(problem);
    }
  }

  function show(order, offer) {
    const money = (cents) => formatMoney(cents, order.currency);
    section.setStatus(order.status);
    if (offer?.title) section.setTitle(offer.title);
    const paid = order.payments.some(({ status }) => status === "completed");
    const undecided = underWay(order.payments);
    const reason = undecided || paid ? undefined : whyNot(offer);
    section.show(
      drawing("tickets", "picture"),
      h("table", {},
        h("thead", {}, h("tr", {},
          h("th", { scope: "col" }, "Item"),
          h("th", { scope: "col", class: "number" }, "Each"),
          h("th", { scope: "col", class: "number" }, "Sum"))),
        h("tbody", {}, order.items.map((item) => h("tr", {},
          h("td", {}, `${item.quantity} × ${item.name}`),
          h("td", { class: "number" }, money(item.unit_price_cents)),
          h("td", { class: "number" }, money(item.quantity * item.unit_price_cents))))),
        h("tfoot", {}, h("tr", {},
          h("th", { scope: "row", colspan: "2" }, "Total"),
          h("td", { class: "number" }, money(order.total_cents))))),
      payments(order.payments),
      undecided ?? (reason ? quiet(reason) : null),
      canBuy(offer) && !undecided ? h("div", { class: "actions" }, payButton(formatMoney(offer.price_cents, offer.currency))) : null);
  }

  function payments(list) {
    if (!list.length) return null;
    return h("div", {}, h("h3", {}, "Payments"), h("ul", { class: "plain" }, list.map((payment) =>
      h("li", {}, badgeFor(payment.status), ` by ${payment.provider}, ${formatTime(payment.created_at)} `,
        h("code", {}, payment.provider_ref ?? payment.id)))));
  }

  function payButton(total) {
    const button = h("button", { type: "button", onclick: () => pay(button) }, `Pay ${total}`);
    return button;
  }

  function pay(button) {
    section.say();
    busy([button], async () => {
      try {
        return leaveToPay(await api.post(path`/orders/${orderId}/checkout`));
      } catch (problem) {
        section.say(problem);
        if (!problem.temporary) load(); // its status has changed
        return undefined;
      }
    });
  }
}
