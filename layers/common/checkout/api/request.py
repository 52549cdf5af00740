"""A request of the HTTP API, read from API Gateway's event."""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, dataclass_transform

from annotated_types import Ge, Len, Lt

from checkout.domain.buyer import Buyer, is_email
from checkout.errors import (
    InvalidRequestError,
    UnauthorizedError,
)

# pydantic reads these, and would not be strict with `type` statements.
Identifier = Annotated[int, Ge(0), Lt(10**18)] | Annotated[str, Len(1, 128)]
Url = Annotated[str, Len(1, 2048)]

SHORTEST_KEY, LONGEST_KEY = 16, 255


@dataclass(frozen=True, slots=True)
class Request:
    """
    A request in API Gateway's payload format 2.0, as far as we read it.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
    """

    event: Mapping[str, Any]

    @property
    def path(self) -> dict[str, str]:
        return self.event.get("pathParameters") or {}

    @property
    def query(self) -> dict[str, str]:
        return self.event.get("queryStringParameters") or {}

    @property
    def body(self) -> bytes:
        """The bytes as they were sent."""
        body = self.event.get("body") or ""
        if not self.event.get("isBase64Encoded"):
            return str(body).encode(errors="surrogatepass")
        return base64.b64decode(body)

    @property
    def source_ip(self) -> str:
        return str(self.event["requestContext"]["http"]["sourceIp"])

    def header(self, name: str) -> str | None:
        """Return the header *name*, given in lower case as API Gateway writes them."""
        return (self.event.get("headers") or {}).get(name)

    @property
    def _claims(self) -> Mapping[str, Any]:
        authorizer = self.event["requestContext"].get("authorizer") or {}
        claims: Mapping[str, Any] = authorizer.get("jwt", {}).get("claims", {})
        return claims

    @property
    def buyer(self) -> Buyer | None:
        """Who the authorizer let in; None on a route that anybody may call."""
        claims = self._claims
        if not claims.get("sub"):
            return None
        email = claims.get("email", "")
        # It only prefills a form: one that Stripe would refuse is left out.
        return Buyer(claims["sub"], email if is_email(email) else None)

    def is_of_group(self, claim: str, group: str) -> bool:
        """
        Whether the token's *claim* names *group* among the caller's.

        API Gateway hands a list over as one text: `[staff payments-admin]`. So a group
        whose name has a space in it cannot be distinguished from two.
        """
        groups = str(self._claims.get(claim, "")).removeprefix("[").removesuffix("]")
        return group in groups.replace(",", " ").split()

    @property
    def idempotency_key(self) -> str | None:
        """The caller's Idempotency-Key; raises InvalidRequestError for a weak one."""
        key = self.header("idempotency-key")
        if key is not None and not (SHORTEST_KEY <= len(key) <= LONGEST_KEY):
            raise InvalidRequestError(
                "The Idempotency-Key is refused.",
                **{"idempotency-key": "must have 16 to 255 characters, as a UUID has"},
            )
        return key

    def whole_number(self, name: str, default: int, most: int) -> int:
        """The query's *name*, from 1 to *most*; raises InvalidRequestError."""
        given = self.query.get(name, str(default))
        if not re.fullmatch(r"[0-9]{1,6}", given) or not 1 <= int(given) <= most:
            problem = f"must be a whole number from 1 to {most}"
            raise InvalidRequestError(f"The {name} is refused.", **{name: problem})
        return int(given)

    def require_buyer(self) -> Buyer:
        if buyer := self.buyer:
            return buyer
        raise UnauthorizedError("Please log in.")


@dataclass_transform(frozen_default=True, kw_only_default=True)
def request_body[T](cls: type[T]) -> type[T]:
    """Declare the body of a request: types are enforced, unknown fields are refused."""
    shape = dataclass(frozen=True, slots=True, kw_only=True)(cls)
    shape.__pydantic_config__ = {"extra": "forbid", "strict": True}  # type: ignore[attr-defined]
    return shape
