// Content, paid on Stripe's page: "hosted".

import { useEffect, useState } from "react";
import { readError, startCheckout, type components } from "paidonce";

import { price } from "./price";
import type { Shop } from "./shop";

type Offer = components["schemas"]["OfferForBuyer"];

export function Content({ shop: { buyer, config } }: { shop: Shop }) {
  const id = config.sample.contents.published;
  const [offer, setOffer] = useState<Offer>();
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);

  useEffect(() => {
    const page = new AbortController();
    const params = { path: { kind: "content" as const, id } };
    buyer.GET("/api/me/offers/{kind}/{id}", { params, signal: page.signal })
      .then(({ data, error, response }) => {
        if (!data) throw readError(error, response);
        setOffer(data);
      })
      .catch((caught) => { if (!page.signal.aborted) setProblem(readError(caught).sentence); });
    return () => page.abort();
  }, [buyer, id]);

  async function buy() {
    setBusy(true);
    setProblem(undefined);
    const here = location.origin + location.pathname;
    try {
      const checkout = await startCheckout(buyer, "content", {
        contentId: id,
        successUrl: `${here}?session_id={CHECKOUT_SESSION_ID}`,
        cancelUrl: `${here}?cancelled`,
      });
      // The button stays disabled while the browser leaves the page.
      if (checkout.ui === "hosted") location.assign(checkout.checkoutUrl);
    } catch (caught) {
      setProblem(readError(caught).sentence);
      setBusy(false);
    }
  }

  return (
    <section aria-labelledby="content">
      <h2 id="content">{offer?.title ?? "Content"}</h2>
      {offer && <p>{price(offer)}</p>}
      {offer?.buyable === true && <button onClick={buy} disabled={busy}>Buy</button>}
      {offer?.buyable === false && (
        <p>{offer.reason?.code === "already_purchased" ? "This is yours." : offer.reason?.error}</p>
      )}
      {problem && <p role="alert">{problem}</p>}
    </section>
  );
}
