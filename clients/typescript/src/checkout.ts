import type { CheckoutClient } from "./client";
import { readError } from "./errors";
import type { components, paths } from "./generated/schema";
import { pause } from "./pause";

type Schemas = components["schemas"];
type Json<Body> = { post: { requestBody?: { content: { "application/json": Body } } } };

/** The body of the create request of each kind. */
export type CheckoutRequests = {
  [Path in keyof paths as Path extends `/api/checkout/${infer Kind}`
    ? Path extends "/api/checkout/create-session" | "/api/checkout/embedded-session"
      ? never
      : paths[Path] extends Json<unknown>
        ? Kind
        : never
    : never]: paths[Path] extends Json<infer Body> ? Body : never;
};

export type Kind = keyof CheckoutRequests;

export interface HostedCheckout {
  ui: "hosted";
  /** Send the buyer here, with `location.assign`. */
  checkoutUrl: string;
  paymentSessionId: string;
  /** An auction's time to pay. */
  paymentWindow: Schemas["PaymentWindow"] | undefined;
}

export interface EmbeddedCheckout {
  ui: "embedded";
  /** For `createEmbeddedCheckoutPage` of Stripe.js, and nobody else. */
  clientSecret: string;
  /** For `waitUntilPaid`, when Stripe.js has called `onComplete`. */
  sessionId: string;
}

export type Checkout = HostedCheckout | EmbeddedCheckout;

export interface StartOptions {
  /** Names the attempt. Give the same key if the buyer presses the button again after a failure. */
  idempotencyKey?: string;
  signal?: AbortSignal;
}

const TRIES = 3;
const PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 5_000;

/** Make the key of one attempt to pay. */
export function newIdempotencyKey(): string {
  // crypto.randomUUID exists on pages of https and localhost only.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * Start a checkout of any kind.
 *
 * Failures that pass are tried again, as the same attempt. A product and a quote are sold
 * without a login; a product that a buyer with a token buys is in the buyer's purchases.
 */
export async function startCheckout<K extends Kind>(
  client: CheckoutClient,
  kind: K,
  body: CheckoutRequests[K],
  { idempotencyKey = newIdempotencyKey(), signal }: StartOptions = {},
): Promise<Checkout> {
  const anonymous = kind === "product" && !(await client.token());
  const path = anonymous ? "/api/checkout/embedded-session" : `/api/checkout/${kind}`;
  for (let tried = 1; ; tried += 1) {
    try {
      return await create(client, path, body, idempotencyKey, signal);
    } catch (caught) {
      signal?.throwIfAborted();
      const problem = readError(caught);
      const wait = (problem.retryAfter ?? 0) * 1000 || PAUSE_MS * tried;
      if (!problem.temporary || tried === TRIES || wait > LONGEST_PAUSE_MS) throw problem;
      await pause(wait, signal);
    }
  }
}

async function create(
  client: CheckoutClient, path: string, body: unknown, key: string, signal: AbortSignal | undefined,
): Promise<Checkout> {
  // The types of the document describe each kind's path; this one is any of them.
  const post = client.POST as (path: string, init: object) => Promise<Answer>;
  const { data, error, response } = await post(path, {
    body, signal, headers: { "Idempotency-Key": key },
  });
  if (!response.ok) throw readError(error, response);
  if (data?.client_secret) {
    // A client secret begins with its session's id.
    const [sessionId = ""] = data.client_secret.split("_secret_");
    return { ui: "embedded", clientSecret: data.client_secret, sessionId };
  }
  if (!data?.checkout_url || !data.payment_session_id) throw readError(new SyntaxError("no checkout_url"));
  return {
    ui: "hosted",
    checkoutUrl: data.checkout_url,
    paymentSessionId: data.payment_session_id,
    paymentWindow: data.payment_window,
  };
}

interface Answer {
  data?: {
    client_secret?: string;
    checkout_url?: string;
    payment_session_id?: string;
    payment_window?: Schemas["PaymentWindow"];
  };
  error?: unknown;
  response: Response;
}
