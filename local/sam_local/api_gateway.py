"""
Does for a function what API Gateway does, and SAM's local API does not.

It is copied beside each function's own module, and knows nothing but Python's library:
header names in lower case, as payload format 2.0 has them, and the claims of the
request's token. The token's signature is not checked, and no route is closed here.
"""

import base64
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def lambda_handler(event: dict[str, Any], context: object) -> Any:  # noqa: ANN401
    import app  # type: ignore[import-not-found]  # noqa: PLC0415 - it is where we go

    return app.lambda_handler(as_api_gateway_says(event), context)


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
