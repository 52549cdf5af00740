"""The options of a session: what it repeats, and what Stripe refuses."""

import pytest
import stripe

TAX = {"enabled": True}
ADDRESSES = {"allowed_countries": ["DE", "US"]}


def rate(amount=500, currency="usd", **more):
    fixed = {"amount": amount, "currency": currency}
    data = {"display_name": "Post", "type": "fixed_amount", "fixed_amount": fixed}
    return {"shipping_rate_data": data | more}


def field(kind="text", key="size", **settings):
    made = {"key": key, "type": kind, "label": {"type": "custom", "custom": "Size"}}
    return made | ({kind: settings} if settings else {})


def dropdown(*values, **more):
    options = [{"label": value.title(), "value": value} for value in values]
    return field("dropdown", options=options, **more)


def taxed_line(line, behavior="exclusive", amount=1250, **product):
    made = line(amount=amount, **product)
    made["price_data"]["tax_behavior"] = behavior
    return made


@pytest.fixture
def refusal(client, hosted):
    """Return the error of a session's refused parameters."""

    def refused(**changes):
        with pytest.raises(stripe.InvalidRequestError) as error:
            client.v1.checkout.sessions.create(params=hosted(**changes))
        return error.value

    return refused


def test_a_session_repeats_its_options(create, line):
    texts = {
        name: {"message": name}
        for name in (
            *("after_submit", "shipping_address", "submit"),
            "terms_of_service_acceptance",
        )
    }
    estimate = {"minimum": {"unit": "day", "value": 2}}
    session = create(
        line_items=[taxed_line(line, tax_code="txcd_10000000")],
        allow_promotion_codes=True,
        automatic_tax=TAX,
        tax_id_collection={"enabled": True, "required": "if_supported"},
        shipping_address_collection=ADDRESSES,
        shipping_options=[
            rate(tax_behavior="exclusive", delivery_estimate=estimate),
            rate(900, tax_behavior="inclusive", tax_code="txcd_92010001"),
        ],
        billing_address_collection="required",
        phone_number_collection={"enabled": True},
        custom_fields=[
            field("text", "name", maximum_length=9),
            field("numeric", "number", default_value="1"),
            dropdown("s", "m") | {"optional": True},
        ],
        consent_collection={
            "terms_of_service": "required",
            "promotions": "auto",
            "payment_method_reuse_agreement": {"position": "hidden"},
        },
        custom_text=texts,
        submit_type="book",
        invoice_creation={
            "enabled": True,
            "invoice_data": {
                "description": "Thanks",
                "custom_fields": [{"name": "PO", "value": "1"}],
                "metadata": {"a": "1"},
                "rendering_options": {"amount_tax_display": "exclude_tax"},
            },
        },
        locale="de",
        after_expiration={"recovery": {"enabled": True}},
        customer_creation="always",
        name_collection={"business": {"enabled": True, "optional": True}},
    ).to_dict()

    assert session["allow_promotion_codes"] is True
    assert session["automatic_tax"] == {
        "enabled": True,
        "liability": {"type": "self"},
        "provider": "stripe",
        "status": "requires_location_inputs",
    }
    assert session["tax_id_collection"] == {
        "enabled": True,
        "required": "if_supported",
    }
    assert session["shipping_address_collection"] == ADDRESSES
    assert [each["shipping_amount"] for each in session["shipping_options"]] == [
        500,
        900,
    ]
    assert session["billing_address_collection"] == "required"
    assert session["phone_number_collection"] == {"enabled": True}
    name, number, size = session["custom_fields"]
    assert name["text"] == {
        "default_value": None,
        "maximum_length": 9,
        "minimum_length": None,
        "value": None,
    }
    assert number["numeric"]["default_value"] == "1"
    assert [each["value"] for each in size["dropdown"]["options"]] == ["s", "m"]
    assert (name["optional"], size["optional"]) == (False, True)
    assert session["consent"] is None
    assert session["consent_collection"] == {
        "payment_method_reuse_agreement": {"position": "hidden"},
        "promotions": "auto",
        "terms_of_service": "required",
    }
    assert session["custom_text"] == texts
    assert session["submit_type"] == "book"
    assert session["invoice_creation"]["enabled"] is True
    assert session["invoice_creation"]["invoice_data"]["description"] == "Thanks"
    assert session["locale"] == "de"
    assert session["after_expiration"] == {
        "recovery": {
            "allow_promotion_codes": False,
            "enabled": True,
            "expires_at": None,
            "url": None,
        }
    }
    assert session["customer_creation"] == "always"
    assert session["name_collection"] == {
        "business": {"enabled": True, "optional": True}
    }


def test_the_first_shipping_rate_is_chosen_until_the_customer_chooses(create):
    session = create(shipping_options=[rate(500), rate(900)])

    assert session.amount_subtotal == 2500
    assert session.amount_total == 3000
    assert session.total_details.amount_shipping == 500
    assert session.shipping_cost.amount_total == 500
    first = session.shipping_options[0].shipping_rate
    assert session.shipping_cost.shipping_rate == first


def test_a_discount_of_the_shop_is_in_the_total(client, create):
    coupon = client.v1.coupons.create({"amount_off": 700, "currency": "usd"})

    session = create(discounts=[{"coupon": coupon.id}])

    assert session.amount_total == 1800
    assert session.total_details.amount_discount == 700
    assert session.discounts[0].coupon == coupon.id
    assert session.discounts[0].promotion_code is None


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"automatic_tax": {"enabled": True, "colour": 1}}, "automatic_tax[colour]"),
        ({"tax_id_collection": {"x": 1}}, "tax_id_collection[x]"),
        (
            {"shipping_options": [rate(colour="red")]},
            "shipping_options[0][shipping_rate_data][colour]",
        ),
        ({"custom_fields": [field(x=1)]}, "custom_fields[0][text][x]"),
        ({"consent_collection": {"x": 1}}, "consent_collection[x]"),
        ({"custom_text": {"x": {"message": "a"}}}, "custom_text[x]"),
        ({"after_expiration": {"x": 1}}, "after_expiration[x]"),
        ({"name_collection": {"x": 1}}, "name_collection[x]"),
        (
            {"invoice_creation": {"enabled": True, "invoice_data": {"x": 1}}},
            "invoice_creation[invoice_data][x]",
        ),
    ],
)
def test_an_unknown_part_of_an_option_is_named(refusal, changes, param):
    error = refusal(**changes)

    assert error.code == "parameter_unknown"
    assert error.param == param


LONG = "x" * 1201
REFUSED = {
    "a boolean": ({"allow_promotion_codes": "yes"}, "allow_promotion_codes"),
    "a submit type": ({"submit_type": "buy"}, "submit_type"),
    "a submit type of subscriptions": ({"submit_type": "subscribe"}, "submit_type"),
    "a locale": ({"locale": "xx"}, "locale"),
    "a collection": (
        {"billing_address_collection": "never"},
        "billing_address_collection",
    ),
    "a country": (
        {"shipping_address_collection": {"allowed_countries": ["XX"]}},
        "shipping_address_collection[allowed_countries][0]",
    ),
    "a shipping address of the shop and of the customer": (
        {
            "shipping_address_collection": ADDRESSES,
            "payment_intent_data": {
                "shipping": {"name": "Ada", "address": {"line1": "x"}}
            },
        },
        "payment_intent_data[shipping]",
    ),
    "six rates": ({"shipping_options": [rate()] * 6}, "shipping_options"),
    "a rate in another currency": (
        {"shipping_options": [rate(currency="eur")]},
        "shipping_options[0][shipping_rate_data][fixed_amount][currency]",
    ),
    "a rate without an amount": (
        {"shipping_options": [{"shipping_rate_data": {"display_name": "Post"}}]},
        "shipping_options[0][shipping_rate_data][fixed_amount]",
    ),
    "a negative rate": (
        {"shipping_options": [rate(-1)]},
        "shipping_options[0][shipping_rate_data][fixed_amount][amount]",
    ),
    "a rate with a long name": (
        {"shipping_options": [rate(display_name="x" * 101)]},
        "shipping_options[0][shipping_rate_data][display_name]",
    ),
    "a rate of another type": (
        {"shipping_options": [rate(type="by_weight")]},
        "shipping_options[0][shipping_rate_data][type]",
    ),
    "an estimate of no days": (
        {
            "shipping_options": [
                rate(delivery_estimate={"maximum": {"unit": "day", "value": 0}})
            ]
        },
        "shipping_options[0][shipping_rate_data][delivery_estimate][maximum][value]",
    ),
    "an estimate that ends before it begins": (
        {
            "shipping_options": [
                rate(
                    delivery_estimate={
                        "minimum": {"unit": "week", "value": 1},
                        "maximum": {"unit": "day", "value": 6},
                    }
                )
            ]
        },
        "shipping_options[0][shipping_rate_data][delivery_estimate][minimum]",
    ),
    "a tax code": (
        {"shipping_options": [rate(tax_code="food")]},
        "shipping_options[0][shipping_rate_data][tax_code]",
    ),
    "an unknown rate": (
        {"shipping_options": [{"shipping_rate": "shr_1"}]},
        "shipping_options[0][shipping_rate]",
    ),
    "a rate by id and by data": (
        {"shipping_options": [{"shipping_rate": "shr_1", **rate()}]},
        "shipping_options[0]",
    ),
    "four fields": (
        {"custom_fields": [field(key=f"a{n}") for n in range(4)]},
        "custom_fields",
    ),
    "fields with one key": ({"custom_fields": [field(), field()]}, "custom_fields"),
    "a key with a blank": (
        {"custom_fields": [field(key="a b")]},
        "custom_fields[0][key]",
    ),
    "a long key": (
        {"custom_fields": [field(key="x" * 201)]},
        "custom_fields[0][key]",
    ),
    "a long label": (
        {
            "custom_fields": [
                field() | {"label": {"type": "custom", "custom": "x" * 101}}
            ]
        },
        "custom_fields[0][label][custom]",
    ),
    "a type": ({"custom_fields": [field("date")]}, "custom_fields[0][type]"),
    "settings of another type": (
        {"custom_fields": [field() | {"numeric": {"minimum_length": 1}}]},
        "custom_fields[0][numeric]",
    ),
    "a dropdown without options": (
        {"custom_fields": [field("dropdown")]},
        "custom_fields[0][dropdown]",
    ),
    "too many options": (
        {"custom_fields": [dropdown(*(f"o{n}" for n in range(201)))]},
        "custom_fields[0][dropdown][options]",
    ),
    "an option twice": (
        {"custom_fields": [dropdown("s", "s")]},
        "custom_fields[0][dropdown][options]",
    ),
    "an option with a dash": (
        {"custom_fields": [dropdown("s", "x-l")]},
        "custom_fields[0][dropdown][options][1][value]",
    ),
    "a default that is no option": (
        {"custom_fields": [dropdown("s", default_value="m")]},
        "custom_fields[0][dropdown][default_value]",
    ),
    "a length of 256": (
        {"custom_fields": [field(maximum_length=256)]},
        "custom_fields[0][text][maximum_length]",
    ),
    "a minimum above the maximum": (
        {"custom_fields": [field(minimum_length=3, maximum_length=2)]},
        "custom_fields[0][text][minimum_length]",
    ),
    "a default that is no number": (
        {"custom_fields": [field("numeric", default_value="one")]},
        "custom_fields[0][numeric][default_value]",
    ),
    "a long text": (
        {"custom_text": {"submit": {"message": LONG}}},
        "custom_text[submit][message]",
    ),
    "a text about terms without terms": (
        {"custom_text": {"terms_of_service_acceptance": {"message": "a"}}},
        "custom_text[terms_of_service_acceptance]",
    ),
    "a text about shipping without shipping": (
        {"custom_text": {"shipping_address": {"message": "a"}}},
        "custom_text[shipping_address]",
    ),
    "consent": (
        {"consent_collection": {"terms_of_service": "auto"}},
        "consent_collection[terms_of_service]",
    ),
    "codes beside discounts": (
        {
            "allow_promotion_codes": False,
            "discounts": [{"coupon": "mocktill10"}],
        },
        "allow_promotion_codes",
    ),
    "two discounts": (
        {"discounts": [{"coupon": "mocktill10"}] * 2},
        "discounts",
    ),
    "an unknown coupon": (
        {"discounts": [{"coupon": "half"}]},
        "discounts[0][coupon]",
    ),
    "a code by its text": (
        {"discounts": [{"promotion_code": "MOCKTILL10"}]},
        "discounts[0][promotion_code]",
    ),
    "a recovery that is not said": (
        {"after_expiration": {"recovery": {"allow_promotion_codes": True}}},
        "after_expiration[recovery][enabled]",
    ),
    "a price without a behaviour under tax": (
        {"automatic_tax": TAX},
        "line_items[0][price_data][tax_behavior]",
    ),
    "an invoice field with a long name": (
        {
            "invoice_creation": {
                "enabled": True,
                "invoice_data": {"custom_fields": [{"name": "x" * 41, "value": "1"}]},
            }
        },
        "invoice_creation[invoice_data][custom_fields][0][name]",
    ),
    "Connect": (
        {"automatic_tax": {"enabled": True, "liability": {"type": "account"}}},
        "automatic_tax[liability][account]",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_an_option_that_stripe_refuses_is_refused(client, refusal, case):
    changes, param = REFUSED[case]

    error = refusal(**changes)

    assert error.param == param
    assert client.v1.checkout.sessions.list().data == []


def test_a_tax_code_has_stripes_form(create, refusal, line):
    create(line_items=[line(tax_code="txcd_10000000")])
    error = refusal(line_items=[line(tax_code="books")])

    assert error.code == "resource_missing"
    assert error.param == "line_items[0][price_data][product_data][tax_code]"


def test_a_rate_needs_a_tax_behaviour_under_automatic_tax(refusal, line):
    error = refusal(
        line_items=[taxed_line(line)], automatic_tax=TAX, shipping_options=[rate()]
    )

    assert error.param == "shipping_options[0]"
    assert "does not have a `tax_behavior`" in str(error)


def test_the_account_may_have_a_default_tax_behaviour(create, control):
    control("PUT", "account", {"default_tax_behavior": "inclusive"})

    session = create(automatic_tax=TAX, shipping_options=[rate()])

    assert session.automatic_tax.status == "requires_location_inputs"


def test_terms_can_be_accepted_only_if_the_account_has_some(create, refusal, control):
    terms = {"consent_collection": {"terms_of_service": "required"}}
    create(**terms)
    control("PUT", "account", {"terms_of_service_url": None})

    error = refusal(**terms)

    assert error.param == "consent_collection[terms_of_service]"


@pytest.mark.parametrize(
    "wrong",
    [{"default_tax_behavior": "none"}, {"terms_of_service_url": "shop.example"}],
)
def test_a_wrong_setting_of_the_account_is_refused(ask, control, wrong):
    before = control("GET", "account")

    assert ask("PUT", "account", wrong) == 400
    assert control("GET", "account") == before


def test_an_embedded_session_can_be_recovered_too(client, embedded):
    params = embedded(after_expiration={"recovery": {"enabled": True}})

    made = client.v1.checkout.sessions.create(params)

    assert client.v1.checkout.sessions.expire(made.id).after_expiration.recovery.url


def test_an_existing_customer_limits_tax(client, refusal, create, line):
    customers = client.v1.customers
    nowhere = customers.create({"email": "ada@example.com"})
    home = customers.create({"address": {"country": "DE"}})
    taxed = {"line_items": [taxed_line(line)], "automatic_tax": TAX}

    no_address = refusal(customer=nowhere.id, **taxed)
    tax_id = refusal(customer=home.id, tax_id_collection={"enabled": True})

    assert no_address.code == "customer_tax_location_invalid"
    assert "customer_update[name]" in str(tax_id)
    assert create(customer=home.id, **taxed).automatic_tax.enabled


def test_a_discount_cannot_leave_less_than_the_minimum(client, refusal):
    coupon = client.v1.coupons.create({"amount_off": 2460, "currency": "usd"})

    assert refusal(discounts=[{"coupon": coupon.id}]).code == "amount_too_small"
    assert client.v1.products.list().data == client.v1.prices.list().data == []


def test_an_empty_text_is_no_text(create):
    assert create(custom_text={"submit": ""}).custom_text.submit is None
