import type { CheckoutClient } from "./client";
import { type ApiError, readError } from "./errors";
import type { components } from "./generated/schema";
import { pause } from "./pause";

type PaymentStatus = components["schemas"]["PaymentStatus"];

/** What became of a payment. Only `paid` means that something was bought and stays bought. */
export type PaymentResult =
  /** The purchase is recorded: deliver. */
  | "paid"
  /** The money is on its way; with a bank debit this takes days. */
  | "processing"
  /** The money did not arrive. */
  | "failed"
  /** All of the money went back. */
  | "refunded"
  /** The money is on its way back. */
  | "refunding"
  /** A person must decide. The money is safe. */
  | "under_review"
  /** A person has decided that it is no sale. */
  | "dismissed"
  /** The payment page has expired or was cancelled; nothing was charged. */
  | "expired"
  /** The buyer has not paid yet. */
  | "open";

export interface Payment {
  result: PaymentResult;
  /** Whether to offer the buyer to pay again. */
  mayPayAgain: boolean;
  /** The last answer of `payment-status`. */
  answer: PaymentStatus;
}

export interface WaitOptions {
  signal?: AbortSignal;
  /** How long to wait for a buyer who has not paid yet. 0 asks once. */
  timeoutMs?: number;
  /** How long to wait for the purchase of a buyer who has paid. */
  processingMs?: number;
  /** The first pause; each is longer than the one before. */
  firstMs?: number;
  slowestMs?: number;
}

const PAY_AGAIN: ReadonlySet<PaymentResult> = new Set(["failed", "refunded", "expired", "open"]);

/**
 * Ask for the status of a payment, with growing pauses, until it is decided.
 *
 * Resolves at the end of the time too, with `open` or `processing`. Failures that pass are
 * tried again until then; others, and the last one, reject as an `ApiError`. An aborted
 * signal rejects with its reason.
 */
export async function waitUntilPaid(
  client: CheckoutClient,
  sessionId: string,
  { signal, timeoutMs = 90_000, processingMs = 25_000, firstMs = 500, slowestMs = 8_000 }: WaitOptions = {},
): Promise<Payment> {
  let deadline = Date.now() + timeoutMs;
  let wait = firstMs;
  let last: Payment | undefined;
  for (;;) {
    let problem: ApiError | undefined;
    try {
      const payment = paymentOf(await ask(client, sessionId, signal));
      if (payment.result === "processing" && last?.result !== "processing") {
        // The buyer is done: from now on we wait for the purchase, which takes moments.
        deadline = Date.now() + Math.min(processingMs, timeoutMs);
        wait = firstMs;
      }
      last = payment;
      if (payment.result !== "open" && payment.result !== "processing") return payment;
    } catch (caught) {
      signal?.throwIfAborted();
      problem = readError(caught);
      if (!problem.temporary) throw problem;
    }
    const next = Math.max(wait, (problem?.retryAfter ?? 0) * 1000);
    if (Date.now() + next > deadline) {
      if (problem || !last) throw problem;
      return last;
    }
    await pause(next, signal);
    wait = Math.min(wait * 1.6, slowestMs);
  }
}

async function ask(client: CheckoutClient, sessionId: string, signal: AbortSignal | undefined): Promise<PaymentStatus> {
  const { data, error, response } = await client.GET("/api/checkout/payment-status", {
    params: { query: { session_id: sessionId } }, signal,
  });
  if (!data) throw readError(error, response);
  return data;
}

/**
 * Read an answer of `payment-status`. Of words that the API adds one day, a status counts as
 * processing, and a code changes only that the buyer is not asked to pay again.
 */
export function paymentOf(answer: PaymentStatus): Payment {
  const result = resultOf(answer);
  return { result, mayPayAgain: !answer.code && PAY_AGAIN.has(result), answer };
}

function resultOf({ status, payment_status: payment, code }: PaymentStatus): PaymentResult {
  if (code === "under_review" || code === "refunding" || code === "dismissed") return code;
  if (status === "expired") return "expired";
  if (payment === "unpaid") return "open";
  return payment === "paid" || payment === "failed" || payment === "refunded" ? payment : "processing";
}
