// The content: a course bought once and kept, and the shopper's purchases.

import { path } from "./api.js";
import { busy, card, h, leaveFor, loading, pleaseLogIn, quiet } from "./dom.js";
import { formatMoney } from "./money.js";
import { returnUrls } from "./return.js";

// The API sells content and does not describe it; the sample course's name and price are printed here as a host would.
// What is charged is the price on record.
const SAMPLE_PRICE = { cents: 999, currency: "usd" };

export function contentCard({ api, config, shopper }) {
  const { published, free, unpublished } = config.sample.contents;
  const section = card("Calm mornings: a ten-day course", { id: "content" });
  if (!shopper) {
    section.show(
      h("p", { class: "price" }, formatMoney(SAMPLE_PRICE.cents, SAMPLE_PRICE.currency)),
      pleaseLogIn("buy this course"));
    return section.element;
  }
  section.show(loading("Checking whether you own this…"));
  load();
  return section.element;

  async function load() {
    try {
      const { hasAccess } = await api.get(path`/api/access/content/${published}`);
      show(hasAccess);
    } catch (problem) {
      show(false);
      section.say(problem);
    }
  }

  function show(owned) {
    section.setStatus(owned ? "Yours" : null);
    section.show(
      h("p", { class: "price" }, formatMoney(SAMPLE_PRICE.cents, SAMPLE_PRICE.currency)),
      owned
        ? h("p", { class: "owned" }, "You already own this. It stays yours; there is nothing more to pay.")
        : quiet("Bought once, yours from then on."),
      owned ? null : h("div", { class: "actions" }, buyButton(published, "Buy this course")),
      h("details", {},
        h("summary", {}, "Two that are not for sale"),
        quiet("Try them to see how the API refuses."),
        h("div", { class: "actions" },
          buyButton(free, "Buy the free lesson", "secondary"),
          buyButton(unpublished, "Buy the unpublished course", "secondary"))));
  }

  function buyButton(contentId, label, style = "") {
    const buy = h("button", {
      type: "button",
      class: style,
      onclick: () => {
        section.say();
        busy([buy], async () => {
          const urls = returnUrls("content", contentId);
          try {
            const { sessionUrl } = await api.post("/api/checkout", {
              contentId,
              successUrl: urls.success_url,
              cancelUrl: urls.cancel_url,
            });
            return leaveFor(sessionUrl);
          } catch (problem) {
            section.say(problem);
            if (problem.status === 409) load(); // bought in another tab: let the card say so
            return undefined;
          }
        });
      },
    }, label);
    return buy;
  }
}
