"""Some hours before an offer's window closes, that is announced: once, and in time."""

from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import pytest
from time_machine import Traveller

from checkout.api.offer_body import OfferBody, Statuses
from checkout.api.offer_fields import Moment, Price
from checkout.domain.closing_window import Deadline
from checkout.domain.published_events import PublishedEvent, published_event
from checkout.flows import write_offer
from checkout.kinds.auction import PAYMENT_WINDOW
from checkout.tables.closing_offers import MARK, mark
from tests.aws import on_moto_too
from tests.aws_calls import observed
from tests.crashes import CrashPoint
from tests.functional.test_write_offers import put, withdraw
from tests.output import captured_log
from tests.shop import Shop

HOURS = timedelta(hours=1)
MINUTES = timedelta(minutes=1)
START = datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC)
ACCEPTED = {
    "title": "A lamp",
    "status": "accepted",
    "accepted_at": "2031-05-06T07:08:09Z",
    "winner_id": "user_1",
    "creator_id": "creator_1",
    "price": {"amount": 4000, "currency": "eur"},
}
CLOSES_AT = "2031-05-07T07:08:09.000Z"
pytestmark = pytest.mark.frozen_at(START)


def accept(shop: Shop, auction_id: str = "auction_9", **changes: Any) -> None:
    answer = put(shop, "auction", auction_id, ACCEPTED | changes)
    assert answer.status in {200, 201}, answer.body


def run(shop: Shop) -> dict[str, Any]:
    result = shop.invoke("ReconcileFunction", {})
    assert result["failed"] == 0
    return result


def announced(shop: Shop) -> list[PublishedEvent]:
    entries = shop.audit.of("window_closing")
    return [event for entry in entries if (event := published_event(entry))]


def marked(shop: Shop) -> list[str]:
    """Return the keys of the offers that are in the index."""
    return [item["id"] for item in shop.aws.items("OffersTable") if "closing" in item]


def shortly_before(shop: Shop, clock: Traveller) -> None:
    """Two hours are left of the window."""
    clock.shift(22 * HOURS)
    shop.note_a_reconcile_run()


# -------------------------------------------------------------------------- when


@on_moto_too
def test_a_window_is_announced_once_three_hours_before_it_closes(
    shop: Shop, clock: Traveller
) -> None:
    accept(shop)
    clock.shift(21 * HOURS - MINUTES)
    shop.note_a_reconcile_run()
    run(shop)
    assert announced(shop) == []

    clock.shift(2 * MINUTES)
    for _ in range(3):
        run(shop)
        clock.shift(5 * MINUTES)

    [event] = announced(shop)
    assert event.name == "payments.window.closing"
    assert event.detail == {
        "id": event.detail["id"],
        "occurred_at": "2031-05-07T04:09:09.000Z",
        "kind": "auction",
        "offer_id": "auction_9",
        "auction_id": "auction_9",
        "buyer_id": "user_1",
        "title": "A lamp",
        "creator_id": "creator_1",
        "amount": 4000,
        "currency": "eur",
        "closes_at": CLOSES_AT,
        "amount_usd_missing": True,
    }
    assert marked(shop) == []


def test_the_stack_says_how_many_hours_before(shop: Shop, clock: Traveller) -> None:
    shop.values["WindowReminderHours"] = "12"
    accept(shop)
    clock.shift(12 * HOURS + MINUTES)
    shop.note_a_reconcile_run()
    run(shop)

    assert len(announced(shop)) == 1


def test_a_stack_that_wants_none_announces_none(shop: Shop, clock: Traveller) -> None:
    shop.values["WindowReminderHours"] = "off"
    accept(shop)
    shortly_before(shop, clock)
    with observed() as calls:
        run(shop)

    assert announced(shop) == []
    assert not [c for c in calls if c.parameters.get("IndexName") == "closing"]


def test_a_window_that_has_closed_is_not_announced(
    shop: Shop, clock: Traveller
) -> None:
    """Reconcile was down; to remind a buyer now would only vex."""
    accept(shop)
    clock.shift(24 * HOURS)
    shop.note_a_reconcile_run()
    run(shop)

    assert announced(shop) == []
    assert marked(shop) == []


# -------------------------------------------------------------------------- which


def test_an_auction_that_was_paid_is_not_announced(
    shop: Shop, clock: Traveller
) -> None:
    accept(shop)
    assert shop.create("auction", auction_id="auction_9").status == 200
    shop.stripe.pay(shop.stripe.sessions()[0]["id"])
    shop.deliver()
    shortly_before(shop, clock)
    run(shop)

    assert announced(shop) == []
    assert marked(shop) == []


def test_an_auction_whose_payment_is_under_way_is_not_announced(
    shop: Shop, clock: Traveller
) -> None:
    """The buyer is done, and the bank decides: there is nothing to remind of."""
    accept(shop)
    assert shop.create("auction", auction_id="auction_9").status == 200
    shop.stripe.pay_by_bank(shop.stripe.sessions()[0]["id"])
    shop.deliver()
    assert [s["status"] for s in shop.sessions()] == ["processing"]
    shortly_before(shop, clock)
    run(shop)

    assert announced(shop) == []


def test_an_auction_whose_payment_page_is_open_is_announced(
    shop: Shop, clock: Traveller
) -> None:
    accept(shop)
    assert shop.create("auction", auction_id="auction_9").status == 200
    shortly_before(shop, clock)
    run(shop)

    assert len(announced(shop)) == 1


def test_an_auction_that_was_withdrawn_is_not_announced(
    shop: Shop, clock: Traveller
) -> None:
    accept(shop)
    assert withdraw(shop, "auction", "auction_9").status == 200
    shortly_before(shop, clock)
    run(shop)

    assert announced(shop) == []
    assert marked(shop) == []


@pytest.mark.parametrize(
    "change", [{"status": "open"}, {"deleted_at": "2031-05-06T08:00:00Z"}]
)
def test_an_auction_that_the_host_has_taken_back_is_not_announced(
    shop: Shop, clock: Traveller, change: dict[str, str]
) -> None:
    accept(shop)
    shop.change_offer("auction#auction_9", **change)
    shortly_before(shop, clock)
    run(shop)

    assert announced(shop) == []
    assert marked(shop) == []


def test_an_auction_that_is_not_accepted_has_no_mark(shop: Shop) -> None:
    accept(shop, status="open")

    assert marked(shop) == []


@pytest.mark.parametrize("kind", ["bid", "row", "order", "content", "product"])
def test_what_has_no_window_has_no_mark(shop: Shop, kind: str) -> None:
    from tests.functional.test_write_offers import NEW  # noqa: PLC0415

    offer_id, fields = NEW[kind]
    assert put(shop, kind, offer_id, fields).status == 201

    assert marked(shop) == []


# -------------------------------------------------------------------------- once


def test_an_auction_that_is_written_again_is_not_announced_again(
    shop: Shop, clock: Traveller
) -> None:
    accept(shop)
    shortly_before(shop, clock)
    run(shop)
    accept(shop, title="A lamp, mended")
    assert marked(shop) == ["auction#auction_9"]
    run(shop)

    assert len(announced(shop)) == 1
    assert marked(shop) == []


def test_another_window_is_announced_too(shop: Shop, clock: Traveller) -> None:
    accept(shop)
    shortly_before(shop, clock)
    run(shop)
    accept(shop, accepted_at="2031-05-06T08:08:09Z", winner_id="user_2")
    run(shop)

    first, second = announced(shop)
    assert (first.detail["buyer_id"], second.detail["buyer_id"]) == ("user_1", "user_2")
    assert first.detail["id"] != second.detail["id"]


def test_a_later_window_waits_for_its_own_time(shop: Shop, clock: Traveller) -> None:
    accept(shop)
    accept(shop, accepted_at="2031-05-07T01:00:00Z")
    shortly_before(shop, clock)
    run(shop)

    assert announced(shop) == []
    assert marked(shop) == ["auction#auction_9"]


@pytest.mark.slow
def test_a_crash_at_any_point_announces_it_once_in_the_end(
    shop: Shop, clock: Traveller
) -> None:
    accept(shop)
    shortly_before(shop, clock)
    before = shop.aws.snapshot()
    step = 0
    while True:
        step += 1
        shop.aws.restore(before)
        with CrashPoint(step) as crash:
            shop.invoke("ReconcileFunction", {})
        if not crash.happened:
            break
        clock.shift(6 * MINUTES)  # the lease of the run that crashed is over
        run(shop)
        assert len(announced(shop)) == 1, step
        assert marked(shop) == [], step
        clock.shift(-6 * MINUTES)
    assert step > 10


def test_many_windows_are_announced_in_several_runs(
    shop: Shop, clock: Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    from checkout.flows import announce_closing  # noqa: PLC0415

    monkeypatch.setattr(announce_closing, "MOST_AT_ONCE", 1)
    monkeypatch.setattr(announce_closing, "PARTITIONS", ("0",))
    for number in range(3):
        item = shop_item(f"many_{number}")
        shop.put_offer(item | {"closing": "0"})
    shortly_before(shop, clock)

    assert [run(shop)["unfinished"] for _ in range(4)] == [True, True, True, False]
    assert len(announced(shop)) == 3


# -------------------------------------------------------------------------- raw items


def shop_item(auction_id: str, **changes: Any) -> dict[str, Any]:
    """Return an item as a host application writes it itself, with the mark."""
    return {
        "id": f"auction#{auction_id}",
        "auction_id": auction_id,
        **ACCEPTED,
        "closing": "a",
        "closing_at": "2031-05-07T07:08:09Z",
        "closing_status": "accepted",
        "closing_buyer": "user_1",
        **changes,
    }


def test_a_host_that_writes_the_mark_itself_has_its_window_announced(
    shop: Shop, clock: Traveller
) -> None:
    shop.put_offer(shop_item("raw_1"))
    shortly_before(shop, clock)
    run(shop)

    [event] = announced(shop)
    assert (event.detail["auction_id"], event.detail["closes_at"]) == (
        "raw_1",
        CLOSES_AT,
    )


def test_a_host_that_writes_no_mark_has_none_announced(
    shop: Shop, clock: Traveller
) -> None:
    shop.put_offer(
        {name: v for name, v in shop_item("raw_1").items() if name not in MARK}
    )
    shortly_before(shop, clock)
    run(shop)

    assert announced(shop) == []


@pytest.mark.parametrize(
    "change",
    [
        {"closing_at": "2000"},
        {"closing_at": "2031-05-07T07:08:09"},
        {"price": {"amount": "much", "currency": "eur"}},
        {"price": None},
        {"title": 5},
    ],
    ids=str,
)
def test_an_item_that_cannot_be_read_is_reported_and_holds_up_no_other(
    shop: Shop, clock: Traveller, change: dict[str, Any]
) -> None:
    item = shop_item("bad", **change)
    shop.put_offer({name: value for name, value in item.items() if value is not None})
    shop.put_offer(shop_item("good"))
    shortly_before(shop, clock)
    with captured_log() as log:
        run(shop)

    assert [e.detail["auction_id"] for e in announced(shop)] == ["good"]
    assert marked(shop) == []
    assert "item_unreadable" in log.getvalue()


@pytest.mark.parametrize(
    "without", [["closing_status"], ["status"], ["status", "closing_status"]]
)
def test_a_host_that_does_not_say_the_status_has_none_announced(
    shop: Shop, clock: Traveller, without: list[str]
) -> None:
    item = shop_item("raw_1")
    for name in without:
        del item[name]
    shop.put_offer(item)
    shortly_before(shop, clock)
    run(shop)

    assert announced(shop) == []
    assert marked(shop) == []


def test_an_offer_without_a_buyer_has_its_window_announced_to_anybody(
    shop: Shop, clock: Traveller
) -> None:
    """A kind without a login may have a deadline, too."""
    item = shop_item("raw_1")
    del item["closing_buyer"]
    shop.put_offer(item)
    shortly_before(shop, clock)
    run(shop)

    [event] = announced(shop)
    assert "buyer_id" not in event.detail


# -------------------------------------------------------------------------- around it


def test_the_mark_is_neither_shown_nor_refused(shop: Shop) -> None:
    body = put(shop, "auction", "auction_9", ACCEPTED).body

    assert body["status"] == "accepted"
    assert not body.keys() & {*MARK}


def test_a_time_that_cannot_be_computed_with_is_refused(shop: Shop) -> None:
    for year in ("0001", "1970", "9999"):
        fields = ACCEPTED | {"accepted_at": f"{year}-01-01T00:00:00Z"}
        answer = put(shop, "auction", "auction_9", fields)

        assert answer.status == 400
        assert [field["field"] for field in answer.body["fields"]] == ["accepted_at"]


def test_the_id_of_the_event_is_as_short_as_segment_wants_it(
    shop: Shop, clock: Traveller
) -> None:
    accept(shop, "a" * 128)
    shortly_before(shop, clock)
    run(shop)

    [event] = announced(shop)
    assert len(event.detail["id"]) < 100
    assert "payment_session_id" not in event.detail


def test_a_kind_says_of_its_offer_until_when_it_can_be_paid() -> None:
    from checkout.kinds.auction import Auction  # noqa: PLC0415

    auction = Auction.model_validate_json(
        '{"title": "A lamp", "status": "accepted", "winner_id": "user_1",'
        ' "accepted_at": "2031-05-06T09:08:09+02:00",'
        ' "price": {"amount": 4000, "currency": "eur"}}'
    )

    assert auction.deadline == (START + PAYMENT_WINDOW, "user_1")
    attributes = mark("auction#a1", auction.deadline, "accepted")
    assert attributes["closing_at"] == CLOSES_AT
    assert attributes["closing_buyer"] == "user_1"


class Ticket(OfferBody):
    """A seat that is held until a time, for whoever pays first."""

    STATUSES = Statuses("held", "released", sold="sold", returned="returned")

    status: Literal["held", "released"]
    price: Price
    held_until: Moment

    @property
    def deadline(self) -> Deadline:
        return Deadline(self.held_until)


@pytest.mark.usefixtures("clock")
def test_a_sixth_kind_has_its_windows_announced_by_its_model_alone(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write_offer, "model_of", lambda _: ("ticket", Ticket))
    fields = {
        "title": "Front row",
        "status": "held",
        "price": ACCEPTED["price"],
        "held_until": "2031-05-06T12:00:00+02:00",
    }
    assert put(shop, "ticket", "A-17", fields).status == 201
    shop.note_a_reconcile_run()
    run(shop)

    [event] = announced(shop)
    assert event.detail["ticket_id"] == "A-17"
    assert event.detail["closes_at"] == "2031-05-06T10:00:00.000Z"
    assert "buyer_id" not in event.detail
