// Content: locked until the shopper buys it.

import { path } from "./api.js";
import { busy, card, h, loading, pleaseLogIn, quiet } from "./dom.js";
import { canBuy, nothing, priceOf, readOffer, whyNot } from "./offers.js";
import { drawing, picture } from "./pictures.js";
import { underWay } from "./purchases.js";
import { leaveToPay, returnUrls } from "./return.js";

export function contentCard(shop, contentId = shop.config.sample.contents.published) {
  const { api, config, shopper } = shop;
  const { published, free, unpublished } = config.sample.contents;
  const section = card("Something to learn", { eyebrow: "Course", id: "content" });
  section.show(loading("Loading this course…"));
  load();
  return section.element;

  async function load() {
    try {
      const offer = await readOffer(shop, "content", contentId).catch(nothing);
      if (!shopper) return showTo(offer, offer ? (shop.told ? null : pleaseLogIn("buy this course")) : quiet(whyNot(offer)));
      // Access is a question of its own: a buyer keeps what is not for sale any more.
      const { hasAccess } = await api.get(path`/api/access/content/${contentId}`);
      if (hasAccess) return show(offer ?? await purchased(), { owned: true });
      return show(offer, { note: canBuy(offer) ? undefined : underWay(await purchases()) ?? quiet(whyNot(offer)) });
    } catch (problem) {
      section.show(quiet("There is nothing to show."));
      return section.say(problem);
    }
  }

  async function purchases() {
    const { data } = await api.get("/api/purchases?page=1&pageSize=100");
    return data.filter((purchase) => purchase.contentId === contentId);
  }

  function purchased() {
    return purchases().then(([purchase]) => purchase);
  }

  function show(offer, { owned = false, note = null } = {}) {
    section.setStatus(owned ? "Yours" : null);
    showTo(offer,
      owned ? h("p", { class: "owned" }, "You already own this. There is nothing more to pay.") : null,
      h("p", { class: "access" }, drawing(owned ? "check" : "lock"), owned ? "Unlocked" : "Locked until you own it"),
      note,
      owned || note ? null : h("div", { class: "actions" }, buyButton()),
      contentId === published ? notForSale() : null);
  }

  function showTo(offer, ...children) {
    if (offer?.title) section.setTitle(offer.title);
    section.show(
      picture(offer?.image_url, "course"),
      priceOf(offer),
      offer?.description ? quiet(offer.description) : null,
      ...children);
  }

  /** What the API says of two samples that cannot be bought; it is asked when somebody wants to know. */
  function notForSale() {
    const list = h("ul", { class: "plain" });
    return h("details", { ontoggle: (event) => { if (event.target.open) explain(list); } },
      h("summary", {}, "Two that are not for sale"), list);
  }

  async function explain(list) {
    try {
      const rows = await Promise.all([free, unpublished].map(async (id) => {
        const { title, sentence } = await readOffer(shop, "content", id).then(
          (offer) => ({ title: offer.title, sentence: whyNot(offer) }),
          (problem) => ({ title: id, sentence: problem.sentence }));
        return h("li", {}, h("strong", {}, title), " ", sentence);
      }));
      list.replaceChildren(...rows);
    } catch (problem) {
      section.say(problem);
    }
  }

  function buyButton() {
    const button = h("button", { type: "button", onclick: () => buy(button) }, "Buy this course");
    return button;
  }

  function buy(button) {
    section.say();
    busy([button], async () => {
      const { success_url: successUrl, cancel_url: cancelUrl } = returnUrls("content");
      try {
        return leaveToPay(await api.post("/api/checkout", { contentId, successUrl, cancelUrl }));
      } catch (problem) {
        section.say(problem);
        if (!problem.temporary) load(); // bought in another tab, or not for sale any more
        return undefined;
      }
    });
  }
}
