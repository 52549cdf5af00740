// More offers: links to those that ask for more than the price, such as an address.

import { path } from "./api.js";
import { card, h, loading, quiet } from "./dom.js";
import { nothing, priceOf, readOffer } from "./offers.js";
import { picture } from "./pictures.js";

export function moreCard(shop) {
  const { content_id: contentId, product_id: productId } = shop.config.sample.with_options;
  const section = card("More to have", { eyebrow: "Delivered to you", id: "more", wide: true });
  section.show(loading("Loading more offers…"));
  load();
  return section.element;

  async function load() {
    try {
      const [content, product] = await Promise.all([
        readOffer(shop, "content", contentId).catch(nothing),
        readOffer(shop, "product", productId).catch(nothing),
      ]);
      const links = [
        link(content, path`/content/${contentId}`),
        link(product, path`/products/${productId}`),
      ].filter(Boolean);
      section.show(links.length ? h("ul", { class: "tiles" }, links) : quiet("There is nothing more."));
    } catch (problem) {
      section.show(quiet("There is nothing to show."));
      section.say(problem);
    }
  }
}

function link(offer, href) {
  if (!offer) return null;
  return h("li", { class: "tile" },
    picture(offer.image_url),
    h("h3", {}, h("a", { href }, offer.title)),
    offer.description ? quiet(offer.description) : null,
    priceOf(offer));
}
