// Who is shopping: a sample user's token from the local identity provider, kept for this tab only.

import { busy, h } from "./dom.js";

const KEY = "shopper";

export const SAMPLE_USERS = [
  { sub: "user_1", email: "user_1@example.com" },
  { sub: "user_2", email: "user_2@example.com" },
];

/** The shopper that this tab remembers, unless the token has run out. */
export function currentShopper() {
  let shopper;
  try {
    shopper = JSON.parse(sessionStorage.getItem(KEY));
  } catch {
    shopper = null;
  }
  if (!shopper?.token) return null;
  if (shopper.expiresAt && shopper.expiresAt <= Date.now()) {
    forgetShopper();
    return null;
  }
  return shopper;
}

export function forgetShopper() {
  sessionStorage.removeItem(KEY);
}

export async function logIn(issuerUrl, { sub, email }) {
  let response;
  try {
    response = await fetch(`${issuerUrl.replace(/\/$/, "")}/token`, {
      method: "POST",
      body: new URLSearchParams({ sub, email }),
    });
  } catch {
    throw new Error("The login service cannot be reached. Is it running?");
  }
  const answer = await response.json().catch(() => ({}));
  if (!response.ok || !answer.access_token) throw new Error("The login service refused this user.");
  const shopper = { sub, token: answer.access_token, expiresAt: expiryOf(answer.access_token) };
  sessionStorage.setItem(KEY, JSON.stringify(shopper));
  return shopper;
}

/** When the token runs out, in milliseconds; only read to spare a refused request, never trusted. */
export function expiryOf(token) {
  try {
    const payload = token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
    const { exp } = JSON.parse(atob(payload));
    return typeof exp === "number" ? exp * 1000 : null;
  } catch {
    return null;
  }
}

/** The login corner of the page. */
export function loginCorner({ config, shopper, onChange, onProblem }) {
  if (shopper) {
    const logOut = h("button", {
      type: "button",
      class: "secondary",
      onclick: () => { forgetShopper(); onChange("You are logged out."); },
    }, "Log out");
    return h("p", { class: "login-row" }, h("span", {}, "Logged in as ", h("strong", {}, shopper.sub)), logOut);
  }
  const select = h("select", { id: "user", name: "sub" },
    SAMPLE_USERS.map(({ sub }) => h("option", { value: sub }, sub)));
  const submit = h("button", { type: "submit" }, "Log in");
  return h("form", {
    class: "login-row",
    onsubmit: (event) => {
      event.preventDefault();
      busy([submit], async () => {
        try {
          await logIn(config.issuer_url, SAMPLE_USERS.find(({ sub }) => sub === select.value));
        } catch (problem) {
          onProblem(problem);
          return;
        }
        onChange();
      });
    },
  }, h("label", { for: "user" }, "Shop as"), select, submit);
}
