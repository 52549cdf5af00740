"""What an event says: whose offer it was, what the caller knows of it, how much."""

import json
from typing import Any

import pytest

from checkout.clients.event_bus import EventBus
from checkout.domain.published_events import PublishedEvent
from tests.aws import on_moto_too
from tests.aws_calls import AwsCall, intercepted
from tests.output import captured_log
from tests.shop import Shop
from tests.stripe_side import DECLINED_CARD

BUS = "PutEvents"
OURS = {"kind": "content", "payment_session_id": "ps_1", "stack": "another"}
CALLERS = {"user_id": "u-77", "device_id": "Gerät 5", "note": ""}
LARGEST = {f"key{number:037}": "v" * 500 for number in range(20)}


def published(shop: Shop) -> list[dict[str, Any]]:
    """Give every entry of the audit log to the publisher; return what it publishes."""
    from tests.functional.test_publish_events import publish  # noqa: PLC0415

    sent: list[dict[str, Any]] = []

    def taken(call: AwsCall) -> Any:
        if call.operation != BUS:
            return call.answer()
        entries = call.parameters["Entries"]
        sent.extend(
            {"name": entry["DetailType"], **json.loads(entry["Detail"])}
            for entry in entries
        )
        return {"FailedEntryCount": 0, "Entries": [{"EventId": "1"} for _ in entries]}

    with intercepted(taken):
        assert not publish(shop, *shop.audit.entries)
    return sent


def events_named(shop: Shop, *names: str) -> list[dict[str, Any]]:
    return [event for event in published(shop) if event["name"] in names]


def sell(shop: Shop, kind: str, **changes: Any) -> dict[str, Any]:
    assert shop.create(kind, **changes).status == 200
    shop.stripe.pay(shop.stripe.sessions()[0]["id"])
    shop.deliver()
    [purchase] = shop.purchases()
    return purchase


def refund(shop: Shop, purchase: dict[str, Any], amount: int) -> None:
    intent = purchase["stripe_payment_intent_id"]
    shop.stripe.post("/v1/refunds", payment_intent=intent, amount=amount)
    shop.deliver()


# -------------------------------------------------------------------------- metadata


@on_moto_too
def test_the_callers_metadata_is_on_session_and_purchase_without_ours(
    shop: Shop,
) -> None:
    purchase = sell(shop, "product", metadata=CALLERS | OURS)

    [session] = shop.sessions()
    assert session["metadata"] == CALLERS
    assert purchase["metadata"] == CALLERS


@pytest.mark.parametrize("kind", ["bid", "auction", "order", "content"])
def test_what_a_kind_sends_to_stripe_itself_is_not_the_callers(
    shop: Shop, kind: str
) -> None:
    purchase = sell(shop, kind)

    assert purchase["metadata"] == {}


def test_a_buyer_sees_the_metadata_and_a_creator_does_not(shop: Shop) -> None:
    shop.change_offer("product#hero-me-feelings", creator_id="creator_1")
    answer = shop.call(
        "POST /api/checkout/{kind}",
        {"metadata": CALLERS},
        buyer="user_1",
        path={"kind": "product"},
    )
    assert answer.status == 200, answer.body
    shop.stripe.pay(shop.stripe.sessions()[0]["id"])
    shop.deliver()

    [mine] = shop.call("GET /api/purchases", buyer="user_1").body["data"]
    [sale] = shop.call(
        "GET /api/creators/{creatorId}/purchases",
        buyer="creator_1",
        path={"creatorId": "creator_1"},
    ).body["data"]

    assert mine["metadata"] == CALLERS
    assert sale["id"] == mine["id"]
    assert "metadata" not in sale


def test_a_purchase_without_metadata_shows_none(shop: Shop) -> None:
    sell(shop, "content")

    [mine] = shop.call("GET /api/purchases", buyer="user_1").body["data"]

    assert "metadata" not in mine


def test_every_event_of_a_checkout_has_the_metadata_and_no_other(shop: Shop) -> None:
    shop.create("product", metadata=CALLERS | OURS)
    stripe_id = shop.stripe.sessions()[0]["id"]
    shop.stripe.pay(stripe_id, DECLINED_CARD)
    shop.stripe.pay(stripe_id)
    shop.deliver()
    [purchase] = shop.purchases()
    refund(shop, purchase, 50)

    said = {event["name"]: event.get("metadata") for event in published(shop)}

    assert said == {
        "payments.checkout.started": CALLERS,
        "payments.checkout.failed": CALLERS,
        "payments.checkout.completed": CALLERS,
        "payments.purchase.refunded": None,
    }


def test_the_metadata_is_not_logged(shop: Shop) -> None:
    with captured_log() as log:
        purchase = sell(shop, "product", metadata=CALLERS)
        refund(shop, purchase, 50)
        published(shop)
        shop.reconcile()

    assert "purchase_recorded" in log.getvalue()
    assert not [text for text in ("u-77", "Ger") if text in log.getvalue()]


def test_metadata_fits_if_it_has_the_most_keys_and_the_longest_texts(
    shop: Shop,
) -> None:
    purchase = sell(shop, "product", metadata=LARGEST)

    assert purchase["metadata"] == LARGEST


@pytest.mark.parametrize("text", ["\u4f60" * 500, '"' * 500, "\x01" * 500])
def test_metadata_that_no_event_could_hold_is_refused(shop: Shop, text: str) -> None:
    """A text in another script, or one that JSON escapes, has more bytes."""
    answer = shop.create("product", metadata=dict.fromkeys(LARGEST, text))

    assert (answer.status, answer.body["code"]) == (400, "invalid_request")
    assert answer.body["fields"] == [
        {"field": "metadata", "problem": "must have at most 12000 bytes as JSON"}
    ]


# -------------------------------------------------------------------------- the offer


def test_the_events_of_a_bid_say_its_merchant_source_and_row(shop: Shop) -> None:
    shop.change_offer("bid#42", merchant="Acme", source="ebay", creator_id="creator_9")
    purchase = sell(shop, "bid")
    refund(shop, purchase, 100)

    events = published(shop)

    facts = {
        "title": purchase["title"],
        "creator_id": "creator_9",
        "merchant": "Acme",
        "source": "ebay",
        "row_id": "7",
        "bid_id": "42",
    }
    assert [event["name"] for event in events] == [
        "payments.checkout.started",
        "payments.checkout.completed",
        "payments.purchase.refunded",
    ]
    assert all(facts.items() <= event.items() for event in events)


@pytest.mark.parametrize("kind", ["auction", "order", "product", "content"])
def test_the_events_of_every_kind_say_the_title_and_the_kinds_own_id(
    shop: Shop, kind: str
) -> None:
    purchase = sell(shop, kind)

    for event in published(shop):
        assert event["title"] == purchase["title"]
        assert event[f"{kind}_id"] == purchase["offer_id"]
        assert event.get("creator_id") == purchase.get("creator_id")
        assert not event.keys() & {"merchant", "source", "row_id"}


def test_an_entry_that_nobody_publishes_does_not_grow(shop: Shop) -> None:
    sell(shop, "product", metadata=CALLERS)
    shop.deliver(*shop.stripe.events("checkout.session.completed"))

    [entry] = shop.audit.of("event_had_no_effect")

    assert not entry.keys() & {"title", "creator_id", "metadata"}


# -------------------------------------------------------------------------- amounts


def test_a_refund_says_its_own_amount_and_all_that_is_refunded(shop: Shop) -> None:
    purchase = sell(shop, "content")
    refund(shop, purchase, 100)
    refund(shop, purchase, 250)

    first, second = events_named(shop, "payments.purchase.refunded")

    names = ("amount", "refund_amount", "refund_currency", "refunded_amount")
    assert [first[name] for name in names] == [999, 100, "usd", 100]
    assert [second[name] for name in names] == [999, 250, "usd", 350]
    assert (first["amount_usd"], second["amount_usd"]) == (1, 2.5)


def test_an_event_in_another_currency_has_dollars_by_the_stacks_rate(
    shop: Shop,
) -> None:
    shop.values["UsdRates"] = "eur=1.1,jpy=0.0067"
    price = {"amount": 1000, "currency": "jpy"}
    shop.change_offer("product#hero-me-feelings", price=price)
    purchase = sell(shop, "product")
    refund(shop, purchase, 500)

    dollars = {event["name"]: event["amount_usd"] for event in published(shop)}

    assert dollars == {
        "payments.checkout.started": 6.7,
        "payments.checkout.completed": 6.7,
        "payments.purchase.refunded": 3.35,
    }


def test_an_event_whose_currency_has_no_rate_says_so(shop: Shop) -> None:
    price = {"amount": 1000, "currency": "jpy"}
    shop.change_offer("product#hero-me-feelings", price=price)
    sell(shop, "product")

    for event in published(shop):
        assert "amount_usd" not in event
        assert event["amount_usd_missing"] is True


# -------------------------------------------------------------------------- sizes


def test_large_events_take_several_requests_and_each_answer_has_its_event() -> None:
    """EventBridge takes 256 KB in one request."""
    events = [
        PublishedEvent("payments.checkout.started", "2031-05-06T07:08:09Z", detail)
        for detail in ({"id": str(n), "text": "ö" * 40_000} for n in range(10))
    ]
    requests: list[list[str]] = []

    def taken(call: AwsCall) -> Any:
        entries = call.parameters["Entries"]
        assert sum(len(entry["Detail"].encode()) for entry in entries) < 256 * 1024
        ids = [json.loads(entry["Detail"])["id"] for entry in entries]
        requests.append(ids)
        answers = [{"ErrorCode": "Slow"} if i == "7" else {"EventId": i} for i in ids]
        return {"FailedEntryCount": 0, "Entries": answers}

    with intercepted(taken):
        errors = EventBus("payments").put(events)

    assert requests == [["0", "1", "2"], ["3", "4", "5"], ["6", "7", "8"], ["9"]]
    assert errors == [*[None] * 7, "Slow", None, None]
