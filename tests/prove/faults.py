"""What the outside does instead of answering: AWS and Stripe have bad moments."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import stripe
from botocore.exceptions import ClientError, ReadTimeoutError

from mocktill.faults import Fault as SandboxFault
from mocktill.faults import When
from tests.in_memory_dynamodb.dynamodb import (
    TransactionCanceledException,
    TransactionInProgressException,
)

WRITES = ("transact_write_items", "put_item", "update_item", "delete_item")
READS = ("get_item", "batch_get_item", "query")
SENDS = ("send_message", "send_message_batch")

type Json = dict[str, Any]


class Call(NamedTuple):
    """
    A call to the outside.

    *do* does it, with changed parameters if some are given, and returns the answer.
    """

    service: str
    operation: str
    do: Callable[..., Any]
    request: Json


@dataclass(frozen=True)
class Fault:
    """What *happens* to the calls of a service that can have it."""

    service: str
    happens: Callable[[Call], Any]
    operations: tuple[str, ...] | None = None

    def hits(self, call: Call) -> bool:
        if call.service != self.service:
            return False
        return self.operations is None or call.operation in self.operations


# ------------------------------------------------------------------------ no answer


def _nothing_arrives(call: Call) -> Any:
    raise _no_answer(call)


def _answer_is_lost(call: Call) -> Any:
    call.do()
    raise _no_answer(call)


def _no_answer(call: Call) -> Exception:
    if call.service == "stripe":
        error: Exception = stripe.APIConnectionError(  # type: ignore[no-untyped-call]
            "Stripe did not answer: ReadTimeoutError", should_retry=True
        )
        return error
    return ReadTimeoutError(endpoint_url=f"https://{call.service}.test")


# --------------------------------------------------------------------------- Stripe


def _stripe_says(status: int, when: When) -> Callable[[Call], Any]:
    def happens(call: Call) -> Any:
        call.request["sandbox"].faults.add(SandboxFault(status=status, when=when))
        return call.do()

    return happens


# ------------------------------------------------------------------------- DynamoDB


def _conflict(call: Call) -> Any:
    """Let another transaction be at one of the items: nothing is written."""
    if call.operation != "transact_write_items":
        raise _refusal(call, "TransactionConflictException")
    count = len(call.request["TransactItems"])
    reasons = [{"Code": "TransactionConflict"}, *[{"Code": "None"}] * (count - 1)]
    raise TransactionCanceledException(
        {
            "Error": {"Code": "TransactionCanceledException", "Message": ""},
            "CancellationReasons": reasons,
        },  # type: ignore[typeddict-unknown-key]
        "TransactWriteItems",
    )


def _throttled(call: Call) -> Any:
    raise _refusal(call, "ThrottlingException")


def _executed_unseen(call: Call) -> Any:
    """Let botocore's own retry meet the transaction that it has lost sight of."""
    call.do()
    raise TransactionInProgressException(
        {"Error": {"Code": "TransactionInProgressException", "Message": ""}},
        "TransactWriteItems",
    )


def _keys_are_left(call: Call) -> Any:
    return {"Responses": {}, "UnprocessedKeys": call.request["RequestItems"]}


def _refusal(call: Call, code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": ""}}, call.operation)


# ------------------------------------------------------------------------------ SQS


def _half_is_sent(call: Call) -> Any:
    entries = call.request["Entries"]
    half = len(entries) // 2
    failed = [
        {"Id": entry["Id"], "Code": "InternalError", "SenderFault": False}
        for entry in entries[half:]
    ]
    answer = call.do(Entries=entries[:half]) if half else {"Successful": []}
    return {**answer, "Failed": failed}


FAULTS = {
    "Stripe says 429": Fault("stripe", _stripe_says(429, "before")),
    "Stripe breaks before the work": Fault("stripe", _stripe_says(500, "during")),
    "Stripe breaks after the work": Fault("stripe", _stripe_says(500, "after")),
    "Stripe hears nothing": Fault("stripe", _nothing_arrives),
    "Stripe's answer is lost": Fault("stripe", _answer_is_lost),
    "items are in conflict": Fault("dynamodb", _conflict, WRITES),
    "DynamoDB throttles": Fault("dynamodb", _throttled, WRITES + READS),
    "a transaction is executed unseen": Fault(
        "dynamodb", _executed_unseen, ("transact_write_items",)
    ),
    "DynamoDB's answer is lost": Fault("dynamodb", _answer_is_lost, WRITES + READS),
    "keys are left for later": Fault("dynamodb", _keys_are_left, ("batch_get_item",)),
    "half a batch is sent": Fault("sqs", _half_is_sent, ("send_message_batch",)),
    "the queue hears nothing": Fault("sqs", _nothing_arrives, SENDS),
    "the queue's answer is lost": Fault("sqs", _answer_is_lost, SENDS),
}
