"""The page on which one reads the API, as the running stack describes it."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

SERIOUS = {"serious", "critical"}
SIZES = {
    "desk": {"width": 1280, "height": 800},
    "phone": {"width": 360, "height": 740},
}


@pytest.fixture(params=SIZES.values(), ids=SIZES)
def page(browser, stack, request):
    page = browser.new_page(base_url=stack.storefront_url, viewport=request.param)
    yield page
    page.context.close()


def test_one_reads_an_operation_and_the_console_stays_empty(page):
    said = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("requestfailed", lambda request: said.append(request.url))
    page.goto("/api-docs")
    operation = page.get_by_text("/api/checkout/create-session")

    operation.click()

    expect(page.get_by_text("Called as a buyer.").first).to_be_visible()
    expect(page.get_by_label("Example of the body")).to_have_value(re.compile("bid_id"))
    assert said == []
    assert obstacles(page) == []
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width == page.viewport_size["width"]


def obstacles(page):
    return [
        (found["id"], [node["target"] for node in found["nodes"]])
        for found in Axe().run(page).response["violations"]
        if found["impact"] in SERIOUS
    ]
