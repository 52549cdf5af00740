"""The responses of the HTTP API: status codes, and bodies in JSON."""

import json
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from checkout.api.request import Request
from checkout.errors import (
    CheckoutError,
    InvalidRequestError,
    NotFoundError,
)
from checkout.telemetry import logger

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

type Response = dict[str, Any]


class Created(dict[str, Any]):
    """The body of a response with the status 201."""


type Handler = Callable[[Request], Mapping[str, Any]]


def serve(
    routes: Mapping[str, Handler], event: Mapping[str, Any], context: "LambdaContext"
) -> Response:
    """
    Return the response of the route's handler.

    A CheckoutError becomes a response with its status and code, any other exception
    a 500, which is logged.
    """
    request_id = context.aws_request_id
    logger.set_correlation_id(event["requestContext"].get("requestId"))
    try:
        handler = routes.get(event["routeKey"], _no_such_route)
        body = handler(Request(event))
        created = isinstance(body, Created)
        return respond(HTTPStatus.CREATED if created else HTTPStatus.OK, body)
    except CheckoutError as error:
        logger.info("request_refused", code=error.code, status=error.status)
        return refuse(error, request_id)
    except Exception:  # noqa: BLE001 - the caller gets a response
        logger.exception("request_failed")
        failure = CheckoutError("Something went wrong on our side.")
        return refuse(failure, request_id)


def _no_such_route(request: Request) -> Mapping[str, Any]:  # noqa: ARG001
    raise NotFoundError("There is no such route.")


def refuse(error: CheckoutError, request_id: str) -> Response:
    """Return the response to an error: its sentence, code, status and fields."""
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
    seconds = error.retry_after
    headers = {} if seconds is None else {"retry-after": str(seconds)}
    return respond(error.status, body, headers)


def respond(
    status: HTTPStatus,
    body: Mapping[str, Any],
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return a JSON response that caches must not store."""
    fixed = {"content-type": "application/json", "cache-control": "no-store"}
    return {
        "statusCode": status.value,
        "headers": {**fixed, **(headers or {})},
        "body": json.dumps(body),
    }
