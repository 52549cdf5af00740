"""The sandbox refuses the parameters that Stripe refuses."""

import base64
import time

import pytest
import stripe


@pytest.fixture
def refusal(client, hosted):
    """Return the error of a session's refused parameters."""

    def refused(params=None, **changes):
        with pytest.raises(stripe.InvalidRequestError) as error:
            client.v1.checkout.sessions.create(params=params or hosted(**changes))
        assert error.value.http_status == 400
        return error.value

    return refused


def test_an_unknown_parameter_is_refused(refusal):
    error = refusal(colour="red")

    assert error.code == "parameter_unknown"
    assert error.param == "colour"
    assert error.error.type == "invalid_request_error"
    assert error.error.doc_url.endswith("parameter-unknown")
    assert error.request_id in error.error.request_log_url


def test_an_unknown_nested_parameter_is_refused(refusal, line):
    in_a_line = refusal(line_items=[line(), {**line(), "colour": "red"}])
    in_a_product = refusal(line_items=[line(colour="red")])
    in_the_intent = refusal(payment_intent_data={"colour": "red"})

    assert in_a_line.param == "line_items[1][colour]"
    assert in_a_product.param == "line_items[0][price_data][product_data][colour]"
    assert in_the_intent.param == "payment_intent_data[colour]"


def test_payment_method_types_are_refused(refusal):
    error = refusal(payment_method_types=["card"])

    assert error.code == "parameter_unknown"
    assert error.param == "payment_method_types"


@pytest.mark.parametrize("old", ["embedded", "hosted", "custom"])
def test_renamed_ui_modes_are_refused(refusal, old):
    error = refusal(ui_mode=old)

    assert error.param == "ui_mode"
    assert "hosted_page" in str(error)


def test_unknown_values_deep_inside_are_refused(refusal, line):
    behaviour = line()
    behaviour["price_data"]["tax_behavior"] = "sometimes"

    assert (
        refusal(line_items=[behaviour]).param
        == "line_items[0][price_data][tax_behavior]"
    )
    assert refusal(allowed_payment_method_types=["cheque"]).param == (
        "allowed_payment_method_types[0]"
    )


@pytest.mark.parametrize("name", ["mode", "success_url", "line_items"])
def test_a_missing_parameter_is_named(refusal, name):
    error = refusal(**{name: None})

    assert error.code == "parameter_missing"
    assert error.param == name


def test_a_missing_nested_parameter_is_named(refusal, line):
    without_currency = line()
    del without_currency["price_data"]["currency"]

    error = refusal(line_items=[without_currency])

    assert error.code == "parameter_missing"
    assert error.param == "line_items[0][price_data][currency]"


def test_an_embedded_page_takes_a_return_url_and_no_success_url(
    client, embedded, refusal
):
    assert refusal(embedded(return_url=None)).param == "return_url"
    assert refusal(embedded(success_url="https://x.example")).param == "success_url"
    assert refusal(embedded(cancel_url="https://x.example")).param == "cancel_url"

    never = embedded(return_url=None, redirect_on_completion="never")
    assert "return_url" not in client.v1.checkout.sessions.create(params=never)


def test_a_hosted_page_takes_no_return_url(refusal):
    assert refusal(return_url="https://shop.example").param == "return_url"


def test_urls_must_be_urls(refusal):
    error = refusal(success_url="shop.example/thanks")

    assert error.code == "url_invalid"
    assert error.param == "success_url"


@pytest.mark.parametrize("minutes", [29, 24 * 60 + 1])
def test_a_session_expires_between_30_minutes_and_24_hours(refusal, minutes):
    error = refusal(expires_at=int(time.time()) + minutes * 60)

    assert error.param == "expires_at"


@pytest.mark.parametrize(
    ("amount", "currency", "code"),
    [
        ("12.5", "usd", "parameter_invalid_integer"),
        (-100, "usd", "parameter_invalid_integer"),
        (49, "usd", "amount_too_small"),
        (29, "gbp", "amount_too_small"),
        (49, "jpy", "amount_too_small"),
        (100_000_000, "usd", "amount_too_large"),
        (5124, "kwd", "invalid_charge_amount_no_decimal_compatible"),
        (150, "isk", "invalid_charge_amount_no_decimal_compatible"),
        (550, "ugx", "invalid_charge_amount_no_decimal_compatible"),
        (49, "inr", "amount_too_small"),
        (999, "mxn", "amount_too_small"),
        (17_499, "huf", "amount_too_small"),
        (49, "vnd", "amount_too_small"),
        (1_000_000_000_000, "idr", "amount_too_large"),
    ],
)
def test_an_amount_that_stripe_would_not_charge_is_refused(
    refusal, line, amount, currency, code
):
    error = refusal(line_items=[line(amount=amount, quantity=1, currency=currency)])

    assert error.code == code


@pytest.mark.parametrize(
    ("amount", "currency"),
    [
        (50, "usd"),
        (30, "gbp"),
        (50, "jpy"),
        (5120, "KWD"),
        (99999999, "usd"),
        (500, "ugx"),
        (50, "inr"),
        (1000, "mxn"),
        (999999999999, "idr"),
    ],
)
def test_an_amount_at_the_limit_is_taken(create, line, amount, currency):
    session = create(line_items=[line(amount=amount, quantity=1, currency=currency)])

    assert session.amount_total == amount
    assert session.currency == currency.lower()


def test_the_total_counts_not_the_line(create, line, refusal):
    small = create(line_items=[line(amount=10, quantity=5)])
    large = refusal(line_items=[line(amount=99_999_999, quantity=2)])

    assert small.amount_total == 50
    assert large.code == "amount_too_large"


def test_currencies_must_exist_and_be_the_same(refusal, line):
    unknown = refusal(line_items=[line(currency="xyz")])
    mixed = refusal(line_items=[line(), line(currency="eur")])

    assert unknown.param == "line_items[0][price_data][currency]"
    assert mixed.param == "line_items"


def test_quantities_are_whole_and_positive(refusal, line):
    for quantity in (0, -1, "1.5", 1_000_000):
        error = refusal(line_items=[line(quantity=quantity)])
        assert error.param == "line_items[0][quantity]"


def test_a_session_has_at_most_100_lines(create, refusal, line):
    assert create(line_items=[line()] * 100).amount_total == 250_000
    assert refusal(line_items=[line()] * 101).param == "line_items"


def test_an_empty_description_is_refused(refusal, line):
    error = refusal(line_items=[line(description="")])

    assert error.code == "parameter_invalid_empty"


def test_an_empty_list_is_refused(refusal):
    assert refusal(line_items=[]).param == "line_items"


@pytest.mark.parametrize(
    "metadata",
    [
        {f"key_{n}": "x" for n in range(51)},
        {"k" * 41: "x"},
        {"key": "x" * 501},
        {"a[b]": "x"},
        {"a": {"b": "x"}},
    ],
)
def test_metadata_has_limits(refusal, metadata):
    assert refusal(metadata=metadata).param.startswith("metadata")
    inside = refusal(payment_intent_data={"metadata": metadata})
    assert inside.param.startswith("payment_intent_data[metadata]")


def test_metadata_at_its_limits_is_taken(create):
    metadata = {f"{n:040}": "x" * 500 for n in range(50)}

    assert create(metadata=metadata).metadata.to_dict() == metadata


def test_an_empty_metadata_value_unsets_its_key(create):
    session = create(metadata={"kept": "yes", "unset": ""})

    assert session.metadata.to_dict() == {"kept": "yes"}


def test_a_reference_has_at_most_200_characters(create, refusal):
    assert create(client_reference_id="x" * 200).client_reference_id == "x" * 200
    assert refusal(client_reference_id="x" * 201).param == "client_reference_id"


@pytest.mark.parametrize(
    "email",
    [
        "ada",
        "ada@",
        "ada@example",
        "a b@example.com",
        "a..b@example.com",
        ".a@example.com",
        "a.@example.com",
        "<a@example.com>",
        "a,b@example.com",
        "a@-example.com",
        "a@example.123",
        "a@[127.0.0.1]",
        "ä@example.com",
        "a@exämple.com",
        "a@example.com\u200b",
        "a@ex_ample.com",
        "a@example.c",
        f"{'a' * 65}@example.com",
        f"a@{'b.' * 130}com",
        "a@b@example.com",
    ],
)
def test_an_email_looks_like_one(refusal, email):
    for params in (
        {"customer_email": email},
        {"payment_intent_data": {"receipt_email": email}},
    ):
        error = refusal(**params)

        assert error.code == "email_invalid"
        assert error.param in ("customer_email", "payment_intent_data[receipt_email]")


@pytest.mark.parametrize(
    "email", ["ada@example.com", "a.b+c@b.example", "o'neill@mail.example.co.uk"]
)
def test_an_ordinary_email_is_taken(create, email):
    assert create(customer_email=email).customer_email == email


@pytest.mark.parametrize(
    ("name", "longest"), [("name", 250), ("description", 40_000), ("unit_label", 12)]
)
def test_texts_of_a_product_have_limits(create, refusal, line, name, longest):
    create(line_items=[line(**{name: "x" * longest})])
    error = refusal(line_items=[line(**{name: "x" * (longest + 1)})])

    assert error.param == f"line_items[0][price_data][product_data][{name}]"
    assert f"at most {longest} characters" in str(error)


@pytest.mark.parametrize(
    ("name", "longest"), [("description", 1000), ("statement_descriptor_suffix", 22)]
)
def test_texts_of_a_payment_have_limits(create, refusal, name, longest):
    create(payment_intent_data={name: "x" * longest})
    error = refusal(payment_intent_data={name: "x" * (longest + 1)})

    assert error.param == f"payment_intent_data[{name}]"


@pytest.mark.parametrize("suffix", ["a<b", "a>b", "a\\b", "a'b", 'a"b', "a*b"])
def test_a_statement_descriptor_suffix_has_plain_characters(refusal, suffix):
    error = refusal(payment_intent_data={"statement_descriptor_suffix": suffix})

    assert error.param == "payment_intent_data[statement_descriptor_suffix]"


@pytest.mark.parametrize("name", [" ", "\t\n", "\u2003"])
def test_a_name_is_not_blank(refusal, line, name):
    error = refusal(line_items=[line(name=name)])

    assert error.param == "line_items[0][price_data][product_data][name]"


@pytest.mark.parametrize(
    "image",
    [
        "/a.jpg",
        "not a url",
        "data:image/png;base64,AA",
        "https://a.example/b c",
        "https://",
        "https://a.example/" + "x" * 2048,
    ],
)
def test_an_image_is_a_url(refusal, line, image):
    error = refusal(line_items=[line(images=["https://a.example/1.jpg", image])])

    assert error.param == "line_items[0][price_data][product_data][images][1]"


def test_an_image_may_be_long(create, line):
    image = "https://a.example/".ljust(2048, "x")

    assert create(line_items=[line(images=[image])]).status == "open"


def test_a_url_has_at_most_5000_characters_and_no_blank(create, refusal):
    longest = "https://a.example/".ljust(5000, "x")

    assert create(success_url=longest).success_url == longest
    assert "5000 characters" in str(refusal(success_url=longest + "x"))
    for url in ("https://a b", "https://a.example/ b", "https://?a", "https:///a"):
        assert refusal(success_url=url).code == "url_invalid"


def test_an_account_in_dollars_wants_fifty_cents_in_every_currency(
    sandbox, create, refusal, line
):
    """Its owner chooses the currency, so the sandbox does not do this by itself."""
    cheap = [("inr", 50), ("krw", 50), ("idr", 50), ("ugx", 500), ("vnd", 50)]
    for currency, amount in cheap:
        create(line_items=[line(amount=amount, quantity=1, currency=currency)])
    sandbox.settled_in_dollars = True

    for currency, amount in cheap:
        lines = [line(amount=amount, quantity=1, currency=currency)]
        error = refusal(line_items=lines)
        assert error.code == "amount_too_small"
        assert "convert to at least 50 cents" in str(error)
    for currency, amount in [("usd", 50), ("eur", 50), ("inr", 5000), ("jpy", 100)]:
        create(line_items=[line(amount=amount, quantity=1, currency=currency)])


def test_an_unknown_object_is_missing(client, hosted):
    for changes in (
        {"customer": "cus_1"},
        {"line_items": [{"price": "price_1", "quantity": 1}]},
    ):
        with pytest.raises(stripe.InvalidRequestError) as missing:
            client.v1.checkout.sessions.create(params=hosted(**changes))
        assert missing.value.code == "resource_missing"


def test_an_unsupported_parameter_is_refused(refusal):
    error = refusal(optional_items=[{"price": "price_1", "quantity": 1}])

    assert error.param == "optional_items"
    assert "mocktill does not implement" in str(error)


def test_a_statement_descriptor_is_refused_for_cards(refusal):
    error = refusal(payment_intent_data={"statement_descriptor": "SHOP"})

    assert error.param == "payment_intent_data[statement_descriptor]"


def test_a_wrong_key_is_refused(url, raw):
    stranger = stripe.StripeClient("sk_test_stranger", base_addresses={"api": url})

    with pytest.raises(stripe.AuthenticationError) as refused:
        stranger.v1.checkout.sessions.list()

    assert refused.value.http_status == 401
    assert "stranger" not in str(refused.value)
    assert raw("GET", "/v1/checkout/sessions", key=None).status_code == 401


def test_a_publishable_key_only_pays(sandbox, raw, create):
    key = sandbox.publishable_key

    assert raw("GET", "/v1/checkout/sessions", key=key).status_code == 401
    assert raw("GET", f"/v1/payment_pages/{create().id}", key=key).status_code == 200


def test_curls_user_name_is_a_key_too(sandbox, raw):
    user = f"{sandbox.secret_key}:".encode()

    response = raw(
        "GET",
        "/v1/checkout/sessions",
        key=None,
        Authorization=f"Basic {base64.b64encode(user).decode()}",
    )

    assert response.status_code == 200


def test_an_answer_says_its_request_and_its_version(raw):
    answer = raw("GET", "/v1/events")

    assert answer.headers["Stripe-Version"] == "2026-10-28.endive"
    assert answer.headers["Request-Id"].startswith("req_")


def test_the_pinned_version_is_the_sdks():
    assert stripe.api_version == "2026-10-28.endive"


def test_an_unrecognized_url_is_404(raw):
    response = raw("GET", "/v1/unheard_of")

    assert response.status_code == 404
    assert "Unrecognized request URL" in response.json()["error"]["message"]


def test_json_is_not_a_form(raw):
    response = raw(
        "POST",
        "/v1/checkout/sessions",
        data='{"mode": "payment"}',
        Content_Type="application/json",
    )

    assert response.status_code == 400
    assert "content type" in response.json()["error"]["message"]


def test_malformed_brackets_are_refused(raw):
    for data in ("mode=payment&mode[x]=1", "mode[x]=1&mode=payment", "a]b=1", "a[=1"):
        response = raw(
            "POST",
            "/v1/checkout/sessions",
            data=data,
            Content_Type="application/x-www-form-urlencoded",
        )
        assert response.status_code == 400
