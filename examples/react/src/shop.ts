// What the page knows of the stack: its addresses, the buyer who has logged in, and two clients.

import { createClient, type CheckoutClient } from "paidonce";

declare const STOREFRONT_URL: string;

/** What `make run` says to a frontend. A frontend that is deployed has these in its own settings. */
export interface Config {
  api_url: string;
  issuer_url: string;
  stripe_js_url: string;
  stripe_publishable_key: string;
  sample: { product_id: string; contents: { published: string } };
}

export interface Shop {
  config: Config;
  buyerId: string;
  buyer: CheckoutClient;
  /** The product is sold without a login. */
  visitor: CheckoutClient;
}

export async function openShop(): Promise<Shop> {
  const config: Config = await json(`${STOREFRONT_URL}/config.json`);
  const buyerId = (sessionStorage.buyer ??= `buyer-${Date.now()}`);
  const token = await logIn(config.issuer_url, buyerId);
  return {
    config,
    buyerId,
    buyer: createClient({ apiUrl: config.api_url, token }),
    visitor: createClient({ apiUrl: config.api_url }),
  };
}

/** The local issuer logs anybody in, without a password. Yours has a login page. */
async function logIn(issuerUrl: string, sub: string): Promise<string> {
  const body = new URLSearchParams({ sub, email: `${sub}@example.com` });
  const { access_token: token } = await json(`${issuerUrl}/token`, { method: "POST", body });
  return token;
}

async function json(url: string, init?: RequestInit) {
  const response = await fetch(url, init);
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return response.json();
}
