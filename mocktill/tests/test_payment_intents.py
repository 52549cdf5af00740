"""PaymentIntents without a session, as Stripe's CLI makes them."""

import pytest
import stripe


@pytest.fixture
def make(client):
    def create(method=None, **changes):
        params = {"amount": 2000, "currency": "usd"} | changes
        if method:
            params |= {"payment_method": method, "confirm": True}
        return client.v1.payment_intents.create(params)

    return create


def test_a_confirmed_intent_is_paid(make, event_types):
    intent = make("pm_card_visa", description="A coffee")

    assert intent.status == "succeeded"
    assert intent.amount_received == 2000
    assert intent.description == "A coffee"
    assert event_types() == [
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
    ]


def test_an_intent_can_be_confirmed_later(client, make):
    waiting = make()
    named = client.v1.payment_intents.create(
        {"amount": 2000, "currency": "usd", "payment_method": "pm_card_visa"}
    )

    confirmed = client.v1.payment_intents.confirm(
        waiting.id, {"payment_method": "pm_card_visa"}
    )
    remembered = client.v1.payment_intents.confirm(named.id)

    assert waiting.status == "requires_payment_method"
    assert named.status == "requires_confirmation"
    assert confirmed.status == remembered.status == "succeeded"


def test_a_declined_intent_keeps_its_error(client, make, events):
    with pytest.raises(stripe.CardError) as declined:
        make("pm_card_chargeDeclined")

    (intent,) = client.v1.payment_intents.list().data
    assert intent.status == "requires_payment_method"
    assert intent.last_payment_error.code == declined.value.code == "card_declined"
    assert len(events("payment_intent.payment_failed")) == 1


def test_a_test_answers_the_challenge_of_an_intent(client, make, control):
    passed, failed = (make("pm_card_authenticationRequired") for _ in range(2))

    control("POST", f"payment_intents/{passed.id}/settle")
    control("POST", f"payment_intents/{failed.id}/fail")

    assert passed.status == "requires_action"
    assert client.v1.payment_intents.retrieve(passed.id).status == "succeeded"
    assert client.v1.payment_intents.retrieve(failed.id).last_payment_error


def test_an_intent_can_be_canceled_until_it_is_paid(client, make):
    unpaid, paid = make(), make("pm_card_visa")

    canceled = client.v1.payment_intents.cancel(
        unpaid.id, {"cancellation_reason": "abandoned"}
    )

    assert (canceled.status, canceled.cancellation_reason) == ("canceled", "abandoned")
    for intent in (canceled, paid):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            client.v1.payment_intents.cancel(intent.id)
        assert refused.value.code == "payment_intent_unexpected_state"


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"amount": 49}, "amount"),
        ({"amount": 29, "currency": "gbp"}, "amount"),
        ({"currency": "xxx"}, "currency"),
        ({"capture_method": "manual"}, "capture_method"),
        ({"customer": "cus_nobody"}, "customer"),
        ({"confirm": True}, "payment_method"),
    ],
)
def test_an_unsupported_intent_is_refused(make, changes, param):
    with pytest.raises(stripe.InvalidRequestError) as refused:
        make(**changes)

    assert refused.value.param == param


@pytest.mark.parametrize(
    ("iban", "kind", "status"),
    [
        ("AT61 1904 3002 3457 3201", "succeeded", "paid"),
        ("IT60X0542811101000000123456", "failed", "unpaid"),
    ],
)
def test_stripes_test_accounts_are_answered_at_once(
    create, pay, line, client, events, iban, kind, status
):
    session = create(line_items=[line(currency="eur")])
    debit = {
        "type": "sepa_debit",
        "sepa_debit": {"iban": iban},
        "billing_details": {"email": "ada@example.com", "name": "Ada"},
    }

    assert pay(session, method=debit).status_code == 200

    assert len(events(f"checkout.session.async_payment_{kind}")) == 1
    paid = client.v1.checkout.sessions.retrieve(session.id)
    assert (paid.status, paid.payment_status) == ("complete", status)


def test_an_invalid_iban_is_refused(client):
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.payment_methods.create(
            {"type": "sepa_debit", "sepa_debit": {"iban": "not an iban"}}
        )

    assert refused.value.param == "sepa_debit[iban]"


def test_keeping_the_method_makes_a_customer(client, create, pay, event_types):
    session = create(payment_intent_data={"setup_future_usage": "off_session"})

    pay(session)

    paid = client.v1.checkout.sessions.retrieve(
        session.id, {"expand": ["customer", "payment_intent.payment_method"]}
    )
    assert paid.customer.email == "ada@example.com"
    assert paid.payment_intent.customer == paid.customer.id
    assert paid.payment_intent.payment_method.customer == paid.customer.id
    assert {"customer.created", "payment_method.attached"} <= set(event_types())
