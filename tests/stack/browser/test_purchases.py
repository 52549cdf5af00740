"""The six purchases, from the shop's button to the shop's thanks."""

import pytest
from playwright.sync_api import expect

from tests.stack.browser.visitor import fill_in_card
from tests.stack.http_shop import eventually
from tests.stripe_side import CARD


def test_an_offer_of_the_board_is_bought_and_the_row_says_so(buyer):
    offer = buyer.open_offer("bid")
    buyer.sees_badge("board", "Open")

    buyer.go_to_pay("Buy now: A tile")
    buyer.pay()

    buyer.sees_heading("Payment confirmed")
    buyer.sees_badge("board", "Purchased")
    expect(buyer.button("Buy now")).to_have_count(0)
    assert len(buyer.shop.purchases_of(offer)) == 1


def test_only_what_may_be_bought_here_has_a_button(visit):
    ada = visit("user_1")
    ada.open("/rows/7")

    tiles = ada.page.locator(".tile")
    expect(tiles).to_have_count(3)
    repair = tiles.filter(has_text="repair").get_by_role("button")
    expect(repair).to_have_text("Pay the agreed price, $39.00")
    expect(tiles.filter(has_text="on request").get_by_role("button")).to_have_count(0)
    # Whatever is sold, the way to the merchant stays.
    for tile in tiles.all():
        expect(tile.get_by_role("link")).to_be_visible()


@pytest.mark.usefixtures("a_fresh_minute")
def test_an_agreed_price_is_paid_and_the_row_says_so(buyer):
    offer = buyer.open_offer("quote")
    expect(buyer.button("Buy now")).to_have_count(0)

    buyer.go_to_pay("Pay the agreed price, $25.00: A repair")
    buyer.pay()

    buyer.sees_heading("Payment confirmed")
    buyer.sees_badge("board", "Purchased")
    expect(buyer.button("Pay the agreed price")).to_have_count(0)
    assert buyer.shop.offer_status(offer) == "paid"


def test_a_won_auction_is_paid_before_its_deadline(buyer):
    offer = buyer.open_offer("auction")

    expect(buyer.page.get_by_role("timer")).to_contain_text("23 h 59 min")
    expect(buyer.card("auction")).to_contain_text("An auction")
    expect(buyer.card("auction")).to_contain_text("$25.00")
    expect(buyer.card("auction")).to_contain_text("never reaches this shop")
    assert buyer.shop.sessions_of(offer) == []
    buyer.go_to_pay("Pay for this auction")
    buyer.pay()

    buyer.sees_heading("Payment confirmed")
    buyer.sees_badge("auction", "Paid")
    expect(buyer.button("Pay")).to_have_count(0)
    assert buyer.shop.offer_status(offer) == "paid"


def test_an_order_shows_its_lines_its_total_and_its_payment(buyer):
    offer = buyer.open_offer("order")
    order = buyer.card("order")
    expect(order).to_contain_text("A seat")
    expect(order.get_by_role("row", name="Total")).to_contain_text("$25.00")
    buyer.sees_badge("order", "Created")

    buyer.go_to_pay("Pay $25.00")
    buyer.pay()

    buyer.sees_heading("Payment confirmed")
    buyer.sees_badge("order", "Paid")
    expect(order.get_by_role("listitem")).to_contain_text("by stripe")
    assert buyer.shop.offer_status(offer) == "PAID"


@pytest.mark.usefixtures("a_fresh_minute")
def test_a_product_is_bought_without_loading_another_page(visit):
    visitor = visit(None)
    visitor.open("/hero-me")
    page, loaded, asked = visitor.page, [], []
    page.on("load", lambda _page: loaded.append(page.url))
    page.on("request", lambda request: asked.append(request.url))

    expect(visitor.card("product")).to_contain_text("$2.00")
    visitor.press("Buy without logging in")
    form = page.frame_locator("iframe[title='Secure payment']")
    fill_in_card(form, CARD)

    visitor.sees_heading("Payment confirmed")
    assert loaded == []
    assert page.url.endswith("/hero-me")
    assert any("/api/checkout/payment-status" in url for url in asked)


def test_content_is_locked_until_it_is_bought_and_then_stands_in_the_library(buyer):
    buyer.open_offer("content")
    expect(buyer.card("content")).to_contain_text("A film")
    expect(buyer.card("content")).to_contain_text("$25.00")
    expect(buyer.card("content")).to_contain_text("Locked until you own it")

    buyer.go_to_pay("Buy this course")
    buyer.pay()

    buyer.sees_heading("Payment confirmed")
    buyer.sees_badge("content", "Yours")
    expect(buyer.card("content")).to_contain_text("You already own this")
    expect(buyer.card("content")).to_contain_text("Unlocked")
    buyer.open("/library")
    expect(buyer.card("purchases").get_by_role("listitem")).to_contain_text("A film")


def test_the_library_is_paged_and_filtered(buyer):
    for _ in range(6):
        offer = buyer.shop.offer("content", buyer.sub)
        started = buyer.shop.create(offer, buyer.sub).json()
        buyer.shop.stripe.pay(started["sessionId"])
    eventually(lambda: len(buyer.shop.get("/api/purchases", buyer.sub)["data"]) == 6)
    buyer.open("/library")
    rows = buyer.card("purchases").locator(".purchases li")

    expect(rows).to_have_count(5)
    buyer.press("Older")
    expect(rows).to_have_count(1)
    expect(buyer.button("Older")).to_be_disabled()
    buyer.page.get_by_label("Show").select_option("Refunded")
    expect(buyer.card("purchases")).to_contain_text("Nothing here yet")
