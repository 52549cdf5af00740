// The footer of a shop in test mode: test cards, a link to mocktill, and the reset.

import { busy, h, say } from "./dom.js";

export function adminFooter({ config }) {
  if (!config.stripe_publishable_key?.startsWith("pk_test_")) return [];
  return [
    h("p", {}, "Test cards: ", h("code", {}, "4242 4242 4242 4242"), " pays, ",
      h("code", {}, "4000 0000 0000 0002"), " is declined; any future date, any code."),
    config.sandbox_url ? h("a", { href: config.sandbox_url, target: "sandbox" }, "mocktill") : null,
    resetButton(),
  ].filter(Boolean);
}

function resetButton() {
  const message = h("p", { class: "message", role: "alert" });
  const reset = h("button", { type: "button", onclick: () => busy([reset], start) }, "Reset now");
  const dialog = h("dialog", { "aria-labelledby": "reset-title" },
    h("h2", { id: "reset-title" }, "Reset the shop?"),
    h("p", {}, "This deletes the purchases of all shoppers and puts every offer up for sale again."),
    message,
    h("form", { method: "dialog", class: "actions" }, reset, h("button", { class: "secondary" }, "Cancel")));
  const open = h("button", { type: "button", class: "plain-button", onclick: () => dialog.showModal() }, "Reset the shop…");
  return h("div", {}, open, dialog);

  async function start() {
    try {
      // Pages of other origins cannot send this header.
      const answer = await fetch("/admin/reset", { method: "POST", headers: { "X-Admin": "reset" } });
      if (!answer.ok) throw new Error((await answer.json()).error);
      for (const key of Object.keys(sessionStorage)) if (key.startsWith("payment ")) sessionStorage.removeItem(key);
      location.assign("/");
    } catch (problem) {
      say(message, problem.name === "Error" ? problem : "The shop cannot be reached. Is it running?");
    }
  }
}
