// The current shopper: a sample shopper's token from the local identity provider, stored for this tab only.

import { busy, h } from "./dom.js";

const KEY = "shopper";
const VISITOR = { sub: null };

/** Returns this tab's shopper; null for a visitor, or if the token has expired. */
export function currentShopper() {
  const shopper = stored();
  if (!shopper?.token) return null;
  if (shopper.expiresAt && shopper.expiresAt <= Date.now()) {
    logOut();
    return null;
  }
  return shopper;
}

/** Whether no shopper or visitor was chosen in this tab yet. */
export function isFirstVisit() {
  return stored() === null;
}

export function logOut() {
  sessionStorage.setItem(KEY, JSON.stringify(VISITOR));
}

function stored() {
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

/** Returns when the token expires, in milliseconds. It only avoids requests that would be refused. */
export function expiryOf(token) {
  try {
    const payload = token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
    const { exp } = JSON.parse(atob(payload));
    return typeof exp === "number" ? exp * 1000 : null;
  } catch {
    return null;
  }
}

/** The control that switches between the sample shoppers and a visitor. */
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
      logOut();
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
