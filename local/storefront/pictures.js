// Pictures: the shop's drawings, in the colours of the page, and the offers' own images.

import { h, webUrl } from "./dom.js";

const SVG = "http://www.w3.org/2000/svg";

/** A drawing from `pictures.svg`, hidden from screen readers because the text beside it says the same. */
export function drawing(name, className = "") {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", className);
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `/pictures.svg#${name}`);
  svg.append(use);
  return svg;
}

// The drawing for an offer, by a word in its title.
const BY_WORD = [
  [/repair/i, "repair"],
  [/headphone|hush/i, "headphones"],
  [/desk/i, "desk"],
  [/record player/i, "turntable"],
  [/poster/i, "posters"],
];

/** A drawing that is replaced by the offer's own image when that has loaded. */
export function picture(address, title, otherwise = "parcel") {
  const name = BY_WORD.find(([word]) => word.test(title))?.[1] ?? otherwise;
  const drawn = drawing(name, "picture");
  if (address && webUrl(address)) {
    const image = h("img", { class: "picture", src: address, alt: "" });
    image.addEventListener("load", () => drawn.replaceWith(image), { once: true });
  }
  return drawn;
}
