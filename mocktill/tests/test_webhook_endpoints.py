"""Webhook endpoints that the API creates, changes and deletes."""

import pytest
import stripe

from mocktill import API_VERSION
from mocktill.destinations import Destination

EXPIRED = "checkout.session.expired"


@pytest.fixture
def register(client, endpoint):
    """Register the shop's server, which then checks signatures with the new secret."""

    def make(**changes):
        params = {"url": endpoint.url, "enabled_events": ["*"]} | changes
        made = client.v1.webhook_endpoints.create(params)
        endpoint.secret = made.secret
        return made

    return make


@pytest.fixture
def endpoint(unconfigured):
    """The shop's server, before the sandbox knows it."""
    return unconfigured


def test_an_endpoint_is_shown_as_it_was_made(client):
    params = {
        "url": "https://shop.example/webhook",
        "enabled_events": [EXPIRED],
        "api_version": API_VERSION,
        "description": "The shop",
        "metadata": {"stage": "local"},
    }

    made = client.v1.webhook_endpoints.create(params)
    again = client.v1.webhook_endpoints.retrieve(made.id)

    assert made.object == "webhook_endpoint"
    assert made.id.startswith("we_")
    assert made.status == "enabled"
    assert {name: made[name] for name in params if name != "metadata"} == {
        name: value for name, value in params.items() if name != "metadata"
    }
    assert made.metadata.to_dict() == {"stage": "local"}
    assert made.secret.startswith("whsec_")
    assert again.to_dict() == {k: v for k, v in made.to_dict().items() if k != "secret"}


def test_only_the_answer_to_create_has_an_endpoints_secret(client, register):
    made = register()

    (listed,) = client.v1.webhook_endpoints.list().data
    updated = client.v1.webhook_endpoints.update(made.id, {"description": "x"})

    for shown in (listed, updated, client.v1.webhook_endpoints.retrieve(made.id)):
        assert shown.id == made.id
        assert "secret" not in shown


def test_an_endpoint_is_sent_what_it_asked_for_signed_with_its_secret(
    endpoint, register, expire, create, pay, sandbox
):
    made = register(enabled_events=[EXPIRED])

    pay(create())
    expire()

    (event,) = endpoint.wait_for(EXPIRED)
    assert made.secret != sandbox.webhook_secret
    assert event.pending_webhooks == 1
    assert {received.type for received, _ in endpoint.received} == {EXPIRED}


def test_every_subscribed_endpoint_gets_the_event(
    endpoint, another_endpoint, client, register, expire, eventually
):
    register()
    other = client.v1.webhook_endpoints.create(
        {"url": another_endpoint.url, "enabled_events": [EXPIRED]}
    )
    another_endpoint.secret = other.secret

    happened = expire()

    (one,), (two,) = endpoint.wait_for(EXPIRED), another_endpoint.wait_for(EXPIRED)
    assert endpoint.secret != another_endpoint.secret
    assert one.id == two.id == happened
    assert one.pending_webhooks == 2
    eventually(lambda: client.v1.events.retrieve(happened).pending_webhooks == 0)


def test_two_endpoints_may_have_one_address(
    endpoint, client, register, expire, eventually
):
    register()
    client.v1.webhook_endpoints.create({"url": endpoint.url, "enabled_events": ["*"]})
    endpoint.take = lambda *_: 200

    happened = expire()

    eventually(lambda: client.v1.events.retrieve(happened).pending_webhooks == 0)


def test_the_configured_endpoint_stays(
    endpoint, another_endpoint, sandbox, control, register, expire
):
    another_endpoint.secret = sandbox.webhook_secret
    register()
    control("PUT", "webhook_endpoint", {"url": another_endpoint.url})

    expire()

    assert endpoint.wait_for(EXPIRED)
    assert another_endpoint.wait_for(EXPIRED)


def test_a_disabled_endpoint_gets_no_events_until_it_is_enabled(
    client, endpoint, register, expire
):
    made = register()

    disabled = client.v1.webhook_endpoints.update(made.id, {"disabled": True})
    missed = expire()
    enabled = client.v1.webhook_endpoints.update(made.id, {"disabled": False})
    heard = expire()

    assert (disabled.status, enabled.status) == ("disabled", "enabled")
    # The second event has arrived, so the first one is not merely slow.
    (event,) = endpoint.wait_for(EXPIRED)
    assert event.id == heard
    assert client.v1.events.retrieve(missed).pending_webhooks == 0


def test_an_endpoint_can_move_and_ask_for_something_else(
    endpoint, another_endpoint, client, register, expire
):
    made = register(enabled_events=["charge.succeeded"], metadata={"a": "1"})
    another_endpoint.secret = made.secret

    changed = client.v1.webhook_endpoints.update(
        made.id,
        {
            "url": another_endpoint.url,
            "enabled_events": [EXPIRED],
            "metadata": {"a": "", "b": "2"},
        },
    )
    expire()

    assert changed.url == another_endpoint.url
    assert changed.metadata.to_dict() == {"b": "2"}
    assert another_endpoint.wait_for(EXPIRED)
    assert endpoint.received == []


def test_a_deleted_endpoint_is_gone(client, endpoint, register, expire):
    gone = register()
    expire()
    endpoint.wait_for(EXPIRED)

    deleted = client.v1.webhook_endpoints.delete(gone.id)
    expire()
    register()
    heard = expire()

    assert deleted.deleted
    assert [event.id for event in endpoint.wait_for(EXPIRED, 2)][1:] == [heard]
    with pytest.raises(stripe.InvalidRequestError) as missing:
        client.v1.webhook_endpoints.retrieve(gone.id)
    assert missing.value.code == "resource_missing"
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.webhook_endpoints.delete(gone.id)


def test_a_held_event_is_not_sent_to_a_deleted_endpoint(
    sandbox, client, create, control, eventually
):
    made = client.v1.webhook_endpoints.create(
        {"url": "http://127.0.0.1:9/nobody", "enabled_events": ["*"]}
    )
    control("POST", "webhooks", {"mode": "hold"})
    client.v1.checkout.sessions.expire(create().id)

    client.v1.webhook_endpoints.delete(made.id)
    control("POST", "webhooks/release")
    control("PUT", "webhook_endpoint", {"url": "http://127.0.0.1:9/another"})
    client.v1.checkout.sessions.expire(create().id)

    eventually(lambda: sandbox.webhooks.attempts)
    assert {each["url"] for each in sandbox.webhooks.attempts} == {
        "http://127.0.0.1:9/another"
    }


def test_an_endpoints_events_say_its_version(endpoint, register, expire):
    register(api_version="2025-03-31.basil")

    expire()

    (event,) = endpoint.wait_for(EXPIRED)
    assert event.api_version == "2025-03-31.basil"


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"url": "shop.example/webhook"}, "url"),
        ({"url": "ftp://shop.example"}, "url"),
        ({"enabled_events": ["checkout.session.finished"]}, "enabled_events"),
        ({"enabled_events": []}, "enabled_events"),
        ({"api_version": "2026-10-28.acanthus"}, "api_version"),
        ({"connect": True}, "connect"),
        ({"secret": "whsec_mine"}, "secret"),
    ],
)
def test_a_refused_endpoint_is_not_made(client, changes, param):
    good = {"url": "https://shop.example/webhook", "enabled_events": ["*"]}

    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.webhook_endpoints.create(good | changes)

    assert refused.value.param.startswith(param)
    assert client.v1.webhook_endpoints.list().data == []


def test_a_refused_change_changes_nothing(client, register, endpoint):
    made = register()

    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.webhook_endpoints.update(made.id, {"url": "x", "disabled": True})

    assert refused.value.param == "url"
    again = client.v1.webhook_endpoints.retrieve(made.id)
    assert (again.url, again.status) == (endpoint.url, "enabled")


def test_an_endpoints_version_cannot_change(client, register):
    made = register()

    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.webhook_endpoints.update(made.id, {"api_version": API_VERSION})

    assert refused.value.code == "parameter_unknown"


def test_an_account_has_at_most_16_endpoints(client):
    params = {"url": "https://shop.example/webhook", "enabled_events": ["*"]}
    made = [client.v1.webhook_endpoints.create(params).id for _ in range(16)]

    with pytest.raises(stripe.InvalidRequestError, match="maximum of 16"):
        client.v1.webhook_endpoints.create(params)

    page = client.v1.webhook_endpoints.list({"limit": 10})
    assert [each.id for each in page.auto_paging_iter()] == made[::-1]


def test_a_rolled_secret_signs_beside_the_new_one_until_it_expires(
    endpoint, register, expire, control
):
    made = register()
    old = made.secret

    roll = {"expires_in_hours": 24}
    new = control("POST", f"webhook_endpoints/{made.id}/roll_secret", roll)["secret"]
    expire()
    endpoint.wait_for(EXPIRED, 1)
    endpoint.secret = new
    expire()
    endpoint.wait_for(EXPIRED, 2)
    control("POST", "clock", {"advance_seconds": 24 * 60 * 60})
    expire()
    endpoint.wait_for(EXPIRED, 3)

    assert old != new
    assert [header.count("v1=") for _, header in endpoint.received] == [2, 2, 1]


def test_an_old_secret_may_end_at_once(endpoint, sandbox, expire, control):
    control("PUT", "webhook_endpoint", {"url": endpoint.url})

    endpoint.secret = control("POST", "webhook_endpoint/roll_secret")["secret"]
    expire()

    assert endpoint.wait_for(EXPIRED)
    assert sandbox.webhook_secret == endpoint.secret
    assert [header.count("v1=") for _, header in endpoint.received] == [1]


@pytest.mark.parametrize("hours", [-1, 25])
def test_an_old_secret_lives_for_a_day_at_most(register, ask, hours):
    roll = f"webhook_endpoints/{register().id}/roll_secret"

    assert ask("POST", roll, {"expires_in_hours": hours}) == 400


def test_the_configured_endpoint_is_an_object_of_the_account(
    client, sandbox, endpoint, control, expire, eventually
):
    endpoint.take = lambda *_: 200
    control("PUT", "webhook_endpoint", {"url": endpoint.url})

    (listed,) = client.v1.webhook_endpoints.list().data
    shown = client.v1.webhook_endpoints.retrieve(listed.id)

    assert shown.to_dict() == listed.to_dict()
    assert (listed.url, listed.status) == (endpoint.url, "enabled")
    assert listed.enabled_events == ["*"]
    assert listed.api_version is None
    assert "secret" not in listed

    client.v1.webhook_endpoints.update(listed.id, {"disabled": True})
    expire()
    (disabled,) = client.v1.webhook_endpoints.list().data
    assert disabled.status == "disabled"
    client.v1.webhook_endpoints.update(listed.id, {"disabled": False})
    heard = expire()
    eventually(lambda: client.v1.events.retrieve(heard).pending_webhooks == 0)
    assert len(client.v1.events.list({"delivery_success": True}).data) == 1

    rolled = control("POST", f"webhook_endpoints/{listed.id}/roll_secret")
    (destination,) = sandbox.webhooks.configured
    assert rolled["secret"] == destination.secret == sandbox.webhook_secret

    client.v1.webhook_endpoints.delete(listed.id)
    assert client.v1.webhook_endpoints.list().data == []


def test_an_endpoint_that_is_configured_anew_takes_the_place_of_the_old_one(
    client, another_endpoint, endpoint, control
):
    control("PUT", "webhook_endpoint", {"url": endpoint.url})
    (old,) = client.v1.webhook_endpoints.list().data

    control("PUT", "webhook_endpoint", {"url": another_endpoint.url})

    (new,) = client.v1.webhook_endpoints.list().data
    assert new.url == another_endpoint.url
    with pytest.raises(stripe.InvalidRequestError, match="No such webhook_endpoint"):
        client.v1.webhook_endpoints.retrieve(old.id)


@pytest.mark.parametrize("was", ["not subscribed", "disabled", "not made"])
def test_what_happened_before_is_not_resent_to_an_endpoint(
    client, endpoint, register, expire, raw, was
):
    if was == "not made":
        missed = expire()
        made = register()
    elif was == "disabled":
        made = register()
        client.v1.webhook_endpoints.update(made.id, {"disabled": True})
        missed = expire()
        client.v1.webhook_endpoints.update(made.id, {"disabled": False})
    else:
        made = register(enabled_events=["charge.failed"])
        missed = expire()
        client.v1.webhook_endpoints.update(made.id, {"enabled_events": ["*"]})

    answer = raw(
        "POST", f"/v1/events/{missed}/retry", data={"webhook_endpoint": made.id}
    )
    heard = expire()

    assert answer.status_code == 200
    (event,) = endpoint.wait_for(EXPIRED)
    assert event.id == heard


def test_held_events_go_only_to_those_who_were_to_get_them(
    client, endpoint, register, control, expire
):
    control("POST", "webhooks", {"mode": "hold"})
    client.v1.webhook_endpoints.create(
        {"url": "http://127.0.0.1:1/", "enabled_events": ["*"]}
    )
    expire()
    register()

    control("POST", "webhooks/release")
    heard = expire()

    (event,) = endpoint.wait_for(EXPIRED)
    assert event.id == heard


def test_an_endpoint_that_is_replaced_gets_no_more_attempts(
    client, endpoint, another_endpoint, sandbox, control, expire, raw
):
    endpoint.secret = another_endpoint.secret = sandbox.webhook_secret
    control("PUT", "webhook_endpoint", {"url": endpoint.url})
    (old,) = client.v1.webhook_endpoints.list().data
    heard = expire()
    endpoint.wait_for(EXPIRED)

    control(
        "PUT", "webhook_endpoint", {"url": endpoint.url, "enabled_events": [EXPIRED]}
    )
    (same,) = client.v1.webhook_endpoints.list().data
    control("PUT", "webhook_endpoint", {"url": another_endpoint.url})
    raw("POST", f"/v1/events/{heard}/retry")
    expire()

    assert another_endpoint.wait_for(EXPIRED)
    assert same.id == old.id
    assert same.enabled_events == [EXPIRED]
    assert len(endpoint.received) == 1


def test_the_configured_endpoint_may_have_a_version(
    client, unconfigured, sandbox, control, expire, ask
):
    unconfigured.secret = sandbox.webhook_secret
    body = {"url": unconfigured.url, "api_version": "2025-09-30.clover"}
    control("PUT", "webhook_endpoint", body)
    expire()

    (event,) = unconfigured.wait_for(EXPIRED)
    assert event.api_version == "2025-09-30.clover"
    assert event.data.object.ui_mode == "hosted"
    (listed,) = client.v1.webhook_endpoints.list().data
    assert listed.api_version == "2025-09-30.clover"
    assert ask("PUT", "webhook_endpoint", body | {"api_version": "soon"}) == 400


def test_a_new_endpoint_is_listed_before_the_configured_one(
    client, sandbox, unconfigured
):
    sandbox.webhooks.configured = [Destination(unconfigured.url, "whsec_x")]
    made = client.v1.webhook_endpoints.create(
        {"url": "https://shop.example/", "enabled_events": ["*"]}
    )

    newest, configured = client.v1.webhook_endpoints.list().data

    assert newest.id == made.id
    assert configured.url == unconfigured.url
