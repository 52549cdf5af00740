"""The payment page of a session with options, filled in as a browser does."""

from html.parser import HTMLParser
from urllib.parse import urldefrag

import pytest
import requests

CARD = {"number": "4242 4242 4242 4242", "expiry": "12 / 40", "cvc": "123"}
FILLED = {"email": "ada@example.com", "name": "Ada", **CARD}
SHIPPED = {
    "shipping_details[name]": "Ada",
    "shipping_details[address][line1]": "Unter den Linden 1",
    "shipping_details[address][city]": "Berlin",
    "shipping_details[address][country]": "DE",
}
CODES = {"allow_promotion_codes": True}
TERMS = {"consent_collection": {"terms_of_service": "required", "promotions": "auto"}}
LABEL = {"type": "custom", "custom": "Size of <the> shirt"}
SIZES = [{"label": "Small", "value": "s"}, {"label": "Medium", "value": "m"}]
EVERYTHING = {
    **CODES,
    **TERMS,
    "automatic_tax": {"enabled": True},
    "billing_address_collection": "required",
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
            "label": {"type": "custom", "custom": "Age"},
            "optional": True,
        },
    ],
    "custom_text": {
        "after_submit": {"message": "See you soon"},
        "shipping_address": {"message": "No post boxes"},
        "submit": {"message": "We ship on Mondays"},
        "terms_of_service_acceptance": {"message": "Our terms are short"},
    },
    "name_collection": {
        "individual": {"enabled": True},
        "business": {"enabled": True, "optional": True},
    },
    "phone_number_collection": {"enabled": True},
    "shipping_address_collection": {"allowed_countries": ["DE", "US"]},
    "submit_type": "book",
    "tax_id_collection": {"enabled": True},
}
ANSWERS = {
    **SHIPPED,
    "consent[terms_of_service]": "accepted",
    "consent[promotions]": "opt_in",
    "custom_fields[0][value]": "m",
    "customer_details[individual_name]": "Ada L.",
    "customer_details[phone]": "+4930123456",
    "customer_details[tax_ids][0][type]": "eu_vat",
    "customer_details[tax_ids][0][value]": "DE123456789",
    "promotion_code": "mocktill10",
}


class Form(HTMLParser):
    """What a browser sends of a form, and how its fields are labelled."""

    def __init__(self, html):
        super().__init__()
        self.action, self.sent, self.names, self.labelled = None, {}, set(), set()
        self.required, self.focused, self.boxes, self._labels = set(), None, {}, 0
        self._select = None
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self._labels += tag == "label"
        if tag == "form":
            self.action = attributes["action"]
        chosen = "selected" in attributes or self._select not in self.sent
        if tag == "option" and self._select and chosen:
            self.sent[self._select] = attributes["value"]
        if tag in ("input", "select"):
            self._field(tag, attributes)
        if "autofocus" in attributes:
            self.focused = attributes.get("name") or attributes.get("role")

    def _field(self, tag, attributes):
        name, kind = attributes["name"], attributes.get("type")
        self.names.add(name)
        if self._labels or kind == "hidden":
            self.labelled.add(name)
        if "required" in attributes:
            self.required.add(name)
        self._select = name if tag == "select" else None
        if tag == "input" and (
            kind not in ("radio", "checkbox") or "checked" in attributes
        ):
            self.sent[name] = attributes.get("value", "")

    def handle_endtag(self, tag):
        self._labels -= tag == "label"


@pytest.fixture
def taxed(create, line):
    """Create a session whose price of 25.00 has a tax behaviour."""

    def make(**changes):
        price = line()
        price["price_data"]["tax_behavior"] = "exclusive"
        return create(line_items=[price], **changes)

    return make


def post(amount, name):
    fixed = {"amount": amount, "currency": "usd"}
    data = {"display_name": name, "fixed_amount": fixed, "tax_behavior": "exclusive"}
    return {"shipping_rate_data": data}


@pytest.fixture
def everything(taxed):
    def make(**changes):
        rates = [post(500, "Post"), post(900, "Express")]
        return taxed(**(EVERYTHING | {"shipping_options": rates} | changes))

    return make


@pytest.fixture
def path(url):
    return lambda session: urldefrag(session.url).url.removeprefix(url)


@pytest.fixture
def visit(url):
    return lambda path: requests.get(url + path, timeout=10).text


@pytest.fixture
def send(url):
    """Send the form of a page with what is filled in; None leaves a field out."""

    def submit(html, **filled):
        form = Form(html)
        assert filled.keys() <= form.names | {"do"}
        sent = {k: v for k, v in (form.sent | filled).items() if v is not None}
        return requests.post(
            url + form.action, data=sent, allow_redirects=False, timeout=15
        )

    return submit


@pytest.fixture
def retrieve(client):
    return lambda session: client.v1.checkout.sessions.retrieve(session.id)


def test_every_field_of_an_option_has_a_label(everything, visit, path):
    form = Form(visit(path(everything())))

    assert form.names == form.labelled
    assert form.names >= ANSWERS.keys() | {"shipping_rate", "expected_amount"}
    assert form.required >= {
        "consent[terms_of_service]",
        "custom_fields[0][value]",
        "customer_details[phone]",
        "shipping_details[address][line1]",
    }
    assert "custom_fields[1][value]" not in form.required
    assert "promotion_code" not in form.required


def test_the_page_says_that_codes_tax_and_shipping_are_made_up(
    everything, create, visit, path
):
    page = visit(path(everything()))

    assert "Codes, tax and shipping on this page are made up." in page
    assert "Try the code MOCKTILL10." in page
    assert "The tax is 10 % everywhere" in page
    assert "made up" not in visit(path(create()))


def test_the_shops_texts_are_on_the_page(everything, visit, path):
    page = visit(path(everything()))

    for text in ("See you soon", "No post boxes", "We ship on Mondays"):
        assert text in page
    assert "Our terms are short" in page
    assert 'href="https://shop.example/terms"' in page
    assert "Size of &lt;the&gt; shirt" in page
    assert "Book for $30.00" in page


def test_the_total_is_updated_before_the_payment(
    everything, visit, send, path, retrieve
):
    session = everything()
    express = session.shipping_options[1].shipping_rate
    choice = {**ANSWERS, "shipping_rate": express}

    updated = send(visit(path(session)), do="update", **choice)
    paid = send(updated.text, **FILLED)

    # 25.00 less 10 %, and 9.00 for shipping, with 10 % tax on both.
    assert updated.status_code == 200
    assert "The total is $34.65." in updated.text
    assert Form(updated.text).focused == "status"
    assert "-$2.50" in updated.text
    assert "Made-up tax" in updated.text
    assert paid.status_code == 303
    done = retrieve(session)
    assert done.amount_total == 3465
    assert done.shipping_cost.shipping_rate == express
    assert done.consent.to_dict() == {
        "promotions": "opt_in",
        "terms_of_service": "accepted",
    }
    assert done.custom_fields[0].dropdown.value == "m"
    assert done.custom_fields[1].numeric.value is None
    assert done.collected_information.shipping_details.address.city == "Berlin"
    assert done.customer_details.address.city == "Berlin"
    assert done.customer_details.phone == "+4930123456"
    assert done.customer_details.tax_ids[0].value == "DE123456789"
    assert done.customer_details.individual_name == "Ada L."
    assert done.customer_details.email == "ada@example.com"


class Amounts(HTMLParser):
    """The list of amounts, as words and figures."""

    def __init__(self, html):
        super().__init__()
        self.rows, self._in_row = [], False
        self.feed(html)

    def handle_starttag(self, tag, _):
        if tag == "li":
            self._in_row = True
            self.rows.append([])

    def handle_endtag(self, tag):
        self._in_row &= tag != "li"

    def handle_data(self, data):
        if self._in_row and data.strip():
            self.rows[-1].append(data.strip())


@pytest.mark.parametrize(
    ("behavior", "tax", "total"),
    [
        ("exclusive", [["Made-up tax", "$2.25"]], "$24.75"),
        ("inclusive", [["Made-up tax, included", "$2.05"]], "$22.50"),
    ],
)
def test_the_amounts_on_the_page_add_up(
    create, line, visit, send, path, behavior, tax, total
):
    price = line(2500, 1)
    price["price_data"]["tax_behavior"] = behavior
    session = create(line_items=[price], automatic_tax={"enabled": True}, **CODES)

    updated = send(
        visit(path(session)),
        do="update",
        promotion_code="MOCKTILL10",
        **{"customer_details[address][country]": "DE"},
    )

    assert Amounts(updated.text).rows == [
        ["T-shirt", "$25.00"],
        ["Discount", "-$2.50"],
        *tax,
        ["Total", total],
    ]


def test_no_other_total_is_taken_than_the_page_has_shown(
    create, visit, send, path, retrieve
):
    session = create(**CODES)

    first = send(visit(path(session)), promotion_code="MOCKTILL10", **FILLED)
    between = retrieve(session)
    second = send(first.text, **CARD)

    assert first.status_code == 400
    assert "The total is now $22.50." in first.text
    assert (between.status, between.payment_intent) == ("open", None)
    assert second.status_code == 303
    assert retrieve(session).amount_total == 2250


def test_a_code_can_be_taken_off_again(create, visit, send, path, retrieve):
    session = create(**CODES)

    with_code = send(visit(path(session)), promotion_code="MOCKTILL10", do="update")
    without = send(with_code.text, promotion_code="", do="update")

    assert "$22.50" in with_code.text
    assert "$22.50" not in without.text
    assert retrieve(session).discounts == []


def test_a_wrong_code_is_named(create, visit, send, path):
    page = visit(path(create(**CODES)))

    refused = send(page, promotion_code="NOPE", do="update")

    assert refused.status_code == 400
    assert "This code is invalid." in refused.text
    assert Form(refused.text).focused == "promotion_code"
    assert Form(refused.text).sent["promotion_code"] == "NOPE"


def test_a_free_order_needs_no_card(create, visit, send, path, retrieve):
    session = create(**CODES)

    free = send(visit(path(session)), promotion_code="MOCKTILLFREE", do="update")
    done = send(free.text, email="ada@example.com")

    assert "Complete order" in free.text
    assert "number" not in Form(free.text).names
    assert done.status_code == 303
    assert retrieve(session).payment_status == "no_payment_required"


MISSING = {
    "consent[terms_of_service]": ("", "I agree to the terms of service"),
    "custom_fields[0][value]": ("", "Size of"),
    "customer_details[individual_name]": ("", "Full name"),
    "customer_details[phone]": ("", "Phone"),
    "shipping_details[name]": (" ", "Recipient"),
    "shipping_details[address][city]": ("", "City"),
}


@pytest.mark.parametrize("name", MISSING)
def test_nothing_is_paid_while_something_required_is_missing(
    everything, visit, send, path, retrieve, name
):
    session = everything()
    blank, label = MISSING[name]
    updated = send(visit(path(session)), do="update", **ANSWERS)
    left_out = None if name.startswith("consent") else blank

    refused = send(updated.text, **FILLED, **{name: left_out})

    assert refused.status_code == 400
    assert f"This is missing: {label}" in refused.text
    assert Form(refused.text).focused == name
    unpaid = retrieve(session)
    assert (unpaid.status, unpaid.payment_intent) == ("open", None)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("custom_fields[1][value]", "old"),
        ("customer_details[phone]", "030 123"),
        ("customer_details[tax_ids][0][value]", "???"),
        ("customer_details[address][country]", "Germany"),
    ],
)
def test_a_wrong_answer_has_the_focus(everything, visit, send, path, name, wrong):
    page = visit(path(everything()))

    refused = send(page, **(ANSWERS | FILLED | {name: wrong}))

    assert refused.status_code == 400
    assert Form(refused.text).focused == name


def test_what_was_entered_stays_after_a_decline(
    everything, visit, send, path, retrieve
):
    session = everything()
    updated = send(visit(path(session)), do="update", **ANSWERS)
    declined = FILLED | {"number": "4000 0000 0000 0002"}

    refused = send(updated.text, **declined)
    again = Form(refused.text).sent

    assert refused.status_code == 402
    assert all(again[name] == value for name, value in ANSWERS.items())
    reopened = Form(visit(path(session))).sent
    assert all(
        reopened[name].lower() == value.lower() for name, value in ANSWERS.items()
    )
    assert send(refused.text, **CARD).status_code == 303
    assert retrieve(session).payment_status == "paid"


def test_a_box_that_is_no_longer_ticked_is_no_consent(
    create, visit, send, path, retrieve
):
    session = create(**TERMS)
    declined = FILLED | {"number": "4000 0000 0000 0002"}
    ticked = {"consent[terms_of_service]": "accepted"}
    refused = send(visit(path(session)), **declined, **ticked)

    unticked = send(refused.text, **FILLED, **{"consent[terms_of_service]": None})

    assert unticked.status_code == 400
    assert retrieve(session).status == "open"


def test_a_session_without_options_has_a_plain_page(create, visit, path):
    page = visit(path(create()))

    assert "Update the total" not in page
    assert not Form(page).names & ANSWERS.keys()


def test_the_embedded_page_takes_options_too(client, embedded, visit, send, retrieve):
    session = client.v1.checkout.sessions.create(embedded(**CODES, **TERMS))
    page = f"/c/embedded/{session.client_secret}"

    updated = send(visit(page), promotion_code="MOCKTILL10", do="update")
    paid = send(updated.text, **FILLED, **{"consent[terms_of_service]": "accepted"})

    assert "are made up" in updated.text
    assert paid.status_code == 200
    assert "stripe-sandbox.complete" in paid.text
    assert retrieve(session).amount_total == 2250


def test_a_form_of_nonsense_is_refused(create, url, path):
    page = url + path(create(**CODES, **TERMS))

    for wrong in (
        {"consent": "x"},
        {"custom_fields": "x"},
        {"custom_fields[0]": "x"},
        {"customer_details[tax_ids]": "x"},
        {"customer_details": "x"},
        {"promotion_code[x]": "y"},
        {"shipping_details[address]": "x"},
    ):
        assert requests.post(page, data=wrong, timeout=10).status_code == 400
