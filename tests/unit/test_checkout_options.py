"""Which options of Stripe's page an offer may set, and what follows from them."""

import json
import typing
from collections.abc import Mapping
from typing import Any, ClassVar, get_args, get_type_hints

import pytest
from pydantic import BaseModel
from stripe.params.checkout import _session_create_params as sdk

from checkout.api.checkout_options import CheckoutOptions
from checkout.api.written_offer import checked
from checkout.domain import checkout_options, stripe_limits
from checkout.domain.checkout_options import agreed, problem
from checkout.domain.entered import asked_for, entered_on_page
from checkout.domain.offer_item import OfferItem
from checkout.errors import BrokenOfferError, InvalidRequestError
from checkout.kinds.content import Content
from checkout.kinds.order import Order
from checkout.kinds.product import Product

type Json = dict[str, Any]

RATE: Json = {
    "type": "fixed_amount",
    "display_name": "Parcel",
    "fixed_amount": {"amount": 500, "currency": "usd"},
}
SIZE: Json = {
    "key": "size",
    "label": {"type": "custom", "custom": "Your size"},
    "type": "dropdown",
    "dropdown": {"options": [{"label": "Large", "value": "l"}]},
}
NOTE: Json = {
    "key": "note",
    "label": {"type": "custom", "custom": "A note"},
    "type": "text",
    "optional": True,
    "text": {"minimum_length": 2, "maximum_length": 20},
}
# Every option, in the fullest form that is accepted.
EVERY: dict[str, Any] = {
    "allow_promotion_codes": True,
    "automatic_tax": {"enabled": True},
    "tax_behavior": "inclusive",
    "tax_code": "txcd_10000000",
    "tax_id_collection": {"enabled": True, "required": "if_supported"},
    "shipping_address_collection": {"allowed_countries": ["DE", "FR"]},
    "shipping_options": [
        {"shipping_rate": "shr_1"},
        {
            "shipping_rate_data": RATE
            | {
                "delivery_estimate": {
                    "minimum": {"unit": "business_day", "value": 1},
                    "maximum": {"unit": "week", "value": 2},
                },
                "tax_behavior": "exclusive",
                "tax_code": "txcd_92010001",
            }
        },
    ],
    "billing_address_collection": "required",
    "phone_number_collection": {"enabled": True},
    "custom_fields": [SIZE, NOTE],
    "consent_collection": {"terms_of_service": "required", "promotions": "auto"},
    "invoice_creation": {
        "enabled": True,
        "invoice_data": {
            "description": "A course",
            "footer": "Thank you",
            "custom_fields": [{"name": "VAT", "value": "none"}],
        },
    },
    "locale": "fr-CA",
    "submit_type": "book",
    "custom_text": {
        "submit": {"message": "You can cancel within a week."},
        "after_submit": {"message": "Thank you."},
        "shipping_address": {"message": "No packing stations."},
        "terms_of_service_acceptance": {"message": "I agree."},
    },
    "after_expiration": {"recovery": {"enabled": True, "allow_promotion_codes": True}},
}
PRODUCT: Json = {
    "title": "A print",
    "status": "active",
    "price": {"amount": 200, "currency": "usd"},
}


def problems_of(options: Any, model: Any = Product, **changes: Any) -> dict[str, str]:
    with pytest.raises(InvalidRequestError) as refused:
        checked(model, PRODUCT | changes | {"options": options})
    return {name: str(problem) for name, problem in refused.value.fields.items()}


def test_every_option_is_passed_on_as_it_is() -> None:
    assert {*EVERY} == {*CheckoutOptions.model_fields} == {*checkout_options.NAMES}

    assert CheckoutOptions.model_validate(EVERY).for_stripe() == EVERY
    written = checked(Product, PRODUCT | {"options": EVERY}).to_item()
    assert written["options"] == EVERY
    stored = OfferItem({"id": "product#1", "options": written["options"]})
    assert Product.options_of(stored) == EVERY


def test_every_name_is_one_of_stripes_parameters() -> None:
    compare(CheckoutOptions, sdk.SessionCreateParams, "CheckoutOptions")
    assert "tax_behavior" in sdk.SessionCreateParamsLineItemPriceData.__annotations__
    product = sdk.SessionCreateParamsLineItemPriceDataProductData.__annotations__
    assert "tax_code" in product


def compare(model: type[BaseModel], params: Any, where: str) -> None:
    """Check that each field of *model*, at any depth, is a field of Stripe's."""
    theirs = hints(params)
    of_lines = {checkout_options.OF_PRICE, checkout_options.OF_PRODUCT}
    if params is not sdk.SessionCreateParams:
        of_lines = set()
    for name, field in model.model_fields.items():
        if name in of_lines:
            continue
        assert name in theirs, f"{where}.{name}"
        inner = [kind for kind in parts(field.annotation) if is_model(kind)]
        stripes = [kind for kind in parts(theirs[name]) if hasattr(kind, "__total__")]
        for kind in inner:
            compare(kind, stripes[0], f"{where}.{name}")


def hints(params: Any) -> dict[str, Any]:
    known = {**vars(typing), **vars(sdk), "Mapping": Mapping, "StripeContext": object}
    return get_type_hints(params, known)


def parts(annotation: Any) -> list[Any]:
    """Return the types of which an annotation is made."""
    inner = [part for each in get_args(annotation) for part in parts(each)]
    return [annotation, *inner]


def is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def test_the_locales_are_stripes() -> None:
    hint = hints(sdk.SessionCreateParams)["locale"]
    theirs = {word for part in parts(hint) for word in get_args(part)}

    assert {word for word in theirs if isinstance(word, str)} == stripe_limits.LOCALES


@pytest.mark.parametrize(
    ("options", "field", "problem"),
    [
        ({"discounts": []}, "discounts", "is not a field of this request"),
        ({"payment_intent_data": {}}, "payment_intent_data", "is not a field"),
        (
            {"automatic_tax": {"enabled": True, "liability": 1}},
            "automatic_tax.liability",
            "is not a",
        ),
        ({"automatic_tax": {}}, "automatic_tax.enabled", "is missing"),
        ({"locale": "xx"}, "locale", "must be one of Stripe's locales, or auto"),
        ({"submit_type": "subscribe"}, "submit_type", "must be 'auto'"),
        ({"shipping_options": []}, "shipping_options", "must not be empty"),
        (
            {"shipping_options": [{}]},
            "shipping_options[0].shipping_rate_data",
            "or shipping_rate must be given, and not both",
        ),
        (
            {
                "shipping_options": [
                    {"shipping_rate": "shr_1", "shipping_rate_data": RATE}
                ]
            },
            "shipping_options[0].shipping_rate_data",
            "or shipping_rate must be given, and not both",
        ),
        (
            {"shipping_options": [{"shipping_rate": "shr_1"}] * 6},
            "shipping_options",
            "must have at most 5 members",
        ),
        (
            {
                "shipping_options": [
                    {
                        "shipping_rate_data": RATE
                        | {"fixed_amount": {"amount": 500, "currency": "eur"}}
                    }
                ]
            },
            "shipping_options[0].shipping_rate_data.fixed_amount.currency",
            "must be usd, the currency of the price",
        ),
        (
            {
                "shipping_options": [
                    {
                        "shipping_rate_data": RATE
                        | {"fixed_amount": {"amount": -1, "currency": "usd"}}
                    }
                ]
            },
            "shipping_options[0].shipping_rate_data.fixed_amount.amount",
            "cannot be charged: an amount is not negative",
        ),
        (
            {"shipping_address_collection": {"allowed_countries": ["Germany"]}},
            "shipping_address_collection.allowed_countries",
            "must be codes of two capital letters, such as DE",
        ),
        ({"custom_fields": [SIZE, SIZE]}, "custom_fields", "must have different keys"),
        (
            {"custom_fields": [NOTE | {"key": "a b"}]},
            "custom_fields[0].key",
            "must have only letters and digits",
        ),
        (
            {"custom_fields": [NOTE | {"type": "numeric"}]},
            "custom_fields[0].text",
            "is not for a field of the type numeric",
        ),
        (
            {"custom_fields": [NOTE | {"type": "dropdown", "text": None}]},
            "custom_fields[0].dropdown",
            "is missing",
        ),
        (
            {
                "custom_fields": [
                    NOTE | {"text": {"minimum_length": 9, "maximum_length": 2}}
                ]
            },
            "custom_fields[0].text.maximum_length",
            "must be at least minimum_length",
        ),
        (
            {
                "custom_fields": [
                    SIZE | {"dropdown": SIZE["dropdown"] | {"default_value": "x"}}
                ]
            },
            "custom_fields[0].dropdown.default_value",
            "must be the value of one of the options",
        ),
        (
            {
                "custom_fields": [
                    SIZE | {"dropdown": {"options": [{"label": "L", "value": "l"}] * 2}}
                ]
            },
            "custom_fields[0].dropdown.options",
            "must have different values",
        ),
        (
            {"custom_text": {"terms_of_service_acceptance": {"message": "Yes"}}},
            "custom_text",
            "has terms_of_service_acceptance, which needs consent_collection",
        ),
        (
            {"custom_text": {"submit": {"message": "x" * 1201}}},
            "custom_text.submit.message",
            "must have at most 1200 characters",
        ),
    ],
)
def test_what_stripe_would_not_accept_is_named(
    options: Json, field: str, problem: str
) -> None:
    [(name, said)] = problems_of(options).items()

    assert (name, problem in said) == (f"options.{field}", True), said


def test_every_problem_is_named() -> None:
    found = problems_of({"locale": "xx", "discounts": [], "submit_type": 1})

    assert {*found} == {"options.locale", "options.discounts", "options.submit_type"}


@pytest.mark.parametrize("model", [Content, Order])
def test_what_is_sold_once_cannot_be_recovered(model: Any) -> None:
    """Invariant 11: the recovered session and a new one could both be paid."""
    recovery: Json = {"after_expiration": EVERY["after_expiration"]}
    fields = {
        Content: {"status": "published"},
        Order: {
            "status": "CREATED",
            "owner_id": "user_1",
            "currency": "usd",
            "items": [{"name": "Seat", "quantity": 1, "unit_price_cents": 100}],
        },
    }[model]
    base = {k: v for k, v in PRODUCT.items() if k != "price" or model is Content}
    with pytest.raises(InvalidRequestError) as refused:
        checked(model, base | fields | {"options": recovery})

    assert {*refused.value.fields} == {"options.after_expiration"}
    off = {"after_expiration": {"recovery": {"enabled": False}}}
    assert checked(model, base | fields | {"options": off})


def test_the_shipping_of_an_order_is_in_the_orders_currency() -> None:
    order = {
        "status": "CREATED",
        "owner_id": "user_1",
        "currency": "eur",
        "items": [{"name": "Seat", "quantity": 1, "unit_price_cents": 100}],
        "options": {"shipping_options": [{"shipping_rate_data": RATE}]},
    }

    with pytest.raises(InvalidRequestError) as refused:
        checked(Order, order)

    [(name, said)] = refused.value.fields.items()
    assert name.startswith("options.shipping_options[0]")
    assert said == "must be eur, the currency of the price"


def test_too_large_options_are_refused() -> None:
    choices = [{"label": f"{n}" * 30, "value": f"v{n}"} for n in range(200)]
    fields = [
        SIZE | {"key": f"k{n}", "dropdown": {"options": [
            {"label": "ü" * 100, "value": c["value"]} for c in choices
        ]}}
        for n in range(3)
    ]  # fmt: skip

    [(name, said)] = problems_of({"custom_fields": fields}).items()

    assert (name, said) == ("options", "must have at most 100000 bytes as JSON")


@pytest.mark.parametrize(
    ("stored", "field"),
    [
        ({"locale": "xx"}, "options.locale"),
        ({"discounts": []}, "options.discounts"),
        ("all of them", "options"),
        ([], "options"),
    ],
)
def test_a_mistake_of_the_host_application_is_named_to_nobody_but_the_log(
    stored: Any, field: str
) -> None:
    with pytest.raises(BrokenOfferError) as broken:
        Content.options_of(OfferItem({"id": "content#1", "options": stored}))

    assert broken.value.field == field


def test_an_offers_option_takes_the_place_of_its_kinds() -> None:
    class Poster(Product):
        OPTIONS: ClassVar = {"locale": "de", "submit_type": "pay"}

    plain = OfferItem({"id": "poster#1"})
    french = OfferItem({"id": "poster#2", "options": {"locale": "fr"}})

    assert Poster.options_of(plain) == {"locale": "de", "submit_type": "pay"}
    assert Poster.options_of(french) == {"locale": "fr", "submit_type": "pay"}


@pytest.mark.parametrize(
    ("option", "allows"),
    [
        ({}, ()),
        ({"allow_promotion_codes": True}, ("discount",)),
        ({"allow_promotion_codes": False}, ()),
        ({"automatic_tax": {"enabled": True}}, ("tax",)),
        ({"automatic_tax": {"enabled": False}}, ()),
        ({"shipping_options": EVERY["shipping_options"]}, ("shipping",)),
        ({"after_expiration": {"recovery": {"enabled": True}}}, ("recovery",)),
        ({"after_expiration": EVERY["after_expiration"]}, ("discount", "recovery")),
        ({"phone_number_collection": {"enabled": True}}, ()),
    ],
)
def test_only_an_option_allows_another_total(
    option: Json, allows: tuple[str, ...]
) -> None:
    found = agreed(option)._asdict()

    assert {name for name, allowed in found.items() if allowed} == {*allows}


def test_a_shipping_rate_of_stripes_has_a_currency_that_we_do_not_know() -> None:
    options = {"shipping_options": [{"shipping_rate": "shr_1"}]}

    assert problem(options, "eur", sold_once=True) is None


PAGE: Json = {
    "collected_information": {
        "shipping_details": {
            "name": "Ada Lovelace",
            "address": {"line1": "1 Mill Road", "line2": None, "country": "GB"},
        }
    },
    "customer_details": {
        "email": "ada@example.test",
        "name": "Ada",
        "phone": "+44 20 7946 0000",
        "address": {"postal_code": "CB1 2AD", "country": "GB"},
        "tax_ids": [{"type": "gb_vat", "value": "GB123456789"}],
    },
    "custom_fields": [
        {"key": "size", "type": "dropdown", "dropdown": {"value": "l"}},
        {"key": "note", "type": "text", "text": {"value": None}},
    ],
    "consent": {"terms_of_service": "accepted", "promotions": None},
}
ENTERED: Json = {
    "shipping_details": {
        "name": "Ada Lovelace",
        "address": {"line1": "1 Mill Road", "country": "GB"},
    },
    "billing_address": {"postal_code": "CB1 2AD", "country": "GB"},
    "phone": "+44 20 7946 0000",
    "tax_ids": [{"type": "gb_vat", "value": "GB123456789"}],
    "custom_fields": {"size": "l"},
    "consent": {"terms_of_service": "accepted"},
}


def test_what_the_buyer_entered_is_kept_without_the_email_address() -> None:
    found = entered_on_page(PAGE)

    assert found == ENTERED
    assert "ada@example.test" not in json.dumps(found)
    assert asked_for(found, EVERY) == ENTERED


def test_only_what_an_option_asked_for_is_kept() -> None:
    """Stripe has a billing address of every card."""
    asks: dict[str, Json] = {
        "shipping_details": {"shipping_address_collection": {}},
        "billing_address": {"billing_address_collection": "required"},
        "phone": {"phone_number_collection": {"enabled": True}},
        "tax_ids": {"tax_id_collection": {"enabled": True}},
        "custom_fields": {"custom_fields": [SIZE]},
        "consent": {"consent_collection": {"terms_of_service": "required"}},
    }
    asks["shipping_details"] = {
        "shipping_address_collection": EVERY["shipping_address_collection"]
    }
    off = {
        "billing_address_collection": "auto",
        "phone_number_collection": {"enabled": False},
        "tax_id_collection": {"enabled": False},
    }

    assert asked_for(ENTERED, {}) == asked_for(ENTERED, off) == {}
    for name, option in asks.items():
        assert asked_for(ENTERED, option) == {name: ENTERED[name]}


@pytest.mark.parametrize("odd", [None, 1, "x", [], [1], {}, {"x": 1}, [{}], [None]])
def test_nothing_that_a_page_may_have_is_an_error(odd: Any) -> None:
    for name in PAGE:
        entered_on_page(PAGE | {name: odd})
        if isinstance(PAGE[name], dict):
            for inner in PAGE[name]:
                entered_on_page(PAGE | {name: PAGE[name] | {inner: odd}})
