"""
Adds to an event what API Gateway adds and SAM's local API does not.

That is: header names in lower case, as in payload format 2.0, and the claims of the
request's token. The token's signature is not verified, and every route is open. But
requests from web pages of other sites are refused: such a page could forge a token.

The module is copied beside each function's own module, together with
`loopback_only.py`, and imports nothing else outside the standard library.
"""

import base64
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def lambda_handler(event: dict[str, Any], context: object) -> Any:  # noqa: ANN401
    import app  # type: ignore[import-not-found]  # noqa: PLC0415 - exists in the build

    if reason := refusal(event):
        return {"statusCode": 403, "body": json.dumps({"error": reason})}
    return app.lambda_handler(as_from_api_gateway(event), context)


def refusal(event: dict[str, Any]) -> str | None:
    """Return why the request is refused, or None if it is allowed."""
    # The samples in tests/events have a host in AWS and did not come over HTTP.
    domain = event.get("requestContext", {}).get("domainName", "")
    if "routeKey" not in event or domain.endswith((".amazonaws.com", ".on.aws")):
        return None
    from loopback_only import refusal_of  # type: ignore[import-not-found]  # noqa: PLC0415

    reason: str | None = refusal_of(event["headers"])
    return reason


def as_from_api_gateway(event: dict[str, Any]) -> dict[str, Any]:
    if "routeKey" not in event:  # from a queue, a stream or a schedule
        return event
    headers = {name.lower(): value for name, value in event["headers"].items()}
    context = event["requestContext"]
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and (claims := claims_of(token)):
        jwt = {"claims": claims, "scopes": None}
        context = {**context, "authorizer": {"jwt": jwt}}
    return {**event, "headers": headers, "requestContext": context}


def claims_of(token: str) -> dict[str, str]:
    """Decode a token's claims as text; a list becomes `[one another]`."""
    try:
        _, payload, _ = token.split(".")
        padding = "=" * (-len(payload) % 4)
        claims: Mapping[str, Any] = json.loads(
            base64.urlsafe_b64decode(payload + padding)
        )
    except ValueError:
        return {}  # the function refuses a request without claims
    return {
        name: f"[{' '.join(value)}]" if isinstance(value, list) else str(value)
        for name, value in claims.items()
    }
