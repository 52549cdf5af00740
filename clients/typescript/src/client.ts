import createOpenApiClient, { type Client as OpenApiClient } from "openapi-fetch";

import { ANONYMOUS } from "./generated/anonymous";
import type { paths } from "./generated/schema";

type Token = string | null | undefined;

export interface CheckoutClientOptions {
  /** The output `ApiUrl` of the stack. */
  apiUrl: string;
  /** The buyer's access token, or a function that returns the current one. */
  token?: Token | (() => Token | Promise<Token>);
  /** API Gateway answers within 30 seconds. */
  timeoutMs?: number;
}

/** Every route of the API, by method and path, with the types of the OpenAPI document. */
export interface CheckoutClient extends OpenApiClient<paths> {
  /** The buyer's token, if the buyer has logged in. */
  token(): Promise<Token>;
}

/**
 * Create a client. It sends the buyer's token to the routes that ask for it, and to no others.
 *
 * An answer is `{ data, response }`, and a refusal is `{ error, response }`: see `readError`.
 */
export function createClient({ apiUrl, token, timeoutMs = 35_000 }: CheckoutClientOptions): CheckoutClient {
  const current = async () => (typeof token === "function" ? token() : token);
  const client = createOpenApiClient<paths>({
    baseUrl: apiUrl,
    cache: "no-store",
    fetch: (request) => {
      const timeout = AbortSignal.timeout(timeoutMs);
      return fetch(request, { signal: AbortSignal.any([request.signal, timeout]) });
    },
  });
  client.use({
    async onRequest({ request, schemaPath }) {
      if (ANONYMOUS.has(`${request.method} ${schemaPath}`)) return;
      const value = await current();
      if (value) request.headers.set("Authorization", `Bearer ${value}`);
    },
  });
  return Object.assign(client, { token: current });
}
