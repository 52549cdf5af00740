"""The outside in memory: queue, secrets, Stripe; and who calls it, until it dies."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import stripe

from mocktill import Sandbox, in_process

type Json = dict[str, Any]


@dataclass
class Process:
    """
    One run of a function: counts its calls to the outside, and is in *trouble* once.

    What happens before a call is what happens after the one before it.
    """

    trouble_after: int | None = None
    trouble: Callable[[], None] | None = None
    calls: int = 0

    def called(self) -> None:
        self.calls += 1
        if self.trouble and self.calls == self.trouble_after:
            self.trouble()


@dataclass
class Client:
    """A client of AWS that says when it has been called."""

    client: Any
    called: Callable[[], None]

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.client, name)
        if name == "exceptions":
            return found

        def call(*args: Any, **kwargs: Any) -> Any:
            answer = found(*args, **kwargs)
            self.called()
            return answer

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

    def __init__(self, sandbox: Sandbox, called: Callable[[], None]) -> None:
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
        answer = in_process.answer(
            self._sandbox, method.upper(), url, dict(headers or {}), post_data or ""
        )
        self._called()
        return bytes(answer.body), answer.status_code, answer.headers

    def close(self) -> None:
        pass
