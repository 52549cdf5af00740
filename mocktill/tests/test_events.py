"""Events, as the API lists and returns them."""

import pytest
import stripe

import mocktill

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


def test_an_event_that_no_endpoint_was_to_get_is_neither_delivered_nor_missed(
    endpoint, control, expire, types
):
    control(
        "PUT",
        "webhook_endpoint",
        {"url": endpoint.url, "enabled_events": ["charge.failed"]},
    )

    expire()

    assert types() == [EXPIRED]
    assert types(delivery_success=True) == []
    assert types(delivery_success=False) == []


def test_an_event_stays_missed_when_its_endpoint_is_gone(client, control, expire):
    made = client.v1.webhook_endpoints.create(
        {"url": "http://127.0.0.1:1/", "enabled_events": ["*"]}
    )
    control("POST", "webhooks", {"mode": "drop"})
    missed = expire()

    client.v1.webhook_endpoints.delete(made.id)
    expire()

    (event,) = client.v1.events.list({"delivery_success": False}).data
    assert event.id == missed


def test_a_cursor_need_not_match_the_filters(client, sandbox, expire):
    oldest = expire()
    sandbox.advance_clock(1000)
    newest = expire()
    created = client.v1.events.retrieve(newest).created

    def found(**params):
        return [event.id for event in client.v1.events.list(params).data]

    before = {"created": {"lt": created}}
    assert found(**before, starting_after=newest) == [oldest]
    assert found(**before, starting_after=oldest) == []
    after = {"created": {"gte": created}}
    assert found(**after, ending_before=oldest) == [newest]
    assert found(type="charge.*", starting_after=newest) == []


def test_a_forgotten_event_is_no_cursor(client, sandbox, expire):
    forgotten = expire()
    sandbox.advance_clock(30 * DAY)
    expire()

    with pytest.raises(stripe.InvalidRequestError) as missing:
        client.v1.events.list({"starting_after": forgotten})

    assert missing.value.code == "resource_missing"
    assert missing.value.user_message == f"No such event: '{forgotten}'"


def test_only_type_has_a_star(expire, types):
    expire()

    assert types(type="checkout.session.*") == [EXPIRED]
    assert types(type="*") == [EXPIRED]
    assert types(type="checkout.session") == []
    assert types(types=["checkout.session.*"]) == []
    assert types(types=[EXPIRED]) == [EXPIRED]


def test_an_event_keeps_the_version_of_its_creation(client, sandbox, expire):
    sandbox.default_api_version = "2025-09-30.clover"
    old = expire()
    sandbox.default_api_version = mocktill.API_VERSION

    (listed,) = client.v1.events.list().data
    shown = client.v1.events.retrieve(old)

    for event in (listed, shown):
        assert event.api_version == "2025-09-30.clover"
        assert event.data.object.ui_mode == "hosted"


def test_a_page_says_whether_there_is_more(client, expire):
    newest = [expire() for _ in range(5)][::-1]

    first = client.v1.events.list({"limit": 2})
    last = client.v1.events.list({"limit": 3, "starting_after": first.data[-1].id})

    assert [event.id for event in first.data] == newest[:2]
    assert [event.id for event in last.data] == newest[2:]
    assert (first.has_more, last.has_more) == (True, False)


def test_an_event_may_be_listed_late(client, sandbox, expire, control, types):
    happened = expire()
    control("PUT", "account", {"event_lag_seconds": 30})

    assert types() == []
    assert client.v1.events.retrieve(happened).type == EXPIRED
    sandbox.advance_clock(30)
    assert types() == [EXPIRED]


def test_the_account_has_no_other_settings(ask, control):
    before = control("GET", "account")

    for wrong in (
        {},
        {"colour": "red"},
        {"event_lag_seconds": -1},
        {"late_fees": "perhaps"},
        {"late_fees": True, "default_api_version": "2000-01-01"},
    ):
        assert ask("PUT", "account", wrong) == 400
    assert control("GET", "account") == before
