// Lets Node import the client from where the storefront's server serves it: node --import <this file>

import { register } from "node:module";

const dist = new URL("../../../clients/typescript/dist/", import.meta.url).href;

register(`data:text/javascript,${encodeURIComponent(`
  export function resolve(specifier, context, next) {
    const elsewhere = specifier.startsWith("/client/") ? ${JSON.stringify(dist)} + specifier.slice(8) : specifier;
    return next(elsewhere, context);
  }
`)}`);
