// Pictures: the offers' own images, and the shop's drawings, in the colours of the page.

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

/** The offer's own image, or a drawing if it has none or none that loads. */
export function picture(address, otherwise = "parcel") {
  const drawn = drawing(otherwise, "picture");
  if (!address || !webUrl(address)) return drawn;
  const image = h("img", { class: "picture", src: address, alt: "" });
  image.addEventListener("error", () => image.replaceWith(drawn), { once: true });
  return image;
}
