"""API versions: the version of a call decides which parameters it may have."""

import pytest
import requests

ENDIVE = "2026-10-28.endive"
DAHLIA = "2026-08-26.dahlia"
CLOVER = "2026-02-25.clover"

FORM = {
    "mode": "payment",
    "success_url": "https://shop.example/thanks",
    "line_items[0][quantity]": "1",
    "line_items[0][price_data][currency]": "usd",
    "line_items[0][price_data][unit_amount]": "500",
    "line_items[0][price_data][product_data][name]": "T-shirt",
}


@pytest.fixture
def make(raw):
    """Create a session in a version, or in none."""

    def create(version, **changes):
        headers = {"Stripe_Version": version} if version else {}
        return raw("POST", "/v1/checkout/sessions", data=FORM | changes, **headers)

    return create


def test_a_call_without_a_version_is_in_the_accounts_own(raw, control):
    before = raw("GET", "/v1/events")
    control("PUT", "account", {"default_api_version": DAHLIA})

    after = raw("GET", "/v1/events")
    named = raw("GET", "/v1/events", Stripe_Version=ENDIVE)

    assert control("GET", "account")["default_api_version"] == DAHLIA
    versions = [each.headers["Stripe-Version"] for each in (before, after, named)]
    assert versions == [ENDIVE, DAHLIA, ENDIVE]


def test_a_version_that_stripe_never_had_is_refused(raw, url):
    called = raw("GET", "/v1/events", Stripe_Version="2026-10-28.acanthus")
    set_ = requests.put(
        f"{url}/sandbox/account", json={"default_api_version": "soon"}, timeout=5
    )

    assert called.status_code == set_.status_code == 400
    assert "Invalid Stripe API version" in called.json()["error"]["message"]


def test_payment_method_types_are_taken_until_endive(make):
    method = {"payment_method_types[0]": "card"}

    old, new = make(DAHLIA, **method), make("2026-09-30.endive", **method)

    assert old.json()["payment_method_types"] == ["card"]
    assert new.status_code == 400
    assert new.json()["error"]["param"] == "payment_method_types"


@pytest.mark.parametrize(
    ("kind", "currency"), [("sepa_debit", "usd"), ("klarna", "eur")]
)
def test_a_payment_method_type_that_cannot_be_is_not_left_out(make, kind, currency):
    refused = make(
        DAHLIA,
        **{
            "payment_method_types[0]": kind,
            "line_items[0][price_data][currency]": currency,
        },
    )

    assert refused.status_code == 400
    assert kind in refused.json()["error"]["message"]


def test_ui_modes_have_their_old_names_until_dahlia(make, raw):
    old = make(CLOVER, ui_mode="hosted").json()

    assert old["ui_mode"] == "hosted"
    path = f"/v1/checkout/sessions/{old['id']}"
    assert raw("GET", path).json()["ui_mode"] == "hosted_page"
    assert make(CLOVER, ui_mode="hosted_page").json()["error"]["param"] == "ui_mode"
    assert make(DAHLIA, ui_mode="hosted").json()["error"]["param"] == "ui_mode"


def test_a_payment_intent_takes_its_types_until_endive(raw):
    form = {"amount": "500", "currency": "usd", "payment_method_types[]": "card"}

    old = raw("POST", "/v1/payment_intents", data=form, Stripe_Version=DAHLIA)
    new = raw("POST", "/v1/payment_intents", data=form)

    assert old.json()["payment_method_types"] == ["card"]
    assert new.json()["error"]["code"] == "parameter_unknown"


def test_events_are_in_the_accounts_version(endpoint, control, create, client):
    control("PUT", "account", {"default_api_version": CLOVER})

    client.v1.checkout.sessions.expire(create().id)

    (event,) = endpoint.wait_for("checkout.session.expired")
    assert event.api_version == CLOVER
    assert event.data.object.ui_mode == "hosted"
