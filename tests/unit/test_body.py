"""Bytes from outside become a request, or a refusal that names the fields."""

import json
import re
from collections.abc import Iterator
from pkgutil import iter_modules
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from checkout import kinds
from checkout.api.body import parse
from checkout.api.json_object import LONGEST_BODY
from checkout.api.problems import OTHER, PROBLEMS, problems, problems_by_path
from checkout.api.refund_body import RefundBody
from checkout.errors import InvalidRequestError
from checkout.kinds import auction, bid, kind_named, order, product

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


def test_the_fields_arrive_with_their_types() -> None:
    request = parse(
        bid.Request,
        b'{"bid_id":42,"row_id":"7","success_url":"a","cancel_url":"b"}',
        {},
    )

    assert (request.bid_id, request.row_id) == (42, "7")


def test_a_whole_number_may_be_written_with_a_point() -> None:
    """It is an integer in JSON Schema, and some languages write no other."""
    sent = b'{"bid_id":42.0,"row_id":7e0,"success_url":"a","cancel_url":"b"}'

    request = parse(bid.Request, sent, {})

    assert [request.bid_id, request.row_id] == [42, 7]
    assert type(request.bid_id) is int


@pytest.mark.parametrize("number", ["42.5", "1e999", "NaN"])
def test_any_other_number_with_a_point_is_refused(number: str) -> None:
    with pytest.raises(InvalidRequestError):
        parse(auction.Request, f'{{"auction_id": {number}}}'.encode(), {})


def test_the_path_gives_fields_too() -> None:
    assert parse(order.Request, b"", {"orderId": "order_1"}).orderId == "order_1"


def test_a_body_as_long_as_allowed_is_read() -> None:
    body = b'{"auction_id": "a"}'.ljust(LONGEST_BODY)

    assert parse(auction.Request, body, {}).auction_id == "a"
    with pytest.raises(InvalidRequestError):
        parse(auction.Request, body + b" ", {})


def test_every_refused_field_is_named_once() -> None:
    body = b'{"bid_id": true, "row_id": [], "cancel_url": 5, "price": 1}'

    with pytest.raises(InvalidRequestError) as refusal:
        parse(bid.Request, body, {})

    names = {"bid_id", "row_id", "success_url", "cancel_url", "price"}
    assert refusal.value.fields.keys() == names


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.text(max_size=10), json_values, max_size=4))
def test_whatever_json_comes_is_read_or_refused(given_fields: dict[str, Any]) -> None:
    body = json.dumps(given_fields).encode()

    with pytest.raises(InvalidRequestError):
        parse(auction.Request, body, {})


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=60))
def test_whatever_bytes_come_are_read_or_refused(body: bytes) -> None:
    with pytest.raises(InvalidRequestError):
        parse(auction.Request, body, {})


# ---------------------------------------------------------------- our own sentences

REQUESTS = [kind_named(module.name).Request for module in iter_modules(kinds.__path__)]
REQUESTS.append(RefundBody)
VALUES: list[Any] = [
    *(None, True, 42, -1, 42.5, float("inf"), 10**18, 10**100, "", "x", "x" * 3000),
    *([], [1], {}, {"a": 1}, {"": "x"}, {"k" * 41: "x"}, {"a": "v" * 501}, {"a": None}),
    *({f"k{n}": "v" for n in range(21)}, {"a": {}}, "\ud800", "no-uuid"),
]
PYDANTICS_WORDS = re.compile(r"Input should|should have|valid (string|integer)|keyword")


def refusals_of_pydantic() -> Iterator[tuple[type[Any], str, dict[str, Any]]]:
    """Yield each error that pydantic has for a value of a field of our requests."""
    for request in REQUESTS:
        for name in [*request.model_fields, "unknown"]:
            for value in VALUES:
                body = json.dumps({name: value})
                try:
                    request.model_validate_json(body)
                except ValidationError as error:
                    for details in error.errors():
                        yield request, body, dict(details)


def test_every_error_that_a_request_can_cause_has_a_sentence() -> None:
    caused = {details["type"] for _, _, details in refusals_of_pydantic()}

    assert caused | {kind for kind, _ in problems_of_offers()} == PROBLEMS.keys()


def problems_of_offers() -> Iterator[tuple[str, str]]:
    """Yield each error that pydantic has for an offer, and our sentence for it."""
    models = [
        model
        for module in iter_modules(kinds.__path__)
        for model in kind_named(module.name).ITEMS.values()
    ]
    line = {"name": 1, "quantity": 10**9, "unit_price_cents": -1}
    for model in models:
        for name in [*model.model_fields, "unknown"]:
            for value in [
                *VALUES,
                [line],
                "2031-01-01T00:00:00",
                {"currency": "x", "amount": 1},
            ]:
                try:
                    model.model_validate_json(json.dumps({name: value}))
                except ValidationError as error:
                    for details in error.errors():
                        [problem] = problems_by_path([dict(details)]).values()
                        yield details["type"], problem


def test_no_word_of_pydantic_reaches_a_writer() -> None:
    for _, problem in problems_of_offers():
        assert not PYDANTICS_WORDS.search(problem), problem
        assert re.match(r"(is|of|must|has|cannot) ", problem), problem
        assert problem != OTHER


def test_no_word_of_pydantic_reaches_a_caller() -> None:
    for request, body, details in refusals_of_pydantic():
        with pytest.raises(InvalidRequestError) as refusal:
            parse(request, body.encode(), {})

        for problem in refusal.value.fields.values():
            assert details["msg"] not in problem
            assert not PYDANTICS_WORDS.search(problem), problem
            assert re.match(r"(is|must|has) ", problem), problem
            assert problem != OTHER


@pytest.mark.parametrize(
    ("body", "field", "problem"),
    [
        ({"product_id": 5}, "product_id", "must be text"),
        ({"product_id": ""}, "product_id", "must not be empty"),
        ({"product_id": "p" * 129}, "product_id", "must have at most 128 characters"),
        ({"colour": 1}, "colour", "is not a field of this request"),
        ({"metadata": "a"}, "metadata", "must be an object"),
        (
            {"metadata": {f"k{n}": "v" for n in range(21)}},
            "metadata",
            "must have at most 20 keys",
        ),
        (
            {"metadata": {"a": 1}},
            "metadata",
            "has the key 'a', whose value must be text",
        ),
        (
            {"metadata": {"a": 1, "b": 2}},
            "metadata",
            "has the key 'a', whose value must be text",
        ),
        (
            {"metadata": {"k" * 50: "v"}},
            "metadata",
            f"has the key '{'k' * 39}…', which must have at most 40 characters",
        ),
    ],
)
def test_a_problem_is_a_sentence_about_the_field(
    body: dict[str, Any], field: str, problem: str
) -> None:
    with pytest.raises(InvalidRequestError) as refusal:
        parse(product.Request, json.dumps(body).encode(), {})

    assert refusal.value.fields == {field: problem}


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (True, "must be a whole number or text"),
        (-1, "must be at least 0"),
        (10**18, f"must be less than {10**18}"),
        ("", "must not be empty"),
        ("x" * 129, "must have at most 128 characters"),
    ],
)
def test_a_field_of_two_types_has_one_problem(value: object, problem: str) -> None:
    body = json.dumps({"auction_id": value}).encode()

    with pytest.raises(InvalidRequestError) as refusal:
        parse(auction.Request, body, {})

    assert refusal.value.fields == {"auction_id": problem}


def test_an_error_that_we_do_not_know_is_a_sentence_too() -> None:
    unknown = {"type": "new_error", "loc": ("a",), "msg": "Input should be", "ctx": {}}

    assert problems([unknown]) == {"a": OTHER}
