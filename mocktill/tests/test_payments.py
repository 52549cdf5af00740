"""Paying without a browser, as Stripe's CLI does, and the result."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import stripe


def test_the_payment_page_has_the_amount_due(raw, create):
    session = create()

    page = raw("GET", f"/v1/payment_pages/{session.id}").json()

    assert page["session_id"] == session.id
    assert page["status"] == "open"
    assert page["line_item_group"]["total"] == 2500


def test_a_good_card_completes_the_session(client, create, pay):
    session = create(payment_intent_data={"metadata": {"order_id": "1"}})

    confirmed = pay(session).json()
    paid = client.v1.checkout.sessions.retrieve(
        session.id, params={"expand": ["payment_intent.latest_charge"]}
    )

    assert confirmed["status"] == "complete"
    assert confirmed["payment_intent"]["status"] == "succeeded"
    assert paid.status == "complete"
    assert paid.payment_status == "paid"
    assert paid.url is None
    assert paid.customer_details.email == "ada@example.com"
    assert paid.customer_details.name == "Ada"
    intent = paid.payment_intent
    assert intent.status == "succeeded"
    assert intent.amount == 2500
    assert intent.amount_received == 2500
    assert intent.currency == "usd"
    assert intent.metadata.to_dict() == {"order_id": "1"}
    assert intent.last_payment_error is None
    assert intent.latest_charge.status == "succeeded"
    assert intent.latest_charge.payment_intent == intent.id
    assert intent.latest_charge.payment_method_details.card.last4 == "4242"


def test_the_sessions_metadata_stays_with_the_session(client, create, pay):
    session = create(metadata={"order_id": "1"})
    pay(session)

    paid = client.v1.checkout.sessions.retrieve(session.id)
    intent = client.v1.payment_intents.retrieve(paid.payment_intent)

    assert paid.metadata.to_dict() == {"order_id": "1"}
    assert intent.metadata.to_dict() == {}


def test_a_payment_causes_its_events(create, pay, event_types):
    pay(create())

    assert event_types() == [
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
        "checkout.session.completed",
    ]


def test_payment_intents_are_listed(client, create, pay):
    for _ in range(3):
        pay(create())

    first = client.v1.payment_intents.list({"limit": 2})

    assert len(first.data) == 2
    assert first.has_more
    assert len(list(first.auto_paging_iter())) == 3


def test_a_declined_card_leaves_the_session_open_to_another(
    client, create, pay, event_types
):
    session = create()

    declined = pay(session, "4000000000000002")
    between = client.v1.checkout.sessions.retrieve(session.id)
    intent = client.v1.payment_intents.retrieve(between.payment_intent)
    accepted = pay(session)
    after = client.v1.checkout.sessions.retrieve(session.id)

    assert declined.status_code == 402
    error = declined.json()["error"]
    assert error["type"] == "card_error"
    assert error["code"] == "card_declined"
    assert error["decline_code"] == "generic_decline"
    assert between.status == "open"
    assert between.payment_status == "unpaid"
    assert intent.status == "requires_payment_method"
    assert intent.last_payment_error.code == "card_declined"
    assert accepted.status_code == 200
    assert after.payment_status == "paid"
    assert after.payment_intent == intent.id
    assert event_types() == [
        "payment_intent.created",
        "charge.failed",
        "payment_intent.payment_failed",
        "charge.succeeded",
        "payment_intent.succeeded",
        "checkout.session.completed",
    ]


@pytest.mark.parametrize(
    ("number", "code", "decline_code"),
    [
        ("4000000000009995", "card_declined", "insufficient_funds"),
        ("4000000000000069", "expired_card", None),
        ("4000000000000127", "incorrect_cvc", None),
        ("4000000000000119", "processing_error", None),
        ("4111111111111111", "card_declined", "test_mode_live_card"),
    ],
)
def test_each_test_card_is_declined_for_its_own_reason(
    create, pay, number, code, decline_code
):
    error = pay(create(), number).json()["error"]

    assert error["code"] == code
    assert error.get("decline_code") == decline_code


@pytest.mark.parametrize(
    ("card", "code"),
    [
        ({"number": "4242424242424241"}, "incorrect_number"),
        ({"number": "42"}, "incorrect_number"),
        ({"exp_month": 13}, "invalid_expiry_month"),
        ({"exp_year": 2020}, "invalid_expiry_year"),
        ({"cvc": "12"}, "invalid_cvc"),
    ],
)
def test_an_invalid_card_is_refused(client, card, code):
    good = {
        "number": "4242424242424242",
        "exp_month": 12,
        "exp_year": 34,
        "cvc": "1234",
    }

    with pytest.raises(stripe.CardError) as refused:
        client.v1.payment_methods.create({"type": "card", "card": good | card})

    assert refused.value.code == code


def test_tokens_and_ready_made_methods_stand_for_cards(create, pay, raw):
    by_token = pay(create(), method={"type": "card", "card": {"token": "tok_visa"}})
    ready_made = raw(
        "POST",
        f"/v1/payment_pages/{create().id}/confirm",
        data={"payment_method": "pm_card_visa_chargeDeclined"},
    )

    assert by_token.status_code == 200
    assert ready_made.status_code == 402


def test_a_payment_method_can_be_read_back(client):
    made = client.v1.payment_methods.create(
        {"type": "card", "card": {"token": "tok_mastercard"}}
    )

    again = client.v1.payment_methods.retrieve(made.id)

    assert again.card.brand == "mastercard"
    assert again.to_dict() == made.to_dict()


def test_an_unexpected_amount_is_not_paid(client, create, raw):
    session = create()

    refused = raw(
        "POST",
        f"/v1/payment_pages/{session.id}/confirm",
        data={"payment_method": "pm_card_visa", "expected_amount": 1},
    )

    assert refused.status_code == 400
    assert refused.json()["error"]["param"] == "expected_amount"
    assert client.v1.checkout.sessions.retrieve(session.id).status == "open"


def test_a_payment_needs_a_method(create, raw):
    refused = raw("POST", f"/v1/payment_pages/{create().id}/confirm")

    assert refused.json()["error"]["code"] == "parameter_missing"


def test_a_complete_session_is_not_paid_again(create, pay, event_types):
    session = create()
    pay(session)

    again = pay(session)

    assert again.status_code == 400
    assert again.json()["error"]["code"] == "checkout_session_already_completed"
    assert event_types().count("checkout.session.completed") == 1


def test_an_expired_session_is_not_paid(client, create, pay):
    session = create()
    client.v1.checkout.sessions.expire(session.id)

    assert pay(session).json()["error"]["code"] == "checkout_session_expired"


def test_a_session_whose_time_has_passed_is_not_paid(sandbox, create, pay, client):
    session = create()
    sandbox.advance_clock(24 * 60 * 60)

    assert pay(session).json()["error"]["code"] == "checkout_session_expired"
    assert client.v1.checkout.sessions.retrieve(session.id).status == "expired"


def test_expiring_a_session_cancels_its_declined_intent(client, create, pay):
    session = create()
    pay(session, "4000000000000002")

    expired = client.v1.checkout.sessions.expire(session.id)

    assert client.v1.payment_intents.retrieve(expired.payment_intent).status == (
        "canceled"
    )


def test_one_of_many_payments_at_once_succeeds(create, raw, event_types):
    session = create()

    def confirm(_):
        path = f"/v1/payment_pages/{session.id}/confirm"
        return raw("POST", path, data={"payment_method": "pm_card_visa"}).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(confirm, range(8)))

    assert sorted(statuses) == [200] + [400] * 7
    assert event_types().count("checkout.session.completed") == 1


def test_a_delayed_payment_is_complete_before_it_is_paid(
    client, create, pay, bank_debit, control, event_types
):
    session = create()

    pay(session, method=bank_debit)
    waiting = client.v1.checkout.sessions.retrieve(
        session.id, params={"expand": ["payment_intent"]}
    )
    control("POST", f"payment_intents/{waiting.payment_intent.id}/settle")
    settled = client.v1.checkout.sessions.retrieve(session.id)

    assert waiting.status == "complete"
    assert waiting.payment_status == "unpaid"
    assert waiting.payment_intent.status == "processing"
    assert settled.payment_status == "paid"
    assert event_types()[-4:] == [
        "checkout.session.completed",
        "charge.succeeded",
        "payment_intent.succeeded",
        "checkout.session.async_payment_succeeded",
    ]


def test_a_delayed_payment_can_fail_in_the_end(
    client, create, pay, bank_debit, control, event_types
):
    session = create()

    pay(session, method=bank_debit)
    intent_id = client.v1.checkout.sessions.retrieve(session.id).payment_intent
    control("POST", f"payment_intents/{intent_id}/fail")
    failed = client.v1.checkout.sessions.retrieve(session.id)
    intent = client.v1.payment_intents.retrieve(intent_id)

    assert failed.status == "complete"
    assert failed.payment_status == "unpaid"
    assert intent.status == "requires_payment_method"
    assert intent.last_payment_error.code == "payment_method_provider_decline"
    assert event_types()[-1] == "checkout.session.async_payment_failed"


def test_a_payment_settles_once(client, create, pay, bank_debit, raw, control):
    session = create()
    pay(session, method=bank_debit)
    intent_id = client.v1.checkout.sessions.retrieve(session.id).payment_intent
    control("POST", f"payment_intents/{intent_id}/settle")

    assert raw("POST", f"/sandbox/payment_intents/{intent_id}/fail").status_code == 400


def test_a_session_takes_only_the_methods_that_it_offers(create, pay, bank_debit):
    card_only = create(allowed_payment_method_types=["card"])
    without_debit = create(excluded_payment_method_types=["us_bank_account"])

    for session in (card_only, without_debit):
        assert session.payment_method_types == ["card"]
        assert pay(session, method=bank_debit).status_code == 400


def test_a_card_that_must_be_authenticated_waits_for_its_customer(
    client, create, pay, control
):
    session = create()

    confirmed = pay(session, "4000002760003184").json()
    intent_id = confirmed["payment_intent"]["id"]
    control("POST", f"payment_intents/{intent_id}/settle")

    assert confirmed["status"] == "open"
    assert confirmed["payment_intent"]["status"] == "requires_action"
    paid = client.v1.checkout.sessions.retrieve(session.id)
    assert paid.payment_status == "paid"


def test_authentication_can_fail_and_the_session_stays_open(
    client, create, pay, control
):
    session = create()

    intent_id = pay(session, "4000000000003220").json()["payment_intent"]["id"]
    control("POST", f"payment_intents/{intent_id}/fail")

    intent = client.v1.payment_intents.retrieve(intent_id)
    assert intent.last_payment_error.code == "payment_intent_authentication_failure"
    assert client.v1.checkout.sessions.retrieve(session.id).status == "open"


def test_an_authenticated_card_can_still_be_declined(client, create, pay, control):
    session = create()

    intent_id = pay(session, "4000008260003178").json()["payment_intent"]["id"]
    control("POST", f"payment_intents/{intent_id}/settle")

    intent = client.v1.payment_intents.retrieve(intent_id)
    assert intent.last_payment_error.decline_code == "insufficient_funds"


def test_nothing_to_pay_needs_no_payment(client, create, raw, line):
    session = create(line_items=[line(amount=0)])

    raw("POST", f"/v1/payment_pages/{session.id}/confirm")
    done = client.v1.checkout.sessions.retrieve(session.id)

    assert session.payment_status == "no_payment_required"
    assert done.status == "complete"
    assert done.payment_status == "no_payment_required"
    assert done.payment_intent is None
