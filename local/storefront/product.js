// The product: anybody buys it, without login, in a payment form that opens on this page.

import { busy, card, h, quiet } from "./dom.js";
import { formatMoney } from "./money.js";
import { drawing } from "./pictures.js";
import { returnPanel } from "./return.js";

// The API sells the product and does not describe it; its price is written here, as a host would.
// What is charged is the price on record.
const PRICE = { cents: 200, currency: "usd" };

export function productCard(shop) {
  const { api, config, signal } = shop;
  const section = card("Hero Me Feelings", { eyebrow: "Product", id: "product" });
  // One key per attempt: a retry after a lost answer, or opening the form again, is the same payment.
  let attempt = crypto.randomUUID();
  let sessionId;
  let form;
  let refusal; // why there was no client secret; Stripe.js may put its own words around it
  signal.addEventListener("abort", close, { once: true });
  offer();
  return section.element;

  function offer() {
    section.element.classList.remove("wide");
    const buy = h("button", { type: "button", onclick: () => open(buy) }, "Buy without logging in");
    section.show(
      drawing("feelings", "picture"),
      h("p", { class: "price" }, formatMoney(PRICE.cents, PRICE.currency)),
      quiet("A board of 24 feelings with a child’s own hero on it. You pay on this page, without an account and without leaving it."),
      h("div", { class: "actions" }, buy));
    return buy;
  }

  function open(button) {
    section.say();
    refusal = undefined;
    busy([button], async () => {
      try {
        await startAfresh();
        const stripe = (await loadStripe(config.stripe_js_url))(config.stripe_publishable_key);
        form = await stripe.createEmbeddedCheckoutPage({ fetchClientSecret, onComplete });
        if (signal.aborted) {
          close();
          return;
        }
        const place = h("div", { id: "payment-form", class: "payment-form" });
        const cancel = h("button", {
          type: "button",
          class: "secondary",
          onclick: () => { close(); offer().focus(); },
        }, "Close the payment form");
        section.element.classList.add("wide");
        section.show(place, h("div", { class: "actions" }, cancel));
        form.mount("#payment-form");
        section.element.scrollIntoView({ block: "start" });
        cancel.focus({ preventScroll: true });
      } catch (problem) {
        close();
        section.say(refusal ?? problem);
      }
    });
  }

  /** A payment that ended while its form was closed gets a new key, otherwise it would be shown again. */
  async function startAfresh() {
    if (!sessionId) return;
    const { status } = await statusOf(sessionId);
    if (status === "open") return;
    attempt = crypto.randomUUID();
    sessionId = undefined;
  }

  function statusOf(id) {
    return api.get(`/api/checkout/session-status?${new URLSearchParams({ session_id: id })}`, { anonymous: true });
  }

  async function fetchClientSecret() {
    const { client_secret: secret } = await api.post("/api/checkout/embedded-session",
      { product_id: config.sample.product_id },
      { anonymous: true, headers: { "Idempotency-Key": attempt } })
      .catch((problem) => { refusal = problem; throw problem; });
    [sessionId] = secret.split("_secret_"); // a client secret begins with its session's id
    return secret;
  }

  /** Only called where the session does not redirect; otherwise the return page confirms. */
  function onComplete() {
    const paid = sessionId;
    close();
    attempt = crypto.randomUUID();
    sessionId = undefined;
    const confirmation = returnPanel(shop, { sessionId: paid, kind: "product" });
    section.show(confirmation);
    confirmation.querySelector("h2").focus();
  }

  function close() {
    form?.destroy?.();
    form = undefined;
  }
}

let script;

/** Stripe.js, fetched when it is first needed; a failed load can be tried again. */
function loadStripe(address) {
  script ??= new Promise((resolve, reject) => {
    const failed = () => {
      script = undefined;
      reject(new Error("The payment form cannot be loaded. Please try again."));
    };
    document.head.append(h("script", {
      src: address,
      onload: () => (window.Stripe ? resolve(window.Stripe) : failed()),
      onerror: failed,
    }));
  });
  return script;
}
