"""Stripe's events of a time range, once more: what was missed is made good."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from time_machine import Traveller

from tests.cli.conftest import Operator
from tests.shop import Shop

START = datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC)
pytestmark = pytest.mark.frozen_at(START)
HOUR = timedelta(hours=1)
COMPLETED = "checkout.session.completed"


@pytest.fixture
def paid_unheard(shop: Shop, clock: Traveller) -> list[datetime]:
    """Let three buyers pay an hour apart, and nobody hear of it; say when."""
    shop.stripe.stop_webhook()
    paid_at = []
    for buyer in ("user_1", "user_2", "user_3"):
        shop.create("content", buyer)
        shop.stripe.pay(shop.sessions()[-1]["stripe_session_id"])
        paid_at.append(START + len(paid_at) * HOUR)
        clock.shift(HOUR)
    return paid_at


def span(since: datetime, until: datetime) -> tuple[str, ...]:
    return ("--from", since.isoformat(), "--to", until.isoformat())


ALL = span(START - HOUR, START + 4 * HOUR)


@pytest.mark.usefixtures("paid_unheard")
def test_a_dead_webhooks_afternoon_is_made_good(shop: Shop, operator: Operator) -> None:
    """Invariant 1, by hand."""
    answer = operator.json("replay", *ALL, "--yes")

    assert answer["replayed"] == answer["types"][COMPLETED] == 3
    assert not shop.work()
    assert len(shop.purchases()) == 3


@pytest.mark.usefixtures("paid_unheard")
def test_replaying_twice_changes_nothing(shop: Shop, operator: Operator) -> None:
    operator("replay", *ALL, "--yes")
    assert not shop.work()
    before = shop.purchases(), shop.sessions(), shop.ownerships()

    assert operator.json("replay", *ALL, "--yes")["replayed"] == 3
    assert not shop.work()

    assert (shop.purchases(), shop.sessions(), shop.ownerships()) == before


def test_only_the_range_is_replayed(
    shop: Shop, operator: Operator, paid_unheard: list[datetime]
) -> None:
    _, second, _ = paid_unheard
    around = span(second - HOUR / 2, second + HOUR / 2)

    assert operator.json("replay", *around, "--yes")["replayed"] == 1

    assert not shop.work()
    assert [purchase["buyer_id"] for purchase in shop.purchases()] == ["user_2"]


@pytest.mark.usefixtures("paid_unheard")
def test_they_come_as_they_occurred(shop: Shop, operator: Operator) -> None:
    operator("replay", *ALL, "--yes")

    created = [
        json.loads(message["Body"])["created"] for message in shop.aws.messages()
    ]
    assert created == sorted(created)


@pytest.mark.usefixtures("paid_unheard")
def test_only_the_named_types_are_replayed(shop: Shop, operator: Operator) -> None:
    expired = ("--type", "checkout.session.expired")

    answer = operator.json("replay", *ALL, *expired, "--yes")

    assert answer == {"replayed": 0, "types": {"checkout.session.expired": 0}}
    assert not shop.aws.messages()


@pytest.mark.usefixtures("paid_unheard")
def test_more_than_one_page_is_replayed(shop: Shop, operator: Operator) -> None:
    [*_, last] = shop.stripe.events(COMPLETED)
    for _ in range(200):
        shop.stripe.sandbox.emit(COMPLETED, last["data"]["object"])

    assert operator.json("replay", *ALL, "--yes")["replayed"] == 203

    assert len({json.loads(m["Body"])["id"] for m in shop.aws.messages()}) == 203


@pytest.mark.usefixtures("paid_unheard")
def test_it_asks_first(shop: Shop, operator: Operator) -> None:
    result = operator("replay", *ALL, answer="n\n")

    assert result.exit_code == 1
    assert "Put 3 events on the queue of shop?" in result.stderr
    assert not shop.aws.messages()


def test_only_what_was_not_delivered_if_asked(
    shop: Shop, operator: Operator, paid_unheard: list[datetime]
) -> None:
    first = shop.stripe.events(COMPLETED)[0]
    for event in shop.stripe.sandbox.store.all("event"):
        event["pending_webhooks"] = int(event["id"] == first["id"])

    assert operator.json("replay", *ALL, "--undelivered", "--yes")["replayed"] == 1

    assert not shop.work()
    assert [p["buyer_id"] for p in shop.purchases()] == ["user_1"]
    assert len(paid_unheard) == 3


@pytest.mark.usefixtures("paid_unheard")
def test_events_of_the_other_mode_are_left_out(shop: Shop, operator: Operator) -> None:
    """A key of the wrong mode must not put test payments into a live stack."""
    shop.values["StripeMode"] = "live"

    assert operator.json("replay", *ALL, "--yes")["replayed"] == 0
    assert not shop.aws.messages()


@pytest.mark.parametrize(
    "arguments",
    [
        ("replay",),
        ("replay", "--from", "2031-05-06T07:00Z"),
        ("replay", "--from", "yesterday", "--to", "2031-05-06T09:00Z"),
        ("replay", *span(START, START)),
        ("replay", *span(START, START - HOUR)),
        ("replay", *span(START - timedelta(days=31), START)),
        ("replay", *ALL, "--type", "charge.succeeded"),
        ("replay", *ALL, "--type", "checkout.session.observed"),
    ],
)
@pytest.mark.usefixtures("shop")
def test_what_cannot_be_replayed_is_a_wrong_use(
    operator: Operator, arguments: tuple[str, ...]
) -> None:
    result = operator(*arguments)

    assert result.exit_code == 2
    assert result.stderr


def test_a_time_without_an_offset_is_utc(
    shop: Shop, operator: Operator, paid_unheard: list[datetime]
) -> None:
    first = paid_unheard[0]
    until = (first + HOUR / 2).replace(tzinfo=None).isoformat()

    given = ("--from", "2031-05-06", "--to", until)

    assert operator.json("replay", *given, "--yes")["replayed"] == 1
    assert len(shop.aws.messages()) == 1
