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


# ---------------------------------------------------------------- groups

CLAIM, GROUP = "https://shop.example.test/groups", "payments-admin"


def token(claims: object) -> str:
    """Make a token as an issuer does; API Gateway has checked its signature."""
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=")
    return f"e30.{payload.decode()}.c2ln"


def request_with(groups: object, **headers: str) -> Request:
    """Make a request as API Gateway passes it: of a list, it makes one text."""
    text = f"[{' '.join(groups)}]" if isinstance(groups, list) else groups
    event = http_event(ROUTE, path={"id": "1"}, headers=headers)
    claims = {"sub": "user_1", CLAIM: text}
    event["requestContext"]["authorizer"] = {"jwt": {"claims": claims}}
    return Request(event)


def is_member(groups: object, authorization: str) -> bool:
    return request_with(groups, authorization=authorization).is_of_group(CLAIM, GROUP)


@pytest.mark.parametrize("scheme", ["Bearer ", "bearer ", ""])
@pytest.mark.parametrize("groups", [[GROUP], ["staff", GROUP], GROUP])
def test_a_member_of_the_group_is_one(groups: object, scheme: str) -> None:
    assert is_member(groups, scheme + token({CLAIM: groups}))


@pytest.mark.parametrize(
    "groups",
    [
        [f"team {GROUP}"],
        [f"{GROUP} x", "staff"],
        [f"{GROUP},x"],
        f"team {GROUP}",
        f"x,{GROUP}",
        f"[{GROUP}]",
        [],
        "",
    ],
)
def test_a_group_whose_name_contains_the_name_is_another(groups: object) -> None:
    """In API Gateway's text, the first two look like members of the group itself."""
    assert not is_member(groups, "Bearer " + token({CLAIM: groups}))


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer",
        "Bearer e30.e30",
        "Bearer e30.*.c2ln",
        "Bearer e30.bm90IGpzb24.c2ln",
        "Bearer " + token([CLAIM, GROUP]),
        "Bearer " + token({CLAIM: [[GROUP]]}),
        "Bearer " + token({"other": [GROUP]}),
        # Two headers arrive as one: which of the tokens was verified is not known.
        f"Bearer {token({})}, Bearer {token({CLAIM: [GROUP]})}",
        f"Bearer {token({})},{token({CLAIM: [GROUP]})}",
    ],
)
def test_a_header_that_is_not_one_token_with_the_group_makes_no_member(
    authorization: str,
) -> None:
    assert not is_member([GROUP], authorization)


def test_a_token_that_says_more_than_was_verified_is_not_believed() -> None:
    assert not is_member(["staff"], "Bearer " + token({CLAIM: [GROUP]}))


def test_without_the_header_the_verified_text_decides() -> None:
    """As for a saved event that is run by hand; the authorizer needs the header."""
    assert request_with([GROUP]).is_of_group(CLAIM, GROUP)
