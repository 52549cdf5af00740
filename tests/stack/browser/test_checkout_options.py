"""What an offer's options add to Stripe's page, and what the shop shows of it."""

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.stack.browser.visitor import fill_in_card
from tests.stack.http_shop import eventually
from tests.stripe_side import CARD

CODE = "MOCKTILL10"
WORKBOOK = {
    "Calm mornings": "$24.00",
    "Discount": "-$2.40",
    "Shipping": "$15.00",
    "Made-up tax": "$3.66",
    "Total": "$40.26",
}
POSTER = {
    "Hero Me Feelings": "$18.00",
    "Discount": "-$1.80",
    "Shipping": "$19.00",
    "Made-up tax": "$3.52",
    "Total": "$38.72",
}


@pytest.fixture
def workbook(buyer):
    """A buyer on Stripe's page for the sample content with options."""
    buyer.open(f"/content/{sample(buyer)['content_id']}")
    buyer.go_to_pay("Buy this course")
    return buyer


@pytest.fixture
def poster(visit, a_fresh_minute):  # noqa: ARG001 - a fixture takes no mark
    """A visitor on the shop's page with Stripe's form for the sample product."""
    visitor = visit(None)
    visitor.open(f"/products/{sample(visitor)['product_id']}")
    return visitor


def sample(visitor: Any) -> Any:
    return visitor.shop.stack.sample["with_options"]


def ship_to(place: Any, *, country: str = "DE") -> None:
    shipping = place.get_by_role("group", name="Shipping address")
    shipping.get_by_label("Recipient").fill("Ada Buyer")
    shipping.get_by_label("Address", exact=True).fill("Unter den Linden 1")
    shipping.get_by_label("Postal code").fill("10117")
    shipping.get_by_label("City").fill("Berlin")
    shipping.get_by_role("combobox", name="Country").select_option(country)


def answer_questions(place: Any) -> None:
    place.get_by_label("Phone").fill("+4930123456")
    place.get_by_label("Name on the cover").fill("Ada B.")
    place.get_by_label("I agree to the terms of service").check()


def use_code(place: Any) -> None:
    """Enter the code, and choose the second rate."""
    place.get_by_role("radio", name=re.compile("courier")).check()
    place.get_by_label("Promotion code").fill(CODE)
    update(place)


def update(place: Any) -> None:
    place.get_by_role("button", name="Update the total").click()


def shows(place: Any, total: dict[str, str]) -> None:
    lines = place.get_by_role("list", name="Items").get_by_role("listitem")
    expect(lines).to_have_count(len(total))
    for words, amount in total.items():
        expect(lines.filter(has_text=words)).to_contain_text(amount)


def is_told(place: Any, sentence: str) -> None:
    expect(place.get_by_role("alert").filter(has_text=sentence)).to_be_visible()


def sums(purchase: dict[str, Any]) -> dict[str, int]:
    names = ("amountPaidCents", "discountCents", "taxCents", "shippingCents")
    return {name: purchase[name] for name in names}


def test_a_code_tax_and_shipping_are_in_the_total_and_on_the_purchase(workbook):
    buyer, page = workbook, workbook.page
    ship_to(page)
    answer_questions(page)

    use_code(page)
    shows(page, WORKBOOK)
    buyer.pay()

    buyer.sees_heading("Payment confirmed")
    buyer.sees_badge("content", "Yours")
    beside = "Discount -$2.40 · Tax $3.66 · Shipping $15.00"
    expect(page.locator("#returned").get_by_role("listitem")).to_contain_text(beside)
    buyer.open("/library")
    listed = buyer.card("purchases").get_by_role("listitem")
    listed.get_by_text("Details").click()
    for words in (
        "printed workbook",
        "$40.26",
        "Discount-$2.40Tax$3.66Shipping$15.00",
        "Delivered to Ada Buyer, Unter den Linden 1, 10117, Berlin, DE",
        "Phone +4930123456",
        "cover: Ada B.",
        "Terms of service accepted",
    ):
        expect(listed).to_contain_text(words)
    [purchase] = buyer.shop.get("/api/purchases", buyer.sub)["data"]
    assert sums(purchase) == {
        "amountPaidCents": 4026,
        "discountCents": 240,
        "taxCents": 366,
        "shippingCents": 1500,
    }


def test_so_they_are_on_an_embedded_page(poster):
    """A product is bought by nobody in particular: its creator sees the purchase."""
    form = poster.open_form()
    known = {each["id"] for each in of_creator(poster)}
    ship_to(form)

    use_code(form)
    shows(form, POSTER)
    fill_in_card(form, CARD)

    poster.sees_heading("Payment confirmed")
    [purchase] = eventually(
        lambda: [each for each in of_creator(poster) if each["id"] not in known]
    )
    assert purchase["kind"] == "product"
    assert sums(purchase) == {
        "amountPaidCents": 3872,
        "discountCents": 180,
        "taxCents": 352,
        "shippingCents": 1900,
    }


def of_creator(visitor: Any) -> Any:
    path = "/api/creators/creator_3/purchases?limit=100"
    return visitor.shop.get(path, "creator_3")["data"]


def test_an_unknown_code_changes_no_total(workbook):
    page = workbook.page
    ship_to(page)
    page.get_by_label("Promotion code").fill("NOTHING")

    update(page)

    is_told(page, "This code is invalid.")
    total = page.get_by_role("list", name="Items").get_by_role("listitem")
    expect(total.filter(has_text="Discount")).to_have_count(0)


def test_who_does_not_agree_to_the_terms_cannot_pay_and_is_told_why(workbook):
    page = workbook.page
    ship_to(page)
    answer_questions(page)
    terms = page.get_by_label("I agree to the terms of service")
    terms.uncheck()

    workbook.pay()

    expect(terms).to_be_focused()
    assert "check this box" in terms.evaluate("box => box.validationMessage")
    assert workbook.shop.get("/api/purchases", workbook.sub)["data"] == []
    terms.check()
    workbook.pay()
    # The tax was not in the total that the page has shown.
    is_told(page, "The total is now")
    workbook.pay()
    workbook.sees_heading("Payment confirmed")


def test_an_address_without_its_state_cannot_be_paid_from_and_says_so(workbook):
    page = workbook.page
    ship_to(page, country="US")
    answer_questions(page)
    update(page)
    expect(page.get_by_role("status")).to_contain_text("The total is")

    workbook.pay()

    is_told(page, "This is missing: State")
    assert workbook.shop.get("/api/purchases", workbook.sub)["data"] == []


def test_nor_can_it_on_an_embedded_page(poster):
    form = poster.open_form()
    ship_to(form, country="US")
    update(form)
    expect(form.get_by_role("status")).to_contain_text("The total is")

    fill_in_card(form, CARD)

    is_told(form, "This is missing: State")
    expect(poster.page.get_by_role("heading", name="Payment confirmed")).to_have_count(
        0
    )
