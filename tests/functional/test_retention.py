"""How long a payment session is kept, and what comes of an event that is later."""

import json
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from time_machine import Traveller

from checkout.domain.payment_session import Status
from checkout.tables import transaction
from checkout.tables.payment_sessions import PaymentSessions as Stored
from mocktill.faults import Fault
from tests.aws import on_moto_too
from tests.aws_calls import AwsCall, intercepted
from tests.functional.test_checkout_options import RECOVERY
from tests.functional.test_pending_purchases import decide, pay_by_bank
from tests.functional.test_unpaid_end import cancel, run_out
from tests.output import metrics_in
from tests.shop import Shop

EMAIL = "ada@example.test"
DAYS = timedelta(days=1)
HOURS = timedelta(hours=1)
START = datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC)
COMPLETED = "checkout.session.completed"
FAILED = "checkout.session.async_payment_failed"
pytestmark = pytest.mark.frozen_at(START)


def session_of(shop: Shop) -> dict[str, Any]:
    [session] = shop.sessions()
    return session


def delete_by_ttl(shop: Shop) -> list[str]:
    """Delete what is past its time, as DynamoDB does; return the sessions."""
    now = datetime.now(UTC).timestamp()
    past = [
        item
        for item in shop.aws.items("PaymentSessionsTable")
        if item.get("ttl", now) < now
    ]
    for item in past:
        shop.aws.delete("PaymentSessionsTable", item)
    return [item["id"] for item in past if item["id"].startswith("ps_")]


def email_of(session: dict[str, Any]) -> str | None:
    email: str | None = json.loads(session["stripe_request"]).get("customer_email")
    return email


def days_left(shop: Shop) -> int:
    left = session_of(shop)["ttl"] - datetime.now(UTC).timestamp()
    return timedelta(seconds=left).days


# --------------------------------------------------------- sessions without a purchase


@on_moto_too
def test_an_abandoned_session_is_deleted_after_45_days_and_not_before(
    shop: Shop, clock: Traveller
) -> None:
    shop.create("content", email=EMAIL)
    assert "ttl" not in session_of(shop)
    run_out(shop, clock)
    shop.deliver()
    assert (session_of(shop)["status"], days_left(shop)) == ("expired", 45)

    clock.shift(44 * DAYS)
    assert delete_by_ttl(shop) == []
    clock.shift(2 * DAYS)
    assert delete_by_ttl(shop) != []

    assert shop.sessions() == []
    left = json.dumps([shop.aws.snapshot()[t] for t in shop.aws.tables], default=str)
    assert EMAIL not in left


@on_moto_too
@pytest.mark.parametrize("end", ["time", "cancel", "reconcile"])
def test_what_points_to_it_is_deleted_too(
    shop: Shop, clock: Traveller, end: str
) -> None:
    """The key of the live session has the buyer's id in it."""
    shop.create("content")
    if end == "cancel":
        cancel(shop)
    else:
        run_out(shop, clock)
    if end == "reconcile":
        shop.stripe.forget_events()
        shop.reconcile()
    shop.deliver()
    assert session_of(shop)["status"] == "expired"

    clock.shift(47 * DAYS)
    delete_by_ttl(shop)
    assert "user_1" not in json.dumps(shop.aws.items("PaymentSessionsTable"))
    clock.shift(45 * DAYS)
    delete_by_ttl(shop)

    left = [item["id"] for item in shop.aws.items("PaymentSessionsTable")]
    assert [each for each in left if not each.startswith("reconcile#")] == []


@pytest.mark.parametrize("expired_first", [True, False])
def test_stripes_id_of_a_paid_session_always_leads_to_it(
    shop: Shop, clock: Traveller, expired_first: bool
) -> None:
    shop.create("content")
    stripe_id = shop.stripe.sessions()[0]["id"]
    shop.stripe.pay(stripe_id)
    [paid] = shop.stripe.events(COMPLETED)
    if expired_first:
        expired = deepcopy(paid) | {"id": "evt_1", "type": "checkout.session.expired"}
        expired["data"]["object"] |= {"status": "expired", "payment_status": "unpaid"}
        shop.deliver(expired)
    shop.deliver(paid)
    clock.shift(400 * DAYS)
    delete_by_ttl(shop)

    answer = shop.call(
        "GET /api/checkout/session-status", query={"session_id": stripe_id}
    )

    assert (answer.status, answer.body["status"]) == (200, "complete")
    assert shop.create("content").body["code"] == "already_purchased"


def test_so_is_one_that_its_buyer_cancelled(shop: Shop) -> None:
    shop.create("content")
    cancel(shop)

    assert (session_of(shop)["status"], days_left(shop)) == ("expired", 45)


def test_so_is_one_that_stripe_did_not_accept(shop: Shop) -> None:
    shop.stripe.sandbox.faults.add(
        Fault("POST", "/v1/checkout/sessions", status=400, times=9)
    )
    assert shop.create("content").status == 400

    assert (session_of(shop)["status"], days_left(shop)) == ("discarded", 45)


def test_so_is_one_that_reconcile_finds(shop: Shop, clock: Traveller) -> None:
    shop.create("content")
    run_out(shop, clock)
    shop.stripe.forget_events()
    shop.reconcile()

    assert (session_of(shop)["status"], days_left(shop)) == ("expired", 45)


def test_so_is_one_that_ends_while_reconcile_looks_at_it(
    shop: Shop, clock: Traveller
) -> None:
    shop.create("content")
    run_out(shop, clock)
    [expired] = shop.stripe.events("checkout.session.expired")
    shop.stripe.forget_events()
    key = {"id": {"S": session_of(shop)["id"]}}
    met = []

    def expires_meanwhile(call: AwsCall) -> Any:
        answer = call.answer()
        is_postponed = call.operation == "UpdateItem" and call.parameters["Key"] == key
        if is_postponed and not met:
            met.append(expired)
            shop.deliver(expired)
        return answer

    with intercepted(expires_meanwhile):
        shop.reconcile()

    assert met
    assert (session_of(shop)["status"], days_left(shop)) == ("expired", 45)


# --------------------------------------------------------- sessions with a purchase


def test_a_session_that_was_paid_is_kept_without_the_e_mail_address(shop: Shop) -> None:
    """Until then the request may be sent again, byte by byte."""
    shop.create("content", email=EMAIL)
    before = json.loads(session_of(shop)["stripe_request"])
    assert before.pop("customer_email") == EMAIL
    shop.stripe.pay(shop.stripe.sessions()[0]["id"])
    shop.deliver()

    session = session_of(shop)
    assert "ttl" not in session
    assert json.loads(session["stripe_request"]) == before


@pytest.mark.parametrize("pays", [True, False, None])
def test_so_is_one_whose_money_is_on_its_way_has_come_or_was_refused(
    shop: Shop, pays: bool | None
) -> None:
    """A debit that the bank refused is a purchase in the buyer's history, too."""
    event = pay_by_bank(shop)
    shop.aws.change(
        "PaymentSessionsTable",
        session_of(shop)["id"],
        stripe_request=json.dumps(
            json.loads(session_of(shop)["stripe_request"]) | {"customer_email": EMAIL}
        ),
    )
    shop.deliver(event)
    if pays is not None:
        shop.deliver(decide(shop, event, pays=pays))

    session = session_of(shop)
    expected = {None: "processing", True: "complete", False: "failed"}[pays]
    assert (session["status"], email_of(session)) == (expected, None)
    assert "ttl" not in session


def test_one_that_was_taken_for_expired_and_is_paid_is_kept(shop: Shop) -> None:
    """Money outranks every status without money; the events came in another order."""
    shop.create("content")
    shop.stripe.pay(shop.stripe.sessions()[0]["id"])
    [paid] = shop.stripe.events(COMPLETED)
    expired = deepcopy(paid) | {"id": "evt_1", "type": "checkout.session.expired"}
    expired["data"]["object"] |= {"status": "expired", "payment_status": "unpaid"}
    shop.deliver(expired)
    assert days_left(shop) == 45

    shop.deliver(paid)

    assert session_of(shop)["status"] == "complete"
    assert "ttl" not in session_of(shop)


def test_the_answer_under_a_callers_key_stays_the_same_after_the_payment(
    shop: Shop,
) -> None:
    """Without a URL the same bytes are sent again: the address stays in them."""
    headers = {"idempotency-key": "0d6b1f9e-1111-4222-8333-444455556666"}
    first = shop.create("product", headers=headers, customer_email=EMAIL)
    assert first.status == 200, first.body
    shop.stripe.pay(shop.stripe.sessions()[0]["id"])
    shop.deliver()

    again = shop.create("product", headers=headers, customer_email=EMAIL)

    assert (again.status, again.body) == (200, first.body)
    assert email_of(session_of(shop)) == EMAIL


@on_moto_too
def test_after_the_sessions_end_it_is_not_sent_and_the_address_goes(
    shop: Shop, clock: Traveller
) -> None:
    shop.create("product", customer_email=EMAIL)
    shop.stripe.pay(shop.stripe.sessions()[0]["id"])
    shop.deliver()
    assert email_of(session_of(shop)) == EMAIL
    clock.shift(22 * HOURS)
    shop.reconcile()
    assert email_of(session_of(shop)) == EMAIL

    clock.shift(2 * HOURS)
    shop.reconcile()

    session = session_of(shop)
    assert (session["status"], email_of(session)) == ("complete", None)
    assert "ttl" not in session
    assert not {"unresolved", "due_at"} & session.keys()


# ------------------------------------------------------------ recovery


def expired_with_recovery(shop: Shop, clock: Traveller, kind: str) -> dict[str, Any]:
    offer = {"product": "product#hero-me-feelings"}[kind]
    shop.change_offer(offer, options=RECOVERY)
    shop.create(kind)
    run_out(shop, clock)
    shop.deliver()
    return shop.stripe.sessions()[-1]


def recovered_and_paid_on_the_last_day(shop: Shop, clock: Traveller) -> None:
    expired = expired_with_recovery(shop, clock, "product")
    clock.shift(29 * DAYS)
    shop.stripe.recover(expired["id"])
    shop.stripe.pay(shop.stripe.sessions()[0]["id"])


def test_a_session_that_is_recovered_and_paid_on_the_last_day_is_kept(
    shop: Shop, clock: Traveller
) -> None:
    recovered_and_paid_on_the_last_day(shop, clock)
    shop.deliver()

    assert [p["status"] for p in shop.purchases()] == ["completed"]
    assert "ttl" not in session_of(shop)
    assert session_of(shop)["status"] == "expired"


def test_so_is_one_whose_recovered_payment_is_on_its_way(
    shop: Shop, clock: Traveller
) -> None:
    """It may arrive after the 45 days."""
    recovered_and_paid_on_the_last_day(shop, clock)
    [event] = shop.stripe.events(COMPLETED)
    under_way = deepcopy(event)
    under_way["data"]["object"]["payment_status"] = "unpaid"
    shop.deliver(under_way)
    assert days_left(shop) == 45

    clock.shift(16 * DAYS)
    assert delete_by_ttl(shop) == []
    shop.deliver(event | {"id": "evt_2", "created": int(datetime.now(UTC).timestamp())})
    assert [p["status"] for p in shop.purchases()] == ["completed"]
    assert "ttl" not in session_of(shop)


@pytest.mark.parametrize("refused_first", [True, False])
def test_one_whose_recovered_payment_the_bank_refuses_is_deleted(
    shop: Shop, clock: Traveller, *, refused_first: bool
) -> None:
    """Nobody paid it; the two events may come in the other order."""
    expired = expired_with_recovery(shop, clock, "product")
    clock.shift(29 * DAYS)
    shop.stripe.recover(expired["id"])
    shop.stripe.pay(shop.stripe.sessions()[0]["id"])
    [event] = shop.stripe.events(COMPLETED)
    event["data"]["object"]["payment_status"] = "unpaid"
    refused = deepcopy(event) | {"id": "evt_2", "type": FAILED}
    shop.deliver(*((refused, event) if refused_first else (event, refused)))
    assert shop.purchases() == []

    clock.shift(46 * DAYS)
    assert delete_by_ttl(shop) != []

    assert shop.sessions() == []


@pytest.mark.parametrize("first", ["paid", "expired"])
def test_a_session_is_kept_for_its_recovered_payment_whatever_comes_first(
    shop: Shop, clock: Traveller, first: str
) -> None:
    """The event of its end may be late: then a session is open, and paid beside."""
    shop.change_offer("product#hero-me-feelings", options=RECOVERY)
    shop.create("product")
    own = shop.stripe.sessions()[0]["id"]
    run_out(shop, clock)
    [expired] = shop.stripe.events("checkout.session.expired")
    shop.stripe.recover(own)
    shop.stripe.pay(shop.stripe.sessions()[0]["id"])
    paid = shop.stripe.events(COMPLETED)[-1]
    shop.deliver(*((paid, expired) if first == "paid" else (expired, paid)))

    session = session_of(shop)
    [purchase] = shop.purchases()
    assert (session["status"], purchase["status"]) == ("expired", "completed")
    assert session["paid_beside"] == purchase["id"]
    clock.shift(400 * DAYS)
    delete_by_ttl(shop)
    left = [item["id"] for item in shop.aws.items("PaymentSessionsTable")]
    assert {session["id"], own} <= {*left}


def test_an_end_that_meets_a_payment_beside_it_is_left_to_reconcile(
    shop: Shop, clock: Traveller
) -> None:
    """A session that was read before the payment must not be given a date."""
    shop.create("content")
    session = Stored(shop.aws.tables["PaymentSessionsTable"]).get(
        session_of(shop)["id"]
    )
    assert session
    shop.aws.change("PaymentSessionsTable", session.id, paid_beside="pur_1")

    ended = Stored(shop.aws.tables["PaymentSessionsTable"]).moved(
        session, Status.EXPIRED
    )

    assert not transaction.execute_alone(ended)
    assert "ttl" not in session_of(shop)
    run_out(shop, clock)
    shop.deliver()
    assert session_of(shop)["status"] == "expired"
    assert "ttl" not in session_of(shop)


def test_a_recovered_session_that_expires_can_be_recovered_too(
    shop: Shop, clock: Traveller
) -> None:
    """Each has thirty days of its own."""
    expired = expired_with_recovery(shop, clock, "product")
    for _ in range(2):
        clock.shift(29 * DAYS)
        shop.stripe.recover(expired["id"])
        expired = shop.stripe.sessions()[0]
        clock.shift(2 * DAYS)
        shop.note_a_reconcile_run()
        shop.stripe.expire_due()
        shop.deliver()
        assert delete_by_ttl(shop) == []
    assert days_left(shop) == 45
    before = session_of(shop)
    clock.shift(DAYS)
    shop.deliver(*shop.stripe.events("checkout.session.expired"))
    assert session_of(shop) == before

    shop.stripe.recover(expired["id"])
    shop.stripe.pay(shop.stripe.sessions()[0]["id"])
    event = shop.stripe.events(COMPLETED)[-1]
    event["data"]["object"] |= {"metadata": None, "client_reference_id": None}
    shop.deliver(event)
    assert [p["status"] for p in shop.purchases()] == ["completed"]


@pytest.mark.parametrize("metadata", [True, False])
def test_money_for_a_session_that_is_deleted_is_quarantined(
    shop: Shop, clock: Traveller, metadata: bool
) -> None:
    """Stripe allows it no more; if it came all the same, it must not disappear."""
    expired = expired_with_recovery(shop, clock, "product")
    shop.stripe.recover(expired["id"])
    shop.stripe.pay(shop.stripe.sessions()[0]["id"])
    event = shop.stripe.events(COMPLETED)[-1]
    if not metadata:
        event["data"]["object"] |= {"metadata": None, "client_reference_id": None}
    clock.shift(46 * DAYS)
    assert delete_by_ttl(shop) != []

    shop.deliver(event)

    [purchase] = shop.purchases()
    assert (purchase["status"], purchase["quarantine_reason"]) == (
        "quarantined",
        "session_lost",
    )


# ------------------------------------------------------------ after the session


def test_late_events_of_a_deleted_session_change_nothing(
    shop: Shop, clock: Traveller, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.create("content")
    run_out(shop, clock)
    [event] = shop.stripe.events("checkout.session.expired")
    shop.deliver()
    clock.shift(46 * DAYS)
    delete_by_ttl(shop)
    before = shop.aws.snapshot()
    capsys.readouterr()

    shop.deliver(event)

    assert metrics_in(capsys.readouterr().out)["payments.events.foreign"] == 1
    assert shop.aws.snapshot() == before
    stripe_id = event["data"]["object"]["id"]
    answer = shop.call(
        "GET /api/checkout/session-status", query={"session_id": stripe_id}
    )
    assert answer.status == 404


def test_the_offer_of_a_deleted_session_can_be_bought(
    shop: Shop, clock: Traveller
) -> None:
    """The attempts are counted anew: Stripe forgets an idempotency key in a day."""
    shop.create("content")
    run_out(shop, clock)
    shop.deliver()
    clock.shift(47 * DAYS)
    delete_by_ttl(shop)
    shop.note_a_reconcile_run()

    assert shop.create("content").status == 200
    assert session_of(shop)["attempt"] == 1
    shop.stripe.pay(shop.stripe.sessions()[0]["id"])
    shop.deliver()
    assert [p["status"] for p in shop.purchases()] == ["completed"]
