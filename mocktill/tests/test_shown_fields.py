"""A test makes fields null or absent, as Stripe may one day."""

import pytest

from mocktill.shown_fields import nullable

EXPIRED = "checkout.session.expired"
OF_REFUNDS = ("status", "metadata", "payment_intent", "charge", "reason")


@pytest.fixture
def hide(control):
    def call(kind, **how):
        return control("PUT", "fields", {"object": kind, **how})

    return call


def test_the_sdk_says_which_fields_may_be_null():
    assert set(OF_REFUNDS) <= set(nullable("refund"))
    assert "payment_intent" in nullable("checkout.session")
    assert "customer_details.email" in nullable("checkout.session")
    assert not {"id", "object", "amount", "deleted"} & set(nullable("refund"))


@pytest.mark.parametrize(
    "kind",
    [
        *("refund", "charge", "dispute", "event", "item"),
        *("coupon", "shipping_rate"),
    ],
)
def test_every_nullable_field_can_be_null(client, paid, hide, kind):
    intent = paid("4000000000000259")
    other = paid()
    client.v1.refunds.create({"payment_intent": other.id})
    fixed = {"amount": 5, "currency": "usd"}
    client.v1.shipping_rates.create({"display_name": "Post", "fixed_amount": fixed})
    hide(kind)

    shown = {
        "coupon": client.v1.coupons.list().data,
        "shipping_rate": client.v1.shipping_rates.list().data,
        "refund": client.v1.refunds.list().data,
        "charge": client.v1.charges.list().data,
        "dispute": client.v1.disputes.list({"payment_intent": intent.id}).data,
        "event": client.v1.events.list().data,
        "item": [
            line
            for session in client.v1.checkout.sessions.list().data
            for line in client.v1.checkout.sessions.line_items.list(session.id).data
        ],
    }[kind]

    assert shown
    for each in shown:
        for name in nullable(kind):
            if "." not in name:
                assert each[name] is None


@pytest.mark.parametrize("how", ["null", "absent"])
def test_a_session_with_options_can_hide_all_that_may_be_null(
    client, create, fill_in, hide, events, how
):
    """A payment works as before, because only what is shown is hidden."""
    hide("checkout.session", how=how)
    session = create(
        allow_promotion_codes=True,
        consent_collection={"terms_of_service": "required"},
        shipping_address_collection={"allowed_countries": ["DE"]},
    )

    paid = fill_in(
        session,
        promotion_code="MOCKTILL10",
        consent={"terms_of_service": "accepted"},
        shipping_details={
            "name": "Ada",
            "address": {"line1": "x 1", "city": "Berlin", "country": "DE"},
        },
    )

    (completed,) = events("checkout.session.completed")
    for shown in (session, paid, completed.data.object):
        for name in ("amount_total", "consent", "discounts", "collected_information"):
            assert (name in shown) == (how == "null")
    (charge,) = client.v1.charges.list().data
    assert charge.amount == 2250
    assert charge.shipping.name == "Ada"


def test_fields_are_null_until_they_are_shown_again(client, paid, hide, control):
    refund = client.v1.refunds.create({"payment_intent": paid().id})

    hidden = hide("refund", fields=["status", "metadata"])["data"]
    null = client.v1.refunds.retrieve(refund.id)
    listed = control("GET", "fields")["data"]
    control("DELETE", "fields")
    back = client.v1.refunds.retrieve(refund.id)

    assert (
        hidden
        == listed
        == [{"object": "refund", "fields": ["status", "metadata"], "how": "null"}]
    )
    assert (null.status, null.metadata) == (None, None)
    assert null.payment_intent == refund.payment_intent
    assert back.to_dict() == refund.to_dict()
    assert control("GET", "fields")["data"] == []


def test_fields_are_left_out(client, paid, hide):
    intent = paid()
    hide("refund", fields=OF_REFUNDS, how="absent")

    created = client.v1.refunds.create({"payment_intent": intent.id})
    (listed,) = client.v1.refunds.list().data

    for refund in (created, listed):
        assert not any(name in refund for name in OF_REFUNDS)


def test_a_nested_field_is_hidden(client, paid, hide):
    paid("4000000000000259")
    hide("dispute", fields=["evidence_details.due_by"])

    (dispute,) = client.v1.disputes.list().data

    assert dispute.evidence_details.due_by is None
    assert dispute.evidence_details.submission_count == 0


def test_an_expanded_object_hides_its_fields(client, paid, hide):
    intent = paid()
    hide("charge", fields=["receipt_url"])

    path = {"expand": ["latest_charge"]}
    shown = client.v1.payment_intents.retrieve(intent.id, path)

    assert shown.latest_charge.receipt_url is None


def test_an_event_keeps_what_it_showed(client, endpoint, expire, hide, control):
    before = expire()
    hide("checkout.session", fields=["client_reference_id", "success_url"])
    hidden = expire()

    def by_id(events):
        return {event.id: event for event in events}

    heard = by_id(endpoint.wait_for(EXPIRED, 2))
    while_hidden = by_id(client.v1.events.list().data)
    control("DELETE", "fields")
    afterwards = by_id(client.v1.events.list().data)
    for events in (heard, while_hidden, afterwards):
        assert events[before].data.object.success_url.startswith("https://")
        assert events[hidden].data.object.success_url is None


def test_a_delivered_event_hides_its_own_fields(endpoint, expire, hide):
    hide("event", fields=["request"], how="absent")

    expire()

    (event,) = endpoint.wait_for(EXPIRED)
    assert "request" not in event


def test_a_session_of_an_old_version_may_hide_its_ui_mode(client, hosted, hide):
    hide("checkout.session")

    params = hosted(ui_mode="hosted")
    made = client.v1.checkout.sessions.create(
        params, {"stripe_version": "2025-09-30.clover"}
    )

    assert made.ui_mode is None


@pytest.mark.parametrize(
    "body",
    [
        {"object": "refund", "fields": ["amount"]},
        {"object": "refund", "fields": ["status"], "how": "wrong"},
        {"object": "refunds"},
        {},
    ],
)
def test_what_stripe_always_has_stays(ask, control, body):
    assert ask("PUT", "fields", body) == 400
    assert control("GET", "fields")["data"] == []


def test_a_test_in_the_process_hides_fields(sandbox, client, paid):
    intent = paid()
    sandbox.store.fields.hide("payment_intent", ["latest_charge"], "absent")

    shown = client.v1.payment_intents.retrieve(intent.id)

    assert "latest_charge" not in shown
