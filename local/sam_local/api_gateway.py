"""
Does for a function what API Gateway does, and SAM's local API does not.

It is copied beside each function's own module with `loopback_only.py`, and knows
nothing but that and Python's library: header names in lower case, as payload format 2.0
has them, and the claims of the request's token. The token's signature is not checked,
and no route is closed here, but web pages of other sites are refused, since a page that
forges a token could be anybody.
"""

import base64
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def lambda_handler(event: dict[str, Any], context: object) -> Any:  # noqa: ANN401
    import app  # type: ignore[import-not-found]  # noqa: PLC0415 - it is where we go

    if reason := refusal(event):
        return {"statusCode": 403, "body": json.dumps({"error": reason})}
    return app.lambda_handler(as_api_gateway_says(event), context)


def refusal(event: dict[str, Any]) -> str | None:
    """Return why `sam local start-api` should not have taken the request."""
    # A sample of tests/events comes from a file, and has the host that AWS gave it.
    domain = event.get("requestContext", {}).get("domainName", "")
    if "routeKey" not in event or domain.endswith((".amazonaws.com", ".on.aws")):
        return None
    from loopback_only import refusal_of  # type: ignore[import-not-found]  # noqa: PLC0415

    reason: str | None = refusal_of(event["headers"])
    return reason


def as_api_gateway_says(event: dict[str, Any]) -> dict[str, Any]:
    if "routeKey" not in event:  # of a queue, a stream, a schedule
        return event
    headers = {name.lower(): value for name, value in event["headers"].items()}
    context = event["requestContext"]
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and (claims := claims_of(token)):
        jwt = {"claims": claims, "scopes": None}
        context = {**context, "authorizer": {"jwt": jwt}}
    return {**event, "headers": headers, "requestContext": context}


def claims_of(token: str) -> dict[str, str]:
    """Read a token's claims, each as one text: a list becomes `[one another]`."""
    try:
        _, payload, _ = token.split(".")
        padding = "=" * (-len(payload) % 4)
        claims: Mapping[str, Any] = json.loads(
            base64.urlsafe_b64decode(payload + padding)
        )
    except ValueError:
        return {}  # the function refuses whoever is nobody
    return {
        name: f"[{' '.join(value)}]" if isinstance(value, list) else str(value)
        for name, value in claims.items()
    }
