// The page: who is shopping, what brought them here, and the cards that fit.

import { createApi } from "./api.js";
import { auctionCard } from "./auction.js";
import { boardCard } from "./board.js";
import { contentCard } from "./content.js";
import { deskFooter } from "./desk.js";
import { say } from "./dom.js";
import { orderCard } from "./order.js";
import { productCard } from "./product.js";
import { purchasesCard } from "./purchases.js";
import { cancelledPanel, readReturn, returnPanel } from "./return.js";
import { currentShopper, forgetShopper, isFirstVisit, logIn, shopperSwitch } from "./session.js";

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
    // Whoever comes for the first time sees a full shop, as the first of the sample shoppers.
    if (isFirstVisit()) await logIn(config.issuer_url, config.sample.shoppers[0]);
  } catch (problem) {
    console.error(problem);
    say(notice, "The shop is not ready yet. Please reload in a moment.");
    return;
  }
  place("footer").replaceChildren(...deskFooter({ config }));
  for (const link of document.querySelectorAll(".nav a")) {
    if (link.pathname === location.pathname) link.setAttribute("aria-current", "page");
  }
  render();
}

/** Builds everything from scratch: at start, for another shopper, and on coming back with the back button. */
function render(news) {
  rendered.abort();
  rendered = new AbortController();
  const shopper = currentShopper();
  say(notice, news);
  place("shopper").replaceChildren(shopperSwitch({
    config,
    shopper,
    onChange: () => { render(); place("shopper").querySelector("[aria-pressed=true]").focus(); },
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
      render("Your login has ended. Please choose a shopper again.");
    },
  });
  const sample = config.sample.shoppers.find(({ sub }) => sub === shopper?.sub);
  return { api, config, sample, shopper, signal };
}

/** What the shopper came back from. Cards wait for its end, so that nothing just paid is offered again. */
function followPayment(shopper) {
  const returned = readReturn(location);
  place("intro").classList.toggle("unseen", Boolean(returned) || location.pathname !== "/");
  place("returned").replaceChildren();
  if (!returned) return false;
  const panel = returned.cancelled
    ? cancelledPanel()
    : returnPanel(shopFor(shopper, rendered.signal), returned, () => { sayItOnce(); renderCards(shopper); });
  place("returned").replaceChildren(panel);
  panel.querySelector("h2").focus();
  if (returned.cancelled) sayItOnce();
  else place("cards").replaceChildren();
  return !returned.cancelled;
}

/** A reload, or another shopper, does not hear of this payment again. */
function sayItOnce() {
  history.replaceState(null, "", location.pathname);
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
  if (page === "library") return [purchasesCard(shop)];
  if (page === "rows" && id) return [boardCard(shop, id)];
  if (page === "orders" && id) return [orderCard(shop, id)];
  if (page === "auctions" && id) return [auctionCard(shop, id)];
  if (page === "content" && id) return [contentCard(shop, id)];
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
