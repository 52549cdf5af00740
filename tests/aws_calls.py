"""
The one place where a test comes between a function and AWS.

All calls of all botocore clients go through one method, which is botocore's own
business and may be renamed: it is named here and nowhere else. Each function below is
a context manager. They nest: what is entered last hears of a call first.

    with observed() as calls: ...                       # see what is asked
    with failing("SendMessage"): ...                    # let it fail
    with failing(where=lambda call: ...): ...           # let only some calls fail
    with unseen("TransactWriteItems"): ...              # let it be done, and then fail
    with intercepted(lambda call: call.answer(Limit=4)): ...  # ask or answer otherwise
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Self
from unittest.mock import patch

from botocore.client import BaseClient
from botocore.exceptions import ClientError

type Json = dict[str, Any]

METHOD = "_make_api_call"
REFUSAL = "as the test wants it"


@dataclass(frozen=True)
class AwsCall:
    """One call of AWS that somebody is about to make."""

    client: Any
    operation: str
    parameters: Json
    _next: Callable[[Any, str, Json], Any] = field(repr=False)

    @property
    def service(self) -> str:
        name: str = self.client.meta.service_model.service_name
        return name

    def answer(self, **changes: Any) -> Any:
        """Return AWS's answer; *changes* replace parameters of the call."""
        return self._next(self.client, self.operation, self.parameters | changes)

    def other(self, client: Any, operation: str, **parameters: Any) -> Self:
        """Return another call, which whoever is asked through this one would hear."""
        return replace(self, client=client, operation=operation, parameters=parameters)

    def error(self, code: str, message: str = REFUSAL) -> ClientError:
        """Return the exception that the client raises when AWS refuses with *code*."""
        kind: type[ClientError] = self.client.exceptions.from_code(code)
        return kind({"Error": {"Code": code, "Message": message}}, self.operation)


@contextmanager
def intercepted(by: Callable[[AwsCall], Any]) -> Iterator[None]:
    """Let *by* answer every call; `AwsCall.answer` gets it the answer of AWS."""
    below = getattr(BaseClient, METHOD)

    def call(client: Any, operation: str, parameters: Json) -> Any:
        return by(AwsCall(client, operation, parameters, below))

    with patch.object(BaseClient, METHOD, call):
        yield


@contextmanager
def observed() -> Iterator[list[AwsCall]]:
    """Collect the calls, in the order in which they are made."""
    seen: list[AwsCall] = []

    def note(call: AwsCall) -> Any:
        seen.append(call)
        return call.answer()

    with intercepted(note):
        yield seen


@contextmanager
def failing(
    *operations: str,
    where: Callable[[AwsCall], bool] = lambda _: True,
    error: str | Exception = "InternalServerError",
) -> Iterator[None]:
    """
    Let calls fail: of *operations* (by default of all), those that *where* is true of.

    *error* is the code of AWS's refusal, or what is raised as it is.
    """

    def fail(call: AwsCall) -> Any:
        if (operations and call.operation not in operations) or not where(call):
            return call.answer()
        raise call.error(error) if isinstance(error, str) else error

    with intercepted(fail):
        yield


@contextmanager
def unseen(
    *operations: str,
    times: int = 1,
    error: str | Exception = "TransactionInProgressException",
) -> Iterator[None]:
    """Let calls of *operations* be done, and then fail as `failing` lets them."""
    left = times

    def do_and_fail(call: AwsCall) -> Any:
        nonlocal left
        answer = call.answer()
        if call.operation not in operations or not left:
            return answer
        left -= 1
        raise call.error(error) if isinstance(error, str) else error

    with intercepted(do_and_fail):
        yield


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Let no two threads call at once: moto is not made for threads, as AWS is."""
    lock = threading.Lock()

    def wait_and_answer(call: AwsCall) -> Any:
        with lock:
            return call.answer()

    with intercepted(wait_and_answer):
        yield


def nothing_of_a_batch(call: AwsCall) -> Any:
    """Leave a whole batch to be asked again, as DynamoDB does if it is throttled."""
    if call.operation != "BatchGetItem":
        return call.answer()
    return {"Responses": {}, "UnprocessedKeys": call.parameters["RequestItems"]}


def half_of_a_batch(call: AwsCall) -> Any:
    """Leave half of what a batch asks for to be asked again, as DynamoDB may."""
    if call.operation != "BatchGetItem":
        return call.answer()
    [(table, wanted)] = call.parameters["RequestItems"].items()
    now, later = wanted["Keys"][::2], wanted["Keys"][1::2]
    answer = call.answer(RequestItems={table: {"Keys": now}})
    return answer | {"UnprocessedKeys": {table: {"Keys": later}} if later else {}}
