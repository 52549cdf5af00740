// Waits for a payment, and says what became of it.

import { useEffect, useState } from "react";
import { readError, waitUntilPaid, type CheckoutClient, type PaymentResult } from "paidonce";

const SENTENCES: Record<PaymentResult, string> = {
  paid: "Payment confirmed.",
  processing: "Your payment is on its way. Please do not pay again.",
  failed: "Your payment failed. Nothing was bought; you can try again.",
  refunded: "Your payment was returned.",
  refunding: "Your money is on its way back.",
  under_review: "Your payment is safe and under review. Please do not pay again.",
  dismissed: "Your payment was reviewed and closed. Please contact the seller.",
  expired: "The payment page has expired. Nothing was charged.",
  open: "Your payment is not confirmed yet.",
};

interface Props {
  client: CheckoutClient;
  sessionId: string;
  onResult?: () => void;
}

export function Result({ client, sessionId, onResult }: Props) {
  const [sentence, setSentence] = useState("Checking your payment…");

  useEffect(() => {
    const page = new AbortController();
    waitUntilPaid(client, sessionId, { signal: page.signal })
      .then(({ result }) => { setSentence(SENTENCES[result]); onResult?.(); })
      .catch((caught) => { if (!page.signal.aborted) setSentence(readError(caught).sentence); });
    return () => page.abort();
  }, [client, sessionId]);

  return <p role="status">{sentence}</p>;
}
