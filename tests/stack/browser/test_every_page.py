"""What holds for every page: anybody can see, read, operate and understand it."""

from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.stack.browser.visitor import FRAME, fill_in_card
from tests.stack.http_shop import eventually
from tests.stripe_side import CARD

ASKS_TO_AUTHENTICATE = "4000002760003184"
MOST_TABS = 25

SERIOUS = {"serious", "critical"}
THIS_MACHINE = {"localhost", "127.0.0.1"}
# Text that nobody can read has a width that CSS gave it; this is the narrowest phone.
NARROW = {"width": 360, "height": 740}
LOOKS = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "narrow": {"viewport": NARROW},
}


class Tour:
    """Somebody who looks at pages, and notes what is wrong with each."""

    def __init__(self, visitor):
        self.visitor, self.page = visitor, visitor.page
        self.seen, self.problems = [], []
        context = self.page.context
        context.on("console", self._hear)
        context.on("weberror", lambda error: self._note(str(error.error)))
        context.on("request", self._follow)

    def open(self, name, address):
        self.visitor.open(address)
        self.look(name)

    def look(self, name):
        """Look at the page that is open, once it shows everything."""
        self.seen.append(name)
        is_ready(self.visitor)
        self.problems += [(name, found) for found in violations(self.visitor)]
        shown, whole = self.page.evaluate(
            "[innerWidth, document.documentElement.scrollWidth]"
        )
        if whole > shown:
            self._note(f"{whole} pixels are wider than {shown}")

    def _hear(self, message):
        if message.type in ("error", "warning"):
            self._note(f"{message.text} ({message.location['url']})")

    def _follow(self, request):
        url = urlsplit(request.url)
        if url.scheme != "data" and url.hostname not in THIS_MACHINE:
            self._note(request.url)

    def _note(self, problem):
        self.problems.append((self.seen[-1:], problem))


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


def pages_of_the_shop(sample):
    with_options = sample["with_options"]
    return {
        "shop": "/",
        "row": "/rows/7",
        "auction": "/auctions/auction_1",
        "order": "/orders/order_1",
        "content": f"/content/{sample['contents']['published']}",
        "content with options": f"/content/{with_options['content_id']}",
        "product": "/hero-me",
        "product with options": f"/products/{with_options['product_id']}",
        "library": "/library",
        "follow": "/follow",
        "no such page": "/nowhere",
    }


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("shopper", ["user_1", "user_2", None])
def test_every_page_of_the_shop_is_without_fault(visit, look, shopper):
    tour = Tour(visit(shopper, **LOOKS[look]))
    # A row, an auction and an order are their owner's.
    own = {"row", "auction", "order"} if shopper == "user_2" else set()

    for name, address in pages_of_the_shop(tour.visitor.shop.stack.sample).items():
        if name not in own:
            tour.open(name, address)
    tour.visitor.open("/")
    tour.visitor.press("Reset the shop…")
    tour.look("admin")

    assert tour.problems == []


@pytest.mark.usefixtures("a_fresh_minute")
@pytest.mark.parametrize("look", LOOKS)
def test_every_page_of_a_payment_is_without_fault(visit, buyer, look):
    buyer = visit(buyer.sub, **LOOKS[look])
    tour, page = Tour(buyer), buyer.page

    auction = buyer.open_offer("auction")
    expect(page.get_by_role("timer")).to_be_visible()
    tour.look("countdown")
    buyer.go_to_pay("Pay for this auction")
    tour.look("payment page")
    buyer.press_cancel()
    buyer.sees_heading("You came back without paying")
    tour.look("cancelled")
    buyer.go_to_pay("Continue to payment")
    buyer.pay(ASKS_TO_AUTHENTICATE)
    tour.look("authentication")
    buyer.press("Complete authentication")
    buyer.sees_heading("Payment confirmed")
    tour.look("paid")
    page.go_back()
    buyer.sees_heading("You're all done here")
    tour.look("paid already")
    buyer.open("/library")
    page.get_by_text("Details").click()
    expect(page.get_by_text("Reference")).to_be_visible()
    tour.look("details")
    buyer.open("/follow")
    expect(page.locator(".step")).to_have_count(9)
    tour.look("payment followed")

    [session] = buyer.shop.stripe_sessions_of(auction)
    intent, sandbox = session["payment_intent"], buyer.shop.stack.stripe_url
    tour.open("panel", sandbox)
    for object_id in (session["id"], intent):
        tour.open("object", f"{sandbox}/sandbox/objects/{object_id}")
    page.get_by_role("link", name="checkout.session.completed").click()
    buyer.sees_heading("JSON")
    tour.look("event")
    charge = buyer.shop.stripe.get("/v1/charges", payment_intent=intent)["data"][0]
    tour.open("receipt", charge["receipt_url"])

    assert tour.problems == []


@pytest.mark.usefixtures("a_fresh_minute")
@pytest.mark.parametrize("look", LOOKS)
def test_every_page_of_a_product_is_without_fault(visit, look):
    tour = Tour(visit(None, **LOOKS[look]))
    tour.visitor.open("/hero-me")
    tour.visitor.open_form()
    tour.look("form")
    frame = tour.page.locator(FRAME).get_attribute("src")
    form = tour.page.frame_locator(FRAME)
    fill_in_card(form, CARD)
    tour.visitor.sees_heading("Payment confirmed")
    tour.look("paid")
    tour.visitor.open("/hero-me")
    tour.visitor.open_form()
    unpaid = tour.page.locator(FRAME).get_attribute("src")
    tour.open("embedded page", unpaid)

    assert unpaid != frame
    assert tour.problems == []


@pytest.mark.parametrize("look", LOOKS)
def test_a_page_that_does_not_exist_is_without_another_fault(visit, look):
    tour = Tour(visit(None, **LOOKS[look]))
    address = f"{tour.visitor.shop.stack.stripe_url}/c/pay/cs_test_nobody"

    tour.open("missing", address)

    # The browser itself reports that there is no such page.
    [(_, reported)] = tour.problems
    assert reported.endswith(f"404 (Not Found) ({address})")


def test_a_tour_notes_what_is_wrong(visit):
    tour = Tour(visit("user_1", viewport=NARROW))
    tour.open("library", "/library")
    assert tour.problems == []

    tour.page.evaluate("console.error('an error')")
    tour.page.evaluate("setTimeout(() => { throw new Error('thrown'); })")
    tour.page.evaluate("new Image().src = 'http://images.invalid/1.png'")
    tour.page.evaluate("document.querySelector('main').style.width = '400px'")
    tour.page.evaluate("document.querySelector('label').remove()")
    tour.look("library")

    problems = str(tour.problems)
    for fault in ("an error", "thrown", "images.invalid", "pixels", "select-name"):
        assert fault in problems


@pytest.mark.usefixtures("a_fresh_minute")
def test_an_open_payment_form_leaves_no_hole_in_the_shop(visit):
    visitor = visit(None)
    visitor.open("/")
    visitor.open_form()

    course, product, more = (
        visitor.card(name).bounding_box() for name in ("content", "product", "more")
    )

    assert course["width"] == product["width"] == more["width"]


def tab_to(page, place):
    """Press Tab until *place* has the focus."""
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        if place.evaluate("place => place === document.activeElement"):
            return
    raise AssertionError(f"no Tab leads to {place}")


def test_one_buys_with_the_keyboard_alone(buyer):
    buyer.open_offer("content")
    buy = buyer.button("Buy this course")
    expect(buy).to_be_enabled()
    page, keyboard = buyer.page, buyer.page.keyboard

    keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the offers")).to_be_focused()
    keyboard.press("Enter")
    keyboard.press("Tab")
    expect(buy).to_be_focused()
    keyboard.press("Enter")
    expect(page.get_by_label("Card number")).to_be_visible()
    fields = {"Email": "ada@example.test", "Card number": CARD}
    for label, typed in (fields | {"Expiry": "1234", "CVC": "123"}).items():
        tab_to(page, page.get_by_label(label))
        keyboard.type(typed)
    tab_to(page, buyer.button("Pay"))
    keyboard.press("Enter")

    expect(page.get_by_role("heading", name="Payment confirmed")).to_be_focused()
    back = page.get_by_role("link", name="Back to the shop")
    expect(back).to_be_visible()
    tab_to(page, back)
    keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Good finds")).to_be_visible()


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
    expect(somebody.page.locator("#visitor")).to_contain_text("Choose a shopper")
    expect(somebody.card("board")).to_have_count(0)
    expect(somebody.button("Buy without logging in")).to_be_enabled()


def test_who_comes_for_the_first_time_finds_a_full_shop(browser, stack):
    page = browser.new_page(base_url=stack.storefront_url)
    page.goto("/")

    expect(page.get_by_role("button", name="Ada")).to_have_attribute(
        "aria-pressed", "true"
    )
    page.context.close()


def test_a_payment_is_followed_as_it_happens(buyer):
    offer = buyer.open_offer("content")
    buyer.go_to_pay("Buy this course")
    [session] = buyer.shop.stripe_sessions_of(offer)
    beside = buyer.another_tab()
    beside.open(f"/follow?payment={session['id']}")
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
