// The product: sold without login, in a payment form on this page.

import { busy, card, h, loading, quiet, reference } from "./dom.js";
import { canBuy, nothing, priceOf, readOffer, whyNot } from "./offers.js";
import { picture } from "./pictures.js";
import { returnPanel } from "./return.js";

export function productCard(shop, productId = shop.config.sample.product_id) {
  const { api, config, signal } = shop;
  const section = card("Something to have", { eyebrow: "Product", id: "product" });
  // One idempotency key per attempt: a retry after a lost response, or opening the form again, is the same payment.
  let attempt = crypto.randomUUID();
  let sessionId;
  let form;
  let refusal; // the API's error; Stripe.js may wrap it in its own
  let product;
  signal.addEventListener("abort", close, { once: true });
  section.show(loading("Loading this product…"));
  load();
  return section.element;

  async function load() {
    try {
      product = await readOffer(shop, "product", productId).catch(nothing);
      if (product) section.setTitle(product.title);
      return offer();
    } catch (problem) {
      section.show(quiet("There is nothing to show."));
      section.say(problem);
      return undefined;
    }
  }

  /** Shows the product; returns its button. */
  function offer() {
    section.element.classList.remove("paying");
    const buy = h("button", { type: "button", onclick: () => open(buy) }, "Buy without logging in");
    section.show(
      picture(product?.image_url, "feelings"),
      priceOf(product),
      product?.description ? quiet(product.description) : null,
      ...(canBuy(product)
        ? [quiet("You pay on this page, without an account and without leaving it."), h("div", { class: "actions" }, buy)]
        : [quiet(whyNot(product))]));
    return canBuy(product) ? buy : section;
  }

  function open(button) {
    section.say();
    refusal = undefined;
    busy([button], async () => {
      try {
        await endFinishedAttempt();
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
          onclick: () => busy([cancel], leaveForm),
        }, "Close the payment form");
        section.element.classList.add("paying");
        section.show(place, h("div", { class: "actions" }, cancel));
        form.mount("#payment-form");
        section.element.scrollIntoView({ block: "start" });
        cancel.focus({ preventScroll: true });
      } catch (problem) {
        close();
        section.say(refusal ?? problem);
        if (refusal && !refusal.temporary) load(); // not for sale any more
      }
    });
  }

  /** Closes the form; the product may not be for sale any more. */
  async function leaveForm() {
    close();
    (await load())?.focus();
  }

  /** If the payment ended while its form was closed, starts a new attempt instead of showing it again. */
  async function endFinishedAttempt() {
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
      { product_id: productId },
      { anonymous: true, headers: { "Idempotency-Key": attempt } })
      .catch((problem) => { refusal = problem; throw problem; });
    [sessionId] = secret.split("_secret_"); // a client secret begins with its session's id
    return secret;
  }

  /** Called if the session does not redirect; otherwise the return page shows the result. */
  function onComplete() {
    const paid = sessionId;
    close();
    attempt = crypto.randomUUID();
    sessionId = undefined;
    const confirmation = returnPanel(shop, { sessionId: paid, kind: "product" });
    section.element.classList.remove("paying");
    // The answer to a buyer without a login has no other id of the payment.
    section.show(confirmation, reference(paid));
    confirmation.querySelector("h2").focus();
  }

  function close() {
    form?.destroy?.();
    form = undefined;
  }
}

let script;

/** Loads Stripe.js on first use; a failed load can be retried. */
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
