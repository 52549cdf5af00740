// The content: a course, locked until the shopper buys it.

import { path } from "./api.js";
import { busy, card, h, loading, pleaseLogIn, quiet } from "./dom.js";
import { formatMoney } from "./money.js";
import { drawing } from "./pictures.js";
import { whatIsUnderWay } from "./purchases.js";
import { leaveToPay, returnUrls } from "./return.js";

// The API does not describe content, so the storefront has the sample's title and price.
// Stripe charges the stored offer's price.
const COURSE = { title: "Calm mornings: a ten-day course", cents: 999, currency: "usd" };
const LESSONS = [
  ["Before the telephone", "Leave it in another room tonight. Tomorrow the first thing you hear is the day."],
  ["Light first", "Open the window for as long as the kettle needs."],
  ["One page", "Write a page by hand, for yourself."],
  ["The short walk", "Once around the block, without a destination."],
];

export function contentCard({ api, config, shopper }, contentId = config.sample.contents.published) {
  const { published, free, unpublished } = config.sample.contents;
  const known = contentId === published ? COURSE : { title: "A course" };
  const section = card(known.title, { eyebrow: "Content", id: "content" });
  const price = known.cents ? h("p", { class: "price" }, formatMoney(known.cents, known.currency)) : null;
  if (!shopper) {
    section.show(drawing("course", "picture"), price, pleaseLogIn("buy this course"));
    return section.element;
  }
  section.show(loading("Checking whether you own this…"));
  load();
  return section.element;

  async function load() {
    try {
      const { hasAccess } = await api.get(path`/api/access/content/${contentId}`);
      show(hasAccess, hasAccess ? undefined : await underWay());
    } catch (problem) {
      show(false);
      section.say(problem);
    }
  }

  /** A payment whose money has not arrived, or that is under review, gives no access and must not be repeated. */
  async function underWay() {
    const { data } = await api.get("/api/purchases?page=1&pageSize=100");
    return whatIsUnderWay(data.filter((purchase) => purchase.contentId === contentId));
  }

  function show(owned, note) {
    section.setStatus(owned ? "Yours" : null);
    section.show(
      drawing("course", "picture"),
      owned ? h("p", { class: "owned" }, "You already own this. There is nothing more to pay.") : price,
      owned ? unlocked() : locked(),
      note ? quiet(note) : null,
      owned || note ? null : h("div", { class: "actions" }, buyButton(contentId, "Buy this course")),
      contentId === published ? notForSale() : null);
  }

  function locked() {
    return h("ul", { class: "lessons", "data-locked": true }, LESSONS.map(([title]) =>
      h("li", {}, drawing("lock"), h("span", {}, title, h("span", { class: "unseen" }, ", locked")))));
  }

  function unlocked() {
    return h("ul", { class: "lessons" }, LESSONS.map(([title, words]) =>
      h("li", {}, drawing("check"), h("div", {}, h("h3", {}, title), quiet(words)))));
  }

  function notForSale() {
    return h("details", {},
      h("summary", {}, "Two that are not for sale"),
      quiet("Try to buy them to see the API’s errors."),
      h("div", { class: "actions" },
        buyButton(free, "Buy the free lesson", "secondary"),
        buyButton(unpublished, "Buy the unpublished course", "secondary")));
  }

  function buyButton(id, label, style = "") {
    const button = h("button", { type: "button", class: style, onclick: () => buy(id, button) }, label);
    return button;
  }

  function buy(id, button) {
    section.say();
    busy([button], async () => {
      const { success_url: successUrl, cancel_url: cancelUrl } = returnUrls("content");
      try {
        return leaveToPay(await api.post("/api/checkout", { contentId: id, successUrl, cancelUrl }));
      } catch (problem) {
        section.say(problem);
        if (problem.status === 409) load(); // bought in another tab
        return undefined;
      }
    });
  }
}
