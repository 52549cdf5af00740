"""What a shopper reads about their money, in a browser, from an API that is made up."""

import json
import mimetypes
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect, sync_playwright

from local.browser import ARGUMENTS, find_browser
from local.serve_storefront import CLIENT, STOREFRONT

pytestmark = pytest.mark.slow

# Browsers trust an address of this machine, as they must for `crypto.randomUUID`.
SHOP, API = "http://shop.localhost", "http://api.test"
CONFIG = {
    "api_url": API,
    "issuer_url": "http://issuer.test",
    "stripe_publishable_key": "pk_test_1",
    "sample": {
        "shoppers": [{"sub": "user_1", "name": "Ada"}],
        "contents": {"published": "1", "free": "2", "unpublished": "3"},
        "product_id": "hero-me-feelings",
        "with_options": {"content_id": "4", "product_id": "poster"},
    },
}
ORDER = {
    "id": "order_1",
    "status": "CREATED",
    "currency": "usd",
    "total_cents": 2500,
    "items": [{"name": "A seat", "quantity": 2, "unit_price_cents": 1250}],
    "payments": [],
}
OFFER = {
    "title": "An offer",
    "description": "What it is.",
    "image_url": None,
    "price_cents": 2500,
    "currency": "usd",
    "status": "on sale",
}
BUYABLE = OFFER | {"buyable": True}
ROW = {"row_id": "7", "title": "A row", "status": "open", "pending_bid_id": None}
BID = {
    "bid_id": "42",
    "title": "A tile",
    "price_cents": 12999,
    "currency": "usd",
    "buy_now": True,
    "clickout_url": "https://merchant.test/",
    "purchased": False,
}


def refused(code: str, error: str = "This is why.") -> "Json":
    return OFFER | {"buyable": False, "reason": {"code": code, "error": error}}


# A page that polls waits a fiftieth of the time.
HURRIED = """
const wait = window.setTimeout;
window.setTimeout = (call, pause, ...rest) => wait(call, pause / 50, ...rest);
const now = Date.now, began = now();
Date.now = () => began + (now() - began) * 50;
"""

type Json = dict[str, Any]
UNKNOWN_ROUTE = {"status_code": 404, "error": "Not found.", "code": "not_found"}
# Answers a request of the API, given its method and path.
type Api = dict[str, Json]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = find_browser()
    if path is None:
        pytest.skip("No browser is here: `make browser` installs one.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Open a page of the shop, whose API answers as it is told."""
    contexts = []

    def opened(
        path: str, api: Api, begun: str | None = None, sub: str | None = "user_1"
    ) -> Page:
        context = browser.new_context(base_url=SHOP)
        contexts.append(context)
        context.set_default_timeout(20_000)
        shopper = {"sub": sub, "token": "a.b.c" if sub else None}
        stored = {"shopper": json.dumps(shopper)}
        if begun:
            stored["payment begun"] = begun
        context.add_init_script(f"Object.assign(sessionStorage, {json.dumps(stored)})")
        context.add_init_script(HURRIED)
        context.route("**/*", lambda route: answer(route, api))
        page = context.new_page()
        page.goto(path)
        return page

    yield opened
    for context in contexts:
        context.close()


def answer(route: Route, api: Api) -> None:
    url = route.request.url
    if url.startswith(API):
        asked = f"{route.request.method} {url.removeprefix(API).split('?')[0]}"
        found = api.get(asked, UNKNOWN_ROUTE)
        headers = {"access-control-allow-origin": "*"}
        headers |= {"access-control-allow-headers": "*"}
        status = 200 if asked.startswith("OPTIONS") else found.get("status_code", 200)
        route.fulfill(status=status, headers=headers, json=found)
        return
    name = url.removeprefix(f"{SHOP}/").split("?")[0]
    if name == "config.json":
        route.fulfill(json=CONFIG)
        return
    file = STOREFRONT / name
    if name.startswith("client/"):
        file = CLIENT / name.removeprefix("client/")
    elif not (name and file.is_file()):
        file = STOREFRONT / "index.html"
    kind = mimetypes.guess_type(file.name)[0] or "text/html"
    route.fulfill(body=file.read_bytes(), content_type=kind)


def heading(page: Page, text: str) -> None:
    expect(page.get_by_role("heading", name=text)).to_be_visible()


def returned(**payment: str) -> Api:
    return {
        "GET /api/checkout/session-status": {"status": "complete"},
        "GET /api/checkout/payment-status": {"status": "complete", **payment},
        "GET /orders/order_1": ORDER,
        "GET /api/purchases": {"data": [], "pagination": {}},
    }


@pytest.mark.parametrize(
    ("payment", "title", "sentence"),
    [
        ({"payment_status": "paid"}, "Payment confirmed", "yours"),
        (
            {"payment_status": "processing", "code": "under_review"},
            "Your payment is under review",
            "safe.*do not pay again",
        ),
        (
            {"payment_status": "processing", "code": "refunding"},
            "Your money is on its way back",
            "not for sale any more",
        ),
        ({"payment_status": "failed"}, "Your payment failed", "nothing was bought"),
        ({"payment_status": "refunded"}, "Your payment was returned", "went back"),
    ],
)
def test_who_returns_reads_what_became_of_the_money(
    open_page: Callable[..., Page],
    payment: dict[str, str],
    title: str,
    sentence: str,
) -> None:
    page = open_page("/hero-me?session_id=cs_test_1", returned(**payment))

    heading(page, title)
    expect(page.locator("#returned")).to_contain_text(re.compile(sentence))
    reference = page.locator("#returned .reference")
    expect(reference).to_have_text("Reference: cs_test_1")
    tone = page.locator("#returned .panel").get_attribute("data-tone")
    assert (tone == "good") == (payment == {"payment_status": "paid"})


def test_who_returns_and_has_a_purchase_reads_the_reference_of_that(
    open_page: Callable[..., Page],
) -> None:
    api = returned(payment_status="processing", code="under_review")
    purchase = PURCHASE | {"status": "quarantined", "stripeSessionId": "cs_test_1"}
    api["GET /api/purchases"] = {"data": [purchase], "pagination": {}}
    page = open_page("/orders/order_1?session_id=cs_test_1", api)

    heading(page, "Your payment is under review")

    references = page.locator("#returned .reference")
    expect(references).to_have_text(["Reference: ps_1"])


def test_money_on_its_way_is_not_confirmed(open_page: Callable[..., Page]) -> None:
    """Stripe's `complete` says that the shopper is done, not that money came."""
    api = returned(payment_status="processing")
    page = open_page("/hero-me?session_id=cs_test_1", api)

    heading(page, "Your payment is on its way")

    expect(page.get_by_text("Payment confirmed")).to_have_count(0)
    expect(page.get_by_text("is yours")).to_have_count(0)
    api["GET /api/checkout/payment-status"]["payment_status"] = "paid"
    page.get_by_role("button", name="Check again").click()
    heading(page, "Payment confirmed")


def test_who_comes_back_without_paying_can_cancel(
    open_page: Callable[..., Page],
) -> None:
    api = {
        "GET /orders/order_1": ORDER,
        "GET /api/me/offers/order/order_1": BUYABLE,
        "POST /payments/sessions/ps_1/cancel": {"status": "expired"},
    }
    page = open_page("/orders/order_1?checkout=cancel", api, begun="ps_1")
    heading(page, "You came back without paying")

    page.get_by_role("button", name="Cancel this payment").click()

    expect(page.get_by_text("cannot be used any more")).to_be_visible()
    expect(page.get_by_role("button", name="Cancel this payment")).to_be_hidden()
    expect(page.get_by_role("button", name="Pay $25.00")).to_be_enabled()


def test_what_cannot_be_cancelled_says_why(open_page: Callable[..., Page]) -> None:
    refusal = {"status_code": 409, "error": "You have paid for this.", "code": "x"}
    api = {"GET /orders/order_1": ORDER, "POST /payments/sessions/ps_1/cancel": refusal}
    page = open_page("/orders/order_1?checkout=cancel", api, begun="ps_1")

    page.get_by_role("button", name="Cancel this payment").click()

    expect(page.get_by_text("You have paid for this.")).to_be_visible()


def test_an_order_shows_every_payment(open_page: Callable[..., Page]) -> None:
    payments = [
        {"id": f"pur_{status}", "provider": "stripe", "status": status}
        for status in ("pending", "failed", "refunded")
    ]
    api = {"GET /orders/order_1": ORDER | {"payments": payments}}
    page = open_page("/orders/order_1", api)

    expect(page.get_by_role("listitem")).to_have_count(3)
    expect(page.locator("#order")).to_contain_text("Please do not pay again")
    expect(page.locator("#order .reference")).to_have_text("Reference: ps_pending")
    expect(page.get_by_role("button", name="Pay")).to_have_count(0)


@pytest.mark.parametrize("state", ["purchased", "pending"])
def test_a_row_shows_which_bid_was_bought(
    open_page: Callable[..., Page], state: str
) -> None:
    other = BID | {"bid_id": "45", "title": "Another tile"}
    mine = BID | {"purchased": state == "purchased"}
    pending = "42" if state == "pending" else None
    row = ROW | {"bids": [mine, other], "pending_bid_id": pending}
    page = open_page("/rows/7", {"GET /api/rows/7": row})

    badges = page.locator(".tile .badge")
    expect(badges).to_have_count(1)
    bought = page.locator(".tile.bought")
    expect(bought).to_have_count(1 if state == "purchased" else 0)
    expect(page.locator(".tile").first).to_contain_text(state.capitalize())
    if state == "pending":
        expect(page.get_by_role("button", name="Buy now")).to_have_count(0)
        library = page.locator("#board").get_by_role("link", name="your library")
        expect(library).to_have_attribute("href", f"{SHOP}/library")


def test_an_auction_shows_its_deadline_and_can_be_cancelled(
    open_page: Callable[..., Page],
) -> None:
    page = open_page("/auctions/auction_1", auction())
    expect(page.get_by_role("heading", name="An offer")).to_be_visible()
    expect(page.get_by_role("timer")).to_contain_text("1 h 0")
    expect(page.locator("#auction")).to_contain_text("$25.00")
    page.get_by_role("button", name="Pay for this auction").click()
    page.wait_for_url("**/pay")
    page.goto("/auctions/auction_1")
    expect(page.get_by_role("button", name="Continue to payment")).to_be_enabled()
    expect(page.get_by_role("timer")).to_contain_text("1 h 0")

    page.get_by_role("button", name="Cancel the payment").click()

    expect(page.get_by_role("button", name="Pay for this auction")).to_be_enabled()


def auction(**changes: Json) -> Api:
    window = {"closes_at": "2030-01-01T00:00:00.000Z", "seconds_remaining": 3725}
    return {
        "GET /api/me/offers/auction/auction_1": BUYABLE | {"payment_window": window},
        "POST /payments/checkout/create": {
            "payment_session_id": "ps_1",
            "session_id": "cs_test_1",
            "checkout_url": f"{SHOP}/pay",
        },
        "GET /api/checkout/payment-status": {
            "status": "open",
            "payment_status": "unpaid",
        },
        "POST /payments/sessions/ps_1/cancel": {"status": "expired"},
        **changes,
    }


def test_an_auction_whose_payment_is_under_review_has_a_reference(
    open_page: Callable[..., Page],
) -> None:
    api = auction()
    page = open_page("/auctions/auction_1", api)
    page.get_by_role("button", name="Pay for this auction").click()
    page.wait_for_url("**/pay")
    answer = {"status": "complete", "payment_status": "processing"}
    api["GET /api/checkout/payment-status"] = answer | {"code": "under_review"}
    reason = refused("payment_in_progress")
    api["GET /api/me/offers/auction/auction_1"] = reason

    page.goto("/auctions/auction_1")

    expect(page.locator("#auction")).to_contain_text("A person is looking at it")
    expect(page.locator("#auction .reference")).to_have_text("Reference: ps_1")


@pytest.mark.parametrize(
    ("code", "badge", "sentence"),
    [
        ("already_purchased", "Paid", "You have paid"),
        ("payment_window_closed", "Expired", "is over"),
        ("payment_in_progress", None, "This is why."),
        ("not_purchasable", None, "This is why."),
    ],
)
def test_an_auction_that_cannot_be_paid_says_why(
    open_page: Callable[..., Page], code: str, badge: str | None, sentence: str
) -> None:
    api = auction() | {"GET /api/me/offers/auction/auction_1": refused(code)}
    page = open_page("/auctions/auction_1", api)

    expect(page.locator("#auction")).to_contain_text(sentence)
    expect(page.get_by_role("button", name="Pay")).to_have_count(0)
    expect(page.get_by_role("timer")).to_have_count(0)
    if badge:
        expect(page.locator("#auction .badge")).to_have_text(badge)


def test_an_auction_of_another_is_none(open_page: Callable[..., Page]) -> None:
    error = "There is no such auction that you have won."
    unknown = UNKNOWN_ROUTE | {"error": error}
    api = auction() | {"GET /api/me/offers/auction/auction_1": unknown}
    page = open_page("/auctions/auction_1", api)

    expect(page.get_by_role("alert").filter(has_text=error)).to_be_visible()
    expect(page.get_by_role("button", name="Pay")).to_have_count(0)


def test_an_order_that_cannot_be_paid_says_why(open_page: Callable[..., Page]) -> None:
    api = {
        "GET /orders/order_1": ORDER,
        "GET /api/me/offers/order/order_1": refused("not_purchasable"),
    }
    page = open_page("/orders/order_1", api)

    expect(page.locator("#order")).to_contain_text("This is why.")
    expect(page.get_by_role("button", name="Pay")).to_have_count(0)


def test_an_order_that_is_no_offer_any_more_is_shown_without_a_button(
    open_page: Callable[..., Page],
) -> None:
    page = open_page("/orders/order_1", {"GET /orders/order_1": ORDER})

    expect(page.locator("#order")).to_contain_text("A seat")
    expect(page.get_by_role("button", name="Pay")).to_have_count(0)


def test_a_product_shows_what_the_api_says(open_page: Callable[..., Page]) -> None:
    offer = "GET /api/me/offers/product/hero-me-feelings"
    page = open_page("/hero-me", {offer: BUYABLE})

    product = page.locator("#product")
    expect(page.get_by_role("heading", name="An offer")).to_be_visible()
    expect(product).to_contain_text("What it is.")
    expect(product).to_contain_text("$25.00")
    expect(page.get_by_role("button", name="Buy without")).to_be_enabled()


def test_a_product_has_a_page_of_its_own(open_page: Callable[..., Page]) -> None:
    page = open_page("/products/poster", {"GET /api/me/offers/product/poster": BUYABLE})

    expect(page.get_by_role("heading", name="An offer")).to_be_visible()
    expect(page.get_by_role("button", name="Buy without")).to_be_enabled()


def test_the_shop_links_the_offers_with_options(open_page: Callable[..., Page]) -> None:
    api = {
        "GET /api/offers/content/4": OFFER | {"title": "A workbook"},
        "GET /api/offers/product/poster": OFFER | {"title": "A poster"},
    }
    page = open_page("/", api, sub=None)

    workbook = page.get_by_role("link", name="A workbook")
    expect(workbook).to_have_attribute("href", f"{SHOP}/content/4")
    page.get_by_role("link", name="A poster").click()

    expect(page).to_have_url(f"{SHOP}/products/poster")


def test_an_offer_with_options_that_is_withdrawn_has_no_link(
    open_page: Callable[..., Page],
) -> None:
    api = {"GET /api/offers/product/poster": OFFER | {"title": "A poster"}}
    page = open_page("/", api, sub=None)

    expect(page.locator("#more").get_by_role("link")).to_have_text(["A poster"])


PURCHASE = {
    "id": "pur_1",
    "kind": "content",
    "title": "A workbook",
    "currency": "usd",
    "status": "completed",
    "purchasedAt": "2026-11-28T12:00:00.000Z",
    "amountPaidCents": 2926,
}


def library(*purchases: Json) -> Api:
    listed = {"data": [*purchases], "pagination": {"totalPages": 1, "totalCount": 1}}
    return {"GET /api/purchases": listed}


def test_the_details_of_a_purchase_are_read_when_somebody_opens_them(
    open_page: Callable[..., Page],
) -> None:
    receipt = "http://stripe.test/receipts/ch_1"
    rich = PURCHASE | {"discountCents": 240, "taxCents": 266, "shippingCents": 500}
    rich |= {"entered": {"phone": "+4930123456"}, "receiptUrl": receipt}
    api = library(PURCHASE, PURCHASE | {"id": "pur_2"})
    api["GET /api/purchases/pur_1"] = rich
    api["GET /api/purchases/pur_2"] = PURCHASE | {"id": "pur_2"}
    page = open_page("/library", api)
    rows = page.locator(".purchases > li")
    with_options, without = rows.first, rows.last
    expect(rows).to_have_count(2)
    expect(with_options).to_contain_text("$29.26")
    expect(with_options).not_to_contain_text("Tax")

    for row in rows.all():
        row.get_by_text("Details").click()

    for name, value in [
        ("Discount", "-$2.40"),
        ("Tax", "$2.66"),
        ("Shipping", "$5.00"),
        ("You entered", "Phone +4930123456"),
        ("Reference", "ps_1"),
    ]:
        expect(with_options.locator(f"dt:has-text('{name}') + dd")).to_have_text(value)
    link = with_options.get_by_role("link", name="Receipt for A workbook")
    expect(link).to_have_attribute("href", receipt)
    expect(without).to_contain_text("The receipt is not here yet")
    for word in ("Discount", "Tax", "Shipping", "Phone"):
        expect(without).not_to_contain_text(word)


def test_details_that_cannot_be_read_say_so_and_are_read_again(
    open_page: Callable[..., Page],
) -> None:
    api = library(PURCHASE)
    page = open_page("/library", api)
    row = page.locator(".purchases > li")
    row.get_by_text("Details").click()
    expect(row).to_contain_text("Not found.")
    row.get_by_text("Details").click()
    api["GET /api/purchases/pur_1"] = PURCHASE

    row.get_by_text("Details").click()

    expect(row.locator("dt:has-text('Reference') + dd")).to_have_text("ps_1")


@pytest.mark.parametrize(
    ("status", "refunded", "sentence"),
    [
        ("completed", 500, "$5.00 of $29.26 refunded"),
        ("refunding", 500, "$24.26 on its way back"),
        ("refunded", 2926, "$29.26 refunded"),
    ],
)
def test_a_refund_shows_its_amount_and_its_state(
    open_page: Callable[..., Page], status: str, refunded: int, sentence: str
) -> None:
    purchase = PURCHASE | {"status": status, "refundedAmountCents": refunded}
    page = open_page("/library", library(purchase))

    row = page.locator(".purchases > li")
    expect(row).to_contain_text(sentence)
    expect(row.locator(".badge")).to_have_text(status.capitalize())


@pytest.mark.parametrize(
    ("status", "badge"),
    [
        ("pending", "Pending"),
        ("quarantined", "Under review"),
        ("disputed", "Disputed"),
        ("refunding", "Refunding"),
        ("failed", "Failed"),
    ],
)
def test_a_purchase_to_ask_about_has_a_reference(
    open_page: Callable[..., Page], status: str, badge: str
) -> None:
    page = open_page("/library", library(PURCHASE | {"status": status}))

    row = page.locator(".purchases > li")
    expect(row.locator(".reference")).to_have_text("Reference: ps_1")
    expect(row.locator(".badge")).to_have_text(badge)


def test_a_product_that_cannot_be_bought_says_why(
    open_page: Callable[..., Page],
) -> None:
    offer = "GET /api/me/offers/product/hero-me-feelings"
    page = open_page("/hero-me", {offer: refused("not_purchasable")})

    expect(page.locator("#product")).to_contain_text("This is why.")
    expect(page.get_by_role("button", name="Buy")).to_have_count(0)


@pytest.mark.parametrize("path", ["/hero-me", "/content/1"])
def test_a_visitor_sees_what_anybody_may_see(
    open_page: Callable[..., Page], path: str
) -> None:
    api = {
        "GET /api/offers/product/hero-me-feelings": OFFER,
        "GET /api/offers/content/1": OFFER,
    }
    page = open_page(path, api, sub=None)

    expect(page.get_by_role("heading", name="An offer")).to_be_visible()
    expect(page.locator(".card")).to_contain_text("$25.00")
    buttons = page.get_by_role("button", name="Buy")
    expect(buttons).to_have_count(1 if path == "/hero-me" else 0)


def test_a_visitor_is_told_once_to_choose_a_shopper(
    open_page: Callable[..., Page],
) -> None:
    api = {
        "GET /api/offers/product/hero-me-feelings": OFFER,
        "GET /api/offers/content/1": OFFER,
        "GET /api/offers/content/4": OFFER,
    }
    page = open_page("/", api, sub=None)

    expect(page.locator(".card")).to_have_count(3)
    expect(page.locator("#more").get_by_role("link")).to_have_count(1)
    expect(page.get_by_text("Choose a shopper")).to_have_count(1)
    course, product = (page.locator(f"#{name}").bounding_box() for name in HALVES)
    assert course
    assert product
    assert course["y"] == product["y"]
    assert course["x"] + course["width"] < product["x"]


HALVES = ("content", "product")


def test_a_picture_that_does_not_load_is_replaced_by_a_drawing(
    open_page: Callable[..., Page],
) -> None:
    offer = BUYABLE | {"image_url": f"{SHOP}/icon.svg"}
    api = course(offer)
    page = open_page("/content/1", api)
    expect(page.locator("#content img.picture")).to_be_visible()

    api["GET /api/me/offers/content/1"] = offer | {"image_url": "http://[::1]:1/x.png"}
    page.reload()

    expect(page.locator("#content svg.picture")).to_be_visible()
    expect(page.locator("#content img.picture")).to_have_count(0)


@pytest.mark.parametrize("path", ["/nowhere", "/workshops/1"])
def test_an_address_without_a_page_says_so(
    open_page: Callable[..., Page], path: str
) -> None:
    page = open_page(path, {})

    heading(page, "There is no such page")
    expect(page.locator(".card")).to_have_count(0)
    page.get_by_role("link", name="Back to the shop").click()
    expect(page).to_have_url(f"{SHOP}/")


def test_a_payment_of_a_kind_without_a_page_of_its_own_is_shown_alone(
    open_page: Callable[..., Page],
) -> None:
    page = open_page(
        "/workshops/1?session_id=cs_test_1", returned(payment_status="paid")
    )

    heading(page, "Payment confirmed")
    expect(page.get_by_text("There is no such page")).to_have_count(0)


def test_a_course_shows_what_the_api_says(open_page: Callable[..., Page]) -> None:
    page = open_page("/content/1", course(BUYABLE))

    expect(page.get_by_role("heading", name="An offer")).to_be_visible()
    expect(page.locator("#content")).to_contain_text("What it is.")
    expect(page.locator("#content")).to_contain_text("$25.00")
    expect(page.locator("#content")).to_contain_text("Locked")


def test_a_course_that_cannot_be_bought_says_why(
    open_page: Callable[..., Page],
) -> None:
    page = open_page("/content/1", course(refused("not_purchasable")))

    expect(page.locator("#content")).to_contain_text("This is why.")
    expect(page.get_by_role("button", name="Buy this course")).to_have_count(0)


def test_who_has_access_keeps_a_course_that_is_not_for_sale_any_more(
    open_page: Callable[..., Page],
) -> None:
    api = course(UNKNOWN_ROUTE, {"contentId": "1", "title": "What I bought"})
    api["GET /api/access/content/1"] = {"hasAccess": True}
    page = open_page("/content/1", api)

    expect(page.get_by_role("heading", name="What I bought")).to_be_visible()
    expect(page.locator("#content")).to_contain_text("Unlocked")


def test_the_samples_that_are_not_for_sale_say_why(
    open_page: Callable[..., Page],
) -> None:
    unknown = UNKNOWN_ROUTE | {"error": "There is no such content."}
    api = course(BUYABLE) | {
        "GET /api/me/offers/content/2": refused("x", "The content is free."),
        "GET /api/me/offers/content/3": unknown,
    }
    page = open_page("/content/1", api)

    page.get_by_text("Two that are not for sale").click()

    expect(page.locator("#content")).to_contain_text("The content is free.")
    expect(page.locator("#content")).to_contain_text("There is no such content.")


def course(offer: Json, *purchases: Json) -> Api:
    return {
        "GET /api/me/offers/content/1": offer,
        "GET /api/access/content/1": {"hasAccess": False},
        "GET /api/purchases": {"data": [*purchases]},
    }


@pytest.mark.parametrize("status", ["pending", "quarantined", "disputed", "refunding"])
def test_a_course_whose_payment_has_not_ended_is_not_offered_again(
    open_page: Callable[..., Page], status: str
) -> None:
    offer = refused("payment_in_progress")
    api = course(offer, {"id": "pur_1", "contentId": "1", "status": status})
    page = open_page("/content/1", api)

    expect(page.locator("#content")).to_contain_text("pay again")
    expect(page.locator("#content .reference")).to_have_text("Reference: ps_1")
    expect(page.get_by_role("button", name="Buy this course")).to_have_count(0)


@pytest.mark.parametrize("status", ["failed", "refunded"])
def test_a_course_whose_payment_came_to_nothing_is_offered_again(
    open_page: Callable[..., Page], status: str
) -> None:
    api = course(BUYABLE, {"contentId": "1", "status": status})
    page = open_page("/content/1", api)

    expect(page.get_by_role("button", name="Buy this course")).to_be_enabled()


# ------------------------------------------------------------ an agreed price

QUOTE = {
    "quote_id": "c5f1a07b9e3d4c6f8a2b1d0e7f6a5b4c",
    "price_cents": 3900,
    "currency": "usd",
    "expires_at": "2060-05-06T07:08:09.000Z",
}
AGREED = "Pay the agreed price, $39.00: A tile"


def board(bid: Json) -> Api:
    return {"GET /api/rows/7": ROW | {"bids": [BID | {"buy_now": False} | bid]}}


def test_an_agreed_price_is_paid_from_the_board(open_page: Callable[..., Page]) -> None:
    created = {"payment_session_id": "ps_1", "checkout_url": f"{SHOP}/hero-me"}
    api = board({"quote": QUOTE}) | {"POST /api/checkout/quote": created}
    page = open_page("/rows/7", api)

    with page.expect_request(f"{API}/api/checkout/quote") as asked:
        page.get_by_role("button", name=AGREED).click()

    body = asked.value.post_data_json
    assert body["quote_id"] == QUOTE["quote_id"]
    assert body["success_url"].endswith("session_id={CHECKOUT_SESSION_ID}&kind=quote")
    assert "authorization" not in asked.value.headers
    expect(page).to_have_url(f"{SHOP}/hero-me")
    expect(page.get_by_role("button", name="Buy now")).to_have_count(0)


def test_a_bid_without_a_quote_has_no_agreed_price(
    open_page: Callable[..., Page],
) -> None:
    page = open_page("/rows/7", board({"quote": None}))

    expect(page.get_by_role("link", name="Go to the merchant: A tile")).to_be_visible()
    expect(page.get_by_role("button", name="Pay the agreed price")).to_have_count(0)


def test_a_quote_that_was_paid_meanwhile_loads_the_board_again(
    open_page: Callable[..., Page],
) -> None:
    sold = {"status_code": 409, "error": "The quote has been paid already."}
    api = board({"quote": QUOTE}) | {"POST /api/checkout/quote": sold}
    page = open_page("/rows/7", api)
    button = page.get_by_role("button", name=AGREED)
    expect(button).to_be_visible()
    api |= board({"quote": None})

    button.click()

    expect(page.get_by_text("The quote has been paid already.")).to_be_visible()
    expect(button).to_have_count(0)
