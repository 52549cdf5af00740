"""What holds for every page: anybody can see, read, operate and understand it."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.stack.http_shop import eventually

PAGES = ["/", "/library", "/hero-me", "/products/feelings-poster", "/follow"]
SERIOUS = {"serious", "critical"}
# Text that nobody can read has a width that CSS gave it; this is the narrowest phone.
NARROW = {"width": 360, "height": 740}


def violations(visitor):
    return [
        (violation["id"], [node["target"] for node in violation["nodes"]])
        for violation in Axe().run(visitor.page).response["violations"]
        if violation["impact"] in SERIOUS
    ]


def is_ready(visitor):
    """Wait until the page has all that it shows."""
    expect(visitor.page.get_by_role("heading").first).to_be_visible()
    expect(visitor.page.locator("[aria-busy=true]")).to_have_count(0)


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_a_page_has_no_serious_obstacle(visit, path, colours):
    ada = visit("user_1", color_scheme=colours)
    ada.open(path)
    is_ready(ada)

    assert violations(ada) == []


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_nor_has_what_a_payment_shows_on_its_way(visit, colours, buyer):
    buyer = visit(buyer.sub, color_scheme=colours)
    buyer.open_offer("auction")
    expect(buyer.page.get_by_role("timer")).to_be_visible()
    counting = violations(buyer)
    buyer.go_to_pay("Pay for this auction")
    buyer.press_cancel()
    buyer.sees_heading("You came back without paying")
    is_ready(buyer)
    cancelled = violations(buyer)
    buyer.go_to_pay("Continue to payment")
    buyer.pay()
    buyer.sees_heading("Payment confirmed")
    is_ready(buyer)
    paid = violations(buyer)
    buyer.open("/follow")
    expect(buyer.page.locator(".step")).to_have_count(9)

    assert (counting, cancelled, paid, violations(buyer)) == ([], [], [], [])


@pytest.mark.parametrize("path", PAGES)
def test_a_page_fits_a_narrow_phone(visit, path):
    ada = visit("user_1", viewport=NARROW)
    ada.open(path)
    is_ready(ada)

    assert ada.page.evaluate("document.documentElement.scrollWidth") == NARROW["width"]


def test_one_buys_with_the_keyboard_alone(buyer):
    buyer.open_offer("content")
    buy = buyer.button("Buy this course")
    expect(buy).to_be_enabled()
    page = buyer.page

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the offers")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(buy).to_be_focused()
    page.keyboard.press("Enter")

    expect(page.get_by_label("Card number")).to_be_visible()


def test_who_comes_back_is_told_how_it_went_first(buyer):
    buyer.open_offer("content")
    buyer.go_to_pay("Buy this course")

    buyer.press_cancel()

    heading = buyer.page.get_by_role("heading", name="You came back without paying")
    expect(heading).to_be_focused()


def test_one_becomes_another_shopper_or_nobody(visit):
    somebody = visit("user_1")
    somebody.open("/")
    expect(somebody.card("board")).to_contain_text("Noise-cancelling headphones")

    somebody.press("Ben")
    expect(somebody.card("board")).to_contain_text("Standing desk")
    expect(somebody.button("Ben")).to_be_focused()

    somebody.press("Visitor")
    expect(somebody.card("board")).to_contain_text("Choose a shopper")
    expect(somebody.button("Buy without logging in")).to_be_enabled()


def test_who_comes_for_the_first_time_finds_a_full_shop(browser, stack):
    page = browser.new_page(base_url=stack.storefront_url)
    page.goto("/")

    expect(page.get_by_role("button", name="Ada")).to_have_attribute(
        "aria-pressed", "true"
    )
    page.context.close()


def test_a_payment_is_followed_as_it_happens(buyer):
    buyer.open_offer("content")
    beside = buyer.another_tab()
    beside.open("/follow")
    buyer.go_to_pay("Buy this course")
    session = buyer.shop.stripe.sessions()[0]
    steps = beside.page.locator(".step")
    expect(steps.filter(has_text=session["id"]).first).to_be_visible()
    expect(
        steps.filter(has_text="One transaction fulfills the payment")
    ).to_have_attribute("data-state", "waiting")

    buyer.pay()

    expect(beside.page.get_by_text("9 of 9 steps done")).to_be_visible()
    told = beside.page.inner_text("#payment")
    assert "signature valid, put on the queue" in told
    assert "payments.checkout.session_completed 1" in told
    assert "payments.checkout.completed" in told
    for records in beside.page.locator("summary").all():
        records.click()
    assert "@example.test" not in beside.page.content()


def test_a_person_resets_the_shop_and_what_was_bought_can_be_bought_again(visit):
    ada = visit("user_1")
    course = ada.shop.stack.sample["contents"]["published"]
    own(ada.shop, "user_1", course)
    ada.open("/")
    ada.sees_badge("content", "Yours")

    ada.press("Reset the shop…")
    ada.press("Reset now")

    # Stripe has seen a payment for it, and must take this for another one.
    ada.go_to_pay("Buy this course")


def own(shop, sub, content_id):
    """Have a buyer own the content, if they do not yet."""
    body = {
        "contentId": content_id,
        "successUrl": f"{shop.stack.storefront_url}/done",
        "cancelUrl": f"{shop.stack.storefront_url}/",
    }
    answer = shop.call("POST", "/api/checkout", sub, json=body)
    if answer.ok:
        shop.stripe.pay(answer.json()["sessionId"])
    access = f"/api/access/content/{content_id}"
    eventually(lambda: shop.get(access, sub)["hasAccess"])
