"""When a payment was paid, and why it was declined."""

from datetime import UTC, datetime
from typing import Any

import pytest

from checkout.domain.checkout_payment import decline_reason, paid_at
from checkout.domain.stripe_events import Event

NOW = datetime(2026, 5, 6, 7, 8, 9, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
COMPLETED = "checkout.session.completed"
SUCCEEDED = "checkout.session.async_payment_succeeded"
OBSERVED = "checkout.session.observed"


def session(charge: Any) -> dict[str, Any]:
    return {"id": "cs_1", "payment_intent": {"id": "pi_1", "latest_charge": charge}}


def seconds_ago(event: Event) -> int:
    return int((NOW - paid_at(event, NOW)).total_seconds())


@pytest.mark.parametrize("type_", [COMPLETED, SUCCEEDED])
def test_an_event_about_money_says_when_it_was_taken(type_: str) -> None:
    event = Event("evt_1", type_, {"payment_intent": "pi_1"}, SECONDS - 60)

    assert seconds_ago(event) == 60


def test_a_retrieved_session_has_the_time_of_its_charge() -> None:
    booked = {"created": SECONDS - 100, "balance_transaction": {"created": 5}}
    charge = {"created": SECONDS - 200, "balance_transaction": booked}

    assert seconds_ago(Event("observed:cs_1", OBSERVED, session(charge))) == 100


def test_the_time_of_another_event_is_not_that_of_the_money() -> None:
    """Reconcile may queue a session under an event that came long after."""
    event = Event("evt_1", "refund.created", session({"created": SECONDS - 200}), 1)

    assert seconds_ago(event) == 200


def test_a_refusal_that_is_heard_late_is_no_payment_of_today() -> None:
    """It may be the first event of its payment that we hear of."""
    type_ = "checkout.session.async_payment_failed"
    event = Event("evt_1", type_, {"payment_intent": "pi_1"}, SECONDS - 300)

    assert seconds_ago(event) == 300


@pytest.mark.parametrize(
    "stripe_object",
    [
        {},
        {"payment_intent": None},
        {"payment_intent": "pi_1"},
        session(None),
        session("ch_1"),
        session({}),
        session({"created": None, "balance_transaction": None}),
        session({"created": "yesterday", "balance_transaction": "txn_1"}),
        session({"created": True, "balance_transaction": {"created": 0}}),
        session({"created": -1, "balance_transaction": {"created": 10**18}}),
        session({"created": SECONDS + 5}),
    ],
)
@pytest.mark.parametrize("type_", [COMPLETED, OBSERVED])
def test_a_time_that_is_unknown_or_to_come_is_now(
    stripe_object: dict[str, Any], type_: str
) -> None:
    assert paid_at(Event("evt_1", type_, stripe_object), NOW) == NOW


def test_an_event_without_a_time_falls_back_on_the_charge() -> None:
    event = Event("evt_1", COMPLETED, session({"created": SECONDS - 7}))

    assert seconds_ago(event) == 7


def declined(**error: Any) -> dict[str, Any]:
    return {"id": "pi_1", "last_payment_error": error}


def test_a_decline_has_stripes_codes_and_not_its_message() -> None:
    intent = declined(
        code="card_declined",
        decline_code="insufficient_funds",
        message="The card of jane@example.test was declined.",
    )

    assert decline_reason(intent) == {
        "reason": "card_declined",
        "decline_code": "insufficient_funds",
    }


@pytest.mark.parametrize(
    "intent",
    [
        None,
        "pi_1",
        {},
        {"last_payment_error": None},
        {"last_payment_error": "declined"},
        declined(),
        declined(code=None, decline_code=None),
        declined(code="", decline_code=7),
        declined(code="Jane Doe", decline_code="jane@example.test"),
        declined(code="x" * 65, decline_code="über"),
        declined(code="_", decline_code={"code": "a"}),
    ],
)
def test_what_is_no_code_is_left_out(intent: Any) -> None:
    """Free text may hold data of the buyer."""
    assert decline_reason(intent) == {}
