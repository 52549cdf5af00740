"""A page of one's own, on another port of this machine, sells without being named."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, expect

from tests.stack.browser.visitor import CARD, fill_in_card

# What docs/local-stack.md and docs/api.md say, and nothing else.
PAGE = """<!doctype html>
<title>My shop</title>
<button>Buy</button>
<output></output>
<script type="module">
const { api, issuer, content, user } = Object.fromEntries(
  new URLSearchParams(location.hash ? location.hash.slice(1) : sessionStorage.config));
sessionStorage.config ??= location.hash.slice(1);
const form = new URLSearchParams({ sub: user });
const login = await fetch(`${issuer}/token`, { method: "POST", body: form });
const { access_token } = await login.json();
const headers = {
  "Authorization": `Bearer ${access_token}`, "Content-Type": "application/json" };
const show = (text) => { document.querySelector("output").textContent = text; };

document.querySelector("button").onclick = async () => {
  const here = `${location.origin}/back`;
  const body = JSON.stringify(
    { contentId: content, successUrl: here, cancelUrl: here });
  const answer = await fetch(`${api}/api/checkout`, { method: "POST", headers, body });
  location.href = (await answer.json()).sessionUrl;
};
if (location.pathname === "/back") {
  for (;;) {
    const answer = await fetch(`${api}/api/access/content/${content}`, { headers });
    if ((await answer.json()).hasAccess) break;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  show("It is yours");
} else {
  show("Ready");
}
</script>
"""


class OwnFrontend(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(PAGE.encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def frontend() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), OwnFrontend) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        yield f"http://localhost:{server.server_port}"
        server.shutdown()


def test_a_page_on_another_port_buys_content(
    browser: Browser, frontend: str, stack: Any
) -> None:
    page = browser.new_page()
    content = stack.sample["contents"]["published"]
    given = {
        "api": stack.api_url,
        "issuer": stack.issuer_url,
        "content": content,
        "user": f"buyer-{uuid4().hex[:8]}",
    }
    page.goto(f"{frontend}/#{urlencode(given)}")
    expect(page.locator("output")).to_have_text("Ready")

    page.get_by_role("button", name="Buy").click()
    page.wait_for_url(f"{stack.stripe_url}/**")
    fill_in_card(page, CARD)

    page.wait_for_url(f"{frontend}/back")
    expect(page.locator("output")).to_have_text("It is yours")
    page.close()
