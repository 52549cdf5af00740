"""The outside in memory: queue, secrets, Stripe; and the end of whoever calls it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import stripe

from local.stripe_sandbox import StripeSandbox, in_process
from tests.crashes import Crash

type Json = dict[str, Any]


@dataclass
class Process:
    """
    The process of a function: counts its calls to the outside, and may die after one.

    To die before a call is to die after the one before it.
    """

    calls: int = 0
    dies_after: int | None = None

    def step[**P, R](self, call: Callable[P, R]) -> Callable[P, R]:
        def stepped(*args: P.args, **kwargs: P.kwargs) -> R:
            answer = call(*args, **kwargs)
            self.calls += 1
            if self.calls == self.dies_after:
                raise Crash
            return answer

        return stepped


@dataclass
class Client:
    """A client of AWS, each of whose calls may be the last thing that a process does."""

    client: Any
    process: Process

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.client, name)
        return found if name == "exceptions" else self.process.step(found)


@dataclass
class Queue:
    """SQS; who takes a message, and what comes of it, is the history's concern."""

    waiting: list[str] = field(default_factory=list)

    def create_queue(self, *, QueueName: str) -> Json:  # noqa: N803 - AWS's names
        return {"QueueUrl": f"https://sqs.test/{QueueName}"}

    def send_message(self, *, QueueUrl: str, MessageBody: str) -> None:  # noqa: ARG002, N803
        self.waiting.append(MessageBody)


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

    def __init__(self, sandbox: StripeSandbox, process: Process) -> None:
        super().__init__()
        self._sandbox = sandbox
        self._process = process

    def request(  # type: ignore[override]  # the SDK passes only these
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: str | None = None,
    ) -> tuple[bytes, int, Mapping[str, str]]:
        answer = self._process.step(in_process.answer)(
            self._sandbox, method.upper(), url, dict(headers or {}), post_data or ""
        )
        return bytes(answer.body), answer.status_code, answer.headers

    def close(self) -> None:
        pass
