"""
Lets a test kill a function between any two things that it does to the world.

The world is AWS (every call of a botocore client) and Stripe (every HTTP request of
its SDK). What happens between two of them is gone with the process:

    for crash in crash_points():
        shop = new_shop()
        with crash:
            shop.create("bid")
        ...  # try again, and look at what there is
"""

import json
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self
from unittest.mock import patch

import urllib3

from tests.aws_calls import AwsCall, intercepted

if TYPE_CHECKING:
    from tests.shop import Shop

type When = Literal["before", "after"]

# No operation of ours takes as many steps: one that does never ends.
MOST_STEPS = 300
# The step of a create request after which there is a prepared session.
PREPARED = "DynamoDB TransactWriteItems"


class Crash(BaseException):
    """The process is gone: no `except Exception` of ours may notice."""


def restart() -> None:
    """Make every function cold, but for its AWS clients: they remember nothing."""
    from checkout.clients import credentials  # noqa: PLC0415 - once the environment is set

    credentials.forget()
    for name, module in list(sys.modules.items()):
        if name.startswith("functions."):
            for value in vars(module).values():
                if hasattr(value, "cache_clear"):
                    value.cache_clear()


@dataclass
class CrashPoint:
    """
    Kills what runs inside, right before or right after its step *number*, or its first
    step of a name.

    Afterwards *happened* says whether it came that far, and *steps* names the steps
    that it took, the last one being where it died. What it had in memory is lost.
    With a *visitor* it does not die: at that point somebody else is quicker.
    """

    number: int | str
    when: When = "after"
    visitor: Callable[[], object] | None = None
    happened: bool = False
    steps: list[str] = field(default_factory=list)
    _patches: ExitStack = field(default_factory=ExitStack, repr=False)
    _thread: int = 0

    def __enter__(self) -> Self:
        self._thread = threading.get_ident()
        request = urllib3.PoolManager.request

        def call_stripe(pool: Any, method: str, *args: Any, **kwargs: Any) -> Any:
            do = partial(request, pool, method, *args, **kwargs)
            return self._step(f"{type(pool).__name__} {method}", do)

        def call_aws(call: AwsCall) -> Any:
            name = f"{type(call.client).__name__} {call.operation}"
            return self._step(name, call.answer)

        self._patches.enter_context(intercepted(call_aws))
        at_stripe = patch.object(urllib3.PoolManager, "request", call_stripe)
        self._patches.enter_context(at_stripe)
        return self

    def _step(self, name: str, do: Callable[[], Any]) -> Any:
        if threading.get_ident() != self._thread:
            return do()
        self.steps.append(name)
        self._die_if("before")
        answer = do()
        self._die_if("after")
        return answer

    def _die_if(self, when: When) -> None:
        last = self.steps[-1]
        names = {len(self.steps)} | ({last} if self.steps.count(last) == 1 else set())
        if when == self.when and self.number in names:
            if self.visitor:
                self._visit(self.visitor)
                return
            raise Crash(f"{when} step {self.number}, {self.steps[-1]}")

    def _visit(self, visitor: Callable[[], object]) -> None:
        self.happened, myself, self._thread = True, self._thread, 0
        visitor()
        self._thread = myself

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        self._patches.close()
        if not isinstance(error, Crash):
            return False
        self.happened = True
        restart()
        return True


def crash_when_prepared(shop: "Shop", buyer: str = "user_1") -> None:
    """Let a buyer's create request die when it has left a prepared session."""
    with CrashPoint(PREPARED) as crash:
        shop.create("content", buyer)
    assert crash.happened


def overtaken_at_each_step(
    shop: "Shop", late: Mapping[str, Any], *, by: Mapping[str, Any]
) -> Iterator[str]:
    """
    Apply the event *late*; after a step of it, another worker applies the event *by*.

    Do so for every step, always from the same state; yield the steps that came before.
    """
    before = shop.aws.snapshot()
    for number in count(1):
        shop.aws.restore(before)
        quicker = CrashPoint(number, visitor=lambda: _apply(shop, by))
        with quicker:
            failed = shop.work(json.dumps(late))
        if not quicker.happened:
            return
        assert shop.work(*failed) == [], "it comes again, and has its effect then"
        yield f"after {quicker.steps[:number]}"


def _apply(shop: "Shop", event: Mapping[str, Any]) -> None:
    assert shop.work(json.dumps(event)) == []


def crash_points() -> Iterator[CrashPoint]:
    """
    Yield every point at which an operation can die, and a last one that it outlives.

    Each must be entered, around the operation in a world of its own. To die before a
    step leaves the same world as to die after the one before it.
    """
    first = CrashPoint(1, "before")
    yield first
    assert first.happened, "the operation takes no step at all"
    for number in count(1):
        assert number <= MOST_STEPS, "the operation does not end"
        point = CrashPoint(number)
        yield point
        if not point.happened:
            return
