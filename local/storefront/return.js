// The return from payment: waits for the result and shows it.

import { poll, path } from "./api.js";
import { busy, h, loading, quiet, say } from "./dom.js";
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
  const kind = query.get("kind") ?? { orders: "order", auctions: "auction", "hero-me": "product" }[pathname.split("/")[1]];
  return { sessionId, kind };
}

export function cancelledPanel() {
  return h("section", { class: "panel" },
    h("h2", { tabindex: "-1" }, "You came back without paying"),
    h("p", {}, "Nothing was charged. You can still pay later."));
}

const THANKS = {
  bid: "The offer is yours, and your board is up to date.",
  auction: "The auction is yours.",
  order: "Your tickets are yours.",
  product: "Hero Me Feelings is yours.",
  content: "The course is yours to keep.",
};

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
    body.replaceChildren(loading("This takes a moment. Please stay on this page…"));
    try {
      const status = await poll(async () => {
        const query = new URLSearchParams({ session_id: sessionId });
        const answer = await api.get(`/api/checkout/session-status?${query}`, { anonymous: true });
        return answer.status === "open" ? undefined : answer.status;
      }, { signal });
      if (status === "complete") await confirm();
      else if (status === "expired") expired();
      else stillOpen();
    } catch (problem) {
      if (problem.name === "AbortError") return;
      showResult("Your payment could not be checked", checkAgain());
      say(problemLine, problem);
    }
    onSettled();
  }

  async function confirm() {
    panel.dataset.tone = "good";
    // A product is sold without login, so it is in no shopper's purchases.
    if (kind === "product") {
      showResult("Payment confirmed", h("p", {}, THANKS.product), links());
      return;
    }
    if (!shopper) {
      showResult("Payment confirmed", quiet("Choose the shopper who paid to see the purchase."), links());
      return;
    }
    const purchase = await recordedPurchase().catch((problem) => {
      if (problem.name === "AbortError") throw problem;
      return undefined; // the payment is confirmed; only its record cannot be read now
    });
    if (purchase?.status === "completed") {
      showResult("Payment confirmed", h("p", {}, THANKS[purchase.kind] ?? "Your purchase is complete."),
        h("ul", { class: "purchases" }, purchaseRow(purchase)), links());
    } else if (purchase) {
      panel.dataset.tone = "";
      showResult("Status of your payment", h("ul", { class: "purchases" }, purchaseRow(purchase)), links());
    } else {
      showResult("Your order was received", quiet("Your purchase will be listed when the money has arrived. Some payment methods take days."), links());
    }
  }

  /** Reads the purchases until this payment is among them: Stripe may be ahead of our records for a moment. */
  function recordedPurchase() {
    return poll(async () => {
      const { data } = await api.get("/api/purchases?page=1&pageSize=20");
      return data.find((purchase) => purchase.stripeSessionId === sessionId);
    }, { signal, timeoutMs: 25_000, firstMs: 500, slowestMs: 4_000 });
  }

  function expired() {
    showResult("This payment page has expired", h("p", {}, "You did not pay in time. Nothing was charged."), links());
  }

  function stillOpen() {
    showResult("Your payment is not confirmed yet",
      quiet("This may take another moment. Checking again does not charge you twice."), checkAgain());
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
    body.replaceChildren(...children);
  }
}
