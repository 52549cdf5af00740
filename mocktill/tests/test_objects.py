"""Each object of the sandbox has the fields and types of the SDK's class."""

import builtins
import inspect
import sys
import types
import typing
from decimal import Decimal
from functools import cache

import pytest
import stripe
from stripe._stripe_object import UntypedStripeObject
from stripe.checkout import Session
from stripe.radar import EarlyFraudWarning

# The sandbox does not use these fields, or shows them only when expanded.
LEFT_OUT = {
    stripe.Charge: {
        *("authorization_code", "level3", "presentment_details", "radar_options"),
        *("refunds", "source", "transfer"),
    },
    stripe.Coupon: {"applies_to", "currency_options", "deleted"},
    stripe.Customer: {
        *("cash_balance", "deleted", "invoice_credit_balance", "sources"),
        *("subscriptions", "tax", "tax_ids"),
    },
    stripe.Event: {"account", "context"},
    stripe.LineItem: {"discounts", "taxes"},
    stripe.PaymentIntent: {
        *("hooks", "payment_details", "payment_record", "presentment_details"),
        "source",
    },
    stripe.Dispute: {"intended_submission_method", "network_reason_code"},
    stripe.Price: {"currency_options", "deleted", "tiers"},
    stripe.Product: {"deleted", "tax_details", "type"},
    stripe.Refund: {
        *("customer", "customer_account", "description", "presentment_details"),
    },
    Session: {"line_items"},
    stripe.WebhookEndpoint: {"deleted", "secret"},
}


# Stripe's types for Node.js call these fields optional, but never null.
OPTIONAL = {
    stripe.Customer: {"business_name", "individual_name"},
    stripe.Dispute: {"payment_method_details"},
    stripe.PaymentIntent: {"amount_details"},
    EarlyFraudWarning: {"payment_intent"},
    stripe.Refund: {
        *("destination_details", "failure_balance_transaction", "failure_reason"),
        *("instructions_email", "next_action", "pending_reason"),
    },
    Session: {
        *("branding_settings", "excluded_payment_method_types", "name_collection"),
        *("presentment_details", "redirect_on_completion", "return_url"),
        "tax_id_collection",
    },
}

# The type of a value for some types of the annotations.
SHOWN_AS = {
    UntypedStripeObject: stripe.StripeObject,
    Decimal: (Decimal, str),
    typing.Any: object,
}


@pytest.fixture
def with_options(create, line, fill_in):
    """Make a session with every option, paid by default."""

    def make(*, opened=False):
        price = line()
        price["price_data"]["tax_behavior"] = "exclusive"
        rate = {
            "display_name": "Post",
            "fixed_amount": {"amount": 500, "currency": "usd"},
            "tax_behavior": "inclusive",
            "delivery_estimate": {"maximum": {"unit": "day", "value": 3}},
        }
        custom = {"type": "custom", "custom": "Which"}
        options = [{"label": "A", "value": "a"}]
        session = create(
            line_items=[price],
            after_expiration={"recovery": {"enabled": True}},
            allow_promotion_codes=True,
            automatic_tax={"enabled": True},
            billing_address_collection="auto",
            consent_collection={"promotions": "auto", "terms_of_service": "required"},
            custom_fields=[
                {"key": "a", "label": custom, "type": "text"},
                {"key": "b", "label": custom, "type": "numeric"},
                {
                    "key": "c",
                    "label": custom,
                    "type": "dropdown",
                    "dropdown": {"options": options},
                },
            ],
            custom_text={"submit": {"message": "Thanks"}},
            customer_creation="always",
            invoice_creation={
                "enabled": True,
                "invoice_data": {
                    "custom_fields": [{"name": "PO", "value": "1"}],
                    "issuer": {"type": "self"},
                    "metadata": {"a": "1"},
                    "rendering_options": {"amount_tax_display": "exclude_tax"},
                },
            },
            locale="de",
            name_collection={"individual": {"enabled": True}},
            phone_number_collection={"enabled": True},
            shipping_address_collection={"allowed_countries": ["DE"]},
            shipping_options=[{"shipping_rate_data": rate}],
            submit_type="book",
            tax_id_collection={"enabled": True},
        )
        if opened:
            return session
        return fill_in(
            session,
            consent={"terms_of_service": "accepted"},
            custom_fields=[
                {"key": "a", "value": "x"},
                {"key": "b", "value": "1"},
                {"key": "c", "value": "a"},
            ],
            customer_details={
                "email": "ada@example.com",
                "individual_name": "Ada",
                "phone": "+4930123456",
                "tax_ids": [{"type": "eu_vat", "value": "DE123456789"}],
            },
            promotion_code="MOCKTILL10",
            shipping_details={
                "name": "Ada",
                "address": {"line1": "x 1", "city": "Berlin", "country": "DE"},
            },
        )

    return make


@pytest.fixture
def every_kind(client, create, pay, paid, bank_debit, control, with_options):
    """Return one or more objects of each kind, by kind."""
    v1 = client.v1
    optional = with_options()
    intent = paid("4000000000000259", payment_intent_data={"receipt_email": "a@b.co"})
    debited = create()
    pay(debited, method=bank_debit)
    debit = v1.checkout.sessions.retrieve(debited.id).payment_intent
    control("POST", f"payment_intents/{debit}/settle")
    kept = create(payment_intent_data={"setup_future_usage": "off_session"})
    refunded = paid()
    v1.refunds.create({"payment_intent": refunded.id, "reason": "duplicate"})
    control("POST", f"charges/{intent.id}/early_fraud_warning")
    v1.customers.create({"email": "ada@example.com"})
    v1.webhook_endpoints.create(
        {"url": "https://shop.example/webhook", "enabled_events": ["*"]}
    )
    services = {
        Session: v1.checkout.sessions,
        stripe.BalanceTransaction: v1.balance_transactions,
        stripe.Charge: v1.charges,
        stripe.Coupon: v1.coupons,
        stripe.Customer: v1.customers,
        stripe.Dispute: v1.disputes,
        EarlyFraudWarning: v1.radar.early_fraud_warnings,
        stripe.Event: v1.events,
        stripe.PaymentIntent: v1.payment_intents,
        stripe.Price: v1.prices,
        stripe.Product: v1.products,
        stripe.PromotionCode: v1.promotion_codes,
        stripe.Refund: v1.refunds,
        stripe.ShippingRate: v1.shipping_rates,
        stripe.WebhookEndpoint: v1.webhook_endpoints,
    }
    found = {kind: each.list({"limit": 50}).data for kind, each in services.items()}
    found[stripe.LineItem] = [
        line
        for session in (kept, optional)
        for line in v1.checkout.sessions.line_items.list(session.id).data
    ]
    found[stripe.PaymentMethod] = [
        v1.payment_methods.retrieve(each.payment_method)
        for each in found[stripe.PaymentIntent]
    ]
    return found


def test_a_session_with_every_option_is_the_sdks_session(client, with_options):
    """The check includes what only an expanded session shows."""
    opened, paid = with_options(opened=True), with_options()
    expand = [
        *("total_details.breakdown", "shipping_cost.shipping_rate"),
        *("shipping_cost.taxes", "line_items.data.discounts"),
        *("line_items.data.taxes", "discounts.promotion_code"),
    ]
    shown = [
        client.v1.checkout.sessions.retrieve(each.id, {"expand": expand})
        for each in (opened, paid)
    ]

    found = [p for each in (opened, paid, *shown) for p in problems(each, "session")]
    assert sorted(set(found)) == []
    assert shown[1].total_details.breakdown.discounts
    assert shown[1].line_items.data[0].taxes
    assert shown[1].discounts[0].promotion_code.code == "MOCKTILL10"


def test_each_has_the_fields_that_the_sdk_declares(every_kind):
    del every_kind[stripe.PaymentMethod]  # it has only the field of its type
    for kind, shown in every_kind.items():
        declared = {name for name in kind.__annotations__ if name != "OBJECT_NAME"}
        declared -= LEFT_OUT.get(kind, set())
        for each in shown:
            assert isinstance(each, kind)
            assert set(each.to_dict()) <= declared
            assert set(each.to_dict()) >= declared - OPTIONAL.get(kind, set())


def test_an_optional_field_without_a_value_is_absent(every_kind):
    """The check includes the objects in events."""
    events = every_kind[stripe.Event]
    shown = [each for kind in every_kind.values() for each in kind]
    shown += [event.data.object for event in events]
    found = [
        f"{each.object}.{name}"
        for each in shown
        for name in OPTIONAL.get(type(each), ())
        if name in each and each[name] is None
    ]

    assert sorted(set(found)) == []


def test_the_details_of_a_card_are_those_of_stripe(every_kind):
    """A private account sees more, such as the card's issuer."""
    charges = [
        charge
        for charge in every_kind[stripe.Charge]
        if charge.payment_method_details.type == "card"
    ]

    assert charges
    for charge in charges:
        shown = charge.payment_method_details.card
        for name in ("issuer", "iin", "description", "moto", "capture_before"):
            assert name not in shown
        assert shown.amount_authorized == charge.amount


def test_every_value_is_of_the_type_that_the_sdk_declares(every_kind):
    """The check includes all nested values, and the objects in events."""
    assert all(every_kind.values())
    shown = [each for kind in every_kind.values() for each in kind]
    found = [problem for each in shown for problem in problems(each, each.object)]
    assert sorted(set(found)) == []


def test_every_event_is_about_an_object_of_the_sdk(every_kind):
    about = {type(event.data.object) for event in every_kind[stripe.Event]}

    assert about >= {Session, stripe.PaymentIntent, stripe.Charge, stripe.Refund}
    assert stripe.StripeObject not in about


def test_a_page_is_the_sdks_list(client, create):
    for _ in range(3):
        create()

    page = client.v1.checkout.sessions.list({"limit": 2})

    assert isinstance(page, stripe.ListObject)
    assert (page.object, page.has_more, len(page.data)) == ("list", True, 2)
    assert page.url == "/v1/checkout/sessions"


def test_an_error_is_the_sdks_error_object(client, create, pay):
    with pytest.raises(stripe.InvalidRequestError) as missing:
        client.v1.checkout.sessions.retrieve("cs_test_nobody")
    declined = pay(create(), "4000000000000002").json()["error"]

    declared = stripe.ErrorObject.__annotations__.keys()
    assert declined.keys() <= declared | {"request_log_url"}
    assert missing.value.error.to_dict().keys() <= declared | {"request_log_url"}
    assert missing.value.error.code == missing.value.code == "resource_missing"


def problems(shown, path):
    """Return the differences between *shown* and its class, with nested ones."""
    untyped = type(shown) in (stripe.StripeObject, stripe.ListObject)
    hints = {} if untyped else hints_of(type(shown))
    for name in shown.to_dict():
        value, at = shown[name], f"{path}.{name}"
        if hints and name not in hints:
            yield f"{at} is not declared"
        elif hints and not fits(value, hints[name]):
            yield f"{at} is {value!r}, not {hints[name]}"
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, stripe.StripeObject):
                yield from problems(each, at)


@cache
def hints_of(kind):
    """Return a class's annotations, also those for type checkers only."""
    annotated = types.SimpleNamespace(__annotations__=inspect.get_annotations(kind))
    names = Names(vars(sys.modules[kind.__module__]))
    return typing.get_type_hints(annotated, {}, names)


class Names(dict):
    """Resolve the names in annotations, also those of unused packages."""

    def __missing__(self, name):
        for package in (stripe, stripe.checkout, stripe.radar):
            if hasattr(package, name):
                return getattr(package, name)
        if hasattr(builtins, name) or name in vars(typing):
            raise KeyError(name)
        return typing.Any


def fits(value, hint):
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        literals = [part for part in parts if typing.get_origin(part) is typing.Literal]
        # The SDK also accepts other text. The sandbox must use the enumeration.
        others = [part for part in parts if not (literals and part is str)]
        return any(fits(value, part) for part in others)
    if origin is typing.Literal:
        return value in parts
    if origin is list:
        return isinstance(value, list) and all(fits(each, parts[0]) for each in value)
    kind = SHOWN_AS.get(origin or hint, origin or hint)
    return isinstance(value, kind) and not (hint is int and isinstance(value, bool))
