// The auction: shows its winner the payment deadline, the way to pay and the status of the payment.

import { path } from "./api.js";
import { busy, card, formatTime, h, loading, pleaseLogIn, quiet } from "./dom.js";
import { countDown, inWords } from "./countdown.js";
import { formatMoney } from "./money.js";
import { drawing } from "./pictures.js";
import { cancelPayment, leaveToPay, resultOf } from "./return.js";

// The API does not describe auctions, so the storefront has the samples' titles and prices.
// Stripe charges the stored offer's price.
const KNOWN = {
  auction_1: { title: "Restored 1968 record player", cents: 24000, currency: "usd", drawn: "turntable" },
  auction_2: { title: "Set of six film posters", cents: 18050, currency: "eur", drawn: "posters" },
};
const PROMISES = [
  "You pay on Stripe’s own page, over an encrypted connection.",
  "Your card’s number never reaches this shop.",
  "Pressing twice, reloading or coming back never charges you twice.",
];

/**
 * What to show of a payment, for an answer of `payment-status`: `{as, badge, note}`. It is `open` while it can be paid,
 * `paid` if it stands, `wait` if the shopper must not pay again, `toPay` if they may and `over` if a person closed it.
 */
export function auctionState({ status, payment_status: payment, code }) {
  const [, note] = resultOf({ payment_status: payment, code }, "auction");
  if (payment === "unpaid") return { as: "open" };
  if (payment === "paid" && !code) return { as: "paid" };
  if (status === "expired") return { as: "toPay", badge: "expired", note: "Your last payment page is closed. Nothing was charged." };
  if (code === "dismissed") return { as: "over", badge: "closed", note };
  if (payment === "failed") return { as: "toPay", badge: "failed", note };
  if (payment === "refunded") return { as: "toPay", badge: "returned", note };
  return { as: "wait", badge: code?.replaceAll("_", " ") ?? "processing", note };
}

export function auctionCard({ api, sample, shopper, signal }, auctionId = sample?.auction_id) {
  const known = KNOWN[auctionId] ?? { title: `Auction ${auctionId}` };
  const auction = card(shopper && auctionId ? known.title : "An auction that you won", { eyebrow: "Auction", id: "auction" });
  if (!shopper || !auctionId) {
    auction.show(drawing("turntable", "picture"), pleaseLogIn("pay for the auction that you won"));
    return auction.element;
  }
  // The key of this tab's last payment of the auction, to show what became of it on return.
  const memory = `payment of ${auctionId} by ${shopper.sub}`;
  let stopClock = () => {};
  show(null, loading("Loading the status of this auction…"));
  load();
  return auction.element;

  async function load() {
    try {
      const { hasAccess } = await api.get(path`/api/access/auction/${auctionId}`);
      if (hasAccess) paid();
      else await resume(JSON.parse(sessionStorage.getItem(memory)));
    } catch (problem) {
      toPay();
      auction.say(problem);
    }
  }

  /** Shows what became of the last payment: a session that is complete may have been refunded since. */
  async function resume(last) {
    if (!last) return toPay();
    const query = new URLSearchParams({ session_id: last.stripeId });
    const { as, badge, note } = auctionState(await api.get(`/api/checkout/payment-status?${query}`, { anonymous: true }));
    if (as === "paid") return paid();
    if (as === "open") return toPay(deadlineOf(await api.get(path`/payments/sessions/${last.id}`)));
    if (as === "toPay") return toPay(null, badge, note);
    return show(badge, quiet(note));
  }

  /** The end of the payment window, by the server's clock, and the payment that can be cancelled until then. */
  function deadlineOf({ payment_session_id: id, payment_window: window }) {
    return { id, closesAt: window.closes_at, seconds: window.seconds_remaining };
  }

  function show(status, ...children) {
    stopClock();
    auction.setStatus(status);
    auction.show(drawing(known.drawn ?? "parcel", "picture"),
      known.cents ? h("p", { class: "price" }, formatMoney(known.cents, known.currency)) : null, ...children);
  }

  function paid() {
    sessionStorage.removeItem(memory);
    show("paid", h("p", { class: "owned" }, "You have paid for this auction."));
  }

  function closed() {
    show("expired", quiet("The time to pay for this auction is over. Nothing was charged."));
  }

  function toPay(deadline, lastStatus, note) {
    const again = lastStatus === "expired";
    const pay = h("button", { type: "button", onclick: () => start(pay, Boolean(deadline)) },
      deadline ? "Continue to payment" : again ? "Pay again" : "Pay for this auction");
    const clock = h("strong", { class: "clock", role: "timer", "aria-live": "off" });
    show(deadline ? "open for payment" : lastStatus,
      deadline
        ? h("p", {}, clock, `left to pay, until ${formatTime(deadline.closesAt)}`)
        : quiet(note ?? "You have 24 hours from acceptance to pay."),
      h("ul", { class: "promises" }, PROMISES.map((promise) => h("li", {}, drawing("check"), promise))),
      h("div", { class: "actions" }, pay, deadline ? cancelButton(deadline.id) : null));
    if (!deadline) return pay;
    stopClock = countDown(deadline.seconds, signal, (left) => {
      clock.textContent = inWords(left);
      if (left === 0) closed();
    });
    return pay;
  }

  function cancelButton(id) {
    const cancel = h("button", { type: "button", class: "secondary", onclick: () => end() }, "Cancel the payment");
    return cancel;

    function end() {
      auction.say();
      busy([cancel], async () => {
        try {
          await cancelPayment(api, id);
          sessionStorage.removeItem(memory);
          toPay().focus();
        } catch (problem) {
          if (problem.code === "already_purchased") await load();
          auction.say(problem);
        }
      });
    }
  }

  /** The first click shows the deadline; the second goes to the payment page. */
  function start(button, knowsDeadline) {
    auction.say();
    busy([button], async () => {
      try {
        const payment = await api.post("/payments/checkout/create", { auction_id: auctionId });
        sessionStorage.setItem(memory, JSON.stringify({ id: payment.payment_session_id, stripeId: payment.session_id }));
        if (knowsDeadline) return leaveToPay(payment);
        toPay(deadlineOf(payment)).focus();
      } catch (problem) {
        if (problem.code === "payment_window_closed") closed();
        if (problem.code === "already_purchased") await load();
        auction.say(problem);
      }
      return undefined;
    });
  }
}
