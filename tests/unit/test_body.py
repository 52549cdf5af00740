"""Bytes from outside become a request, or a refusal that names the fields."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checkout.api.body import LONGEST_BODY, parse
from checkout.errors import InvalidRequestError
from checkout.kinds import auction, bid, order

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
