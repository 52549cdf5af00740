// Coming back from payment: wait until it is certain, then confirm; or say that nothing was charged.

import { askUntil, path } from "./api.js";
import { busy, h, loading, quiet, say } from "./dom.js";
import { purchaseRow } from "./purchases.js";

/** Where the hosted payment page sends the shopper back to: to this page. Stripe fills in the session's id. */
export function returnUrls(kind) {
  const here = location.origin + location.pathname;
  return {
    success_url: `${here}?checkout=success&session_id={CHECKOUT_SESSION_ID}&kind=${kind}`,
    cancel_url: `${here}?checkout=cancel`,
  };
}

/** What this address says about a payment: `{cancelled}`, `{sessionId, kind}` or nothing. */
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
    h("p", {}, "Nothing was charged. Everything is as it was, and you can pay whenever you like."));
}

const THANKS = {
  bid: "It is bought, and your board is up to date.",
  auction: "The auction is yours.",
  order: "Your tickets are yours.",
  product: "Hero Me Feelings is yours.",
  content: "The course is yours to keep.",
};

/** The panel that follows one payment to its end. `onSettled` is called when there is nothing left to wait for. */
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
      const status = await askUntil(async () => {
        const query = new URLSearchParams({ session_id: sessionId });
        const answer = await api.get(`/api/checkout/session-status?${query}`, { anonymous: true });
        return answer.status === "open" ? undefined : answer.status;
      }, { signal });
      if (status === "complete") await confirm();
      else if (status === "expired") expired();
      else stillOpen();
    } catch (problem) {
      if (problem.name === "AbortError") return;
      tell("Your payment could not be checked", checkAgain());
      say(problemLine, problem);
    }
    onSettled();
  }

  async function confirm() {
    panel.dataset.tone = "good";
    // The product is sold without login, so no shopper's history has it.
    if (kind === "product") {
      tell("Payment confirmed", h("p", {}, THANKS.product), onward());
      return;
    }
    if (!shopper) {
      tell("Payment confirmed", quiet("Choose the shopper who paid to see the purchase."), onward());
      return;
    }
    const purchase = await recordedPurchase().catch((problem) => {
      if (problem.name === "AbortError") throw problem;
      return undefined; // the payment is certain, only its record cannot be read now
    });
    if (purchase?.status === "completed") {
      tell("Payment confirmed", h("p", {}, THANKS[purchase.kind] ?? "Your purchase is complete."),
        h("ul", { class: "purchases" }, purchaseRow(purchase)), onward());
    } else if (purchase) {
      panel.dataset.tone = "";
      tell("This is how your payment stands", h("ul", { class: "purchases" }, purchaseRow(purchase)), onward());
    } else {
      tell("Your order is in", quiet("Your purchase will be listed as soon as the money has arrived; some payment methods take days."), onward());
    }
  }

  /** Stripe may be ahead of our records for a moment: look again until this very payment is listed. */
  function recordedPurchase() {
    return askUntil(async () => {
      const { data } = await api.get("/api/purchases?page=1&pageSize=20");
      return data.find((purchase) => purchase.stripeSessionId === sessionId);
    }, { signal, patienceMs: 25_000, firstMs: 500, slowestMs: 4_000 });
  }

  function expired() {
    tell("This payment page has expired", h("p", {}, "It was not paid in time. Nothing was charged."), onward());
  }

  function stillOpen() {
    tell("Your payment is not confirmed yet",
      quiet("It may need another moment. You will not be charged twice for looking again."), checkAgain());
  }

  function checkAgain() {
    const again = h("button", { type: "button", onclick: () => busy([again], follow) }, "Check again");
    return h("div", { class: "actions" }, again);
  }

  function onward() {
    return h("p", {}, h("a", { href: "/" }, "Back to the shop"), " · ",
      h("a", { href: path`/follow?payment=${sessionId}`, target: "follow" }, "See what this payment did"));
  }

  function tell(title, ...children) {
    heading.textContent = title;
    document.title = `${title} – Corner Shop`;
    body.replaceChildren(...children);
  }
}
