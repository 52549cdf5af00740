"""An offer is withdrawn while its buyer has Stripe's page open."""

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.stack.browser.visitor import fill_in_card
from tests.stripe_side import CARD

EXPIRED = "This checkout session has expired"


def withdraw(visitor: Any, offer: Any) -> None:
    path = f"/api/offers/{offer.kind}/{offer.id}/withdraw"
    answer = visitor.shop.call("POST", path, "writer")
    assert answer.ok, answer.text
    assert answer.json()["expired_sessions"] == 1


def test_content_cannot_be_paid_any_more_and_the_shop_says_that_it_is_not_for_sale(
    buyer,
):
    offer = buyer.open_offer("content")
    buyer.go_to_pay("Buy this course")

    withdraw(buyer, offer)
    buyer.pay()

    buyer.sees_heading(EXPIRED)
    expect(buyer.page.get_by_label("Card number")).to_have_count(0)
    buyer.page.get_by_role("link", name="Return to the shop").click()
    expect(buyer.card("content")).to_contain_text("This is not for sale.")
    expect(buyer.button("Buy this course")).to_have_count(0)
    assert buyer.shop.purchases_of(offer) == []


def test_the_return_page_says_that_it_has_expired(buyer):
    """A link of the payment that somebody has kept, or opens on another machine."""
    offer = buyer.open_offer("content")
    buyer.go_to_pay("Buy this course")
    [session] = buyer.shop.stripe_sessions_of(offer)

    withdraw(buyer, offer)
    buyer.open(f"/content/{offer.id}?session_id={session['id']}&kind=content")

    buyer.sees_heading("This payment page has expired")
    expect(buyer.page.locator("#returned")).to_contain_text("not for sale any more")
    expect(buyer.card("content")).to_contain_text("This is not for sale.")


@pytest.mark.usefixtures("a_fresh_minute")
def test_a_product_cannot_be_paid_any_more_on_the_page_of_the_shop(visit):
    visitor = visit(None)
    offer = visitor.shop.offer("product", "nobody")
    visitor.open(f"/products/{offer.id}")
    form = visitor.open_form()

    withdraw(visitor, offer)
    fill_in_card(form, CARD)

    expect(form.get_by_role("heading", name=EXPIRED)).to_be_visible()
    expect(form.get_by_label("Card number")).to_have_count(0)
    visitor.press("Close the payment form")
    expect(visitor.card("product")).to_contain_text("This is not for sale.")
    expect(visitor.button("Buy without logging in")).to_have_count(0)
    assert visitor.shop.purchases_of(offer) == []


@pytest.mark.usefixtures("a_fresh_minute")
def test_a_quote_cannot_be_paid_any_more_and_the_board_has_no_agreed_price(buyer):
    offer = buyer.open_offer("quote")
    agreed = "Pay the agreed price, $25.00: A repair"
    buyer.go_to_pay(agreed)

    withdraw(buyer, offer)
    buyer.pay()

    buyer.sees_heading(EXPIRED)
    buyer.page.get_by_role("link", name="Return to the shop").click()
    expect(buyer.card("board")).to_contain_text("A repair")
    expect(buyer.button(agreed)).to_have_count(0)
    assert buyer.shop.purchases_of(offer) == []
