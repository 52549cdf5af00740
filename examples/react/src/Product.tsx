// A product, paid in Stripe's form on this page: "embedded".

import { useState } from "react";
import { EmbeddedCheckout, EmbeddedCheckoutProvider } from "@stripe/react-stripe-js";
import type { Stripe } from "@stripe/stripe-js";
import { newIdempotencyKey, readError, startCheckout } from "paidonce";

import { Result } from "./Result";
import type { Shop } from "./shop";
import { stripeOf } from "./stripe";

interface Form {
  stripe: Stripe | null;
  // Stripe's provider takes its options once: they must not change while it is mounted.
  options: { clientSecret: string; onComplete: () => void };
}

export function Product({ shop: { config, visitor } }: { shop: Shop }) {
  // One key for each attempt: pressing the button again after a failure is the same payment.
  const [idempotencyKey, setKey] = useState(newIdempotencyKey);
  const [form, setForm] = useState<Form>();
  const [paid, setPaid] = useState<string>();
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);

  async function buy() {
    setBusy(true);
    setPaid(undefined);
    setProblem(undefined);
    try {
      const stripe = await stripeOf(config);
      const body = { product_id: config.sample.product_id };
      const checkout = await startCheckout(visitor, "product", body, { idempotencyKey });
      if (checkout.ui !== "embedded") throw new Error("This product is not sold in a form.");
      const { clientSecret, sessionId } = checkout;
      setForm({ stripe, options: { clientSecret, onComplete: () => complete(sessionId) } });
    } catch (caught) {
      setProblem(readError(caught).sentence);
    }
    setBusy(false);
  }

  function complete(sessionId: string) {
    setForm(undefined);
    setPaid(sessionId);
    setKey(newIdempotencyKey());
  }

  return (
    <section aria-labelledby="product">
      <h2 id="product">Hero Me Feelings</h2>
      {form
        ? <EmbeddedCheckoutProvider {...form}><EmbeddedCheckout /></EmbeddedCheckoutProvider>
        : <button onClick={buy} disabled={busy}>Buy without logging in</button>}
      {paid && <Result client={visitor} sessionId={paid} />}
      {problem && <p role="alert">{problem}</p>}
    </section>
  );
}
