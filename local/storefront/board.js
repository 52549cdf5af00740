// The board: a buyer's row of offers, bought here where we may, at the merchant's otherwise.

import { path } from "./api.js";
import { busy, card, h, leaveFor, loading, pleaseLogIn, quiet, webUrl } from "./dom.js";
import { formatMoney } from "./money.js";
import { returnUrls } from "./return.js";

export function boardCard({ api, config, shopper }) {
  const rowId = config.sample.row_id;
  const board = card("Offers on your board", { id: "board", wide: true });
  if (!shopper) {
    board.show(pleaseLogIn("see the offers on your board"));
    return board.element;
  }
  board.show(loading("Loading your board…"));
  load();
  return board.element;

  async function load() {
    try {
      const row = await api.get(path`/api/rows/${rowId}`);
      board.setTitle(row.title ?? `Offers on row ${rowId}`);
      board.setStatus(row.status);
      const bids = row.bids ?? [];
      board.show(bids.length ? h("ul", { class: "tiles" }, bids.map((bid) => tile(bid, bids.some(({ image_url }) => image_url)))) : quiet("This row has no offers yet."));
    } catch (problem) {
      board.show(quiet("There is no board to show."));
      board.say(problem);
    }
  }

  function tile(bid, pictured) {
    const title = bid.title ?? `Offer ${bid.bid_id}`;
    const price = formatMoney(bid.price_cents, bid.currency);
    return h("li", { class: "tile" },
      pictured ? picture(bid.image_url) : null,
      h("h3", {}, title),
      h("p", { class: "price" }, price || "Price on request"),
      h("div", { class: "actions" },
        bid.buy_now ? buyButton(bid, title) : null,
        webUrl(bid.clickout_url ?? "") && bid.clickout_url
          ? h("a", { href: bid.clickout_url, rel: "noopener sponsored", class: bid.buy_now ? "" : "button secondary" },
            "See it at the merchant", h("span", { class: "unseen" }, `: ${title}`))
          : null));
  }

  function buyButton(bid, title) {
    const button = h("button", {
      type: "button",
      class: "buy",
      onclick: () => {
        board.say();
        // Two offers of one row are one sale: none can be pressed while one is under way.
        const others = [...board.body.querySelectorAll("button.buy")].filter((other) => other !== button);
        busy([button, ...others], async () => {
          try {
            const { checkout_url } = await api.post("/api/checkout/create-session", {
              bid_id: bid.bid_id,
              row_id: rowId,
              ...returnUrls("bid", bid.bid_id),
            });
            return leaveFor(checkout_url);
          } catch (problem) {
            board.say(problem);
            return undefined;
          }
        });
      },
    }, "Buy now", h("span", { class: "unseen" }, `: ${title}`));
    return button;
  }
}

function picture(address) {
  const blank = () => h("div", { class: "picture", "aria-hidden": "true" });
  if (!address || !webUrl(address)) return blank();
  const image = h("img", { class: "picture", src: address, alt: "", loading: "lazy" });
  image.addEventListener("error", () => image.replaceWith(blank()), { once: true });
  return image;
}
