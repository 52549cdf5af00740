// The board: a row of bids, bought here if possible, at an agreed price, or at the merchant.

import { path } from "./api.js";
import { badgeFor, busy, card, h, loading, pleaseLogIn, quiet, webUrl } from "./dom.js";
import { formatMoney } from "./money.js";
import { drawing, picture } from "./pictures.js";
import { leaveToPay, returnUrls } from "./return.js";

export function boardCard({ api, sample, shopper }, rowId = sample?.row_id) {
  const board = card("Offers on your board", { eyebrow: "Board", id: "board", wide: true });
  if (!shopper || !rowId) {
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
      board.show(
        row.pending_bid_id ? h("p", { class: "quiet" },
          "Your payment is not decided yet. Until it is, nothing else of this row can be bought. Please do not pay again. Its reference is in ",
          h("a", { href: "/library" }, "your library"), ".") : null,
        row.bids.length
          ? h("ul", { class: "tiles" }, row.bids.map((bid) => tile(bid, row.pending_bid_id)))
          : quiet("This row has no offers yet."));
    } catch (problem) {
      board.show(quiet("There is no board to show."));
      board.say(problem);
    }
  }

  function tile(bid, pendingBidId) {
    const pending = bid.bid_id === pendingBidId;
    const title = bid.title ?? `Offer ${bid.bid_id}`;
    const price = formatMoney(bid.price_cents, bid.currency);
    return h("li", { class: bid.purchased ? "tile bought" : "tile" },
      picture(bid.image_url),
      h("h3", {}, title),
      bid.purchased ? h("p", { class: "owned" }, drawing("check"), badgeFor("purchased"), " This one is yours.") : null,
      pending ? badgeFor("pending") : null,
      h("p", { class: price ? "price" : "price none" }, price || "Price on request"),
      h("div", { class: "actions" },
        bid.buy_now && !pendingBidId ? buyButton("Buy now", title, buyBid(bid)) : null,
        bid.quote ? payButton(bid.quote, title) : null,
        affiliateLink(bid, title)));
  }

  function affiliateLink(bid, title) {
    if (!bid.clickout_url || !webUrl(bid.clickout_url)) return null;
    const label = bid.buy_now ? "At the merchant’s" : "Go to the merchant";
    return h("a", {
      href: bid.clickout_url,
      rel: "noopener sponsored",
      class: bid.buy_now ? "" : "button secondary",
      "aria-label": `${label}: ${title}`,
    }, label);
  }

  function payButton(quote, title) {
    const price = formatMoney(quote.price_cents, quote.currency);
    return buyButton(`Pay the agreed price, ${price}`, title, () => api.post("/api/checkout/quote", {
      quote_id: quote.quote_id,
      ...returnUrls("quote"),
    }, { anonymous: true }));
  }

  function buyBid(bid) {
    return () => api.post("/api/checkout/create-session", {
      bid_id: bid.bid_id,
      row_id: rowId,
      ...returnUrls("bid"),
    });
  }

  function buyButton(label, title, create) {
    const button = h("button", {
      type: "button",
      class: "buy",
      "aria-label": `${label}: ${title}`,
      onclick: () => buy(create, button),
    }, label);
    return button;
  }

  function buy(create, button) {
    board.say();
    // Only one bid of a row can be sold: disable the other buttons during the request.
    const others = [...board.body.querySelectorAll("button.buy")].filter((other) => other !== button);
    busy([button, ...others], async () => {
      try {
        return leaveToPay(await create());
      } catch (problem) {
        board.say(problem);
        if (problem.status === 409) load(); // bought in another window
        return undefined;
      }
    });
  }
}
