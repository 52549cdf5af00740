// The auction: shows its winner the payment deadline, the way to pay and the status of the payment.

import { path } from "./api.js";
import { busy, card, formatTime, h, leaveFor, loading, pleaseLogIn, quiet } from "./dom.js";
import { countDown, inWords } from "./countdown.js";
import { formatMoney } from "./money.js";
import { drawing } from "./pictures.js";

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

export function auctionCard({ api, sample, shopper, signal }, auctionId = sample?.auction_id) {
  const known = KNOWN[auctionId] ?? { title: `Auction ${auctionId}` };
  const auction = card(shopper && auctionId ? known.title : "An auction that you won", { eyebrow: "Auction", id: "auction" });
  if (!shopper || !auctionId) {
    auction.show(drawing("turntable", "picture"), pleaseLogIn("pay for the auction that you won"));
    return auction.element;
  }
  // The key of this tab's last payment of the auction, to show its status on return.
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

  /** Shows the status of the last payment. The deadline is computed from the server's times, not from the local clock. */
  async function resume(last) {
    if (!last) return toPay();
    const payment = await api.get(path`/payments/sessions/${last.id}`);
    if (payment.status === "complete") return paid();
    if (payment.status === "open") {
      const until = (Date.parse(last.closesAt) - Date.parse(payment.expires_at)) / 1000;
      return toPay({ closesAt: last.closesAt, seconds: payment.seconds_remaining + until });
    }
    if (payment.status === "processing") return show("processing", quiet("Your bank is working on this payment."));
    return toPay(null, payment.status);
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

  function toPay(deadline, lastStatus) {
    const again = lastStatus === "expired";
    const pay = h("button", { type: "button", onclick: () => start(pay, Boolean(deadline)) },
      deadline ? "Continue to payment" : again ? "Pay again" : "Pay for this auction");
    const clock = h("strong", { class: "clock", role: "timer", "aria-live": "off" });
    show(deadline ? "open for payment" : lastStatus,
      deadline
        ? h("p", {}, clock, `left to pay, until ${formatTime(deadline.closesAt)}`)
        : quiet(again ? "Your last payment page was not used in time. Nothing was charged." : "You have 24 hours from acceptance to pay."),
      h("ul", { class: "promises" }, PROMISES.map((promise) => h("li", {}, drawing("check"), promise))),
      h("div", { class: "actions" }, pay));
    if (!deadline) return pay;
    stopClock = countDown(deadline.seconds, signal, (left) => {
      clock.textContent = inWords(left);
      if (left === 0) closed();
    });
    return pay;
  }

  /** The first click shows the deadline; the second goes to the payment page. */
  function start(button, knowsDeadline) {
    auction.say();
    busy([button], async () => {
      try {
        const payment = await api.post("/payments/checkout/create", { auction_id: auctionId });
        const { closes_at: closesAt, seconds_remaining: seconds } = payment.payment_window;
        sessionStorage.setItem(memory, JSON.stringify({ id: payment.payment_session_id, closesAt }));
        if (knowsDeadline) return leaveFor(payment.checkout_url);
        toPay({ closesAt, seconds }).focus();
      } catch (problem) {
        if (problem.code === "payment_window_closed") closed();
        if (problem.code === "already_purchased") paid();
        auction.say(problem);
      }
      return undefined;
    });
  }
}
