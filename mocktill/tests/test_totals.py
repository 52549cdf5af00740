"""The total of a session: lines, discount, shipping and the made-up tax."""

import hypothesis.strategies as st
import pytest
from hypothesis import assume, given, settings

from mocktill import Sandbox, totals
from mocktill.errors import ApiError
from mocktill.totals import Choices

HOME = {"line1": "Unter den Linden 1", "city": "Berlin", "country": "DE"}
TAX = {"enabled": True}
NOT_CHARGED = ("amount_too_small", "amount_too_large")


@pytest.fixture
def taxed(create, line):
    """Create a session with automatic tax on one price of 10.00."""

    def make(behavior="exclusive", **changes):
        price = line(1000, 1)
        price["price_data"]["tax_behavior"] = behavior
        changes.setdefault("automatic_tax", TAX)
        return create(line_items=[price], **changes)

    return make


def post(amount, behavior):
    fixed = {"amount": amount, "currency": "usd"}
    data = {"display_name": "Post", "fixed_amount": fixed, "tax_behavior": behavior}
    return {"shipping_rate_data": data}


def test_an_exclusive_tax_is_added(client, taxed, fill_in):
    session = taxed()

    paid = fill_in(session, customer_details={"address": HOME})

    assert session.automatic_tax.status == "requires_location_inputs"
    assert session.amount_total == 1000
    assert paid.automatic_tax.status == "complete"
    assert paid.amount_subtotal == 1000
    assert paid.amount_total == 1100
    assert paid.total_details.amount_tax == 100
    (item,) = client.v1.checkout.sessions.line_items.list(paid.id).data
    assert (item.amount_subtotal, item.amount_tax) == (1000, 100)
    assert item.amount_total == 1100


def test_an_inclusive_tax_does_not_raise_the_total(taxed, fill_in):
    paid = fill_in(taxed("inclusive"), customer_details={"address": HOME})

    assert paid.amount_subtotal == paid.amount_total == 1000
    assert paid.total_details.amount_tax == 91


def test_a_price_without_a_behaviour_has_that_of_the_account(sandbox, taxed, fill_in):
    sandbox.default_tax_behavior = "inclusive"

    paid = fill_in(taxed("unspecified"), customer_details={"address": HOME})

    assert (paid.amount_total, paid.total_details.amount_tax) == (1000, 91)


def test_without_automatic_tax_there_is_none(taxed, fill_in):
    paid = fill_in(taxed(automatic_tax=None), customer_details={"address": HOME})

    assert paid.total_details.amount_tax == 0
    assert paid.automatic_tax.status is None


def test_the_tax_is_on_what_is_left_after_the_discount(taxed, fill_in):
    paid = fill_in(
        taxed(allow_promotion_codes=True),
        customer_details={"address": HOME},
        promotion_code="MOCKTILL10",
    )

    assert paid.total_details.amount_discount == 100
    assert paid.total_details.amount_tax == 90
    assert paid.amount_total == 990


def test_shipping_is_taxed_by_its_own_behaviour(taxed, fill_in):
    session = taxed(
        shipping_options=[post(500, "exclusive"), post(550, "inclusive")],
        shipping_address_collection={"allowed_countries": ["DE"]},
    )
    second = session.shipping_options[1].shipping_rate

    paid = fill_in(
        session,
        shipping_rate=second,
        shipping_details={"name": "Ada", "address": HOME},
    )

    cost = paid.shipping_cost
    assert cost.shipping_rate == second
    assert (cost.amount_subtotal, cost.amount_tax, cost.amount_total) == (550, 50, 550)
    assert paid.total_details.amount_shipping == 550
    assert paid.total_details.amount_tax == 150
    assert paid.amount_total == 1000 + 100 + 550


def test_the_breakdown_has_a_tax_for_each_rate(client, taxed, fill_in):
    session = taxed(shipping_options=[post(550, "inclusive")])
    paid = fill_in(session, customer_details={"address": HOME})

    shown = client.v1.checkout.sessions.retrieve(
        paid.id,
        {
            "expand": [
                "total_details.breakdown",
                "line_items.data.taxes",
                "shipping_cost.taxes",
            ]
        },
    )

    exclusive, inclusive = shown.total_details.breakdown.taxes
    assert (exclusive.amount, exclusive.rate.inclusive) == (100, False)
    assert (inclusive.amount, inclusive.rate.inclusive) == (50, True)
    assert exclusive.rate.percentage == 10
    assert exclusive.rate.display_name == "Made-up tax"
    assert [tax.amount for tax in shown.line_items.data[0].taxes] == [100]
    assert shown.line_items.data[0].taxes[0].rate.id == exclusive.rate.id
    assert [tax.amount for tax in shown.shipping_cost.taxes] == [50]
    assert "taxes" not in paid.shipping_cost


def test_a_listed_session_can_show_its_breakdown(client, taxed, fill_in):
    fill_in(taxed(), customer_details={"address": HOME})

    (shown,) = client.v1.checkout.sessions.list(
        {"expand": ["data.total_details.breakdown"]}
    ).data

    assert shown.total_details.breakdown.taxes[0].amount == 100


def test_payment_charge_refund_and_balance_have_the_amount_that_was_paid(
    client, taxed, fill_in, events
):
    session = taxed(
        allow_promotion_codes=True, shipping_options=[post(500, "exclusive")]
    )

    paid = fill_in(
        session, promotion_code="MOCKTILL10", customer_details={"address": HOME}
    )
    refund = client.v1.refunds.create({"payment_intent": paid.payment_intent})

    assert paid.amount_total == 900 + 90 + 500 + 50
    intent = client.v1.payment_intents.retrieve(
        paid.payment_intent, {"expand": ["latest_charge.balance_transaction"]}
    )
    assert intent.amount == intent.amount_received == 1540
    assert intent.latest_charge.amount == 1540
    assert intent.latest_charge.balance_transaction.amount == 1540
    assert refund.amount == 1540
    (completed,) = events("checkout.session.completed")
    assert completed.data.object.amount_total == 1540
    assert completed.data.object.total_details.amount_tax == 140


def test_a_bank_debit_pays_the_total_days_later(
    client, create, fill_in, bank_debit, control, events
):
    method = client.v1.payment_methods.create(bank_debit)
    session = create(allow_promotion_codes=True)

    waiting = fill_in(session, card=method.id, promotion_code="MOCKTILL10")
    control("POST", f"payment_intents/{waiting.payment_intent}/settle")

    assert (waiting.status, waiting.payment_status) == ("complete", "unpaid")
    assert waiting.amount_total == 2250
    (succeeded,) = events("checkout.session.async_payment_succeeded")
    assert succeeded.data.object.amount_total == 2250
    (charge,) = client.v1.charges.list().data
    assert charge.amount_captured == 2250


def test_a_page_can_be_filled_in_bit_by_bit(raw, taxed, fill_in):
    session = taxed(allow_promotion_codes=True)
    page = f"/v1/payment_pages/{session.id}"

    def enter(**form):
        return raw("POST", page, data=form).json()["line_item_group"]["due"]

    assert enter(promotion_code="MOCKTILL10") == 900
    assert enter(**{"customer_details[address][country]": "DE"}) == 990
    assert enter(promotion_code="") == 1100
    assert raw("GET", page).json()["amount_total"] == 1100
    assert fill_in(session, expected_amount=1100).amount_total == 1100


def test_the_expected_amount_counts_what_is_entered_in_the_same_call(taxed, fill_in):
    session = taxed()
    entered = {"customer_details": {"address": HOME}}

    error = fill_in(session, status=400, expected_amount=1000, **entered)

    assert error["code"] == "checkout_amount_mismatch"
    assert fill_in(session, expected_amount=1100, **entered).payment_status == "paid"


def test_a_declined_payment_can_be_repeated_at_another_total(client, create, fill_in):
    session = create(allow_promotion_codes=True)
    fill_in(session, card="pm_card_chargeDeclined", status=402)
    declined = client.v1.checkout.sessions.retrieve(session.id).payment_intent

    paid = fill_in(session, promotion_code="MOCKTILL10")

    intent = client.v1.payment_intents.retrieve(paid.payment_intent)
    assert intent.id == declined
    assert intent.amount == intent.amount_received == 2250


def test_an_attempt_before_a_code_that_makes_it_free_is_given_up(
    client, create, fill_in
):
    session = create(allow_promotion_codes=True)
    fill_in(session, card="pm_card_chargeDeclined", status=402)
    declined = client.v1.checkout.sessions.retrieve(session.id).payment_intent

    paid = fill_in(session, promotion_code="MOCKTILLFREE")

    assert paid.payment_intent is None
    assert client.v1.payment_intents.retrieve(declined).status == "canceled"


def test_a_challenge_ends_when_the_total_changes(client, create, fill_in, raw):
    session = create(allow_promotion_codes=True)
    fill_in(session, card="pm_card_threeDSecureRequired")
    waiting = client.v1.checkout.sessions.retrieve(session.id).payment_intent

    raw(
        "POST",
        f"/v1/payment_pages/{session.id}",
        data={"promotion_code": "MOCKTILL10"},
    )

    intent = client.v1.payment_intents.retrieve(waiting)
    assert (intent.status, intent.amount) == ("requires_payment_method", 2250)


def test_a_tax_that_lifts_the_total_above_the_maximum_is_refused(create, line, fill_in):
    price = line(99_999_999, 1)
    price["price_data"]["tax_behavior"] = "exclusive"
    session = create(line_items=[price], automatic_tax=TAX)

    error = fill_in(session, status=400, customer_details={"address": HOME})

    assert error["code"] == "amount_too_large"


prices = st.integers(min_value=0, max_value=30_000_00)
behaviors = st.sampled_from(["exclusive", "inclusive"])
lines = st.lists(st.tuples(prices, behaviors), min_size=1, max_size=5)
coupons = st.none() | st.one_of(
    st.builds(
        lambda percent: {"amount_off": None, "percent_off": percent},
        st.floats(min_value=0.01, max_value=100, allow_nan=False),
    ),
    st.builds(
        lambda amount: {"amount_off": amount, "percent_off": None},
        st.integers(min_value=1, max_value=99_999_999),
    ),
)
rates = st.none() | st.builds(
    lambda amount, behavior: {
        "id": "shr_1",
        "fixed_amount": {"amount": amount},
        "tax_behavior": behavior,
    },
    prices,
    behaviors,
)


@settings(max_examples=300, deadline=None)
@given(
    lines, coupons, rates, st.booleans(), st.sampled_from(["usd", "kwd", "isk", "jpy"])
)
def test_the_parts_add_up_to_the_total(lines, coupon, rate, taxed, currency):
    unit = {"kwd": 10, "isk": 100}.get(currency, 1)
    made = [
        {
            "amount_subtotal": amount // unit * unit,
            "price": {"tax_behavior": behavior},
        }
        for amount, behavior in lines
    ]
    if rate:
        amount = rate["fixed_amount"]["amount"] // unit * unit
        rate = {**rate, "fixed_amount": {"amount": amount}}
    if coupon and coupon["amount_off"]:
        coupon = {**coupon, "amount_off": coupon["amount_off"] // unit * unit or unit}
    choices = Choices(coupon, rate, taxed)
    sandbox = Sandbox()
    try:
        found = totals.of(sandbox, {"currency": currency}, made, choices)
    except ApiError as error:
        assume(error.error["code"] not in NOT_CHARGED)
        raise
    finally:
        sandbox.stop()

    session, details = found.session, found.session["total_details"]
    assert (
        sum(each["amount_discount"] for each in found.lines)
        == (details["amount_discount"])
    )
    assert all(0 <= e["amount_discount"] <= e["amount_subtotal"] for e in found.lines)
    taxes = sum(
        each["amount_tax"]
        for each, (_, behavior) in zip(found.lines, lines, strict=True)
        if behavior == "exclusive"
    )
    cost = session["shipping_cost"]
    if cost and rate["tax_behavior"] == "exclusive":
        taxes += cost["amount_tax"]
    assert session["amount_total"] == (
        session["amount_subtotal"]
        - details["amount_discount"]
        + details["amount_shipping"]
        + taxes
    )
    shipped = cost["amount_total"] if cost else 0
    assert session["amount_total"] == shipped + sum(
        each["amount_total"] for each in found.lines
    )
    assert all(each[name] % unit == 0 for each in found.lines for name in each)
