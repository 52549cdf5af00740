"""The outside in memory: queue, secrets, Stripe; and who calls it, until it dies."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import stripe

from mocktill import Sandbox, in_process
from tests.in_memory_dynamodb.dynamodb import Paginator
from tests.prove.faults import FAULTS, Call

type Json = dict[str, Any]

LATE = "time runs out"


@dataclass(frozen=True)
class Trouble:
    """
    What happens to a function: right after so many of its calls to the outside.

    A fault is one of the outside itself: from that call on, the first calls that can
    have it do, as many as *times*.
    """

    after: int
    what: str
    times: int = 1


@dataclass
class Process:
    """
    One run of a function: counts its calls to the outside, and is in *trouble* once.

    What happens before a call is what happens after the one before it.
    """

    trouble: Trouble | None = None
    visit: Callable[[str], None] | None = None
    calls: int = 0
    faults: int = 0
    is_late: bool = False

    def call(self, call: Call) -> Any:
        self.calls += 1
        trouble = self.trouble
        if trouble is None:
            return call.do()
        if fault := FAULTS.get(trouble.what):
            is_hit = fault.hits(call) and self.faults < trouble.times
            if not is_hit or self.calls < trouble.after:
                return call.do()
            self.faults += 1
            return fault.happens(call)
        answer = call.do()
        if self.calls == trouble.after:
            self.is_late = trouble.what == LATE
            if self.visit and not self.is_late:
                self.visit(trouble.what)
        return answer


@dataclass
class Client:
    """A client of AWS whose calls are those of a process."""

    service: str
    client: Any
    called: Callable[[Call], Any]

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.client, name)
        if name == "exceptions":
            return found
        if name == "get_paginator":
            # Each page is a call.
            return lambda operation: Paginator(self, operation)  # type: ignore[arg-type]

        def call(**request: Any) -> Any:
            def do(**changes: Any) -> Any:
                return found(**(request | changes))

            return self.called(Call(self.service, name, do, request))

        return call


@dataclass
class Queue:
    """SQS; who takes a message, and what comes of it, is the history's concern."""

    waiting: list[str] = field(default_factory=list)

    def create_queue(self, *, QueueName: str) -> Json:  # noqa: N803 - AWS's names
        return {"QueueUrl": f"https://sqs.test/{QueueName}"}

    def send_message(self, *, QueueUrl: str, MessageBody: str) -> None:  # noqa: ARG002, N803
        self.waiting.append(MessageBody)

    def send_message_batch(self, *, QueueUrl: str, Entries: list[Json]) -> Json:  # noqa: ARG002, N803
        self.waiting += [entry["MessageBody"] for entry in Entries]
        return {"Successful": [{"Id": entry["Id"]} for entry in Entries]}

    def change_message_visibility_batch(self, **_: Any) -> Json:
        """Say yes: in a history no message is hidden."""
        return {"Successful": []}


@dataclass
class Secrets:
    values: dict[str, str] = field(default_factory=dict)

    def put_secret_value(self, *, SecretId: str, SecretString: str) -> None:  # noqa: N803
        self.values[SecretId] = SecretString

    def get_secret_value(self, *, SecretId: str) -> Json:  # noqa: N803
        return {"SecretString": self.values[SecretId]}


class Transport(stripe.HTTPClient):
    """Carries the real SDK's requests to the sandbox, with no network between them."""

    name = "in-process"

    def __init__(self, sandbox: Sandbox, called: Callable[[Call], Any]) -> None:
        super().__init__()
        self._sandbox = sandbox
        self._called = called

    def request(  # type: ignore[override]  # the SDK passes only these
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: str | None = None,
    ) -> tuple[bytes, int, Mapping[str, str]]:
        def ask() -> Any:
            return in_process.answer(
                self._sandbox, method.upper(), url, dict(headers or {}), post_data or ""
            )

        answer = self._called(
            Call("stripe", method.upper(), ask, {"sandbox": self._sandbox})
        )
        return bytes(answer.body), answer.status_code, answer.headers

    def close(self) -> None:
        pass
