"""Frontends that are not the sample shop, on ports of their own, beside the stack."""

import re
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Route, expect

from tests.npm import NODE, copy_of_example
from tests.stack.browser.visitor import FRAME, PATIENCE_MS, fill_in_card
from tests.stack.http_shop import eventually
from tests.stripe_side import CARD
from tests.template_file import ROOT

SERIOUS = {"serious", "critical"}
README_STOREFRONT = "http://localhost:3000"


@pytest.fixture
def page(browser: Any) -> Iterator[Page]:
    context = browser.new_context()
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    thrown: list[str] = []
    page.on("pageerror", lambda error: thrown.append(str(error)))
    yield page
    context.close()
    assert thrown == []


def has_no_serious_obstacle(page: Page) -> bool:
    found = Axe().run(page).response["violations"]
    return [each["id"] for each in found if each["impact"] in SERIOUS] == []


# ---------------------------------------------------------------- examples/react


@pytest.fixture(scope="module")
def react(stack: Any, tmp_path_factory: Any) -> Iterator[str]:
    """The example, started as `make example` starts it; returns its address."""
    example = copy_of_example()
    port = free_port()
    env = {"EXAMPLE_PORT": str(port), "STOREFRONT_URL": stack.storefront_url}
    log = tmp_path_factory.mktemp("react") / "vite.log"
    with started_vite(example, env, log):
        url = f"http://localhost:{port}"
        eventually(lambda: answers(url))
        yield url


@contextmanager
def started_vite(example: Path, env: dict[str, str], log: Path) -> Iterator[None]:
    vite = example / "node_modules/vite/bin/vite.js"
    with log.open("wb") as file:
        server = subprocess.Popen(
            [str(NODE), vite], cwd=example, env=env, stdout=file, stderr=file
        )
    try:
        yield
    finally:
        server.terminate()
        server.wait(30)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).ok
    except requests.ConnectionError:
        return False


def test_the_react_example_sells_content_on_stripes_page(react, page):
    page.goto(react)
    page.get_by_role("button", name="Buy", exact=True).click()
    fill_in_card(page, CARD)

    expect(page.get_by_role("status")).to_have_text("Payment confirmed.")
    expect(page.get_by_text("This is yours.")).to_be_visible()
    assert page.url.startswith(f"{react}/?session_id=cs_test_")
    assert has_no_serious_obstacle(page)


def test_a_buyer_who_comes_back_to_the_react_example_without_paying_may_buy(
    react, page
):
    page.goto(react)
    page.get_by_role("button", name="Buy", exact=True).click()
    page.get_by_role("link", name=re.compile("back", re.IGNORECASE)).click()

    expect(page.get_by_role("status")).to_contain_text("Nothing was charged.")
    expect(page.get_by_role("button", name="Buy", exact=True)).to_be_enabled()


@pytest.mark.usefixtures("a_fresh_minute")
def test_the_react_example_sells_a_product_in_stripes_form(react, page):
    warnings = []
    page.on("console", lambda message: warnings.append(message.text))
    page.goto(react)
    page.get_by_role("button", name="Buy without logging in").click()
    fill_in_card(page.frame_locator(FRAME), CARD)

    expect(page.get_by_role("status")).to_have_text("Payment confirmed.")
    expect(page.get_by_role("button", name="Buy without logging in")).to_be_enabled()
    # Stripe's package has taken mocktill's script for the release that it expects.
    assert [text for text in warnings if "Stripe.js" in text] == []


@pytest.mark.usefixtures("a_fresh_minute")
def test_a_refusal_in_the_react_example_is_a_sentence(react, page, shop):
    product = shop.aws.item("OffersTable", "product#hero-me-feelings")
    shop.aws.put("OffersTable", product | {"status": "withdrawn"})
    try:
        page.goto(react)
        page.get_by_role("button", name="Buy without logging in").click()
        alert = page.get_by_role("alert")
        expect(alert).to_have_text(re.compile(r"^[A-Z].*\.$"))
    finally:
        shop.aws.put("OffersTable", product)


# ---------------------------------------------------------------- README.md


@pytest.fixture
def own_page(tmp_path: Path) -> Iterator[str]:
    """The page of README.md, served from a port of its own; its address."""
    section = (ROOT / "README.md").read_text().split("## Your own frontend")[1]
    [page] = re.findall(r"```html\n(.*?)```", section, re.DOTALL)
    (tmp_path / "index.html").write_text(page)

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Say nothing."""

    handler = partial(Quiet, directory=tmp_path)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        yield f"http://localhost:{server.server_port}"
        server.shutdown()


@pytest.fixture
def storefront_at_its_default_port(page: Page, stack: Any) -> None:
    """The page names the default port; the storefront of a test has another one."""

    def from_the_stack(route: Route) -> None:
        url = route.request.url.replace(README_STOREFRONT, stack.storefront_url)
        route.fulfill(response=route.fetch(url=url))

    if stack.storefront_url != README_STOREFRONT:
        page.route(f"{README_STOREFRONT}/**", from_the_stack)


@pytest.mark.usefixtures("storefront_at_its_default_port")
def test_a_page_of_ones_own_buys_content_by_the_readme_alone(own_page, page):
    page.goto(own_page)
    expect(page.get_by_role("heading")).to_contain_text("Calm mornings")
    page.get_by_role("button", name="Buy").click()
    fill_in_card(page, CARD)

    expect(page.get_by_role("status")).to_have_text("Paid: this is yours.")
    expect(page.get_by_role("button", name="Buy")).to_be_hidden()
    assert page.url.startswith(f"{own_page}/?session_id=cs_test_")
    assert has_no_serious_obstacle(page)


@pytest.mark.usefixtures("storefront_at_its_default_port")
def test_the_page_of_the_readme_says_so_if_the_shop_cannot_be_reached(own_page, page):
    page.goto(own_page)
    buy = page.get_by_role("button", name="Buy")
    expect(buy).to_be_visible()
    page.route("**/api/checkout/content", lambda route: route.abort())

    buy.click()

    expect(page.get_by_role("status")).to_contain_text("The shop cannot be reached.")
