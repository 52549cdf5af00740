"""Webhooks: signatures, retries, and events that are held, dropped or repeated."""

import time

import pytest
import requests
import stripe

from mocktill.webhooks import sign

COMPLETED = "checkout.session.completed"


def test_the_endpoint_gets_the_events_of_a_payment(endpoint, create, pay):
    session = create(metadata={"order_id": "1"})

    pay(session)
    (event,) = endpoint.wait_for(COMPLETED)

    assert event.object == "event"
    assert event.api_version == "2026-10-28.endive"
    assert event.livemode is False
    assert event.pending_webhooks == 1
    assert event.request.id.startswith("req_")
    assert event.data.object.id == session.id
    assert event.data.object.payment_status == "paid"
    assert event.data.object.metadata.to_dict() == {"order_id": "1"}
    assert "line_items" not in event.data.object


def test_an_event_names_the_idempotency_key_that_caused_it(endpoint, create, client):
    client.v1.checkout.sessions.expire(create().id, {}, {"idempotency_key": "expire_1"})

    (event,) = endpoint.wait_for("checkout.session.expired")

    assert event.request.idempotency_key == "expire_1"


def test_the_signature_is_stripes(sandbox):
    header = sign(b'{"a": 1}', [sandbox.webhook_secret], 1_800_000_000)

    assert stripe.WebhookSignature.verify_header(
        '{"a": 1}', header, sandbox.webhook_secret
    )


def test_a_test_event_also_has_a_signature_of_another_scheme(sandbox):
    header = sign(b"{}", [sandbox.webhook_secret, "whsec_old"], 1_800_000_000)

    names = [part.partition("=")[0] for part in header.split(",")]
    assert names == ["t", "v1", "v1", "v0"]
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.WebhookSignature.verify_header(
            "{}", header.replace("v1=", "v2="), sandbox.webhook_secret
        )


def test_a_signature_with_another_secret_does_not_verify(sandbox):
    header = sign(b"{}", ["whsec_another"], 1_800_000_000)

    with pytest.raises(stripe.SignatureVerificationError):
        stripe.WebhookSignature.verify_header("{}", header, sandbox.webhook_secret)


def test_a_refused_event_is_sent_again_and_signed_anew(
    endpoint, sandbox, create, pay, all_delivered
):
    endpoint.answers = [500] * 8

    pay(create())
    endpoint.wait_for(COMPLETED, 2)

    all_delivered()
    assert len({event.id for event in endpoint.events(COMPLETED)}) == 1
    tries = [a for a in sandbox.webhooks.attempts if a["type"] == COMPLETED]
    assert tries[-1]["status"] == 200
    assert [a["attempt"] for a in tries] == list(range(1, len(tries) + 1))


def test_each_attempt_has_a_fresh_timestamp(endpoint, monkeypatch, expire):
    moments = iter(range(int(time.time()), int(time.time()) + 100))
    monkeypatch.setattr("mocktill.webhooks.time.time", lambda: next(moments))
    endpoint.answers = [500]

    expire()
    endpoint.wait_for("checkout.session.expired", 2)

    signatures = [signature for _, signature in endpoint.received]
    assert len({signature.split(",")[0] for signature in signatures}) == 2


def test_a_redirect_is_no_answer(endpoint, expire):
    endpoint.answers = [302]

    expire()

    assert len(endpoint.wait_for("checkout.session.expired", 2)) == 2


def test_the_attempts_come_to_an_end(sandbox, control, client, eventually, expire):
    control("PUT", "webhook_endpoint", {"url": "http://127.0.0.1:9/nobody"})

    expire()

    eventually(lambda: len(sandbox.webhooks.attempts) == 6)
    assert {a["status"] for a in control("GET", "webhooks/attempts")["data"]} == {None}
    (undelivered,) = client.v1.events.list({"delivery_success": False}).data
    assert undelivered.pending_webhooks == 1


def test_held_events_wait_for_their_release(endpoint, control, create, pay):
    control("POST", "webhooks", {"mode": "hold"})
    pay(create())
    before = list(endpoint.received)

    released = control("POST", "webhooks/release")["released"]

    assert before == []
    assert released == 4
    assert len(endpoint.wait_for(COMPLETED)) == 1


def test_after_a_release_events_are_delivered_at_once(endpoint, control, expire):
    control("POST", "webhooks", {"mode": "hold"})
    control("POST", "webhooks/release")

    expire()

    assert endpoint.wait_for("checkout.session.expired")


def test_dropped_events_are_never_sent_but_can_be_read(
    endpoint, sandbox, control, client, expire
):
    control("POST", "webhooks", {"mode": "drop"})
    expire()
    control("POST", "webhooks", {"mode": "deliver"})
    expire()

    # The second event has arrived, so the first one is not merely slow.
    endpoint.wait_for("checkout.session.expired")
    delivered = [a["event"] for a in sandbox.webhooks.attempts]
    first = client.v1.events.list().data[-1]

    assert first.id not in delivered
    undelivered = client.v1.events.list({"delivery_success": False}).data
    assert first.id in [event.id for event in undelivered]


def test_an_event_can_be_delivered_again(endpoint, control, expire):
    expire()
    (event,) = endpoint.wait_for("checkout.session.expired")

    control("POST", f"events/{event.id}/redeliver")

    first, again = endpoint.wait_for("checkout.session.expired", 2)
    assert first.id == again.id


def test_an_endpoint_gets_only_its_enabled_events(
    endpoint, sandbox, control, create, pay, eventually
):
    control(
        "PUT",
        "webhook_endpoint",
        {"url": endpoint.url, "enabled_events": [COMPLETED]},
    )

    pay(create())
    endpoint.wait_for(COMPLETED)

    eventually(lambda: sandbox.webhooks.attempts)
    assert {a["type"] for a in sandbox.webhooks.attempts} == {COMPLETED}


@pytest.mark.parametrize("bad", ["nowhere", "ftp://x", "http://", "http://x:port", 5])
def test_an_endpoint_needs_a_url(url, bad):
    response = requests.put(
        f"{url}/sandbox/webhook_endpoint", json={"url": bad}, timeout=5
    )

    assert response.status_code == 400


def test_an_unknown_mode_is_refused(ask):
    assert ask("POST", "webhooks", {"mode": "x"}) == 400


def test_the_sandboxs_clock_does_not_date_signatures(endpoint, control, create):
    """The endpoint would refuse a signature with a date in the future."""
    create()

    control("POST", "clock", {"advance_seconds": 24 * 60 * 60})

    (event,) = endpoint.wait_for("checkout.session.expired")
    assert event.created > time.time() + 60 * 60
    (_, signature), *_ = endpoint.received
    assert int(signature.split(",")[0].removeprefix("t=")) <= time.time()


def test_events_are_listed_newest_first_and_by_type(client, create, pay, expire):
    pay(create())
    expire()

    def types(**params):
        return [event.type for event in client.v1.events.list(params).data]

    assert types(limit=1) == ["checkout.session.expired"]
    assert types(type=COMPLETED) == [COMPLETED]
    assert types(type="payment_intent.*") == [
        "payment_intent.succeeded",
        "payment_intent.created",
    ]
    assert types(types=[COMPLETED, "checkout.session.expired"]) == [
        "checkout.session.expired",
        COMPLETED,
    ]


def test_events_since_another_come_in_the_order_they_happened(client, expire):
    for _ in range(4):
        expire()
    every = client.v1.events.list().data

    since = client.v1.events.list({"ending_before": every[-1].id, "limit": 2})

    assert [e.id for e in since.auto_paging_iter()] == [e.id for e in every[-2::-1]]


def test_an_event_keeps_the_state_at_its_time(client, create, pay, bank_debit, control):
    session = create()
    pay(session, method=bank_debit)
    (completed,) = client.v1.events.list({"type": COMPLETED}).data
    control("POST", f"payment_intents/{completed.data.object.payment_intent}/settle")

    again = client.v1.events.retrieve(completed.id)

    assert again.data.object.payment_status == "unpaid"


def test_an_unknown_event_is_missing(client):
    with pytest.raises(stripe.InvalidRequestError) as missing:
        client.v1.events.retrieve("evt_nothing")

    assert missing.value.code == "resource_missing"


def test_events_may_come_twice(endpoint, control, client, eventually, expire):
    control("POST", "webhooks", {"copies": 2})

    expire()

    first, second = endpoint.wait_for("checkout.session.expired", 2)
    assert first.id == second.id
    eventually(lambda: client.v1.events.retrieve(first.id).pending_webhooks == 0)


@pytest.mark.usefixtures("endpoint")
def test_a_second_copy_does_not_count_as_another_endpoint(
    control, client, sandbox, eventually, expire
):
    control("POST", "webhooks", {"copies": 2})
    client.v1.webhook_endpoints.create(
        {"url": "http://127.0.0.1:9/nobody", "enabled_events": ["*"]}
    )

    expire()
    eventually(lambda: len(sandbox.webhooks.attempts) == 2 + 2 * 6)

    (event,) = client.v1.events.list({"delivery_success": False}).data
    assert event.pending_webhooks == 1


def test_events_may_come_in_reverse(endpoint, control, create, pay):
    control("POST", "webhooks", {"mode": "hold"})
    pay(create())

    held = control("GET", "webhooks")["held"]
    control("POST", "webhooks/release", {"reverse": True})
    endpoint.wait_for("payment_intent.created")

    assert held == 4
    assert [event.type for event, _ in endpoint.received] == [
        COMPLETED,
        "payment_intent.succeeded",
        "charge.succeeded",
        "payment_intent.created",
    ]


def test_events_may_come_late(endpoint, control, expire):
    control("POST", "webhooks", {"delay_seconds": 0.2})
    asked = time.monotonic()

    expire()
    endpoint.wait_for("checkout.session.expired")

    assert time.monotonic() - asked >= 0.2


def test_events_may_come_in_another_version(endpoint, control, expire):
    control("POST", "webhooks", {"api_version": "2025-03-31.basil"})
    expire()
    (old,) = endpoint.wait_for("checkout.session.expired")

    control("POST", "webhooks", {"api_version": None})
    expire()
    _, new = endpoint.wait_for("checkout.session.expired", 2)

    assert (old.api_version, old.data.object.ui_mode) == ("2025-03-31.basil", "hosted")
    assert new.api_version == "2026-10-28.endive"


@pytest.mark.parametrize(
    "bad",
    [
        {},
        {"copies": 0},
        {"delay_seconds": -1},
        {"api_version": "soon"},
        {"held": 1},
        {"mode": "drop", "copies": "many"},
    ],
)
def test_wrong_webhook_settings_are_refused(ask, control, bad):
    before = control("GET", "webhooks")

    assert ask("POST", "webhooks", bad) == 400

    assert control("GET", "webhooks") == before


def test_an_event_can_be_retried_for_one_endpoint(
    endpoint, another_endpoint, client, raw, expire
):
    other = client.v1.webhook_endpoints.create(
        {"url": another_endpoint.url, "enabled_events": ["*"]}
    )
    another_endpoint.secret = other.secret
    expire()
    (event,) = endpoint.wait_for("checkout.session.expired")
    another_endpoint.wait_for("checkout.session.expired")

    retry = f"/v1/events/{event.id}/retry"
    one = raw("POST", retry, data={"webhook_endpoint": other.id})
    another_endpoint.wait_for("checkout.session.expired", 2)
    count = len(endpoint.received)
    everybody = raw("POST", retry, data={"for_stripecli": "true"})

    assert one.json()["id"] == everybody.json()["id"] == event.id
    assert count == 1
    assert endpoint.wait_for("checkout.session.expired", 2)
    missing = raw("POST", retry, data={"webhook_endpoint": "we_nobody"})
    assert missing.status_code == 404
