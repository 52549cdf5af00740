// The auction: shows its winner the payment deadline, the way to pay and the status of the payment.

import { path } from "./api.js";
import { busy, card, formatTime, h, loading, pleaseLogIn, quiet, reference } from "./dom.js";
import { countDown, inWords } from "./countdown.js";
import { nothing, priceOf, readOffer } from "./offers.js";
import { drawing, picture } from "./pictures.js";
import { cancelPayment, leaveToPay, resultOf } from "./return.js";

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

export function auctionCard(shop, auctionId = shop.sample?.auction_id) {
  const { api, shopper, signal } = shop;
  const auction = card("An auction that you won", { eyebrow: "Auction", id: "auction" });
  if (!shopper || !auctionId) {
    auction.show(drawing("turntable", "picture"), pleaseLogIn("pay for the auction that you won"));
    return auction.element;
  }
  // The key of this tab's last payment of the auction, to show what became of it on return.
  const memory = `payment of ${auctionId} by ${shopper.sub}`;
  let offer;
  let stopClock = () => {};
  auction.show(loading("Loading the status of this auction…"));
  load();
  return auction.element;

  async function load() {
    try {
      offer = await readOffer(shop, "auction", auctionId);
      if (offer.title) auction.setTitle(offer.title);
      await showState();
    } catch (problem) {
      show(null, quiet("There is no auction to show."));
      auction.say(problem);
    }
  }

  /** The API says whether the auction can be paid, and until when; the last payment of this tab, what became of it. */
  async function showState() {
    const code = offer.reason?.code;
    if (code === "already_purchased") return paid();
    if (code === "payment_window_closed") return closed();
    const last = JSON.parse(sessionStorage.getItem(memory));
    const { as, badge, note } = (last && await stateOf(last)) ?? { as: "toPay" };
    if (as === "paid") return paid();
    const about = note ? [quiet(note), reference(last.id)] : [];
    if (!offer.buyable) return show(badge, ...about, quiet(offer.reason.error));
    if (as === "open") return toPay(last.id);
    if (as === "toPay") return toPay(null, badge, about);
    return show(badge, ...about);
  }

  /** What became of a payment; undefined if the shop has been reset since. */
  async function stateOf(last) {
    const query = new URLSearchParams({ session_id: last.stripeId });
    const answer = await api.get(`/api/checkout/payment-status?${query}`, { anonymous: true }).catch(nothing);
    return answer && auctionState(answer);
  }

  function show(status, ...children) {
    stopClock();
    auction.setStatus(status);
    auction.show(picture(offer?.image_url, "turntable"), priceOf(offer),
      offer?.description ? quiet(offer.description) : null, ...children);
  }

  function paid() {
    sessionStorage.removeItem(memory);
    show("paid", h("p", { class: "owned" }, "You have paid for this auction."));
  }

  function closed() {
    show("expired", quiet("The time to pay for this auction is over. Nothing was charged."));
  }

  /** The deadline, by the server's clock, and the payment that is open and can be cancelled, if there is one. */
  function toPay(openId, lastStatus, about = []) {
    const { closes_at: closesAt, seconds_remaining: seconds } = offer.payment_window;
    const again = lastStatus === "expired";
    const pay = h("button", { type: "button", onclick: () => start(pay) },
      openId ? "Continue to payment" : again ? "Pay again" : "Pay for this auction");
    const clock = h("strong", { class: "clock", role: "timer", "aria-live": "off" });
    show(openId ? "open for payment" : lastStatus,
      ...about,
      h("p", {}, clock, `left to pay, until ${formatTime(closesAt)}`),
      h("ul", { class: "promises" }, PROMISES.map((promise) => h("li", {}, drawing("check"), promise))),
      h("div", { class: "actions" }, pay, openId ? cancelButton(openId) : null));
    stopClock = countDown(seconds, signal, (left) => {
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
          await load();
          auction.focus();
        } catch (problem) {
          if (problem.code === "already_purchased") await load();
          auction.say(problem);
        }
      });
    }
  }

  function start(button) {
    auction.say();
    busy([button], async () => {
      try {
        const payment = await api.post("/payments/checkout/create", { auction_id: auctionId });
        sessionStorage.setItem(memory, JSON.stringify({ id: payment.payment_session_id, stripeId: payment.session_id }));
        return leaveToPay(payment);
      } catch (problem) {
        if (!problem.temporary) await load();
        auction.say(problem);
        return undefined;
      }
    });
  }
}
