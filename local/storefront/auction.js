// The auction: its winner sees how long the payment window stays open, then goes to pay.

import { path } from "./api.js";
import { busy, card, formatTime, h, leaveFor, pleaseLogIn, quiet } from "./dom.js";

export function auctionCard({ api, config, shopper, signal }, auctionId = config.sample.auction_id) {
  const auction = card("An accepted auction", { id: "auction" });
  if (!shopper) {
    auction.show(pleaseLogIn("pay for the auction that you won"));
    return auction.element;
  }
  // The last payment of this auction in this tab, so that coming back shows how it went.
  const remembered = `payment of ${auctionId} by ${shopper.sub}`;
  let stopClock = () => {};
  offer();
  showLastPayment();
  return auction.element;

  function offer(lastPayment) {
    stopClock();
    const paid = lastPayment?.status === "complete";
    const pay = h("button", { type: "button", onclick: () => start(pay) }, "Pay for this auction");
    auction.setStatus(paid ? "paid" : lastPayment?.status);
    auction.show(
      h("p", {}, "Auction ", h("code", {}, auctionId), "."),
      paid
        ? h("p", {}, "This auction is paid. Thank you.")
        : quiet("The winning bidder has 24 hours from acceptance to pay. The amount is on the payment page."),
      paid ? null : h("div", { class: "actions" }, pay));
  }

  async function showLastPayment() {
    const id = sessionStorage.getItem(remembered);
    if (!id) return;
    try {
      const payment = await api.get(path`/payments/sessions/${id}`);
      if (!auction.body.querySelector(".window")) offer(payment);
    } catch (problem) {
      if (problem.status === 404) sessionStorage.removeItem(remembered);
    }
  }

  function start(button) {
    auction.say();
    busy([button], async () => {
      try {
        const payment = await api.post("/payments/checkout/create", { auction_id: auctionId });
        sessionStorage.setItem(remembered, payment.payment_session_id);
        confirm(payment);
      } catch (problem) {
        auction.say(problem);
      }
    });
  }

  function confirm(payment) {
    const onward = h("button", {
      type: "button",
      onclick: () => busy([onward], async () => leaveFor(payment.checkout_url)),
    }, "Continue to payment");
    const later = h("button", { type: "button", class: "secondary", onclick: () => offer() }, "Not now");
    const clock = h("strong", { class: "clock", role: "timer", "aria-live": "off" });
    const { closes_at: closesAt, seconds_remaining: seconds } = payment.payment_window;
    const heading = h("h3", { tabindex: "-1" }, "Your payment window");
    const untilClosed = h("p", {}, "Time left to pay: ", clock);
    auction.show(
      h("div", { class: "window" },
        heading,
        untilClosed,
        quiet(`The window closes ${formatTime(closesAt)}. This payment page works until ${formatTime(payment.expires_at)}.`),
        h("ul", { class: "security" },
          h("li", {}, "You pay on Stripe's own page, over an encrypted connection."),
          h("li", {}, "Your card details go to Stripe only; this shop never sees or keeps them."),
          h("li", {}, "You are charged once, even if you press the button again or reload.")),
        h("div", { class: "actions" }, onward, later)));
    heading.focus();
    stopClock = countDown(seconds, signal, (left) => {
      clock.textContent = inWords(left);
      if (left > 0) return;
      onward.disabled = true;
      untilClosed.replaceChildren("The payment window has closed.");
      auction.say("The payment window has closed; this auction can no longer be paid here.");
    });
  }
}

/** Counts on the page's own clock, so that a wrong wall clock does not show a wrong window. */
function countDown(seconds, signal, tick) {
  const end = performance.now() + seconds * 1000;
  const step = () => {
    const left = Math.max(0, Math.round((end - performance.now()) / 1000));
    tick(left);
    if (left === 0) clearInterval(timer);
  };
  const timer = setInterval(step, 1000);
  signal.addEventListener("abort", () => clearInterval(timer), { once: true });
  step();
  return () => clearInterval(timer);
}

export function inWords(seconds) {
  const two = (number) => String(number).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  return hours
    ? `${hours} h ${two(minutes)} min ${two(seconds % 60)} s`
    : `${minutes} min ${two(seconds % 60)} s`;
}
