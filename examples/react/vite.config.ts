import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const CLIENT = fileURLToPath(new URL("../../clients/typescript/dist", import.meta.url));

/** The address of the running stack's storefront, where the page finds its configuration. */
function storefrontUrl(): string {
  if (process.env.STOREFRONT_URL) return process.env.STOREFRONT_URL;
  const folder = process.env.CHECKOUT_LOCAL_DIR ?? ".local";
  try {
    const stack = readFileSync(new URL(`../../${folder}/stack.json`, import.meta.url), "utf8");
    return JSON.parse(stack).storefront_url;
  } catch {
    console.error("No stack is running: start `make run` in another terminal.");
    process.exit(1);
  }
}

export default defineConfig(({ command }) => ({
  plugins: [react()],
  resolve: { alias: { paidonce: `${CLIENT}/paidonce.js` } },
  define: { STOREFRONT_URL: JSON.stringify(command === "serve" ? storefrontUrl() : "") },
  server: {
    port: Number(process.env.EXAMPLE_PORT ?? 5173),
    strictPort: true,
    fs: { allow: [".", CLIENT] },
  },
}));
