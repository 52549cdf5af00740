// The page: who is shopping, what brought them here, and the cards that fit.

import { createApi } from "./api.js";
import { auctionCard } from "./auction.js";
import { boardCard } from "./board.js";
import { contentCard } from "./content.js";
import { say } from "./dom.js";
import { orderCard } from "./order.js";
import { productCard } from "./product.js";
import { purchasesCard } from "./purchases.js";
import { cancelledPanel, readReturn, returnPanel } from "./return.js";
import { currentShopper, forgetShopper, loginCorner } from "./session.js";

const place = (id) => document.getElementById(id);
const notice = place("notice");

let config;
let rendered = new AbortController(); // aborted when the page is rendered anew
let cardsRendered = new AbortController();

async function start() {
  try {
    const response = await fetch("/config.json", { cache: "no-store" });
    if (!response.ok) throw new Error(`config.json answered ${response.status}`);
    config = await response.json();
  } catch (problem) {
    console.error(problem);
    say(notice, "The shop is not ready yet. Please reload in a moment.");
    return;
  }
  if (config.stripe_publishable_key?.startsWith("pk_test_")) {
    place("footer").textContent = "Test mode, no real money: pay with card 4242 4242 4242 4242, any future date and any code.";
  }
  render();
}

/** Builds everything from scratch: at start, after login and logout, and on coming back with the back button. */
function render(news) {
  rendered.abort();
  rendered = new AbortController();
  const shopper = currentShopper();
  say(notice, news);
  place("login").replaceChildren(loginCorner({
    config,
    shopper,
    onChange: (words) => { render(words); place("login").querySelector("button").focus(); },
    onProblem: (problem) => say(notice, problem),
  }));
  if (!followPayment(shopper)) renderCards(shopper);
}

function shopFor(shopper, signal) {
  const api = createApi({
    apiUrl: config.api_url,
    token: shopper?.token,
    signal,
    onLoginEnded: () => {
      if (currentShopper()?.token !== shopper.token) return; // another card was refused first
      forgetShopper();
      render("Your login has ended. Please log in again.");
    },
  });
  return { api, config, shopper, signal };
}

/** What the shopper came back from. Cards wait for its end, so that nothing just paid is offered again. */
function followPayment(shopper) {
  const returned = readReturn(location);
  if (!returned) return false;
  place("title").classList.add("unseen");
  const panel = returned.cancelled
    ? cancelledPanel()
    : returnPanel(shopFor(shopper, rendered.signal), returned, () => renderCards(shopper));
  place("returned").replaceChildren(panel);
  panel.querySelector("h2").focus();
  if (!returned.cancelled) {
    place("cards").replaceChildren();
    return true;
  }
  history.replaceState(null, "", location.pathname); // said once: a reload does not say it again
  return false;
}

/** The cards alone: what a payment changes. */
function renderCards(shopper) {
  cardsRendered.abort();
  cardsRendered = new AbortController();
  const shop = shopFor(shopper, cardsRendered.signal);
  place("cards").replaceChildren(...cardsFor(location.pathname, shop));
}

function cardsFor(pathname, shop) {
  const [, page, id] = pathname.split("/").map((part) => decodePart(part));
  if (page === "hero-me") return [productCard(shop)];
  if (page === "orders" && id) return [orderCard(shop, id), purchasesCard(shop)];
  if (page === "auctions" && id) return [auctionCard(shop, id), purchasesCard(shop)];
  return [boardCard(shop), auctionCard(shop), orderCard(shop), contentCard(shop), productCard(shop), purchasesCard(shop)];
}

function decodePart(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

// The back button can bring back the page as it was left, its buttons still disabled.
addEventListener("pageshow", (event) => {
  if (event.persisted && config) render();
});

start();
