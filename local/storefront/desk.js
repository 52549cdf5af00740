// What stands at the foot of a shop on somebody's desk: test cards, the sandbox's panel, and a fresh start.

import { busy, h, say } from "./dom.js";

export function deskFooter({ config }) {
  if (!config.stripe_publishable_key?.startsWith("pk_test_")) return [];
  return [
    h("p", {}, "Test mode: ", h("code", {}, "4242 4242 4242 4242"), " pays, ",
      h("code", {}, "4000 0000 0000 0002"), " is declined; any future date, any code."),
    config.sandbox_url ? h("a", { href: config.sandbox_url, target: "sandbox" }, "Stripe sandbox") : null,
    resetButton(),
  ].filter(Boolean);
}

function resetButton() {
  const message = h("p", { class: "message", role: "alert" });
  const reset = h("button", { type: "button", onclick: () => busy([reset], start) }, "Start afresh");
  const dialog = h("dialog", { "aria-labelledby": "reset-title" },
    h("h2", { id: "reset-title" }, "Start the shop afresh?"),
    h("p", {}, "Every purchase is forgotten, for every shopper, and everything is for sale again."),
    message,
    h("form", { method: "dialog", class: "actions" }, reset, h("button", { class: "secondary" }, "Keep it as it is")));
  const open = h("button", { type: "button", class: "plain-button", onclick: () => dialog.showModal() }, "Reset the shop…");
  return h("div", {}, open, dialog);

  async function start() {
    try {
      // The header keeps other origins' pages from doing this.
      const answer = await fetch("/desk/reset", { method: "POST", headers: { "X-Desk": "reset" } });
      if (!answer.ok) throw new Error((await answer.json()).error);
      for (const key of Object.keys(sessionStorage)) if (key.startsWith("payment of ")) sessionStorage.removeItem(key);
      location.assign("/");
    } catch (problem) {
      say(message, problem.name === "Error" ? problem : "The shop cannot be reached. Is it running?");
    }
  }
}
