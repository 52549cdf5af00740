"""
A browser in front of the deployed stack.

It is the one that `CHECKOUT_BROWSER` names, or the first Chromium on the path; without
one these tests are skipped, and say so. `make browser` installs Debian's.
"""

from uuid import uuid4

import pytest
from playwright.sync_api import expect, sync_playwright

from local.browser import ARGUMENTS, find_browser
from tests.stack.browser.visitor import PATIENCE_MS, Visitor


@pytest.fixture(scope="session")
def browser():
    path = find_browser()
    if path is None:
        pytest.skip("No browser is here: `make browser` installs one.")
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def visit(browser, shop):
    """Open the storefront as a shopper, None is a visitor who has not logged in."""
    contexts = []

    def open_shop(sub, **options):
        context = browser.new_context(
            **{"base_url": shop.stack.storefront_url} | options
        )
        contexts.append(context)
        return Visitor.in_context(context, shop, sub)

    yield open_shop
    for context in contexts:
        context.close()


@pytest.fixture
def buyer(visit):
    """A new buyer, who has nothing yet, in the shop."""
    return visit(f"buyer-{uuid4().hex[:8]}")


@pytest.fixture
def a_fresh_minute(shop):
    """Forget who has bought without logging in; ten a minute may, and we are many."""
    for item in shop.aws.items("PaymentSessionsTable"):
        if item["id"].startswith("rate#"):
            shop.aws.delete("PaymentSessionsTable", item)
