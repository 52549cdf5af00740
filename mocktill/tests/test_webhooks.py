"""Webhooks: signed, retried, held, dropped and sent again."""

import time

import pytest
import requests
import stripe

from mocktill.webhooks import sign

COMPLETED = "checkout.session.completed"


def test_a_payment_is_told_to_the_endpoint(endpoint, create, pay):
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


def test_a_signature_with_another_secret_does_not_verify(sandbox):
    header = sign(b"{}", ["whsec_another"], 1_800_000_000)

    with pytest.raises(stripe.SignatureVerificationError):
        stripe.WebhookSignature.verify_header("{}", header, sandbox.webhook_secret)


def test_a_refused_event_is_sent_again_and_signed_anew(
    endpoint, sandbox, create, pay, eventually
):
    endpoint.answers = [500] * 8

    pay(create())
    endpoint.wait_for(COMPLETED, 2)

    eventually(lambda: all(e["pending_webhooks"] == 0 for e in _events(sandbox)))
    assert len({event.id for event in endpoint.events(COMPLETED)}) == 1
    tries = [a for a in sandbox.webhooks.attempts if a["type"] == COMPLETED]
    assert tries[-1]["status"] == 200
    assert [a["attempt"] for a in tries] == list(range(1, len(tries) + 1))


def _events(sandbox):
    return sandbox.store.all("event")


def test_each_attempt_has_a_fresh_timestamp(endpoint, create, client, monkeypatch):
    moments = iter(range(int(time.time()), int(time.time()) + 100))
    monkeypatch.setattr("mocktill.webhooks.time.time", lambda: next(moments))
    endpoint.answers = [500]

    client.v1.checkout.sessions.expire(create().id)
    endpoint.wait_for("checkout.session.expired", 2)

    signatures = [signature for _, signature in endpoint.received]
    assert len({signature.split(",")[0] for signature in signatures}) == 2


def test_a_redirect_is_no_answer(endpoint, client, create):
    endpoint.answers = [302]

    client.v1.checkout.sessions.expire(create().id)

    assert len(endpoint.wait_for("checkout.session.expired", 2)) == 2


def test_the_attempts_come_to_an_end(sandbox, control, client, create, eventually):
    control("PUT", "webhook_endpoint", {"url": "http://127.0.0.1:9/nobody"})

    client.v1.checkout.sessions.expire(create().id)

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


def test_after_a_release_events_are_delivered_at_once(
    endpoint, control, create, client
):
    control("POST", "webhooks", {"mode": "hold"})
    control("POST", "webhooks/release")

    client.v1.checkout.sessions.expire(create().id)

    assert endpoint.wait_for("checkout.session.expired")


def test_dropped_events_are_never_sent_but_can_be_read(
    endpoint, sandbox, control, client, create
):
    control("POST", "webhooks", {"mode": "drop"})
    client.v1.checkout.sessions.expire(create().id)
    control("POST", "webhooks", {"mode": "deliver"})
    client.v1.checkout.sessions.expire(create().id)

    # The second one's arrival shows that the first one was not merely slow.
    endpoint.wait_for("checkout.session.expired")
    delivered = [a["event"] for a in sandbox.webhooks.attempts]
    first = client.v1.events.list().data[-1]

    assert first.id not in delivered
    undelivered = client.v1.events.list({"delivery_success": False}).data
    assert first.id in [event.id for event in undelivered]


def test_an_event_can_be_delivered_again(endpoint, control, client, create):
    client.v1.checkout.sessions.expire(create().id)
    (event,) = endpoint.wait_for("checkout.session.expired")

    control("POST", f"events/{event.id}/redeliver")

    first, again = endpoint.wait_for("checkout.session.expired", 2)
    assert first.id == again.id


def test_an_endpoint_hears_only_what_it_asked_for(
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


def test_an_unknown_mode_is_refused(url):
    response = requests.post(f"{url}/sandbox/webhooks", json={"mode": "x"}, timeout=5)

    assert response.status_code == 400


def test_the_sandboxs_clock_does_not_date_signatures(endpoint, control, create):
    """The endpoint would refuse a signature from tomorrow."""
    create()

    control("POST", "clock", {"advance_seconds": 24 * 60 * 60})

    (event,) = endpoint.wait_for("checkout.session.expired")
    assert event.created > time.time() + 60 * 60
    (_, signature), *_ = endpoint.received
    assert int(signature.split(",")[0].removeprefix("t=")) <= time.time()


def test_events_are_listed_newest_first_and_by_type(client, create, pay):
    pay(create())
    client.v1.checkout.sessions.expire(create().id)

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
    assert len(types(delivery_success=True)) == 5


def test_events_since_another_come_in_the_order_they_happened(client, create):
    for _ in range(4):
        client.v1.checkout.sessions.expire(create().id)
    every = client.v1.events.list().data

    since = client.v1.events.list({"ending_before": every[-1].id, "limit": 2})

    assert [e.id for e in since.auto_paging_iter()] == [e.id for e in every[-2::-1]]


def test_an_event_keeps_what_was_so_when_it_happened(
    client, create, pay, bank_debit, control
):
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


def test_events_may_come_twice(endpoint, control, client, create, eventually):
    control("POST", "webhooks", {"copies": 2})

    client.v1.checkout.sessions.expire(create().id)

    first, second = endpoint.wait_for("checkout.session.expired", 2)
    assert first.id == second.id
    eventually(lambda: client.v1.events.retrieve(first.id).pending_webhooks == 0)


@pytest.mark.usefixtures("endpoint")
def test_a_second_copy_tells_no_second_endpoint(
    control, client, create, sandbox, eventually
):
    control("POST", "webhooks", {"copies": 2})
    client.v1.webhook_endpoints.create(
        {"url": "http://127.0.0.1:9/nobody", "enabled_events": ["*"]}
    )

    client.v1.checkout.sessions.expire(create().id)
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


def test_events_may_come_late(endpoint, control, client, create):
    control("POST", "webhooks", {"delay_seconds": 0.2})
    asked = time.monotonic()

    client.v1.checkout.sessions.expire(create().id)
    endpoint.wait_for("checkout.session.expired")

    assert time.monotonic() - asked >= 0.2


def test_events_may_come_in_another_version(endpoint, control, client, create):
    control("POST", "webhooks", {"api_version": "2025-03-31.basil"})
    client.v1.checkout.sessions.expire(create().id)
    (old,) = endpoint.wait_for("checkout.session.expired")

    control("POST", "webhooks", {"api_version": None})
    client.v1.checkout.sessions.expire(create().id)
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
def test_what_cannot_become_of_events_is_refused(url, control, bad):
    before = control("GET", "webhooks")

    response = requests.post(f"{url}/sandbox/webhooks", json=bad, timeout=5)

    assert response.status_code == 400
    assert control("GET", "webhooks") == before


def test_an_event_can_be_retried_for_one_endpoint(
    endpoint, another_endpoint, client, create, raw
):
    other = client.v1.webhook_endpoints.create(
        {"url": another_endpoint.url, "enabled_events": ["*"]}
    )
    another_endpoint.secret = other.secret
    client.v1.checkout.sessions.expire(create().id)
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
