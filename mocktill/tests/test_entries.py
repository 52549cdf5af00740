"""What the customer enters beside the payment method, without a browser."""

import pytest

HOME = {"line1": "Unter den Linden 1", "city": "Berlin", "country": "DE"}
IN_THE_US = {
    "line1": "1 Main Street",
    "city": "Reno",
    "state": "NV",
    "postal_code": "89501",
    "country": "US",
}
SHIPPED = {"shipping_address_collection": {"allowed_countries": ["DE", "US"]}}
PHONED = {"phone_number_collection": {"enabled": True}}
AGREED = {"consent_collection": {"terms_of_service": "required", "promotions": "auto"}}
TAX_ID = {"tax_id_collection": {"enabled": True, "required": "if_supported"}}
LABEL = {"type": "custom", "custom": "Size"}
SIZES = [{"label": "Small", "value": "s"}, {"label": "Medium", "value": "m"}]
ASKED = {
    "custom_fields": [
        {
            "key": "size",
            "type": "dropdown",
            "label": LABEL,
            "dropdown": {"options": SIZES},
        },
        {
            "key": "age",
            "type": "numeric",
            "label": LABEL,
            "numeric": {"maximum_length": 3},
            "optional": True,
        },
        {
            "key": "name",
            "type": "text",
            "label": LABEL,
            "text": {"default_value": "Ada", "minimum_length": 2},
        },
    ]
}
NAMED = {
    "name_collection": {
        "business": {"enabled": True, "optional": True},
        "individual": {"enabled": True},
    }
}


def answers(**given):
    return {"custom_fields": [{"key": k, "value": v} for k, v in given.items()]}


def test_a_shipping_address_is_on_session_payment_and_charge(client, create, fill_in):
    entered = {"name": "Ada", "address": IN_THE_US}

    paid = fill_in(create(**SHIPPED), shipping_details=entered)

    whole = IN_THE_US | {"line2": None}
    details = paid.collected_information.shipping_details.to_dict()
    assert details == {"name": "Ada", "address": whole}
    assert paid.customer_details.address.to_dict() == whole
    intent = client.v1.payment_intents.retrieve(
        paid.payment_intent, {"expand": ["latest_charge"]}
    )
    assert intent.shipping.address.to_dict() == whole
    assert intent.latest_charge.shipping.name == "Ada"


def test_details_of_the_customer_are_on_the_session(create, fill_in, events):
    session = create(**PHONED, **TAX_ID, **NAMED, billing_address_collection="required")

    paid = fill_in(
        session,
        customer_details={
            "address": HOME,
            "business_name": "Engines Ltd",
            "email": "ada@example.com",
            "individual_name": "Ada L.",
            "name": "Ada",
            "phone": "+4930123456",
            "tax_ids": [{"type": "eu_vat", "value": "DE123456789"}],
        },
    )

    details = paid.customer_details.to_dict()
    assert details["email"] == "ada@example.com"
    assert details["name"] == "Ada"
    assert details["phone"] == "+4930123456"
    assert details["tax_ids"] == [{"type": "eu_vat", "value": "DE123456789"}]
    assert details["address"]["country"] == "DE"
    assert details["business_name"] == "Engines Ltd"
    assert paid.collected_information.individual_name == "Ada L."
    assert paid.collected_information.shipping_details is None
    (completed,) = events("checkout.session.completed")
    assert completed.data.object.customer_details.to_dict() == details


def test_answers_are_on_the_session(create, fill_in):
    paid = fill_in(create(**ASKED), **answers(size="m", age="36"))

    size, age, name = paid.custom_fields
    assert size.dropdown.value == "m"
    assert age.numeric.value == "36"
    assert name.text.value == "Ada"


def test_a_question_that_is_optional_may_stay_open(create, fill_in):
    paid = fill_in(create(**ASKED), **answers(size="m", name="Bo"))

    assert paid.custom_fields[1].numeric.value is None
    assert paid.custom_fields[2].text.value == "Bo"


def test_consent_is_on_the_session(create, fill_in):
    terms = {"terms_of_service": "accepted"}
    silent = fill_in(create(**AGREED), consent=terms)
    opted_in = fill_in(create(**AGREED), consent={**terms, "promotions": "opt_in"})
    nothing = fill_in(create())

    assert silent.consent.to_dict() == {**terms, "promotions": "opt_out"}
    assert opted_in.consent.promotions == "opt_in"
    assert nothing.consent is None


MISSING = {
    "shipping_details[name]": (SHIPPED, {}),
    "shipping_details[address][line1]": (
        SHIPPED,
        {"shipping_details": {"name": "Ada", "address": {"country": "DE"}}},
    ),
    "shipping_details[address][state]": (
        SHIPPED,
        {"shipping_details": {"name": "Ada", "address": HOME | {"country": "US"}}},
    ),
    "customer_details[address][line1]": (
        {"billing_address_collection": "required"},
        {},
    ),
    "customer_details[phone]": (PHONED, {}),
    "customer_details[tax_ids]": (TAX_ID, {}),
    "customer_details[individual_name]": (NAMED, {}),
    "custom_fields[size]": (ASKED, {}),
    "custom_fields[name]": (ASKED, answers(size="s", name="")),
    "consent[terms_of_service]": (AGREED, {"consent": {"promotions": "opt_in"}}),
}


@pytest.mark.parametrize("param", MISSING)
def test_nothing_is_paid_while_something_required_is_missing(
    client, create, fill_in, param
):
    asked, entered = MISSING[param]
    session = create(**asked)

    error = fill_in(session, status=400, **entered)

    assert (error["code"], error["param"]) == ("parameter_missing", param)
    unpaid = client.v1.checkout.sessions.retrieve(session.id)
    assert (unpaid.status, unpaid.payment_intent) == ("open", None)
    assert client.v1.events.list().data == []


def test_a_tax_needs_a_place(sandbox, create, fill_in):
    sandbox.default_tax_behavior = "exclusive"
    taxed = {"automatic_tax": {"enabled": True}}
    in_the_us = {"customer_details": {"address": {"country": "US"}}}
    shipped = create(**taxed, **SHIPPED)
    address = {"shipping_details": {"name": "Ada", "address": IN_THE_US}}

    nowhere = fill_in(create(**taxed), status=400)
    somewhere = fill_in(create(**taxed), status=400, **in_the_us)
    by_shipping = fill_in(shipped, **address)

    assert nowhere["param"] == "customer_details[address][country]"
    assert somewhere["param"] == "customer_details[address][postal_code]"
    assert by_shipping.amount_total == 2750


def test_the_address_of_the_payment_method_is_a_place(sandbox, client, create, raw):
    sandbox.default_tax_behavior = "exclusive"
    session = create(automatic_tax={"enabled": True})
    method = client.v1.payment_methods.create(
        {
            "type": "card",
            "card": {"token": "tok_visa"},
            "billing_details": {"address": {"country": "DE"}},
        }
    )

    form = {"payment_method": method.id, "expected_amount": 2750}
    paid = raw("POST", f"/v1/payment_pages/{session.id}/confirm", data=form)

    assert paid.json()["payment_intent"]["amount"] == 2750


@pytest.mark.parametrize(
    ("asked", "entered", "param"),
    [
        ({}, {"promotion_code": "MOCKTILL10"}, "promotion_code"),
        ({}, {"shipping_rate": "shr_1"}, "shipping_rate"),
        ({}, {"shipping_details": {"name": "Ada"}}, "shipping_details"),
        ({}, {"customer_details": {"phone": "+4930123456"}}, "customer_details[phone]"),
        (
            {},
            {"consent": {"terms_of_service": "accepted"}},
            "consent[terms_of_service]",
        ),
        ({}, answers(size="m"), "custom_fields"),
        (
            {},
            {"customer_details": {"tax_ids": [{"type": "eu_vat", "value": "DE1"}]}},
            "customer_details[tax_ids]",
        ),
        (
            {"customer_email": "ada@example.com"},
            {"customer_details": {"email": "eve@example.com"}},
            "customer_details[email]",
        ),
        ({}, {"customer_details": {"email": "eve"}}, "customer_details[email]"),
        ({}, {"colour": "red"}, "colour"),
        (
            {},
            {"customer_details": {"address": {"country": "Germany"}}},
            "customer_details[address][country]",
        ),
        (PHONED, {"customer_details": {"phone": "030/123"}}, "customer_details[phone]"),
        (
            SHIPPED,
            {"shipping_details": {"name": "Ada", "address": HOME | {"country": "FR"}}},
            "shipping_details[address][country]",
        ),
        (
            TAX_ID,
            {"customer_details": {"tax_ids": [{"type": "moon", "value": "1"}]}},
            "customer_details[tax_ids][0][type]",
        ),
        (
            TAX_ID,
            {"customer_details": {"tax_ids": [{"type": "eu_vat", "value": "?"}]}},
            "customer_details[tax_ids][0][value]",
        ),
        (ASKED, answers(size="xl"), "custom_fields[0][value]"),
        (ASKED, answers(age="old"), "custom_fields[0][value]"),
        (ASKED, answers(age="1000"), "custom_fields[0][value]"),
        (ASKED, answers(name="A"), "custom_fields[0][value]"),
        (ASKED, answers(colour="red"), "custom_fields[0][key]"),
        (AGREED, {"consent": {"terms_of_service": "no"}}, "consent[terms_of_service]"),
    ],
)
def test_what_is_not_asked_or_not_valid_is_refused(
    client, create, fill_in, asked, entered, param
):
    session = create(**asked)

    error = fill_in(session, status=400, **entered)

    assert error["param"] == param
    assert client.v1.checkout.sessions.retrieve(session.id).status == "open"


def test_a_rate_of_another_session_is_refused(create, fill_in):
    fixed = {"amount": 5, "currency": "usd"}
    post = {"shipping_rate_data": {"display_name": "Post", "fixed_amount": fixed}}
    session, other = (create(shipping_options=[post]) for _ in range(2))

    error = fill_in(
        session, status=400, shipping_rate=other.shipping_options[0].shipping_rate
    )

    assert error["param"] == "shipping_rate"


@pytest.mark.parametrize(
    "asked",
    [{"customer_creation": "always"}, {"invoice_creation": {"enabled": True}}],
)
def test_a_customer_is_made_if_the_shop_asks_for_one(client, create, fill_in, asked):
    paid = fill_in(
        create(**asked, **PHONED),
        customer_details={"email": "ada@example.com", "phone": "+4930123456"},
    )

    customer = client.v1.customers.retrieve(paid.customer)
    assert (customer.email, customer.phone) == ("ada@example.com", "+4930123456")
    intent = client.v1.payment_intents.retrieve(paid.payment_intent)
    assert intent.customer == customer.id


def test_what_was_entered_stays_after_a_decline(create, fill_in):
    session = create(**AGREED, **PHONED)
    fill_in(
        session,
        card="pm_card_chargeDeclined",
        status=402,
        consent={"terms_of_service": "accepted"},
        customer_details={"phone": "+4930123456"},
    )

    paid = fill_in(session)

    assert paid.consent.terms_of_service == "accepted"
    assert paid.customer_details.phone == "+4930123456"


def test_a_complete_session_takes_nothing_more(create, fill_in, raw):
    session = create(allow_promotion_codes=True)
    fill_in(session)

    answer = raw(
        "POST",
        f"/v1/payment_pages/{session.id}",
        data={"promotion_code": "MOCKTILL10"},
    )

    assert answer.json()["error"]["code"] == "checkout_session_already_completed"
