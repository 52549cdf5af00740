"""`make screenshots`: takes the screenshots in docs/images of the running stack."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Literal

from playwright.sync_api import expect, sync_playwright

from local import settings, stack_file
from local.browser import ARGUMENTS, find_browser

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, ViewportSize

IMAGES = settings.ROOT / "docs/images"
DESKTOP: ViewportSize = {"width": 1200, "height": 800}
TALL: ViewportSize = {"width": 1200, "height": 1240}
PHONE: ViewportSize = {"width": 360, "height": 740}
TIMEOUT_MS = 60_000


def main() -> int:
    try:
        url = stack_file.running_stack(settings.folder())["storefront_url"]
    except settings.StackError as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    path = find_browser()
    if path is None:
        sys.stderr.write("No browser is installed: run `make browser`.\n")
        return 1
    IMAGES.mkdir(exist_ok=True)
    expect.set_options(timeout=TIMEOUT_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        take_all(browser, url)
        browser.close()
    return 0


def take_all(browser: Browser, url: str) -> None:
    shop = open_page(browser, url, "light")
    reset(shop)
    take(shop, "shop")
    buy(shop, "Buy now: Hush 300 over-ear headphones")
    take(shop, "paid")
    shop.goto("/follow")
    wait_until_loaded(shop)
    expect(shop.get_by_text("9 of 9 steps done")).to_be_visible()
    shop.set_viewport_size(TALL)
    take(shop, "follow")
    phone = open_page(browser, url, "dark", PHONE)
    phone.goto("/auctions/auction_1")
    expect(phone.get_by_role("timer")).to_be_visible()
    take(phone, "phone")


def open_page(
    browser: Browser,
    url: str,
    colours: Literal["light", "dark"],
    size: ViewportSize = DESKTOP,
) -> Page:
    page = browser.new_page(base_url=url, color_scheme=colours, viewport=size)
    page.set_default_timeout(TIMEOUT_MS)
    page.goto("/")
    wait_until_loaded(page)
    return page


def reset(page: Page) -> None:
    page.get_by_role("button", name="Reset the shop…").click()
    with page.expect_navigation():
        page.get_by_role("button", name="Reset now").click()
    wait_until_loaded(page)


def buy(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).click()
    page.get_by_label("Card number").fill("4242424242424242")
    page.get_by_label("Expir").fill("12 / 34")
    page.get_by_label("CVC").fill("123")
    page.get_by_role("button", name="Pay").click()
    expect(page.get_by_role("heading", name="Payment confirmed")).to_be_visible()
    wait_until_loaded(page)


def wait_until_loaded(page: Page) -> None:
    expect(page.get_by_role("heading").first).to_be_visible()
    expect(page.locator("[aria-busy=true]")).to_have_count(0)


def take(page: Page, name: str) -> None:
    page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    page.screenshot(path=IMAGES / f"{name}.png")


if __name__ == "__main__":
    sys.exit(main())
