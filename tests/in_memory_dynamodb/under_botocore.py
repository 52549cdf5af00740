"""DynamoDB in memory, underneath botocore's own clients."""

import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from botocore import xform_name
from botocore.client import BaseClient
from botocore.exceptions import ClientError, ParamValidationError
from botocore.validate import ParamValidator

from tests import moto_without_http
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
    A test that patches `_make_api_call` too, to count calls or to fail them, wraps
    what answers here. Of other services, moto answers without HTTP what is asked most
    often. While there are no tables in memory, all are called as before.
    """

    def __init__(self) -> None:
        self._call = BaseClient._make_api_call  # type: ignore[attr-defined]  # noqa: SLF001
        self._regions: defaultdict[str, DynamoDB] | None = None
        # DynamoDB applies one write after the other; between two calls all is open.
        self._one_at_a_time = threading.Lock()

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Do this once: whatever else is patched meanwhile is patched around it."""

        def call(client: Any, operation: str, parameters: Json) -> Any:
            answer = None
            # A test may send a client elsewhere, to where nobody answers for instance.
            at_aws = client.meta.endpoint_url.endswith(".amazonaws.com")
            if at_aws and self._regions is not None:
                _check_parameters(client, operation, parameters)
                answer = self._answer(client, operation, parameters)
            if answer is None:
                return self._call(client, operation, parameters)
            return answer | _metadata(200)

        with patch.object(BaseClient, "_make_api_call", call):
            yield

    @contextmanager
    def no_tables(self) -> Iterator[None]:
        """Begin with no tables in any region, and forget all of them at the end."""
        self._regions = defaultdict(DynamoDB)
        yield
        self._regions = None

    def _answer(self, client: Any, operation: str, parameters: Json) -> Json | None:
        if client.meta.service_model.service_name != "dynamodb":
            return moto_without_http.answer(client, operation, parameters)
        if operation not in OPERATIONS:
            raise NotUnderstoodError(operation)
        assert self._regions is not None
        with self._one_at_a_time:
            dynamodb = self._regions[client.meta.region_name]
            try:
                answer: Json = getattr(dynamodb, xform_name(operation))(**parameters)
            except ClientError as error:
                known = client.exceptions.from_code(error.response["Error"]["Code"])
                raise known(error.response | _metadata(400), operation) from error
        return answer


def _check_parameters(client: Any, operation: str, parameters: Json) -> None:
    shape = client.meta.service_model.operation_model(operation).input_shape
    found = VALIDATOR.validate(parameters, shape)
    if found.has_errors():
        raise ParamValidationError(report=found.generate_report())


def _metadata(status: int) -> Json:
    return {"ResponseMetadata": {"HTTPStatusCode": status, "RetryAttempts": 0}}
