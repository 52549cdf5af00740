// Elements, buttons and messages; the only module that creates DOM nodes from data.

/** Creates an element. Children become text nodes, so data can never become markup. */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "href" || name === "src") {
      const url = webUrl(value);
      if (url) element.setAttribute(name, url);
    } else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat().filter((child) => child !== undefined && child !== null));
  return element;
}

/** Returns the URL if it is http or https, otherwise undefined (for `javascript:` and others). */
export function webUrl(value) {
  try {
    const url = new URL(value, location.href);
    return url.protocol === "https:" || url.protocol === "http:" ? url.href : undefined;
  } catch {
    return undefined;
  }
}

/** Navigates to another page; `busy` keeps its buttons disabled for the returned value. */
export function leaveFor(address) {
  const url = webUrl(address);
  if (!url) throw new Error("The payment page has an address that cannot be opened.");
  location.assign(url);
  return LEAVING;
}

const LEAVING = Symbol("leaving the page");

/**
 * Disables the buttons until the work is done, and shows a spinner on the first.
 * If the work leaves the page, they stay disabled; the page is rendered again on return.
 */
export async function busy(buttons, work) {
  const [pressed] = buttons;
  if (pressed.disabled) return;
  const others = buttons.filter((button) => !button.disabled);
  others.forEach((button) => { button.disabled = true; });
  pressed.setAttribute("aria-busy", "true");
  let outcome;
  try {
    outcome = await work();
  } finally {
    if (outcome !== LEAVING) {
      pressed.removeAttribute("aria-busy");
      others.forEach((button) => { button.disabled = false; });
      if (document.activeElement === document.body) pressed.focus({ preventScroll: true });
    }
  }
}

/** A card with a heading, a body and a live region for error messages. */
export function card(title, { eyebrow, wide = false, id } = {}) {
  const headingId = `heading-${id}`;
  const badge = h("span", { class: "badge", hidden: true });
  const body = h("div", { class: "card-body" });
  const message = h("p", { class: "message", role: "alert" });
  const element = h("section", { class: wide ? "card wide" : "card", id, "aria-labelledby": headingId },
    h("div", { class: "card-head" },
      h("div", {}, h("p", { class: "eyebrow" }, eyebrow), h("h2", { id: headingId, tabindex: "-1" }, title)), badge),
    body, message);
  return {
    element,
    body,
    focus: () => element.querySelector("h2").focus(),
    show: (...children) => body.replaceChildren(...children.flat().filter(Boolean)),
    setTitle: (text) => { element.querySelector("h2").textContent = text; },
    setStatus: (status) => { setBadge(badge, status); },
    say: (problem) => say(message, problem),
  };
}

/** Shows a sentence or an error in a live region; clears it if there is none. */
export function say(region, problem) {
  if (!problem) return region.replaceChildren();
  if (problem.name === "AbortError") return undefined;
  if (typeof problem === "string") return region.replaceChildren(problem);
  // Messages of our own errors are sentences; others, such as a TypeError, go to the console.
  const ours = problem.sentence ?? (problem.name === "Error" ? problem.message : null);
  if (!ours) console.error(problem);
  return region.replaceChildren(ours ?? "Something went wrong on this page. Please reload it and try again.",
    ...(problem.requestId ? [h("small", {}, ` Reference: ${problem.requestId}`)] : []));
}

export function badgeFor(status) {
  const badge = h("span", { class: "badge" });
  setBadge(badge, status);
  return badge;
}

const GOOD = new Set(["paid", "purchased", "completed", "complete", "yours"]);
const BAD = new Set(["refunded", "failed", "expired", "disputed", "cancelled", "discarded"]);
const WAIT = new Set(["prepared", "open for payment", "processing", "pending", "refunding", "under review"]);
// What a shopper calls it.
const WORDS = { quarantined: "under review" };

function setBadge(badge, status) {
  badge.hidden = !status;
  if (!status) return;
  const plain = String(status).toLowerCase().replaceAll("_", " ");
  const word = WORDS[plain] ?? plain;
  badge.textContent = word.charAt(0).toUpperCase() + word.slice(1);
  badge.dataset.tone = GOOD.has(word) ? "good" : BAD.has(word) ? "bad" : WAIT.has(word) ? "wait" : "plain";
}

export function loading(what) {
  return h("p", { class: "quiet", "aria-busy": "true" }, h("span", { class: "spinner", "aria-hidden": "true" }), ` ${what}`);
}

export function quiet(text) {
  return h("p", { class: "quiet" }, text);
}

/** The id to name when a shopper asks the shop about a payment. */
export function reference(id) {
  return h("p", { class: "quiet reference" }, "Reference: ", h("code", {}, id));
}

/** What a card shows if nobody is logged in. */
export function pleaseLogIn(what) {
  return quiet(`Choose a shopper at the top of the page to ${what}.`);
}

export function formatTime(iso) {
  const time = new Date(iso);
  if (!iso || Number.isNaN(time.getTime())) return "";
  return new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" }).format(time);
}
