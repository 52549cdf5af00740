"""Coupons, promotion codes and shipping rates, and what a code takes off."""

import time

import pytest
import stripe

SAMPLES = {"MOCKTILL10": 2250, "mocktill10": 2250, "MOCKTILLFREE": 0}


@pytest.fixture
def code(client):
    """Make a promotion code for a new coupon, which takes a half off by default."""

    def make(coupon=None, **params):
        made = client.v1.coupons.create(coupon or {"percent_off": 50})
        promotion = {"type": "coupon", "coupon": made.id}
        return client.v1.promotion_codes.create({"promotion": promotion, **params})

    return make


@pytest.fixture
def refusal(client):
    def refused(service, **params):
        with pytest.raises(stripe.InvalidRequestError) as error:
            getattr(client.v1, service).create(params)
        return error.value

    return refused


@pytest.mark.parametrize("text", SAMPLES)
def test_the_sample_codes_can_be_used_at_once(create, fill_in, text):
    session = fill_in(create(allow_promotion_codes=True), promotion_code=text)

    assert session.amount_total == SAMPLES[text]
    assert session.status == "complete"


def test_a_code_takes_its_percentage_off(client, create, fill_in, code):
    made = code(coupon={"percent_off": 33.5}, code="SPRING-26")
    assert made.promotion.type == "coupon"
    assert made.active

    paid = fill_in(create(allow_promotion_codes=True), promotion_code="spring-26")

    assert paid.amount_subtotal == 2500
    assert paid.amount_total == 2500 - 838
    assert paid.total_details.amount_discount == 838
    assert paid.discounts[0].promotion_code == made.id
    assert client.v1.promotion_codes.retrieve(made.id).times_redeemed == 1
    assert client.v1.coupons.retrieve(made.promotion.coupon).times_redeemed == 1


def test_a_code_takes_at_most_the_whole_price_off(create, fill_in, code):
    made = code(coupon={"amount_off": 9000, "currency": "usd"})

    paid = fill_in(create(allow_promotion_codes=True), promotion_code=made.code)

    assert paid.amount_total == 0
    assert paid.total_details.amount_discount == 2500


def test_a_payment_of_nothing_has_no_payment_intent(client, create, fill_in, events):
    session = create(allow_promotion_codes=True)

    paid = fill_in(session, promotion_code="MOCKTILLFREE")

    assert session.payment_status == "unpaid"
    assert paid.payment_status == "no_payment_required"
    assert paid.payment_intent is None
    assert client.v1.customers.retrieve(paid.customer).id == paid.customer
    (completed,) = events("checkout.session.completed")
    assert completed.data.object.payment_status == "no_payment_required"
    assert completed.data.object.amount_total == 0
    assert client.v1.charges.list().data == []
    assert client.v1.balance_transactions.list().data == []


@pytest.mark.parametrize(
    ("made", "restricted"),
    [
        ({}, {"active": False}),
        (
            {},
            {
                "restrictions": {
                    "minimum_amount": 2501,
                    "minimum_amount_currency": "usd",
                }
            },
        ),
        ({}, {"restrictions": {"minimum_amount": 1, "minimum_amount_currency": "eur"}}),
        ({}, {"restrictions": {"first_time_transaction": True}}),
        ({"amount_off": 100, "currency": "eur"}, {}),
        ({"amount_off": 2460, "currency": "usd"}, {}),
    ],
)
def test_a_code_that_does_not_fit_is_refused(
    client, create, fill_in, code, made, restricted
):
    text = code(made or None, **restricted).code
    session = create(allow_promotion_codes=True)

    fill_in(session, status=400, promotion_code=text)

    open_still = client.v1.checkout.sessions.retrieve(session.id)
    assert open_still.status == "open"
    assert open_still.amount_total == 2500
    assert open_still.discounts == []


def test_an_unknown_code_is_refused(create, fill_in):
    error = fill_in(create(allow_promotion_codes=True), status=400, promotion_code="X")

    assert error["param"] == "promotion_code"
    assert error["message"] == "This code is invalid."


def test_codes_must_be_allowed(create, fill_in):
    error = fill_in(create(), status=400, promotion_code="MOCKTILL10")

    assert error["param"] == "promotion_code"


def test_a_code_ends_at_its_time(client, create, fill_in, code, control):
    made = code(expires_at=int(time.time()) + 600)
    session = create(allow_promotion_codes=True)

    control("POST", "clock", {"advance_seconds": 601})

    fill_in(session, status=400, promotion_code=made.code)
    assert not client.v1.promotion_codes.retrieve(made.id).active


def test_a_discount_of_the_shop_stays_when_its_code_ends(client, create, fill_in, code):
    """The customer could not remove it."""
    made = code()
    session = create(discounts=[{"promotion_code": made.id}])
    client.v1.promotion_codes.update(made.id, {"active": False})

    paid = fill_in(session)

    assert paid.amount_total == 1250
    assert paid.discounts[0].promotion_code == made.id


def test_a_code_can_be_used_so_many_times(client, create, fill_in, raw, code):
    made = code(max_redemptions=1)
    first, second = (create(allow_promotion_codes=True) for _ in range(2))
    entered = {"promotion_code": made.code}
    raw("POST", f"/v1/payment_pages/{second.id}", data=entered)

    fill_in(first, **entered)
    error = fill_in(second, status=400)
    without = fill_in(second, promotion_code="")

    assert error["param"] == "promotion_code"
    assert without.amount_total == 2500
    assert not client.v1.promotion_codes.retrieve(made.id).active


def test_a_coupon_that_is_used_up_ends_its_codes(client, create, fill_in, code):
    made = code(coupon={"percent_off": 10, "max_redemptions": 1})
    fill_in(create(allow_promotion_codes=True), promotion_code=made.code)

    assert not client.v1.coupons.retrieve(made.promotion.coupon).valid
    fill_in(create(allow_promotion_codes=True), status=400, promotion_code=made.code)


def test_a_code_may_be_for_a_first_purchase(client, create, fill_in, code):
    text = code(restrictions={"first_time_transaction": True}).code
    ada = client.v1.customers.create({"email": "ada@example.com"}).id

    def buy(status=200):
        session = create(allow_promotion_codes=True, customer=ada)
        return fill_in(session, status=status, promotion_code=text)

    assert buy().amount_total == 1250
    assert buy(status=400)["param"] == "promotion_code"


def test_a_discount_is_shared_among_the_lines(client, create, fill_in, line):
    lines = [line(333, 1), line(333, 1), line(334, 1)]
    session = create(line_items=lines, allow_promotion_codes=True)

    fill_in(session, promotion_code="MOCKTILL10")

    items = client.v1.checkout.sessions.line_items.list(session.id).data
    assert [item.amount_discount for item in items] == [33, 34, 33]
    assert [item.amount_total for item in items] == [300, 299, 301]


def test_a_currency_without_small_change_keeps_its_unit(create, fill_in, line):
    session = create(
        line_items=[line(amount=5510, currency="kwd", quantity=1)],
        allow_promotion_codes=True,
    )

    paid = fill_in(session, promotion_code="MOCKTILL10")

    assert paid.total_details.amount_discount == 550


def test_the_discount_shows_its_code_when_expanded(client, create, fill_in, code):
    made = code()
    session = fill_in(create(allow_promotion_codes=True), promotion_code=made.code)

    shown = client.v1.checkout.sessions.retrieve(
        session.id,
        {"expand": ["total_details.breakdown", "line_items.data.discounts"]},
    )

    assert "breakdown" not in session.total_details
    (discount,) = shown.total_details.breakdown.discounts
    assert discount.amount == 1250
    assert discount.discount.promotion_code == made.id
    assert discount.discount.checkout_session == session.id
    (of_line,) = shown.line_items.data[0].discounts
    assert of_line.discount.id == discount.discount.id
    assert shown.total_details.breakdown.taxes == []


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({}, "percent_off"),
        ({"percent_off": 10, "amount_off": 5, "currency": "usd"}, "percent_off"),
        ({"percent_off": 0}, "percent_off"),
        ({"percent_off": 100.5}, "percent_off"),
        ({"amount_off": 5}, "currency"),
        ({"amount_off": 0, "currency": "usd"}, "amount_off"),
        ({"percent_off": 5, "duration": "repeating"}, "duration_in_months"),
        ({"percent_off": 5, "max_redemptions": 0}, "max_redemptions"),
        ({"percent_off": 5, "redeem_by": 1}, "redeem_by"),
        ({"percent_off": 5, "name": "x" * 41}, "name"),
        ({"percent_off": 5, "id": "mocktill10"}, "id"),
        ({"percent_off": 5, "applies_to": {"products": ["prod_1"]}}, "applies_to"),
    ],
)
def test_a_coupon_that_stripe_refuses_is_refused(refusal, params, param):
    assert refusal("coupons", **params).param == param


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"promotion": {"type": "coupon"}}, "promotion[coupon]"),
        ({"promotion": {"type": "coupon", "coupon": "x"}}, "promotion[coupon]"),
        ({"coupon": "mocktill10"}, "coupon"),
        ({"code": "ten percent"}, "code"),
        ({"code": "Mocktill10"}, "code"),
        ({"max_redemptions": 0}, "max_redemptions"),
        ({"expires_at": 1}, "expires_at"),
        (
            {"restrictions": {"minimum_amount": 5}},
            "restrictions[minimum_amount_currency]",
        ),
        (
            {"restrictions": {"minimum_amount_currency": "usd"}},
            "restrictions[minimum_amount]",
        ),
    ],
)
def test_a_code_that_stripe_refuses_is_refused(refusal, params, param):
    promotion = {"promotion": {"type": "coupon", "coupon": "mocktill10"}}

    assert refusal("promotion_codes", **(promotion | params)).param == param


def test_a_code_does_not_outlive_its_coupon(client, refusal):
    soon = int(time.time()) + 600
    coupon = client.v1.coupons.create(
        {"percent_off": 5, "redeem_by": soon, "max_redemptions": 2}
    )
    promotion = {"type": "coupon", "coupon": coupon.id}

    later = refusal("promotion_codes", promotion=promotion, expires_at=soon + 1)
    more = refusal("promotion_codes", promotion=promotion, max_redemptions=3)

    assert (later.param, more.param) == ("expires_at", "max_redemptions")


def test_codes_are_listed_changed_and_switched_off(
    client, create, fill_in, code, events
):
    made = code(code="AUTUMN")
    codes = client.v1.promotion_codes

    assert [each.id for each in codes.list({"code": "autumn"}).data] == [made.id]
    changed = codes.update(made.id, {"active": False, "metadata": {"a": "1"}})

    assert changed.metadata.to_dict() == {"a": "1"}
    assert made.id not in [each.id for each in codes.list({"active": True}).data]
    fill_in(create(allow_promotion_codes=True), status=400, promotion_code="AUTUMN")
    assert len(events("coupon.created", "promotion_code.created")) == 2
    assert len(events("promotion_code.updated")) == 1


def test_a_shipping_rate_is_made_once_and_offered_often(client, create):
    fixed = {"amount": 700, "currency": "USD"}
    rate = client.v1.shipping_rates.create(
        {"display_name": "Express", "type": "fixed_amount", "fixed_amount": fixed}
    )

    session = create(shipping_options=[{"shipping_rate": rate.id}])

    assert session.shipping_cost.shipping_rate == rate.id
    assert session.amount_total == 3200
    shown = client.v1.checkout.sessions.retrieve(
        session.id, {"expand": ["shipping_cost.shipping_rate"]}
    )
    assert shown.shipping_cost.shipping_rate.display_name == "Express"
    client.v1.shipping_rates.update(rate.id, {"active": False})
    with pytest.raises(stripe.InvalidRequestError, match="not active"):
        create(shipping_options=[{"shipping_rate": rate.id}])


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({}, "display_name"),
        ({"display_name": "Post"}, "fixed_amount"),
        (
            {
                "display_name": "x" * 101,
                "fixed_amount": {"amount": 1, "currency": "usd"},
            },
            "display_name",
        ),
        (
            {"display_name": "Post", "fixed_amount": {"amount": 1, "currency": "xyz"}},
            "fixed_amount[currency]",
        ),
    ],
)
def test_a_shipping_rate_that_stripe_refuses_is_refused(refusal, params, param):
    assert refusal("shipping_rates", **params).param == param
