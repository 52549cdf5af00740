// Builds dist/paidonce.js and dist/paidonce.d.ts from src/ and the OpenAPI document.
// The first line of both names the inputs' hash, which tests compare without Node.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";
import openapiTS, { astToString } from "openapi-typescript";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const DOCUMENT = join(HERE, "../../functions/openapi/openapi.json");
const out = process.argv[2] ?? join(HERE, "dist");

/** The inputs, in the order of their names: what somebody edits, and the versions of the tools. */
function inputs() {
  const sources = readdirSync(join(HERE, "src")).filter((name) => name.endsWith(".ts"));
  const own = ["build.mjs", "package-lock.json", "package.json", "tsconfig.json"];
  return [...own, ...sources.map((name) => `src/${name}`)].sort().map((name) => join(HERE, name)).concat(DOCUMENT);
}

function hash() {
  const sum = createHash("sha256");
  for (const file of inputs()) sum.update(readFileSync(file)).update("\0");
  return sum.digest("hex");
}

async function generate() {
  const document = JSON.parse(readFileSync(DOCUMENT, "utf8"));
  const anonymous = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations)
      .filter(([, { security }]) => security?.length === 0)
      .map(([method]) => `${method.toUpperCase()} ${path}`));
  mkdirSync(join(HERE, "src/generated"), { recursive: true });
  writeFileSync(join(HERE, "src/generated/anonymous.ts"),
    `export const ANONYMOUS = new Set<string>(${JSON.stringify(anonymous, null, 2)});\n`);
  writeFileSync(join(HERE, "src/generated/schema.d.ts"), astToString(await openapiTS(document, { defaultNonNullable: false })));
}

function run(command, ...options) {
  execFileSync(join(HERE, "node_modules/.bin", command), options, { cwd: HERE, stdio: ["ignore", "ignore", "inherit"] });
}

await generate();
run("tsc");
mkdirSync(out, { recursive: true });
const banner = `// The client of the paidonce API (MIT; with openapi-fetch, see LICENSE.openapi-fetch), made by \`make client\`; inputs sha256 ${hash()}`;
await build({
  absWorkingDir: HERE,
  entryPoints: ["src/index.ts"],
  outfile: join(out, "paidonce.js"),
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  banner: { js: banner },
  legalComments: "inline",
});
const types = join(out, "paidonce.d.ts");
run("dts-bundle-generator", "--silent", "--no-banner", "--no-check", "--project", "tsconfig.json",
  "--external-inlines", "openapi-fetch", "openapi-typescript-helpers", "--out-file", relative(HERE, types), "--", "src/index.ts");
writeFileSync(types, `${banner}\n${readFileSync(types, "utf8")}`);
copyFileSync(join(HERE, "node_modules/openapi-fetch/LICENSE"), join(out, "LICENSE.openapi-fetch"));
