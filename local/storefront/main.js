// The shop's page: chooses the shopper, handles a return from payment, and renders the cards.

import { adminFooter } from "./admin.js";
import { createApi } from "./api.js";
import { auctionCard } from "./auction.js";
import { boardCard } from "./board.js";
import { contentCard } from "./content.js";
import { h, pleaseLogIn, quiet, reference, say } from "./dom.js";
import { moreCard } from "./more.js";
import { orderCard } from "./order.js";
import { productCard } from "./product.js";
import { purchasesCard } from "./purchases.js";
import { cancelledPanel, readReturn, returnPanel } from "./return.js";
import { currentShopper, isFirstVisit, logIn, logOut, shopperSwitch } from "./session.js";

const place = (id) => document.getElementById(id);
const notice = place("notice");

let config;
let rendered = new AbortController(); // aborted when the page is rendered again
let cardsRendered = new AbortController();

async function start() {
  try {
    const response = await fetch("/config.json", { cache: "no-store" });
    if (!response.ok) throw new Error(`config.json answered ${response.status}`);
    config = await response.json();
    // On the first visit, log in the first sample shopper, so that the shop is not empty.
    if (isFirstVisit()) await logIn(config.issuer_url, config.sample.shoppers[0]);
  } catch (problem) {
    console.error(problem);
    say(notice, "The shop is not ready yet. Please reload in a moment.");
    return;
  }
  place("footer").replaceChildren(...adminFooter({ config }));
  for (const link of document.querySelectorAll(".nav a")) {
    if (link.pathname === location.pathname) link.setAttribute("aria-current", "page");
  }
  render();
}

/** Renders the whole page: at the start, for another shopper, and after the back button. */
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
      if (currentShopper()?.token !== shopper.token) return; // another card has handled it
      logOut();
      render("Your login has expired. Please choose a shopper again.");
    },
  });
  const sample = config.sample.shoppers.find(({ sub }) => sub === shopper?.sub);
  return { api, config, sample, shopper, signal };
}

/** Shows the result after a return from payment. The cards wait for it, so that they do not offer what was just paid. */
function followPayment(shopper) {
  const returned = readReturn(location);
  place("intro").classList.toggle("unseen", Boolean(returned) || location.pathname !== "/");
  place("returned").replaceChildren();
  if (!returned) return false;
  const shop = shopFor(shopper, rendered.signal);
  const panel = returned.cancelled
    ? cancelledPanel(shop, () => renderCards(shopper))
    : returnPanel(shop, returned, () => { showReference(panel, returned.sessionId); clearReturn(); renderCards(shopper); });
  place("returned").replaceChildren(panel);
  panel.querySelector("h2").focus();
  if (returned.cancelled) clearReturn();
  else place("cards").replaceChildren();
  return !returned.cancelled;
}

/** Shows an id to ask about: Stripe's, if the panel has no purchase with an id of ours. */
function showReference(panel, sessionId) {
  panel.querySelector(":scope > .reference")?.remove();
  if (!panel.querySelector(".reference")) panel.append(reference(sessionId));
}

/** Removes the payment from the address, so that a reload does not show its result again. */
function clearReturn() {
  history.replaceState(null, "", location.pathname);
}

/** Renders the cards only. */
function renderCards(shopper) {
  cardsRendered.abort();
  cardsRendered = new AbortController();
  const shop = shopFor(shopper, cardsRendered.signal);
  place("cards").replaceChildren(...cardsFor(location.pathname, shop));
}

function cardsFor(pathname, shop) {
  const [, page, id] = pathname.split("/").map((part) => decodePart(part));
  if (page === "hero-me") return [productCard(shop)];
  if (page === "products" && id) return [productCard(shop, id)];
  if (page === "library") return [purchasesCard(shop)];
  if (page === "rows" && id) return [boardCard(shop, id)];
  if (page === "orders" && id) return [orderCard(shop, id)];
  if (page === "auctions" && id) return [auctionCard(shop, id)];
  if (page === "content" && id) return [contentCard(shop, id)];
  if (page) return place("returned").hasChildNodes() ? [] : [noSuchPage()];
  // One sentence for a visitor, instead of one in each card.
  if (!shop.shopper) return [visitorNote(), ...[contentCard, productCard, moreCard].map((card) => card({ ...shop, told: true }))];
  return [boardCard(shop), auctionCard(shop), orderCard(shop), contentCard(shop), productCard(shop), moreCard(shop), purchasesCard(shop)];
}

function visitorNote() {
  return h("div", { id: "visitor", class: "wide" }, pleaseLogIn("see offers, an auction, an order and purchases of your own, and to buy a course"));
}

function noSuchPage() {
  document.title = "No such page – Corner Shop";
  return h("section", { class: "panel wide" },
    h("h1", {}, "There is no such page"), quiet("The address may be mistyped, or what was here is gone."),
    h("p", {}, h("a", { href: "/" }, "Back to the shop")));
}

function decodePart(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

// The back button can restore the page from the browser's cache, with its buttons still disabled.
addEventListener("pageshow", (event) => {
  if (event.persisted && config) render();
});

start();
