"""How a checkout ends that nobody paid: abandoned, or ended for a reason."""

from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from time_machine import Traveller

from checkout.domain.published_events import published_event
from tests.aws import on_moto_too
from tests.crashes import CrashPoint, crash_when_prepared
from tests.output import captured_log
from tests.shop import ORIGIN, PUBLISHED, Answer, Shop
from tests.stripe_side import DECLINED_CARD

HOURS = timedelta(hours=1)
MINUTES = timedelta(minutes=1)
START = datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC)
RECOVERY_URL = "https://buy.stripe.test/r/live_asAb1724a2K6"
EXPIRED = "checkout.session.expired"
pytestmark = pytest.mark.frozen_at(START)


def ends(shop: Shop) -> list[tuple[str, str | None]]:
    """Return how each checkout has ended, with its reason, as it is published."""
    names = ("checkout_abandoned", "checkout_expired")
    entries = [e for e in shop.audit.entries if e["action"] in names]
    events = filter(None, map(published_event, entries))
    return [(event.name, event.detail.get("reason")) for event in events]


ABANDONED = [("payments.checkout.abandoned", None)]


def ended(reason: str) -> list[tuple[str, str | None]]:
    return [("payments.checkout.expired", reason)]


def run_out(shop: Shop, clock: Traveller) -> None:
    """Let a day pass, and Stripe expire what nobody has paid."""
    clock.shift(24 * HOURS)
    shop.note_a_reconcile_run()
    shop.stripe.expire_due()


def cancel(shop: Shop) -> Answer:
    [session] = shop.sessions()
    return shop.call(
        "POST /payments/sessions/{paymentSessionId}/cancel",
        buyer="user_1",
        path={"paymentSessionId": session["id"]},
    )


# -------------------------------------------------------------------------- abandoned


@on_moto_too
@pytest.mark.parametrize("kind", ["bid", "order", "product", "content"])
def test_a_checkout_whose_time_ran_out_is_abandoned(
    shop: Shop, clock: Traveller, kind: str
) -> None:
    shop.create(kind)
    run_out(shop, clock)
    shop.deliver()

    assert ends(shop) == ABANDONED
    assert [session["status"] for session in shop.sessions()] == ["expired"]


def test_a_card_that_was_declined_before_makes_no_difference(
    shop: Shop, clock: Traveller
) -> None:
    shop.create("content")
    shop.stripe.pay(shop.stripe.sessions()[0]["id"], DECLINED_CARD)
    run_out(shop, clock)
    shop.deliver()

    assert ends(shop) == ABANDONED


def test_an_abandoned_checkout_whose_event_comes_twice_is_published_once(
    shop: Shop, clock: Traveller
) -> None:
    shop.create("content")
    run_out(shop, clock)
    events = shop.stripe.events(EXPIRED)
    shop.deliver(*events)
    shop.deliver(*events)

    assert ends(shop) == ABANDONED


def test_an_event_that_comes_late_says_when_it_was_made(
    shop: Shop, clock: Traveller
) -> None:
    """Somebody has ended the session in time; we hear of it two days later."""
    shop.create("content")
    stripe_id = shop.stripe.sessions()[0]["id"]
    shop.stripe.post(f"/v1/checkout/sessions/{stripe_id}/expire")
    clock.shift(48 * HOURS)
    shop.deliver()

    assert ends(shop) == ended("ended_early")


def test_reconcile_finds_an_abandoned_checkout_without_its_event(
    shop: Shop, clock: Traveller
) -> None:
    shop.create("content")
    run_out(shop, clock)
    shop.stripe.forget_events()
    shop.reconcile()

    assert ends(shop) == ABANDONED


def test_a_buyer_who_cancels_after_the_time_has_abandoned_it(
    shop: Shop, clock: Traveller
) -> None:
    shop.create("content")
    clock.shift(24 * HOURS)

    assert cancel(shop).status == 200

    assert ends(shop) == ABANDONED


def test_a_checkout_that_was_paid_is_not_abandoned(
    shop: Shop, clock: Traveller
) -> None:
    shop.create("content")
    shop.stripe.pay(shop.stripe.sessions()[0]["id"])
    run_out(shop, clock)
    shop.deliver()

    assert ends(shop) == []


# -------------------------------------------------------------------------- ended


def test_a_checkout_that_its_buyer_cancels_is_not_abandoned(shop: Shop) -> None:
    shop.create("content")
    cancel(shop)
    shop.deliver()

    assert ends(shop) == ended("cancelled_by_buyer")


def test_a_checkout_that_is_replaced_is_not_abandoned(shop: Shop) -> None:
    shop.create("content")
    shop.create("content", cancelUrl=f"{ORIGIN}/elsewhere")
    shop.deliver()

    assert ends(shop) == ended("replaced")


def test_a_checkout_whose_offer_is_withdrawn_is_not_abandoned(shop: Shop) -> None:
    shop.create("content")
    answer = shop.call(
        "POST /api/offers/{kind}/{id}/withdraw",
        buyer="writer_1",
        groups="[offers-admin]",
        path={"kind": "content", "id": PUBLISHED},
    )
    shop.deliver()

    assert answer.status == 200, answer.body
    assert ends(shop) == ended("offer_withdrawn")


def test_a_checkout_whose_create_request_crashed_is_not_abandoned(
    shop: Shop, clock: Traveller
) -> None:
    crash_when_prepared(shop)
    clock.shift(11 * MINUTES)
    shop.invoke("ReconcileFunction", {})
    shop.deliver()

    assert ends(shop) == ended("never_answered")


def test_an_auction_whose_window_closed_before_stripes_time_is_not_abandoned(
    shop: Shop, clock: Traveller
) -> None:
    """Stripe's session lasts half an hour at least."""
    clock.shift(24 * HOURS - 10 * MINUTES)
    assert shop.create("auction").status == 200
    clock.shift(21 * MINUTES)
    shop.invoke("ReconcileFunction", {})
    shop.deliver()

    assert ends(shop) == ended("time_to_pay_over")


def test_stripes_event_before_our_own_record_is_not_taken_for_abandoned(
    shop: Shop,
) -> None:
    """We crash after Stripe has expired the session, and before we record it."""
    shop.create("content")
    for step in range(1, 20):
        with CrashPoint(step) as crash:
            cancel(shop)
        if shop.stripe.sessions()[0]["status"] == "expired":
            break
    assert crash.happened
    assert ends(shop) == []

    shop.deliver()

    assert ends(shop) == ended("ended_early")


# -------------------------------------------------------------------------- recovery


def with_recovery(event: dict[str, Any], **recovery: Any) -> dict[str, Any]:
    """Return the event as Stripe sends it where the session allows recovery."""
    other = deepcopy(event)
    until = event["created"] + 30 * 24 * 3600
    other["data"]["object"]["after_expiration"] = {
        "recovery": {
            "allow_promotion_codes": False,
            "enabled": True,
            "expires_at": until,
            "url": RECOVERY_URL,
            **recovery,
        }
    }
    return other


def abandoned(shop: Shop, clock: Traveller, **recovery: Any) -> dict[str, Any]:
    """Abandon a checkout; return what is published."""
    shop.create("content")
    run_out(shop, clock)
    [event] = shop.stripe.events(EXPIRED)
    shop.deliver(with_recovery(event, **recovery))
    [entry] = shop.audit.of("checkout_abandoned")
    published = published_event(entry)
    assert published
    return published.detail


@on_moto_too
def test_an_abandoned_checkout_has_the_address_at_which_its_buyer_can_continue(
    shop: Shop, clock: Traveller
) -> None:
    with captured_log() as log:
        detail = abandoned(shop, clock)

    assert detail["recovery_url"] == RECOVERY_URL
    assert detail["recovery_expires_at"] == "2031-06-06T07:08:09.000Z"
    assert "checkout_abandoned" in log.getvalue()
    assert "buy.stripe.test" not in log.getvalue()


def test_reconcile_finds_the_address_too(shop: Shop, clock: Traveller) -> None:
    shop.create("content")
    run_out(shop, clock)
    [event] = shop.stripe.events(EXPIRED)
    after = with_recovery(event)["data"]["object"]["after_expiration"]
    stripe_id = event["data"]["object"]["id"]
    shop.stripe.sandbox.store.get("checkout.session", stripe_id)["after_expiration"] = (
        after
    )
    shop.stripe.forget_events()
    shop.reconcile()

    [entry] = shop.audit.of("checkout_abandoned")
    assert entry["recovery_url"] == RECOVERY_URL


@pytest.mark.parametrize(
    "url", [None, "", 5, "http://buy.stripe.test/r", "https://x.test/" + "a" * 1000]
)
def test_an_address_that_cannot_be_used_is_left_out(
    shop: Shop, clock: Traveller, url: Any
) -> None:
    detail = abandoned(shop, clock, url=url)

    assert not detail.keys() & {"recovery_url", "recovery_expires_at"}


@pytest.mark.parametrize("expires_at", [None, "soon", 10**20])
def test_a_time_that_cannot_be_read_leaves_the_address(
    shop: Shop, clock: Traveller, expires_at: Any
) -> None:
    detail = abandoned(shop, clock, expires_at=expires_at)

    assert detail["recovery_url"] == RECOVERY_URL
    assert "recovery_expires_at" not in detail


def test_a_checkout_that_somebody_ended_has_no_address(shop: Shop) -> None:
    """Its buyer did not want it any more, or its offer is not for sale."""
    shop.create("content")
    stripe_id = shop.stripe.sessions()[0]["id"]
    shop.stripe.post(f"/v1/checkout/sessions/{stripe_id}/expire")
    [event] = shop.stripe.events(EXPIRED)
    shop.deliver(with_recovery(event))

    [entry] = shop.audit.of("checkout_expired")
    assert "recovery_url" not in entry
