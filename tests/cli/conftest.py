"""Runs the command line in this process, with the AWS and Stripe of the test shop."""

import io
import json
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError
from typer.testing import CliRunner, Result

from checkout.telemetry import metrics
from tests.aws_calls import AwsCall, intercepted
from tests.shop import Shop
from tests.template_file import template

STACK = "shop"
ALIAS = "Alias" + template()["Globals"]["Function"]["AutoPublishAlias"]
API_URL = "https://def456.execute-api.eu-west-1.amazonaws.com"
WEBHOOK_URL = "https://abc123.lambda-url.eu-west-1.on.aws/"


@dataclass
class Operator:
    """Types commands; *answer* is what is typed when a command asks."""

    shop: Shop
    dead_letters_url: str

    def __call__(self, *arguments: str, answer: str = "") -> Result:
        from cli.app import app  # noqa: PLC0415 - once the environment is set

        command = ["--stack", STACK, *arguments]
        result = CliRunner().invoke(app, command, input=answer)
        # A traceback would be seen by the operator.
        assert not isinstance(result.exception, Exception), result.exception
        return result

    def json(self, *arguments: str) -> Any:
        result = self(*arguments, "--json")
        assert result.exit_code == 0, result.stderr
        return json.loads(result.stdout)

    def bury(self, body: str) -> None:
        """Put a message where those end that were tried eight times."""
        self.shop.aws.sqs.send_message(QueueUrl=self.dead_letters_url, MessageBody=body)


@pytest.fixture
def operator(shop: Shop) -> Iterator[Operator]:
    url = shop.aws.sqs.create_queue(QueueName=f"dead-{uuid4().hex}")["QueueUrl"]
    operator = Operator(shop, url)
    with intercepted(Deployed(operator).answer):
        yield operator
    # Nobody collects what is counted at a desk; a later test must not find it.
    metrics.clear_metrics()


class Deployed:
    """What the fake AWS has not: the stack, and the functions that it runs."""

    def __init__(self, operator: Operator) -> None:
        shop = operator.shop
        self.shop = shop
        self.outputs = shop.aws.tables | {
            "PaymentEventsQueueUrl": shop.aws.queue_url,
            "PaymentEventsDeadLetterQueueUrl": operator.dead_letters_url,
            "WebhookUrl": WEBHOOK_URL,
            "ApiUrl": API_URL,
        }

    def answer(self, call: AwsCall) -> Any:
        if call.operation == "ReceiveMessage":
            # Nothing comes later: waiting for it would only take time.
            return call.answer(WaitTimeSeconds=0)
        answer = getattr(self, call.operation, None)
        return answer(call.parameters) if answer else call.answer()

    def DescribeStacks(self, parameters: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        self._check(parameters)
        names = (
            *("StripeMode", "StripeSecretKeyName", "StripeWebhookSecretName"),
            *("StripeApiBase", "DisputedAccess", "OtherWebhookUrls", "JwtIssuer"),
        )
        found = {
            "Parameters": [
                {"ParameterKey": name, "ParameterValue": self.shop.values[name]}
                for name in names
            ],
            "Outputs": [
                {"OutputKey": name, "OutputValue": value}
                for name, value in self.outputs.items()
            ],
        }
        return {"Stacks": [found]}

    def DescribeStackResource(self, parameters: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        self._check(parameters)
        name = f"{STACK}-{parameters['LogicalResourceId']}"
        return {"StackResourceDetail": {"PhysicalResourceId": name}}

    def Invoke(self, parameters: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        _, _, alias = parameters["FunctionName"].partition("-")
        function = alias.removesuffix(ALIAS)
        # Without the alias it would be $LATEST, which a deployment may be changing.
        assert function != alias
        try:
            with redirect_stdout(io.StringIO()):  # a function has a log of its own
                answer: Any = self.shop.invoke(
                    function, json.loads(parameters["Payload"])
                )
            failed = {}
        except Exception as error:  # noqa: BLE001 - the others are recorded first
            answer, failed = (
                {"errorMessage": str(error)},
                {"FunctionError": "Unhandled"},
            )
        return {"Payload": io.BytesIO(json.dumps(answer).encode()), **failed}

    def _check(self, parameters: dict[str, Any]) -> None:
        if parameters["StackName"] != STACK:
            message = f"Stack with id {parameters['StackName']} does not exist"
            error = {"Code": "ValidationError", "Message": message}
            raise ClientError({"Error": error}, "DescribeStacks")
