// Who is shopping: a sample shopper's token from the local identity provider, kept for this tab only.

import { busy, h } from "./dom.js";

const KEY = "shopper";
const NOBODY = { sub: null };

/** The shopper that this tab remembers, unless the token has run out; nobody is a choice as well. */
export function currentShopper() {
  const shopper = remembered();
  if (!shopper?.token) return null;
  if (shopper.expiresAt && shopper.expiresAt <= Date.now()) {
    forgetShopper();
    return null;
  }
  return shopper;
}

/** Whether this tab has never been told who is shopping. */
export function isFirstVisit() {
  return remembered() === null;
}

export function forgetShopper() {
  sessionStorage.setItem(KEY, JSON.stringify(NOBODY));
}

function remembered() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY));
  } catch {
    return null;
  }
}

export async function logIn(issuerUrl, { sub }) {
  let response;
  try {
    response = await fetch(`${issuerUrl.replace(/\/$/, "")}/token`, {
      method: "POST",
      body: new URLSearchParams({ sub, email: `${sub}@example.com` }),
    });
  } catch {
    throw new Error("The login service cannot be reached. Is it running?");
  }
  const answer = await response.json().catch(() => ({}));
  if (!response.ok || !answer.access_token) throw new Error("The login service refused this shopper.");
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

/** The corner of the page where a person becomes one sample shopper or another, or nobody. */
export function shopperSwitch({ config, shopper, onChange, onProblem }) {
  const choices = config.sample.shoppers.map(({ sub, name }) => ({ sub, label: name }));
  if (shopper && !choices.some(({ sub }) => sub === shopper.sub)) choices.push({ sub: shopper.sub, label: shopper.sub });
  choices.push({ sub: null, label: "Visitor" });
  const buttons = choices.map(({ sub, label }) => h("button", {
    type: "button",
    "aria-pressed": String((shopper?.sub ?? null) === sub),
    title: sub ?? "Not logged in",
    onclick: (event) => become(sub, label, event.currentTarget),
  }, label));
  return h("fieldset", { class: "switch" }, h("legend", {}, "Shopping as"), h("div", { class: "choices" }, buttons));

  function become(sub, label, pressed) {
    if (!sub) {
      forgetShopper();
      onChange(label);
      return;
    }
    busy([pressed, ...buttons.filter((button) => button !== pressed)], async () => {
      try {
        await logIn(config.issuer_url, { sub });
        onChange(label);
      } catch (problem) {
        onProblem(problem);
      }
    });
  }
}
