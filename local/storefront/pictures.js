// The shop's own drawings, which take on the colours of the page; offers may bring a picture of their own.

import { h, webUrl } from "./dom.js";

const SVG = "http://www.w3.org/2000/svg";

/** A drawing of `pictures.svg`. Nobody needs to hear of it: the words beside it say the same. */
export function drawing(name, className = "") {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", className);
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `/pictures.svg#${name}`);
  svg.append(use);
  return svg;
}

// What stands for an offer until its own picture has come, by a word of its title.
const BY_WORD = [
  [/repair/i, "repair"],
  [/headphone|hush/i, "headphones"],
  [/desk/i, "desk"],
];

/** The offer's own picture once it has loaded, a drawing until then and if it never does. */
export function picture(address, title) {
  const name = BY_WORD.find(([word]) => word.test(title))?.[1] ?? "parcel";
  const drawn = drawing(name, "picture");
  if (address && webUrl(address)) {
    const image = h("img", { class: "picture", src: address, alt: "" });
    image.addEventListener("load", () => drawn.replaceWith(image), { once: true });
  }
  return drawn;
}
