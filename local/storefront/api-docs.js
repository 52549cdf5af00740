// Shows the OpenAPI document of the running stack.

const doc = document.getElementById("doc");
const notice = document.getElementById("notice");

// RapiDoc's own colours are too pale to read.
const READABLE = `
  *, *::before, *::after { --light-fg: #57606a; --blue: #0b5cad; --green: #2f6f00; --red: #b3261e; }
  .blue-text, .descr { color: #2b5a86; }
`;

// Nor do its fields have names for a screen reader.
const NAMES = { TEXTAREA: "Example of the body", SELECT: "Which one to show", INPUT: "Value" };

function name(root) {
  for (const field of root.querySelectorAll("textarea, select, input")) {
    if (!field.labels.length) field.setAttribute("aria-label", NAMES[field.tagName]);
  }
}

const attachShadow = Element.prototype.attachShadow;
Element.prototype.attachShadow = function attach(init) {
  const root = attachShadow.call(this, init);
  new MutationObserver(() => name(root)).observe(root, { childList: true, subtree: true });
  return root;
};

async function json(answer) {
  if (!answer.ok) {
    throw new Error(`${answer.url} answers ${answer.status}`);
  }
  return answer.json();
}

async function show() {
  const config = await json(await fetch("/config.json"));
  const address = `${config.api_url}/openapi.json`;
  document.getElementById("document").href = address;
  const description = await json(await fetch(address));
  description.servers = [{ url: config.api_url, description: "The local stack" }];
  await customElements.whenDefined("rapi-doc");
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(READABLE);
  doc.shadowRoot.adoptedStyleSheets.push(sheet);
  await doc.loadSpec(description);
}

show().catch((problem) => {
  notice.textContent = `The document cannot be shown: ${problem.message}.`;
});
