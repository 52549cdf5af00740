// A product, paid in Stripe's form on this page: "embedded".

import { useMemo, useState } from "react";
import { EmbeddedCheckout, EmbeddedCheckoutProvider } from "@stripe/react-stripe-js";
import { newIdempotencyKey, readError, startCheckout } from "paidonce";

import { Result } from "./Result";
import type { Shop } from "./shop";
import { stripeOf } from "./stripe";

export function Product({ shop }: { shop: Shop }) {
  // One key for each attempt: to open the form again is the same payment.
  const [attempt, setAttempt] = useState(newIdempotencyKey);
  const [open, setOpen] = useState(false);
  const [paid, setPaid] = useState<string>();
  const [problem, setProblem] = useState<string>();

  function buy() {
    setPaid(undefined);
    setProblem(undefined);
    setOpen(true);
  }

  function complete(sessionId: string) {
    setOpen(false);
    setPaid(sessionId);
    setAttempt(newIdempotencyKey());
  }

  function refuse(caught: unknown) {
    setOpen(false);
    setProblem(readError(caught).sentence);
  }

  return (
    <section aria-labelledby="product">
      <h2 id="product">Hero Me Feelings</h2>
      {open
        ? <PaymentForm key={attempt} {...{ shop, attempt, refuse, complete }} />
        : <button onClick={buy}>Buy without logging in</button>}
      {paid && <Result client={shop.visitor} sessionId={paid} />}
      {problem && <p role="alert">{problem}</p>}
    </section>
  );
}

interface FormProps {
  shop: Shop;
  attempt: string;
  complete: (sessionId: string) => void;
  refuse: (problem: unknown) => void;
}

function PaymentForm({ shop: { config, visitor }, attempt, complete, refuse }: FormProps) {
  // Stripe's provider takes its properties once: they must not change while it is mounted.
  const [stripe] = useState(() => stripeOf(config).catch((caught) => { refuse(caught); return null; }));
  const options = useMemo(() => {
    let sessionId = "";
    return {
      async fetchClientSecret() {
        try {
          const body = { product_id: config.sample.product_id };
          const checkout = await startCheckout(visitor, "product", body, { idempotencyKey: attempt });
          if (checkout.ui !== "embedded") throw new Error("This product is not sold in a form.");
          sessionId = checkout.sessionId;
          return checkout.clientSecret;
        } catch (caught) {
          refuse(caught);
          throw caught;
        }
      },
      onComplete: () => complete(sessionId),
    };
  }, []);

  return (
    <EmbeddedCheckoutProvider stripe={stripe} options={options}>
      <EmbeddedCheckout />
    </EmbeddedCheckoutProvider>
  );
}
