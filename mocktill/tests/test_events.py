"""Events, as the API lists and returns them."""

import pytest
import stripe

EXPIRED = "checkout.session.expired"
DAY = 24 * 60 * 60


@pytest.fixture
def types(client):
    def listed(**params):
        return [event.type for event in client.v1.events.list(params).data]

    return listed


def test_events_are_listed_by_when_they_happened(client, sandbox, expire):
    expire()
    sandbox.advance_clock(1000)
    expire()
    later, earlier = client.v1.events.list().data

    def found(**created):
        listed = client.v1.events.list({"created": created}).data
        return [event.id for event in listed]

    assert found(gte=later.created) == [later.id]
    assert found(gt=earlier.created) == [later.id]
    assert found(lte=earlier.created) == [earlier.id]
    assert found(lt=later.created) == [earlier.id]
    assert found(gt=earlier.created, lt=later.created) == []
    (exact,) = client.v1.events.list({"created": earlier.created}).data
    assert exact.id == earlier.id


def test_missed_events_are_listed_in_their_order(
    client, control, endpoint, paid, all_delivered
):
    paid()
    endpoint.wait_for("checkout.session.completed")
    all_delivered()
    (last_heard,) = client.v1.events.list({"limit": 1}).data
    control("POST", "webhooks", {"mode": "drop"})
    intents = [paid().id for _ in range(3)]

    missed = client.v1.events.list(
        {
            "ending_before": last_heard.id,
            "types": ["payment_intent.succeeded", EXPIRED],
            "delivery_success": False,
            "limit": 2,
        }
    )

    assert [e.data.object.id for e in missed.auto_paging_iter()] == intents


def test_a_delivered_event_is_not_listed_as_missed(
    endpoint, expire, all_delivered, types
):
    expire()
    endpoint.wait_for(EXPIRED)
    all_delivered()

    assert types(delivery_success=False) == []
    assert types(delivery_success=True) == [EXPIRED]


def test_type_and_types_exclude_each_other(client):
    with pytest.raises(stripe.InvalidRequestError, match="only specify one"):
        client.v1.events.list({"type": EXPIRED, "types": [EXPIRED]})


def test_at_most_20_types_are_asked_for(client):
    with pytest.raises(stripe.InvalidRequestError, match="maximum 20"):
        client.v1.events.list({"types": [EXPIRED] * 21})


def test_a_cursor_is_an_event(client):
    with pytest.raises(stripe.InvalidRequestError) as missing:
        client.v1.events.list({"ending_before": "evt_nothing"})

    assert missing.value.param == "ending_before"


def test_events_are_kept_for_30_days(client, sandbox, expire):
    expire()
    sandbox.advance_clock(30 * DAY - 60)
    (event,) = client.v1.events.list().data
    sandbox.advance_clock(60)

    assert client.v1.events.list().data == []
    with pytest.raises(stripe.InvalidRequestError) as missing:
        client.v1.events.retrieve(event.id)
    assert missing.value.code == "resource_missing"
