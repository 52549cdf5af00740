"""What people do besides paying: cancel, press twice, come back, come late."""

import re
from datetime import timedelta

from playwright.sync_api import expect

from checkout import clock
from tests.stack.browser.visitor import DECLINED
from tests.stack.http_shop import eventually


def test_cancelling_leaves_no_trace(buyer):
    offer = buyer.open_offer("content")
    buyer.go_to_pay("Buy this course")

    buyer.press_cancel()

    buyer.sees_heading("You came back without paying")
    expect(buyer.button("Buy this course")).to_be_enabled()
    assert buyer.page.url.endswith(f"/content/{offer.id}")
    assert buyer.shop.purchases_of(offer) == []
    buyer.page.reload()
    expect(buyer.button("Buy this course")).to_be_enabled()
    expect(buyer.page.get_by_text("You came back without paying")).to_have_count(0)


def test_an_auction_can_be_cancelled_and_taken_up_again(buyer):
    offer = buyer.open_offer("auction")
    buyer.go_to_pay("Pay for this auction")

    buyer.press_cancel()

    buyer.sees_heading("You came back without paying")
    buyer.sees_badge("auction", "Open for payment")
    expect(buyer.page.get_by_role("timer")).to_contain_text("23 h 59 min")
    buyer.go_to_pay("Continue to payment")
    assert len(buyer.shop.sessions_of(offer)) == 1


def test_a_declined_card_sells_nothing_and_another_card_pays(buyer):
    offer = buyer.open_offer("order")
    buyer.go_to_pay("Pay $25.00")

    buyer.pay(DECLINED)
    buyer.is_told("declined")
    assert buyer.shop.offer_status(offer) == "CREATED"
    buyer.pay()

    buyer.sees_heading("Payment confirmed")
    buyer.sees_badge("order", "Paid")


def test_a_double_click_is_one_request(buyer):
    offer = buyer.open_offer("content")
    held, page = [], buyer.page

    def hold(route):
        held.append(route)

    page.route("**/api/checkout", hold)
    buy = buyer.button("Buy this course")

    buy.dblclick()

    expect(buy).to_be_disabled()
    expect(buy).to_have_attribute("aria-busy", "true")
    [only] = [route for route in held if route.request.method == "POST"]
    only.continue_()
    expect(page.get_by_label("Card number")).to_be_visible()
    assert len(buyer.shop.stripe_sessions_of(offer)) == 1


def test_two_tabs_are_one_payment(buyer):
    offer = buyer.open_offer("content")
    other = buyer.another_tab()
    other.open(f"/content/{offer.id}")
    buyer.go_to_pay("Buy this course")
    other.go_to_pay("Buy this course")
    assert buyer.page.url == other.page.url

    buyer.pay()
    buyer.sees_heading("Payment confirmed")
    other.page.reload()

    expect(other.page.get_by_label("Card number")).to_have_count(0)
    assert len(buyer.shop.purchases_of(offer)) == 1


def test_who_owns_it_already_is_told_and_shown_so(buyer):
    offer = buyer.open_offer("content")
    expect(buyer.button("Buy this course")).to_be_enabled()
    # Meanwhile, on the telephone:
    started = buyer.shop.create(offer, buyer.sub).json()
    buyer.shop.stripe.pay(started["sessionId"])
    eventually(lambda: buyer.shop.purchases_of(offer))

    buyer.press("Buy this course")

    buyer.is_told("This has been purchased already.")
    buyer.sees_badge("content", "Yours")
    expect(buyer.button("Buy this course")).to_have_count(0)


def test_a_payment_that_was_begun_can_be_cancelled(buyer):
    offer = buyer.open_offer("order")
    buyer.go_to_pay("Pay $25.00")
    buyer.press_cancel()

    buyer.press("Cancel this payment")

    expect(buyer.page.get_by_text("cannot be used any more")).to_be_visible()
    expect(buyer.button("Pay $25.00")).to_be_enabled()
    [session] = buyer.shop.sessions_of(offer)
    assert session["status"] == "expired"


def test_an_auctions_payment_can_be_cancelled(buyer):
    offer = buyer.open_offer("auction")
    buyer.go_to_pay("Pay for this auction")
    buyer.open(f"/auctions/{offer.id}")

    buyer.press("Cancel the payment")

    expect(buyer.button("Pay for this auction")).to_be_enabled()
    [session] = buyer.shop.sessions_of(offer)
    assert session["status"] == "expired"


def test_money_on_its_way_is_not_called_a_confirmed_payment(buyer):
    offer = buyer.open_offer("order")
    started = buyer.shop.create(offer, buyer.sub).json()
    [session] = buyer.shop.sessions_of(offer)
    stripe_id = session["stripe_session_id"]
    assert started["payment_session_id"] == session["id"]
    method = buyer.shop.stripe.post(
        "/v1/payment_methods",
        type="us_bank_account",
        **{
            "us_bank_account[account_number]": "000123456789",
            "us_bank_account[routing_number]": "110000000",
            "us_bank_account[account_holder_type]": "individual",
            "billing_details[name]": "Ada",
            "billing_details[email]": "ada@example.test",
        },
    )
    buyer.shop.stripe.post(
        f"/v1/payment_pages/{stripe_id}/confirm",
        payment_method=method["id"],
        expected_amount=2500,
    )

    buyer.open(f"/orders/{offer.id}?session_id={stripe_id}")

    buyer.sees_heading("Your payment is on its way")
    expect(buyer.card("order").get_by_role("listitem")).to_contain_text("Pending")
    expect(buyer.button("Pay $25.00")).to_have_count(0)


def test_an_expired_payment_page_charges_nothing_and_can_be_had_again(buyer):
    offer = buyer.open_offer("auction")
    buyer.go_to_pay("Pay for this auction")
    [session] = buyer.shop.sessions_of(offer)
    stripe_id = session["stripe_session_id"]
    buyer.shop.stripe.post(f"/v1/checkout/sessions/{stripe_id}/expire")
    eventually(lambda: buyer.shop.sessions_of(offer)[0]["status"] == "expired")

    buyer.open(f"/auctions/{offer.id}?session_id={stripe_id}")

    buyer.sees_heading("This payment page has expired")
    buyer.sees_badge("auction", "Expired")
    buyer.go_to_pay("Pay again")


def test_an_auction_whose_time_is_over_shows_as_expired(buyer):
    over = clock.now() - timedelta(hours=25)
    buyer.shop.put(
        "auction",
        f"late-{buyer.sub}",
        winner_id=buyer.sub,
        status="accepted",
        accepted_at=clock.iso(over),
        title="Too late",
        price={"amount": 2500, "currency": "usd"},
    )
    buyer.open(f"/auctions/late-{buyer.sub}")

    buyer.sees_badge("auction", "Expired")
    expect(buyer.button("Pay")).to_have_count(0)
    expect(buyer.card("auction")).to_contain_text("The time to pay")


def test_the_back_button_does_no_harm(buyer):
    offer = buyer.open_offer("content")
    buyer.go_to_pay("Buy this course")

    buyer.page.go_back()

    expect(buyer.button("Buy this course")).to_be_enabled()
    buyer.go_to_pay("Buy this course")
    buyer.pay()
    buyer.sees_heading("Payment confirmed")
    buyer.page.go_back()
    buyer.sees_heading("You're all done here")
    expect(buyer.page.get_by_label("Card number")).to_have_count(0)
    assert len(buyer.shop.purchases_of(offer)) == 1


def test_what_cannot_be_bought_says_why_and_has_no_button(visit):
    ada = visit("user_1")
    ada.open("/")

    ada.page.get_by_text("Two that are not for sale").click()

    expect(ada.card("content")).to_contain_text("The content is free.")
    expect(ada.card("content")).to_contain_text("There is no such content.")


def test_a_refusal_of_the_api_is_a_sentence(buyer):
    """The offer was withdrawn while its page was open."""
    offer = buyer.open_offer("content")
    expect(buyer.button("Buy this course")).to_be_enabled()
    buyer.shop.set_offer_status(offer, "withdrawn")

    buyer.press("Buy this course")

    buyer.is_told("There is no such content.")
    expect(buyer.button("Buy this course")).to_have_count(0)


def test_a_shop_that_cannot_be_reached_says_so_and_can_be_tried_again(buyer):
    buyer.open_offer("content")
    buyer.page.route("**/api/checkout", lambda route: route.abort())

    buyer.press("Buy this course")

    buyer.is_told("The shop cannot be reached.")
    buyer.page.unroute("**/api/checkout")
    buyer.go_to_pay("Buy this course")


def test_a_page_of_another_sees_what_is_theirs_only(buyer, visit):
    offer = buyer.open_offer("order")
    stranger = visit(f"not-{buyer.sub}")

    stranger.open(f"/orders/{offer.id}")

    stranger.is_told("There is no such order of yours.")
    expect(stranger.page.get_by_role("button", name=re.compile("^Pay"))).to_have_count(
        0
    )
