"""A request of the HTTP API, read from API Gateway's event."""

import base64
import json
from collections.abc import Mapping
from typing import Any

from checkout.config import OperatorConfig, WritersConfig
from checkout.domain.buyer import Buyer, is_email
from checkout.errors import (
    InvalidRequestError,
    UnauthorizedError,
)

SHORTEST_KEY, LONGEST_KEY = 16, 255
LONGEST_VERSION = 15
PARTS_OF_A_TOKEN = 3  # header, payload, signature


class Request:
    """
    A request in API Gateway's payload format 2.0.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
    """

    __slots__ = ("event",)

    def __init__(self, event: Mapping[str, Any]) -> None:
        self.event = event

    @property
    def path(self) -> dict[str, str]:
        return self.event.get("pathParameters") or {}

    @property
    def query(self) -> dict[str, str]:
        return self.event.get("queryStringParameters") or {}

    @property
    def body(self) -> bytes:
        """The bytes that the client sent; raises ValueError for invalid base64."""
        body = self.event.get("body") or ""
        if not self.event.get("isBase64Encoded"):
            return str(body).encode(errors="surrogatepass")
        return base64.b64decode(body)

    @property
    def source_ip(self) -> str:
        return str(self.event["requestContext"]["http"]["sourceIp"])

    def header(self, name: str) -> str | None:
        """Return the header *name*, which is in lower case in API Gateway's events."""
        return (self.event.get("headers") or {}).get(name)

    @property
    def _claims(self) -> Mapping[str, Any]:
        authorizer = self.event["requestContext"].get("authorizer") or {}
        claims: Mapping[str, Any] = authorizer.get("jwt", {}).get("claims", {})
        return claims

    @property
    def buyer(self) -> Buyer | None:
        """The buyer whom the token identifies; None on a route without a token."""
        claims = self._claims
        if not claims.get("sub"):
            return None
        email = claims.get("email", "")
        # Stripe would refuse an invalid address, which only prefills its form.
        return Buyer(claims["sub"], email if email and is_email(email) else None)

    def is_of_group(self, claim: str, group: str) -> bool:
        """
        Whether the token lists *group* in its *claim*, under exactly this name.

        API Gateway verifies the token and writes a list as one text: in
        `[team payments-admin]` it hides whether these are two groups or one. The token
        itself, which it passes on, says so.
        """
        text = str(self._claims.get(claim, ""))
        is_list = text.startswith("[") and text.endswith("]")
        if group not in (text[1:-1].split() if is_list else [text]):
            return False
        token = self.header("authorization")
        return token is None or group in groups_in(token, claim)

    def is_operator(self, operators: OperatorConfig) -> bool:
        return self.is_of_group(operators.operator_claim, operators.operator_group)

    def is_writer(self, writers: WritersConfig) -> bool:
        """Whether the caller may write offers; a machine's token has a scope."""
        if self.is_of_group(writers.operator_claim, writers.writer_group):
            return True
        scopes = str(self._claims.get("scope", "")).split()
        return bool(writers.writer_scope) and writers.writer_scope in scopes

    @property
    def expected_version(self) -> int | None:
        """The header If-Match; raises InvalidRequestError if it is no version."""
        given = self.header("if-match")
        if given is None:
            return None
        digits = given.strip().removeprefix('"').removesuffix('"')
        if not (
            digits.isascii() and digits.isdecimal() and len(digits) <= LONGEST_VERSION
        ):
            raise InvalidRequestError(
                "The header If-Match is refused.",
                **{"if-match": "must be the version of an offer"},
            )
        return int(digits)

    @property
    def idempotency_key(self) -> str | None:
        """The header Idempotency-Key; raises InvalidRequestError for a wrong length."""
        key = self.header("idempotency-key")
        if key is not None and not (SHORTEST_KEY <= len(key) <= LONGEST_KEY):
            raise InvalidRequestError(
                "The Idempotency-Key is refused.",
                **{"idempotency-key": "must have 16 to 255 characters, as a UUID has"},
            )
        return key

    def require_buyer(self) -> Buyer:
        """Return the buyer; raises UnauthorizedError if there is none."""
        if buyer := self.buyer:
            return buyer
        raise UnauthorizedError("Please log in.")


def groups_in(authorization: str, claim: str) -> list[str]:
    """
    Return what *claim* lists in the token of a header that API Gateway has verified.

    A header with anything but one token lists nothing.
    """
    *scheme, token = authorization.split() or [""]
    parts = token.split(".")
    if len(scheme) > 1 or len(parts) != PARTS_OF_A_TOKEN:
        return []
    payload = parts[1]
    padding = "=" * (-len(payload) % 4)
    try:
        claims = json.loads(base64.urlsafe_b64decode(payload + padding))
    except ValueError:
        return []
    listed = claims.get(claim) if isinstance(claims, dict) else None
    groups = listed if isinstance(listed, list) else [listed]
    return [name for name in groups if isinstance(name, str)]
