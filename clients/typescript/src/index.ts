export { type CheckoutClient, type CheckoutClientOptions, createClient } from "./client";
export {
  type Checkout, type CheckoutRequests, type EmbeddedCheckout, type HostedCheckout, type Kind,
  newIdempotencyKey, startCheckout, type StartOptions,
} from "./checkout";
export { ApiError, type ErrorCode, type FieldProblem, readError } from "./errors";
export type { components, paths } from "./generated/schema";
export { type Payment, paymentOf, type PaymentResult, waitUntilPaid, type WaitOptions } from "./wait";
