"""What Lambda hands to a function: the events, and what it tells of the invocation."""

import base64
import json
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from tests.aws import REGION


@dataclass
class Context:
    """What Lambda tells a function about its invocation."""

    function_name: str = "function"
    memory_limit_in_mb: int = 1024
    invoked_function_arn: str = f"arn:aws:lambda:{REGION}:123456789012:function:f"
    aws_request_id: str = field(default_factory=lambda: str(uuid4()))

    def get_remaining_time_in_millis(self) -> int:
        return 240_000


def http_event(
    route: str,
    body: Any = None,
    path: dict[str, str] | None = None,
    query: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
    *,
    ip: str = "203.0.113.7",
    url: bool = False,
) -> dict[str, Any]:
    """Make an event of API Gateway's payload format 2.0; bytes arrive as base64."""
    method, _, template_path = route.partition(" ")
    binary = isinstance(body, bytes)
    text = (
        base64.b64encode(body).decode()
        if binary
        else body
        if isinstance(body, str)
        else None
        if body is None
        else json.dumps(body)
    )
    return {
        "version": "2.0",
        "routeKey": "$default" if url else route,
        "rawPath": template_path.format(**path or {}),
        "rawQueryString": "",
        "headers": {"content-type": "application/json"} | (headers or {}),
        "queryStringParameters": query,
        "pathParameters": path,
        "requestContext": {
            "requestId": str(uuid4()),
            "routeKey": route,
            "stage": "$default",
            "http": {"method": method, "path": template_path, "sourceIp": ip},
        },
        "body": text,
        "isBase64Encoded": binary,
    }


def sqs_event(*bodies: str, receive_count: int = 1, tried: int = 0) -> dict[str, Any]:
    """Return a batch; *tried* is the attribute of a message that was sent again."""
    attribute = {"dataType": "Number", "stringValue": str(tried)}
    return {
        "Records": [
            {
                "messageId": str(uuid4()),
                "receiptHandle": "handle",
                "body": body,
                "attributes": {"ApproximateReceiveCount": str(receive_count)},
                "messageAttributes": {"tried": attribute} if tried else {},
                "md5OfBody": "",
                "eventSource": "aws:sqs",
                "eventSourceARN": f"arn:aws:sqs:{REGION}:123456789012:events",
                "awsRegion": REGION,
            }
            for body in bodies
        ]
    }
