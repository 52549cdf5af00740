"""The HTTP API as an OpenAPI document, which `make openapi` has written."""

from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

DOCUMENT = Path(__file__).with_name("openapi.json").read_bytes()
ETAG = f'"{sha256(DOCUMENT).hexdigest()[:32]}"'
HEADERS = {
    "content-type": "application/json",
    "cache-control": "public, max-age=300",
    "etag": ETAG,
}


def lambda_handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:
    if ETAG in (event.get("headers") or {}).get("if-none-match", ""):
        return {"statusCode": 304, "headers": HEADERS}
    return {"statusCode": 200, "headers": HEADERS, "body": DOCUMENT.decode()}
