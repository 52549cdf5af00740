"""Many create requests in one moment: one Stripe session, and the same answer."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest

from mocktill.faults import Fault
from tests.aws_calls import one_at_a_time
from tests.shop import ORIGIN, Answer, Shop

pytestmark = pytest.mark.slow

TWENTY = 20
KEY = {"idempotency-key": "0d6b1f9e-1111-4222-8333-444455556666"}


@pytest.fixture
def crowd(shop: Shop) -> Iterator[Shop]:
    """
    A shop that a crowd may enter.

    Moto's tables are no match for threads, where DynamoDB applies one write at a time:
    so each call has AWS to itself. What happens between two calls stays open.
    """
    from checkout.clients import aws  # noqa: PLC0415 - once the environment is set

    # Lambda makes its clients in one thread.
    for service in ("dynamodb", "sqs", "secretsmanager"):
        aws.client(service)
    shop.values["AnonymousRequestsPerMinute"] = "1000"
    with one_at_a_time():
        yield shop


@contextmanager
def busy_stripe(shop: Shop) -> Iterator[None]:
    """Let Stripe take its time, so that requests under one key meet there."""
    shop.stripe.sandbox.faults.add(
        Fault("POST", "/v1/checkout/sessions", hang_seconds=0.3, when="during")
    )
    yield
    shop.stripe.sandbox.faults.clear()


def at_once(*calls: Callable[[], Answer]) -> list[Answer]:
    together = threading.Barrier(len(calls))

    def one(call: Callable[[], Answer]) -> Answer:
        together.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(one, calls))


def without_clock(answer: Answer) -> dict[str, Any]:
    body = dict(answer.body)
    if window := body.get("payment_window"):
        body["payment_window"] = window | {"seconds_remaining": 0}
    return body


@pytest.mark.parametrize("kind", ["bid", "auction", "order", "content", "product"])
def test_twenty_requests_at_once_are_one_checkout(crowd: Shop, kind: str) -> None:
    headers = KEY if kind == "product" else None
    with busy_stripe(crowd):
        answers = at_once(*[lambda: crowd.create(kind, headers=headers)] * TWENTY)

    assert [answer.status for answer in answers] == [200] * TWENTY
    first, *others = [without_clock(answer) for answer in answers]
    assert all(other == first for other in others)
    assert len(crowd.stripe.sessions()) == 1
    assert len(crowd.sessions()) == 1
    assert crowd.audit.has_exactly("checkout_created")


def test_twenty_products_without_a_key_are_twenty_checkouts(crowd: Shop) -> None:
    answers = at_once(*[lambda: crowd.create("product")] * TWENTY)

    secrets = {answer.body["client_secret"] for answer in answers}
    assert len(secrets) == len(crowd.stripe.sessions()) == TWENTY


def test_twenty_requests_with_different_terms_leave_one_session_to_pay(
    crowd: Shop,
) -> None:
    """Invariant 2: whoever wins, nobody else was left with a page that takes money."""

    def create(number: int) -> Callable[[], Answer]:
        return lambda: crowd.create("bid", success_url=f"{ORIGIN}/{number % 4}")

    answers = at_once(*[create(number) for number in range(TWENTY)])

    allowed = {200, 409, 503}
    assert {answer.status for answer in answers} <= allowed, answers
    assert 200 in {answer.status for answer in answers}
    statuses = [session["status"] for session in crowd.stripe.sessions()]
    assert statuses.count("open") == 1
    live = [s for s in crowd.sessions() if s["status"] == "open"]
    assert len(live) == 1
    assert len([s for s in crowd.sessions() if "unresolved" in s]) == 1


def test_two_tabs_on_two_bids_of_a_row_leave_one_session_to_pay(crowd: Shop) -> None:
    bid = crowd.aws.item("OffersTable", "bid#42")
    crowd.put_offer(bid | {"id": "bid#45", "bid_id": "45"})

    answers = at_once(
        lambda: crowd.create("bid"), lambda: crowd.create("bid", bid_id=45)
    )

    assert {answer.status for answer in answers} <= {200, 409, 503}
    statuses = [session["status"] for session in crowd.stripe.sessions()]
    assert statuses.count("open") == 1


def test_the_limit_holds_against_a_crowd(crowd: Shop) -> None:
    crowd.values["AnonymousRequestsPerMinute"] = "7"

    answers = at_once(*[lambda: crowd.create("product")] * TWENTY)

    assert sorted(answer.status for answer in answers) == [200] * 7 + [429] * 13


def test_a_slow_request_gets_no_page_for_a_session_that_was_discarded(
    crowd: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Invariant 2: one request waits for Stripe, another gives its intent up.

    What Stripe then makes for the slow one must not stay open beside the other's.
    """
    arrived, go_on = threading.Event(), threading.Event()

    def hang(fault: Fault) -> None:
        if fault.hang_seconds:
            arrived.set()
            go_on.wait(fault.hang_seconds)

    monkeypatch.setattr(crowd.stripe.sandbox.faults, "hang", hang)
    creates = ("POST", "/v1/checkout/sessions")
    crowd.stripe.sandbox.faults.add(Fault(*creates, hang_seconds=8))
    crowd.stripe.sandbox.faults.add(Fault(*creates, status=503, times=2))

    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(lambda: crowd.create("bid"))
        assert arrived.wait(8)
        quick = crowd.create("bid", success_url=f"{ORIGIN}/other")
        go_on.set()
        late = slow.result()

    assert quick.status == late.status == 200
    [open_session] = [s for s in crowd.stripe.sessions() if s["status"] == "open"]
    assert late.body["checkout_url"] == open_session["url"]
    statuses = [session["status"] for session in crowd.sessions()]
    assert statuses == ["discarded", "expired", "open"]
