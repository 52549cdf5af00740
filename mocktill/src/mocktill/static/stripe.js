// Imitates the part of Stripe.js that an embedded payment page needs.
(() => {
  "use strict";

  const origin = new URL(document.currentScript.src).origin;

  class IntegrationError extends Error {
    constructor(message) {
      super(message);
      this.name = "IntegrationError";
    }
  }

  class EmbeddedCheckoutPage {
    #clientSecret;
    #onComplete;
    #frame = null;
    #destroyed = false;
    #completed = false;

    constructor(clientSecret, onComplete) {
      this.#clientSecret = clientSecret;
      this.#onComplete = onComplete;
      window.addEventListener("message", this.#receive);
    }

    mount(target) {
      this.#refuseIfDestroyed();
      const element =
        typeof target === "string" ? document.querySelector(target) : target;
      if (!element) {
        throw new IntegrationError(
          `The selector you specified (${target}) applies to no DOM elements that are currently on the page.`,
        );
      }
      this.unmount();
      this.#frame = document.createElement("iframe");
      this.#frame.src = `${origin}/c/embedded/${encodeURIComponent(this.#clientSecret)}`;
      this.#frame.title = "Secure payment";
      this.#frame.allow = "payment";
      this.#frame.style.cssText = "width:100%;min-height:46rem;border:0";
      element.replaceChildren(this.#frame);
    }

    unmount() {
      this.#refuseIfDestroyed();
      this.#frame?.remove();
      this.#frame = null;
    }

    destroy() {
      this.unmount();
      this.#destroyed = true;
      window.removeEventListener("message", this.#receive);
      current = null;
    }

    #refuseIfDestroyed() {
      if (this.#destroyed) {
        throw new IntegrationError("This Embedded Checkout has been destroyed.");
      }
    }

    #receive = (message) => {
      const ours =
        message.origin === origin && message.source === this.#frame?.contentWindow;
      if (!ours || message.data?.type !== "stripe-sandbox.complete") return;
      // A frame that is mounted again sends the message again.
      if (this.#completed) return;
      this.#completed = true;
      if (message.data.redirect) {
        window.location.assign(message.data.redirect);
      } else {
        this.#onComplete?.();
      }
    };
  }

  // Stripe allows one embedded page at a time. While it is made, this is an empty object.
  let current = null;

  // Stripe's own packages take an object without these for something else than Stripe's.
  const NOT_IMITATED = [
    "elements",
    "createToken",
    "createPaymentMethod",
    "confirmCardPayment",
  ];

  function notImitated(name) {
    return () => {
      throw new IntegrationError(
        `mocktill does not imitate ${name}(): it has Checkout's embedded page only.`,
      );
    };
  }

  function renamed(oldName, newName) {
    return () => {
      throw new IntegrationError(`${oldName}() was renamed: use ${newName}().`);
    };
  }

  async function createEmbeddedCheckoutPage(options = {}) {
    const { fetchClientSecret, clientSecret, onComplete } = options;
    if (!fetchClientSecret && !clientSecret) {
      throw new IntegrationError("Provide fetchClientSecret or clientSecret.");
    }
    if (current) {
      throw new IntegrationError(
        "You cannot have multiple Embedded Checkout objects.",
      );
    }
    current = {};
    try {
      const secret = clientSecret ?? (await fetchClientSecret());
      if (typeof secret !== "string" || !secret.includes("_secret_")) {
        throw new IntegrationError("The client secret is not a session's.");
      }
      current = new EmbeddedCheckoutPage(secret, onComplete);
      return current;
    } catch (error) {
      current = null;
      throw error;
    }
  }

  window.Stripe = function Stripe(publishableKey) {
    if (!/^pk_test_/.test(publishableKey ?? "")) {
      throw new IntegrationError("Please call Stripe() with your publishable key.");
    }
    return {
      createEmbeddedCheckoutPage,
      initEmbeddedCheckout: renamed(
        "initEmbeddedCheckout",
        "createEmbeddedCheckoutPage",
      ),
      initCheckout: renamed("initCheckout", "initCheckoutElementsSdk"),
      ...Object.fromEntries(NOT_IMITATED.map((name) => [name, notImitated(name)])),
    };
  };
  // The release that this imitates: @stripe/stripe-js warns of another one than its own.
  window.Stripe.version = "endive";
})();
