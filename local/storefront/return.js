// The return from payment: waits for the result and shows it.

import { paymentOf, waitUntilPaid } from "/client/paidonce.js";

import { path } from "./api.js";
import { busy, h, leaveFor, loading, quiet, say } from "./dom.js";
import { purchaseRow } from "./purchases.js";

/** The return URLs for the hosted payment page: this page. Stripe replaces the placeholder by the session's id. */
export function returnUrls(kind) {
  const here = location.origin + location.pathname;
  return {
    success_url: `${here}?checkout=success&session_id={CHECKOUT_SESSION_ID}&kind=${kind}`,
    cancel_url: `${here}?checkout=cancel`,
  };
}

/** Reads the result of a payment from the address: `{cancelled}`, `{sessionId, kind}` or null. */
export function readReturn({ pathname, search }) {
  const query = new URLSearchParams(search);
  if (query.get("checkout") === "cancel") return { cancelled: true };
  const sessionId = query.get("session_id");
  if (!sessionId) return null;
  const kind = query.get("kind") ?? { orders: "order", auctions: "auction", "hero-me": "product", products: "product" }[pathname.split("/")[1]];
  return { sessionId, kind };
}

// The payment that this tab has begun last: Stripe's page does not name it when the shopper comes back from there.
const BEGUN = "payment begun";

/** Remembers a payment that was created, and goes to its page. */
export function leaveToPay(created) {
  sessionStorage.setItem(BEGUN, created.payment_session_id);
  return leaveFor(created.checkout_url);
}

/** What a shopper sees who came back without paying. The page of the payment stays open until it is cancelled. */
export function cancelledPanel({ api, shopper }, onCancelled = () => {}) {
  const begun = sessionStorage.getItem(BEGUN);
  const text = h("p", { role: "status" }, "Nothing was charged. You can pay later, if it is still for sale.");
  const problemLine = h("p", { class: "message", role: "alert" });
  const cancel = h("button", { type: "button", class: "secondary", onclick: () => end() }, "Cancel this payment");
  const actions = h("div", { class: "actions", hidden: !shopper || !begun }, cancel);
  return h("section", { class: "panel" },
    h("h2", { tabindex: "-1" }, "You came back without paying"), text, actions, problemLine);

  function end() {
    say(problemLine);
    busy([cancel], async () => {
      try {
        await cancelPayment(api, begun);
        text.textContent = "The payment is cancelled, and its page cannot be used any more. Nothing was charged.";
        actions.hidden = true;
        onCancelled();
      } catch (problem) {
        say(problemLine, problem);
      }
    });
  }
}

/** Ends a payment that is not paid; throws the API's refusal if it is. */
export async function cancelPayment(api, paymentSessionId) {
  await api.post(path`/payments/sessions/${paymentSessionId}/cancel`);
  sessionStorage.removeItem(BEGUN);
}

const THANKS = {
  bid: "The offer is yours, and your board is up to date.",
  quote: "The agreed price is paid, and your board is up to date.",
  auction: "The auction is yours.",
  order: "Your tickets are yours.",
  product: "What you bought is yours.",
  content: "What you bought is yours to keep.",
};

const SENTENCES = {
  processing: ["Your payment is on its way", "The money has not arrived yet; with a bank debit this takes days. You get what you paid for when it arrives. Please do not pay again."],
  failed: ["Your payment failed", "The money did not arrive, and nothing was bought. You can try again."],
  refunded: ["Your payment was returned", "The money went back to you."],
  under_review: ["Your payment is under review", "Your payment is safe. A person is looking at it. Please do not pay again."],
  dismissed: ["Your payment was closed", "Your payment was reviewed and closed, and nothing was bought. Please contact the seller."],
  expired: ["This payment page has expired", "It was not paid in time, or the payment was cancelled, or it is not for sale any more. Nothing was charged."],
  open: ["Your payment is not confirmed yet", "This may take another moment. Checking again does not charge you twice."],
};

/** The title and the sentence for an answer of `payment-status`; only `paid` says that anything was bought. */
export function resultOf(answer, kind) {
  const { result } = paymentOf(answer);
  if (result === "paid") return ["Payment confirmed", THANKS[kind] ?? "Your purchase is complete."];
  if (result === "refunding") {
    return ["Your money is on its way back", answer.payment_status === "paid"
      ? "Your purchase is being refunded."
      : "What you paid for is not for sale any more. You need to do nothing: your money comes back by itself."];
  }
  return SENTENCES[result];
}

/** A panel that waits for the result of a payment and shows it, then calls `onSettled`. */
export function returnPanel({ api, shopper, signal }, { sessionId, kind }, onSettled = () => {}) {
  const heading = h("h2", { tabindex: "-1" }, "Checking your payment");
  const body = h("div", { role: "status" });
  const problemLine = h("p", { class: "message", role: "alert" });
  const panel = h("section", { class: "panel" }, heading, body, problemLine);
  follow();
  return panel;

  async function follow() {
    say(problemLine);
    panel.dataset.tone = "";
    body.replaceChildren(loading("This takes a moment. Please stay on this page…"));
    try {
      const { result, answer } = await waitUntilPaid(api.visitor, sessionId, { signal });
      if (result === "expired" || result === "open") showUnpaid(result, answer);
      else await showPayment(result, answer);
    } catch (problem) {
      if (problem.name === "AbortError") return;
      showResult("Your payment could not be checked", checkAgain());
      say(problemLine, problem);
    }
    onSettled();
  }

  async function showPayment(result, answer) {
    if (result === "paid") panel.dataset.tone = "good";
    const [title, sentence] = resultOf(answer, kind);
    const purchase = await recordedPurchase().catch((problem) => {
      if (problem.name === "AbortError") throw problem;
      return undefined; // the status is known; only the record cannot be read now
    });
    showResult(title, h("p", {}, sentence),
      purchase ? h("ul", { class: "purchases" }, purchaseRow(purchase)) : null,
      !shopper && kind !== "product" ? quiet("Choose the shopper who paid to see the purchase.") : null,
      result === "processing" ? checkAgain() : null,
      links());
  }

  /** The purchase of this payment. A product is sold without login, so it is in no shopper's purchases. */
  async function recordedPurchase() {
    if (!shopper || kind === "product") return undefined;
    const { data } = await api.get("/api/purchases?page=1&pageSize=20");
    return data.find((purchase) => purchase.stripeSessionId === sessionId);
  }

  function showUnpaid(result, answer) {
    const [title, sentence] = resultOf(answer);
    showResult(title, h("p", {}, sentence), result === "open" ? checkAgain() : links());
  }

  function checkAgain() {
    const again = h("button", { type: "button", onclick: () => busy([again], follow) }, "Check again");
    return h("div", { class: "actions" }, again);
  }

  function links() {
    return h("p", {}, h("a", { href: "/" }, "Back to the shop"), " · ",
      h("a", { href: path`/follow?payment=${sessionId}`, target: "follow" }, "Follow this payment"));
  }

  function showResult(title, ...children) {
    heading.textContent = title;
    document.title = `${title} – Corner Shop`;
    body.replaceChildren(...children.filter(Boolean));
  }
}
