"""The HTTP edge: every request gets an answer in the one shape."""

import base64
import json
from http import HTTPStatus
from typing import Any

import pytest

from checkout.api import response
from checkout.api.request import Request
from checkout.api.response import Handler, refuse, respond
from checkout.domain.buyer import Buyer
from checkout.errors import (
    InvalidRequestError,
    NotFoundError,
    TooManyRequestsError,
    TryAgainError,
    UnauthorizedError,
)
from tests.lambda_events import Context, http_event
from tests.output import captured_log

ROUTE = "GET /things/{id}"


def serve(handler: Handler, route: str = ROUTE) -> tuple[int, dict[str, Any]]:
    context: Any = Context(aws_request_id="request-1")
    event = http_event(route, path={"id": "1"})
    answer = response.serve({ROUTE: handler}, event, context)
    assert answer["headers"]["content-type"] == "application/json"
    assert answer["headers"]["cache-control"] == "no-store"
    return answer["statusCode"], json.loads(answer["body"])


def test_an_answer_is_json_that_no_cache_keeps() -> None:
    assert serve(lambda _: {"name": "Zoë"}) == (200, {"name": "Zoë"})


@pytest.mark.parametrize("route", ["GET /other", "POST /things/{id}", "$default"])
def test_a_route_that_is_none_is_not_found(route: str) -> None:
    status, body = serve(lambda _: {}, route)

    assert (status, body["code"]) == (404, "not_found")


def test_what_we_did_not_expect_is_a_500_without_details() -> None:
    def fail(request: Request) -> dict[str, Any]:
        raise ValueError(f"whsec_secret of {request.path}")

    with captured_log() as log:
        status, body = serve(fail)

    assert (status, body) == (
        500,
        {
            "error": "Something went wrong on our side.",
            "code": "internal_error",
            "request_id": "request-1",
        },
    )
    assert "ValueError" in log.getvalue()


def test_an_answer_that_is_no_json_is_a_500() -> None:
    assert serve(lambda _: {"what": object()})[0] == 500


def test_a_refusal_names_its_fields() -> None:
    def refuse(request: Request) -> dict[str, Any]:  # noqa: ARG001
        raise InvalidRequestError("It is refused.", page="is too high", size="is odd")

    assert serve(refuse) == (
        400,
        {
            "error": "It is refused.",
            "code": "invalid_request",
            "request_id": "request-1",
            "fields": [
                {"field": "page", "problem": "is too high"},
                {"field": "size", "problem": "is odd"},
            ],
        },
    )


def test_too_many_requests_says_when_to_come_back() -> None:
    answer = refuse(TooManyRequestsError("Slowly.", 17), "request-1")

    assert answer["statusCode"] == 429
    assert answer["headers"]["retry-after"] == "17"


def test_a_temporary_failure_says_when_to_come_back() -> None:
    answer = refuse(TryAgainError("In a moment."), "request-1")

    assert answer["statusCode"] == 503
    assert answer["headers"]["retry-after"] == "1"


def test_other_refusals_do_not_say_when_to_come_back() -> None:
    assert "retry-after" not in refuse(NotFoundError("No."), "request-1")["headers"]


def test_the_status_of_an_answer_is_a_number() -> None:
    answer = respond(HTTPStatus.OK, {})

    assert type(answer["statusCode"]) is int


@pytest.mark.parametrize("payload", [b"", b"{}", "Zoë".encode(), b"\xff\x00\n"])
def test_the_body_is_the_bytes_that_were_sent(payload: bytes) -> None:
    encoded = base64.b64encode(payload).decode()

    assert Request({"body": encoded, "isBase64Encoded": True}).body == payload


def test_a_body_that_is_text_is_its_utf_8() -> None:
    assert Request({"body": "Zoë"}).body == "Zoë".encode()
    assert Request({"body": None}).body == b""
    assert Request({}).body == b""


def request_of(authorizer: Any) -> Request:
    return Request({"requestContext": {"authorizer": authorizer}})


def test_the_buyer_is_whom_the_authorizer_let_in() -> None:
    claims = {"sub": "user_1", "email": "buyer@example.test"}

    buyer = request_of({"jwt": {"claims": claims}}).require_buyer()

    assert buyer == Buyer("user_1", "buyer@example.test")
    assert "example" not in repr(buyer)


@pytest.mark.parametrize("email", [{}, {"email": ""}])
def test_a_buyer_may_have_no_email(email: dict[str, str]) -> None:
    request = request_of({"jwt": {"claims": {"sub": "user_1"} | email}})

    assert request.buyer == Buyer("user_1", None)


@pytest.mark.parametrize("email", ["nobody", "a@b", "a b@c.de", "@c.de"])
def test_an_address_that_stripe_would_refuse_is_left_out(email: str) -> None:
    authorizer = {"jwt": {"claims": {"sub": "user_1", "email": email}}}
    assert request_of(authorizer).buyer == Buyer("user_1", None)


@pytest.mark.parametrize(
    "authorizer", [None, {}, {"jwt": {}}, {"jwt": {"claims": {}}}, {"lambda": {}}]
)
def test_without_a_subject_nobody_is_logged_in(authorizer: Any) -> None:
    request = request_of(authorizer)

    assert request.buyer is None
    with pytest.raises(UnauthorizedError):
        request.require_buyer()


def test_what_a_request_does_not_have_is_empty() -> None:
    request = Request({"pathParameters": None, "headers": None})

    assert (request.path, request.query) == ({}, {})
    assert request.header("stripe-signature") is None
