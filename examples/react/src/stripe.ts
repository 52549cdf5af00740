// Loads Stripe.js by Stripe's package; beside `make run`, mocktill's script takes its place.

import type { Stripe } from "@stripe/stripe-js";
import { loadStripe } from "@stripe/stripe-js/pure";

export async function stripeOf(config: { stripe_js_url: string; stripe_publishable_key: string }): Promise<Stripe | null> {
  // Stripe's package adds Stripe's own script, unless the page has a `Stripe` already.
  if (!config.stripe_js_url.startsWith("https://js.stripe.com/")) await load(config.stripe_js_url);
  return loadStripe(config.stripe_publishable_key);
}

function load(src: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const script = Object.assign(document.createElement("script"), { src });
    script.onload = () => resolve();
    script.onerror = () => reject(new TypeError(`${src} cannot be loaded`));
    document.head.append(script);
  });
}
