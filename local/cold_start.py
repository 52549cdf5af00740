"""
`make cold-start`: measures the first request to each function, in CPU instructions.

Runs each built function once under valgrind, against the stack of `make run`. Each run
is a new interpreter with only the function and the layer. Instruction counts are
reproducible to the last digit; times vary by a sixth between runs.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import boto3
from stripe import WebhookSignature

from local import sam, settings, stack_file
from local.embedded_aws import CREDENTIALS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Replaces Lambda's runtime: imports the handler and calls it once.
RUNNER = """
import json, sys
class Context:
    function_name = memory_limit_in_mb = invoked_function_arn = aws_request_id = "cold"
    def get_remaining_time_in_millis(self):
        return 60_000
import app
answer = app.lambda_handler(json.load(open(sys.argv[1])), Context())
assert answer.get("statusCode", 200) == 200, answer
assert not answer.get("batchItemFailures"), answer
"""
MILLION = 1_000_000


def main() -> int:
    folder = settings.folder()
    try:
        stack = stack_file.running_stack(folder)
    except settings.StackError as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    if not shutil.which("valgrind"):
        sys.stderr.write("valgrind is not installed: apt install valgrind.\n")
        return 1
    floor = instructions([sys.executable, "-S", "-c", ""], {})
    sys.stdout.write(f"{'bare interpreter':24}{floor:6} M\n")
    for name, event in first_requests(stack):
        count = instructions(*command(name, event, folder / "build", stack))
        sys.stdout.write(f"{name:24}{count:6} M\n")
    return 0


def first_requests(stack: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each function's name, and an event that it handles successfully."""
    buyer = f"cold-{uuid4().hex[:8]}"
    body = {
        "contentId": stack["sample"]["contents"]["published"],
        "successUrl": f"{stack['storefront_url']}/done",
        "cancelUrl": f"{stack['storefront_url']}/",
    }
    yield (
        "CreateSessionFunction",
        http_event("POST /api/checkout", buyer, body=json.dumps(body)),
    )
    session = find_session(stack, buyer)
    event = json.dumps(completed_event(session))
    signature = WebhookSignature.generate_signature_header(
        event, stack["stripe_webhook_secret"]
    )
    yield (
        "StripeWebhookFunction",
        http_event("POST /", body=event, headers={"stripe-signature": signature}),
    )
    received = {"attributes": {"ApproximateReceiveCount": "1"}, "messageAttributes": {}}
    records = [
        {"messageId": str(n), "receiptHandle": str(n), "body": event, **received}
        for n in range(10)
    ]
    yield "FulfillmentFunction", {"Records": records}
    query = {"session_id": session["stripe_session_id"]}
    yield (
        "SessionStatusFunction",
        http_event("GET /api/checkout/session-status", query=query),
    )
    yield "PurchasesFunction", http_event("GET /api/purchases", buyer)
    yield (
        "CreatorsFunction",
        http_event(
            "GET /api/creators/{creatorId}/revenue", buyer, path={"creatorId": buyer}
        ),
    )
    yield (
        "OffersFunction",
        http_event("GET /api/rows/{rowId}", "user_1", path={"rowId": "7"}),
    )


def http_event(  # noqa: PLR0913 - the parts of an HTTP request
    route: str,
    buyer: str | None = None,
    *,
    body: str | None = None,
    headers: dict[str, str] | None = None,
    query: dict[str, str] | None = None,
    path: dict[str, str] | None = None,
) -> dict[str, Any]:
    claims = {"jwt": {"claims": {"sub": buyer}}} if buyer else {}
    return {
        "routeKey": route,
        "headers": headers or {},
        "queryStringParameters": query,
        "pathParameters": path,
        "requestContext": {
            "requestId": "cold",
            "http": {"sourceIp": "192.0.2.1"},
            "authorizer": claims,
        },
        "body": body,
        "isBase64Encoded": False,
    }


def find_session(stack: dict[str, Any], buyer: str) -> dict[str, Any]:
    table = boto3.resource(
        "dynamodb", endpoint_url=stack["aws_endpoint_url"], **credentials(stack)
    ).Table(stack["outputs"]["PaymentSessionsTable"])
    for item in table.scan()["Items"]:
        if item.get("buyer_id") == buyer:
            return item
    raise LookupError(buyer)


def completed_event(session: dict[str, Any]) -> dict[str, Any]:
    """Return Stripe's event for a session that was paid."""
    paid = {
        "id": session["stripe_session_id"],
        "status": "complete",
        "payment_status": "paid",
        "amount_subtotal": int(session["amount"]),
        "amount_total": int(session["amount"]),
        "currency": session["currency"],
        "livemode": False,
        "expires_at": int(time.time()),
        "payment_intent": f"pi_{uuid4().hex}",
        "metadata": {"payment_session_id": session["id"]},
    }
    return {
        "id": f"evt_{uuid4().hex}",
        "type": "checkout.session.completed",
        "livemode": False,
        "data": {"object": paid},
    }


def command(
    name: str, event: dict[str, Any], build: Path, stack: dict[str, Any]
) -> tuple[list[str], dict[str, str]]:
    """Return the command that runs a function, and its deployed environment."""
    with tempfile.NamedTemporaryFile("w", suffix=".json", delete=False) as file:
        json.dump(event, file)
    functions = boto3.client(
        "lambda", endpoint_url=stack["aws_endpoint_url"], **credentials(stack)
    )
    [deployed] = [
        function
        for function in functions.list_functions()["Functions"]
        if f"-{name}-" in function["FunctionName"]
    ]
    current = functions.get_function_configuration(
        FunctionName=deployed["FunctionName"], Qualifier=sam.ALIAS
    )
    environment = current["Environment"]["Variables"] | CREDENTIALS
    environment |= {
        "AWS_ENDPOINT_URL": stack["aws_endpoint_url"],
        "AWS_DEFAULT_REGION": stack["region"],
        "PYTHONPATH": f"{build / name}:{build / 'CommonLayer/python'}",
    }
    return [sys.executable, "-S", "-c", RUNNER, file.name], environment


def credentials(stack: dict[str, Any]) -> dict[str, Any]:
    return {
        "region_name": stack["region"],
        "aws_access_key_id": CREDENTIALS["AWS_ACCESS_KEY_ID"],
        "aws_secret_access_key": CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
    }


def instructions(run: list[str], environment: dict[str, str]) -> int:
    """Return how many million instructions a process executes."""
    counter = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={os.devnull}"]
    fixed = {"PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(  # noqa: S603 - our own commands
        counter + run,
        check=True,
        capture_output=True,
        text=True,
        env={"PATH": os.environ["PATH"]} | environment | fixed,
    )
    [collected] = re.findall(r"Collected : (\d+)", done.stderr)
    return round(int(collected) / MILLION)


if __name__ == "__main__":
    sys.exit(main())
