"""The HTTP edge: from API Gateway's event to a handler, and from its answer back."""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from checkout.buyer import Buyer, is_email
from checkout.errors import (
    CheckoutError,
    InvalidRequestError,
    NotFoundError,
    TooManyRequestsError,
    UnauthorizedError,
)
from checkout.telemetry import logger

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

SHORTEST_KEY, LONGEST_KEY = 16, 255

type Response = dict[str, Any]
type Handler = Callable[["Request"], Mapping[str, Any]]


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
        whose name has a space in it cannot be told from two.
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

    def require_buyer(self) -> Buyer:
        if buyer := self.buyer:
            return buyer
        raise UnauthorizedError("Please log in.")


def serve(
    routes: Mapping[str, Handler], event: Mapping[str, Any], context: "LambdaContext"
) -> Response:
    """Call the handler of the event's route; every error becomes an answer."""
    request_id = context.aws_request_id
    logger.set_correlation_id(event["requestContext"].get("requestId"))
    try:
        handler = routes.get(event["routeKey"], _no_such_route)
        return respond(HTTPStatus.OK, handler(Request(event)))
    except CheckoutError as error:
        logger.info("request_refused", code=error.code, status=error.status)
        return refuse(error, request_id)
    except Exception:  # noqa: BLE001 - the outermost edge: the caller gets an answer
        logger.exception("request_failed")
        failure = CheckoutError("Something went wrong on our side.")
        return refuse(failure, request_id)


def _no_such_route(request: Request) -> Mapping[str, Any]:  # noqa: ARG001
    raise NotFoundError("There is no such route.")


def refuse(error: CheckoutError, request_id: str) -> Response:
    """Answer with the error's sentence, code and status."""
    body: dict[str, Any] = {
        "error": str(error),
        "code": error.code,
        "request_id": request_id,
    }
    if isinstance(error, InvalidRequestError) and error.fields:
        body["fields"] = [
            {"field": name, "problem": problem}
            for name, problem in error.fields.items()
        ]
    headers = (
        {"retry-after": str(error.retry_after)}
        if isinstance(error, TooManyRequestsError)
        else {}
    )
    return respond(error.status, body, headers)


def respond(
    status: HTTPStatus,
    body: Mapping[str, Any],
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Make the response; nothing of ours may be kept by a cache."""
    fixed = {"content-type": "application/json", "cache-control": "no-store"}
    return {
        "statusCode": status.value,
        "headers": {**fixed, **(headers or {})},
        "body": json.dumps(body),
    }
