"""The OpenAPI document and the tables of fields are current, valid and true."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from checkout.errors import CheckoutError, NotQuarantinedError, RefusedEventError
from openapi.examples import Example, examples
from openapi.files import DOCUMENT
from openapi.routes import all_routes
from tests import template_file
from tests.contract import Contract, closed, contract, fail_unless_valid
from tests.docs.test_docs import all_errors
from tests.functional.test_write_offers import NEW, put
from tests.lambda_events import http_event
from tests.shop import PUBLISHED, Shop
from tests.template_file import ROOT

WRITTEN = json.loads(DOCUMENT.read_text())
SCHEMAS = WRITTEN["components"]["schemas"]
PURCHASE = SCHEMAS["Purchase"]["properties"]

type Json = Any


def operations() -> list[tuple[str, str, Json]]:
    return [
        (method, path, operation)
        for path, methods in WRITTEN["paths"].items()
        for method, operation in methods.items()
    ]


def test_what_is_made_from_the_models_is_current() -> None:
    """Made by a process of its own, which reads the texts below the fields."""
    made = subprocess.run(
        [sys.executable, "-m", "openapi", "--check"],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": ".:layers/common"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert made.returncode == 0, made.stderr


def test_the_document_is_valid() -> None:
    OpenAPIV31SpecValidator(WRITTEN).validate()


def test_every_route_of_the_template_is_described_and_the_other_way_round() -> None:
    assert {route.key for route in all_routes()} == set(template_file.routes())


def test_a_route_wants_a_token_where_the_template_does() -> None:
    for route in all_routes():
        security = WRITTEN["paths"][route.url][route.method]["security"]
        needs = template_file.needs_token(route.key)
        assert security == ([{"token": []}] if needs else []), route.key


def test_every_parameter_of_a_path_is_described() -> None:
    for _, path, operation in operations():
        given = [
            p["name"] for p in operation.get("parameters", ()) if p["in"] == "path"
        ]
        assert given == re.findall(r"\{(\w+)\}", path), path


def test_no_two_operations_have_one_name() -> None:
    names = [operation["operationId"] for _, _, operation in operations()]
    assert len(set(names)) == len(names)


def test_the_codes_are_those_of_the_errors() -> None:
    codes = {error.code for error in all_errors(CheckoutError)}
    assert set(SCHEMAS["Error"]["properties"]["code"]["enum"]) == codes


def test_every_error_is_described_with_its_status() -> None:
    said = {
        (name.partition(".")[0], code)
        for name in WRITTEN["components"]["responses"]
        for code in name.split(".")[1:]
    }
    raised = all_errors(CheckoutError) - {RefusedEventError, NotQuarantinedError}
    for error in raised:
        assert (error.status.phrase.replace(" ", ""), error.code) in said, error


def test_the_document_is_served_and_may_be_cached(shop: Shop) -> None:
    event = http_event("GET /openapi.json")

    answer = shop.invoke("OpenApiFunction", event)

    assert answer["body"] == DOCUMENT.read_text()
    assert answer["headers"]["cache-control"] == "public, max-age=300"
    event["headers"]["if-none-match"] = f'W/{answer["headers"]["etag"]}, "other"'
    again = shop.invoke("OpenApiFunction", event)
    assert (again["statusCode"], again.get("body")) == (304, None)
    event["headers"]["if-none-match"] = '"other"'
    assert shop.invoke("OpenApiFunction", event)["statusCode"] == 200


# ---------------------------------------------------------------- it is true


# That of the webhook's own address, which is no route of the API.
NOT_OF_THE_API = {("POST", "/")}


@pytest.mark.parametrize("page", ["api.md", "mobile.md"])
def test_every_example_of_a_page_is_as_described(page: str) -> None:
    text = (ROOT / "docs" / page).read_text()
    named = re.findall(r"^```http\n([A-Z]+) (/[^\s?]*)", text, re.MULTILINE)
    for example in examples(page):
        check_example(example, operation_at(example.method, example.path))
    checked = {(example.method, example.path) for example in examples(page)}
    assert checked == set(named) - NOT_OF_THE_API


def operation_at(method: str, where: str) -> Json:
    """Return the operation; a path without parameters goes before one with them."""
    found = [
        (path.count("{"), operation)
        for each, path, operation in operations()
        if each == method.lower() and is_at(path, where)
    ]
    assert found, f"{method} {where} is not described"
    return min(found, key=lambda each: each[0])[1]


PAGES = ["README.md", *(f"docs/{page.name}" for page in (ROOT / "docs").glob("*.md"))]


def test_every_error_that_a_page_shows_is_as_described() -> None:
    validator = Draft202012Validator(closed(contract().inlined(SCHEMAS["Error"])))
    shown = [
        (page, json.loads(block))
        for page in PAGES
        for block in re.findall(
            r"^```json\n(.*?)^```", (ROOT / page).read_text(), re.DOTALL | re.MULTILINE
        )
        if '"request_id"' in block
    ]
    assert shown
    for page, error in shown:
        fail_unless_valid(validator, error, page)


def is_at(path: str, where: str) -> bool:
    return bool(re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", path), where))


def check_example(example: Example, operation: Json) -> None:
    where = f"{example.method} {example.path}"
    answered = operation["responses"]["200"]
    compare(answered, example.answer, where)
    if example.body is not None:
        compare(operation["requestBody"], example.body, where)


def compare(described: Json, example: Json, where: str) -> None:
    inlined = contract().inlined(described["content"]["application/json"]["schema"])
    fail_unless_valid(Draft202012Validator(closed(inlined)), example, where)


def without_a_field(document: Json) -> None:
    del document["components"]["schemas"]["Purchase"]["properties"]["slug"]


def with_another_type(document: Json) -> None:
    schema = document["components"]["schemas"]["Purchase"]["properties"]
    schema["amountPaidCents"] = {"type": "string"}


def with_a_field_too_many(document: Json) -> None:
    document["components"]["schemas"]["Purchase"]["required"].append("colour")


def without_a_word(document: Json) -> None:
    status = document["components"]["schemas"]["Purchase"]["properties"]["status"]
    status["enum"].remove("completed")


def without_the_status(document: Json) -> None:
    del document["paths"]["/api/purchases"]["get"]["responses"]["200"]


def without_the_route(document: Json) -> None:
    del document["paths"]["/api/purchases"]


WRONG = [
    without_a_field,
    with_another_type,
    with_a_field_too_many,
    without_a_word,
    without_the_status,
    without_the_route,
]


@pytest.mark.parametrize("change", WRONG)
def test_a_document_that_is_wrong_about_an_answer_is_noticed(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, change: Callable[[Json], None]
) -> None:
    """A test of the checks that `Shop.invoke` makes."""
    shop.create("content")
    shop.stripe.pay(shop.stripe.sessions()[0]["id"])
    shop.deliver()
    described_by(monkeypatch, change)

    with pytest.raises(AssertionError, match="describe"):
        shop.call("GET /api/purchases", buyer="user_1")


def without_the_code(document: Json) -> None:
    """Each answer may have the codes of its own route only."""
    for name, response in document["components"]["responses"].items():
        if name.startswith("NotFound"):
            schema = response["content"]["application/json"]["schema"]
            schema["properties"]["code"]["enum"] = ["forbidden"]


def without_the_metadata(document: Json) -> None:
    schema = document["components"]["schemas"]["CreateProduct"]
    del schema["properties"]["metadata"]


def test_a_code_and_a_request_that_are_not_described_are_noticed(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A test of the same checks."""
    described_by(monkeypatch, without_the_code)
    with pytest.raises(AssertionError, match="describe"):
        shop.call("GET /api/purchases/{id}", buyer="user_1", path={"id": "pur_1"})
    described_by(monkeypatch, without_the_metadata)
    with pytest.raises(AssertionError, match="describe"):
        shop.create("product", metadata={"campaign": "winter"})


def described_by(
    monkeypatch: pytest.MonkeyPatch, change: Callable[[Json], None]
) -> None:
    document = deepcopy(WRITTEN)
    change(document)
    wrong = Contract(document)
    monkeypatch.setattr("tests.shop.contract", lambda: wrong)


# ---------------------------------------------------------------- limits

COUNTRIES = {"allowed_countries": ["de"]}
RATE = {
    "shipping_rate_data": {
        "type": "fixed_amount",
        "display_name": "By post",
        "fixed_amount": {"amount": -1, "currency": "usd"},
    }
}
FIELD = {"key": "a b", "label": {"type": "custom", "custom": "A"}, "type": "text"}
IN_THE_SCHEMA: list[tuple[str, dict[str, Any]]] = [
    ("product", {"price": {"amount": -1, "currency": "usd"}}),
    ("product", {"price": {"amount": 10**12, "currency": "usd"}}),
    ("product", {"price": {"amount": 500, "currency": "xxx"}}),
    ("product", {"price": {"amount": 500, "currency": "USD"}}),
    ("product", {"price": {"amount": "500", "currency": "usd"}}),
    ("product", {"price": {"amount": 500}}),
    ("product", {"price": 5}),
    ("product", {"title": " "}),
    ("product", {"title": "x" * 1001}),
    ("product", {"title": None}),
    ("product", {"status": "sold"}),
    ("product", {"colour": "red"}),
    ("product", {"image_url": "http://a.test/i.png"}),
    ("product", {"image_url": "https://"}),
    ("product", {"image_url": "https://a.test/a picture.png"}),
    ("product", {"price": {"amount": 10**8, "currency": "usd"}}),
    ("product", {"price": {"amount": 500.5, "currency": "usd"}}),
    ("quote", {"price": {"amount": 0, "currency": "usd"}}),
    ("product", {"options": {"shipping_address_collection": COUNTRIES}}),
    ("product", {"options": {"shipping_options": [RATE]}}),
    ("product", {"options": {"custom_fields": [FIELD]}}),
    ("product", {"image_url": "https://a.test/" + "i" * 2048}),
    ("product", {"description": "x" * 5001}),
    ("product", {"creator_id": "x" * 256}),
    ("product", {"platform_fee_bps": 10_001}),
    ("order", {"items": []}),
    ("order", {"currency": "xxx"}),
    ("order", {"items": [{"name": "A seat", "quantity": 0, "unit_price_cents": 1}]}),
    ("order", {"items": [{"name": "A seat", "quantity": 1, "unit_price_cents": -1}]}),
    ("auction", {"winner_id": ""}),
    ("bid", {"clickout_url": "javascript:alert(1)"}),
    ("bid", {"clickout_url": "https:///page"}),
    ("bid", {"offer_type": "gift"}),
    ("bid", {"row_id": "x" * 129}),
    ("row", {"owner_id": 7}),
]


@pytest.mark.parametrize(("kind", "changes"), IN_THE_SCHEMA)
def test_what_is_refused_is_refused_by_the_schema_too(
    shop: Shop, kind: str, changes: dict[str, Any]
) -> None:
    offer_id, fields = NEW[kind]
    path = f"/api/offers/{kind}/{{id}}"
    operation = WRITTEN["paths"][path]["put"]
    sent = operation["requestBody"]["content"]["application/json"]["schema"]
    validator = Draft202012Validator(contract().inlined(sent))

    assert validator.is_valid(fields)
    assert not validator.is_valid(fields | changes)
    assert put(shop, kind, offer_id, fields | changes).status == 400


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("product", {"price": {"amount": 500.0, "currency": "usd"}}),
        ("product", {"price": {"amount": 10**11, "currency": "idr"}}),
        ("product", {"price": {"amount": 99_999_999, "currency": "usd"}}),
        ("product", {"image_url": "HTTPS://user@a.test:8443/i.png?a=b#c"}),
        ("bid", {"clickout_url": " http://[::1]:3000"}),
    ],
)
def test_what_is_accepted_is_allowed_by_the_schema_too(
    shop: Shop, kind: str, changes: dict[str, Any]
) -> None:
    """`Shop.invoke` compares the body with the schema."""
    offer_id, fields = NEW[kind]

    assert put(shop, kind, offer_id, fields | changes).status == 201


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("product", {"product_id": ""}),
        ("product", {"customer_email": "nobody"}),
        ("product", {"customer_email": "a\x1c@b.test"}),
        ("product", {"customer_email": "a@b.\ufefftest"}),
        ("product", {"metadata": {"a[b]": "x"}}),
        ("product", {"metadata": {"": "x"}}),
        ("product", {"metadata": {"a": "x" * 501}}),
        ("product", {"metadata": {str(n): "x" for n in range(21)}}),
        ("product", {"colour": "red"}),
        ("bid", {"bid_id": -1}),
        ("bid", {"bid_id": 10**18}),
        ("bid", {"bid_id": "x" * 129}),
        ("bid", {"success_url": ""}),
        ("bid", {"success_url": "undefined"}),
        ("bid", {"success_url": "http://localhost:3000/a\\b"}),
        ("bid", {"success_url": "https://" + "x" * 2048}),
        ("auction", {"auction_id": None}),
        ("content", {"contentId": 5}),
    ],
)
def test_a_create_request_that_is_refused_is_refused_by_the_schema_too(
    shop: Shop, kind: str, changes: dict[str, Any]
) -> None:
    good = {
        "product": {},
        "bid": {
            "bid_id": 42,
            "row_id": 7,
            "success_url": "http://localhost:3000/",
            "cancel_url": "http://localhost:3000/",
        },
        "auction": {"auction_id": "auction_1"},
        "content": {
            "contentId": PUBLISHED,
            "successUrl": "http://localhost:3000/",
            "cancelUrl": "http://localhost:3000/",
        },
    }[kind]
    validator = Draft202012Validator(SCHEMAS[f"Create{kind.title()}"])

    assert validator.is_valid(good)
    assert not validator.is_valid(good | changes)
    answer = shop.create(kind, **changes)
    assert (answer.status, answer.body["code"]) == (400, "invalid_request")


def test_the_id_of_an_offer_is_described_for_each_kind() -> None:
    for kind, wrong in [("content", {"format": "uuid"}), ("row", {"maxLength": 128})]:
        [id_] = [
            each
            for each in WRITTEN["paths"][f"/api/offers/{kind}/{{id}}"]["put"][
                "parameters"
            ]
            if each["name"] == "id"
        ]
        assert id_["schema"].items() >= wrong.items()


# ---------------------------------------------------------------- tables


def test_every_field_of_an_offer_is_in_a_table_of_the_api_page() -> None:
    page = (ROOT / "docs/api.md").read_text()
    tables = page.split("<!-- fields: offers -->")[1].split("<!-- end -->")[0]
    for name, schema in SCHEMAS.items():
        if name.endswith("Offer") and name != "WithdrawnOffer":
            for field in schema["properties"]:
                assert f"| `{field}` |" in tables, (name, field)


def test_a_text_below_a_field_is_its_description() -> None:
    assert SCHEMAS["RowOffer"]["properties"]["owner_id"]["description"].startswith(
        "The buyer"
    )
    # Declared again without a text: that of every offer does not hold.
    assert "description" in SCHEMAS["OrderOffer"]["properties"]["title"]
    assert PURCHASE["lostAmountCents"]["description"]
