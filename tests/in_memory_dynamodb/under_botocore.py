"""DynamoDB in memory, underneath botocore's own clients."""

import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore import xform_name
from botocore.exceptions import ClientError, ParamValidationError
from botocore.validate import ParamValidator

from tests import moto_without_http
from tests.aws_calls import AwsCall, intercepted
from tests.in_memory_dynamodb.dynamodb import DynamoDB
from tests.in_memory_dynamodb.expressions import NotUnderstoodError

type Json = dict[str, Any]

OPERATIONS = frozenset(
    [
        "BatchGetItem",
        "BatchWriteItem",
        "CreateTable",
        "DeleteItem",
        "DescribeTable",
        "GetItem",
        "PutItem",
        "Query",
        "Scan",
        "TransactWriteItems",
        "UpdateItem",
    ]
)
VALIDATOR = ParamValidator()


class UnderBotocore:
    """
    Answers DynamoDB's operations from memory, for every client and thread.

    What is made of an answer, or of a refusal, stays botocore's: exceptions, pages.
    A test that intercepts calls too, to count or to fail them, comes before what
    answers here. Of other services, moto answers without HTTP what is asked most
    often. While there are no tables in memory, all are called as before.
    """

    def __init__(self) -> None:
        self._regions: defaultdict[str, DynamoDB] | None = None
        # DynamoDB applies one write after the other; between two calls all is open.
        self._one_at_a_time = threading.Lock()

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Do this once: whoever else intercepts calls meanwhile hears of them first."""
        with intercepted(self._answer_or_pass_on):
            yield

    def _answer_or_pass_on(self, call: AwsCall) -> Any:
        answer = None
        # A test may send a client elsewhere, to where nobody answers for instance.
        at_aws = call.client.meta.endpoint_url.endswith(".amazonaws.com")
        if at_aws and self._regions is not None:
            _check_parameters(call)
            answer = self._answer(call)
        return call.answer() if answer is None else answer | _metadata(200)

    @contextmanager
    def no_tables(self) -> Iterator[None]:
        """Begin with no tables in any region, and forget all of them at the end."""
        self._regions = defaultdict(DynamoDB)
        yield
        self._regions = None

    def _answer(self, call: AwsCall) -> Json | None:
        if call.service != "dynamodb":
            return moto_without_http.answer(call)
        if call.operation not in OPERATIONS:
            raise NotUnderstoodError(call.operation)
        assert self._regions is not None
        with self._one_at_a_time:
            dynamodb = self._regions[call.client.meta.region_name]
            operation = getattr(dynamodb, xform_name(call.operation))
            try:
                answer: Json = operation(**call.parameters)
            except ClientError as error:
                exceptions = call.client.exceptions
                known = exceptions.from_code(error.response["Error"]["Code"])
                raise known(error.response | _metadata(400), call.operation) from error
        return answer


def _check_parameters(call: AwsCall) -> None:
    service = call.client.meta.service_model
    shape = service.operation_model(call.operation).input_shape
    found = VALIDATOR.validate(call.parameters, shape)
    if found.has_errors():
        raise ParamValidationError(report=found.generate_report())


def _metadata(status: int) -> Json:
    return {"ResponseMetadata": {"HTTPStatusCode": status, "RetryAttempts": 0}}
