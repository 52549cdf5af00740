"""
Stripe may leave a field out or send null, wherever the SDK's types say so.

What is applied then is stored, read back and shown: no such object may make its
purchase unreadable, or keep a later event of the payment from being applied.
"""

from dataclasses import replace
from typing import Any

import pytest
import stripe
from stripe.radar import EarlyFraudWarning

from mocktill.faults import Fault
from tests.functional.test_disputes import bought
from tests.nullable import ABSENT, nullable, variants
from tests.shop import Shop, has_access

type Json = dict[str, Any]

CHARGE = ("charge",)


def event(event_type: str, number: object, stripe_object: Json) -> Json:
    return {
        "id": f"evt_{event_type}_{number}",
        "object": "event",
        "type": event_type,
        "livemode": False,
        "created": stripe_object["created"],
        "data": {"object": stripe_object},
    }


def history(shop: Shop) -> Json:
    answer = shop.call("GET /api/purchases", buyer="user_1")
    assert answer.status == 200, answer.body
    [shown] = answer.body["data"]
    return dict(shown)


def stored(shop: Shop) -> Json:
    [purchase] = shop.purchases()
    return purchase


def made_refund(shop: Shop, amount: int) -> Json:
    intent = stored(shop)["stripe_payment_intent_id"]
    shop.stripe.post("/v1/refunds", payment_intent=intent, amount=str(amount))
    return dict(shop.stripe.events("refund.created")[-1]["data"]["object"])


@pytest.fixture
def shop(shop: Shop) -> Shop:
    bought(shop)
    return shop


def test_the_sdk_names_the_fields_that_we_read() -> None:
    """Or the tests below would test nothing."""
    assert {"status", "reason", "metadata", "payment_intent", "charge"} <= {
        *nullable(stripe.Refund)
    }
    assert "payment_intent" in nullable(stripe.Dispute)
    assert "payment_intent" in nullable(EarlyFraudWarning)


def test_a_refund_without_any_nullable_field_is_applied(shop: Shop) -> None:
    original = made_refund(shop, 1)
    asked = [*variants(stripe.Refund, original | {"status": "pending"}, keep=CHARGE)]
    for number, (what, refund) in enumerate(asked):
        refund["id"] = f"re_{number}"
        for event_type in ("refund.created", "refund.updated"):
            assert shop.webhook(event(event_type, number, refund)).status == 200
            assert shop.work() == [], what
        assert refund["id"] in stored(shop)["refunds"], what
        assert history(shop)["status"] == "completed", what

    # Stripe says later what became of each.
    for number, (what, refund) in enumerate(asked):
        refund["status"] = "succeeded"
        shop.webhook(event("refund.updated", f"{number}_later", refund))
        assert shop.work() == [], what
    assert history(shop)["refundedAmountCents"] == len(asked)


def test_a_dispute_without_any_nullable_field_is_applied(shop: Shop) -> None:
    intent = stored(shop)["stripe_payment_intent_id"]
    shop.stripe.control("charges", intent, "dispute")
    original = shop.stripe.events("charge.dispute.created")[-1]["data"]["object"]
    asked = [*variants(stripe.Dispute, original, keep=CHARGE)]
    for number, (what, dispute) in enumerate(asked):
        dispute["id"] = f"du_{number}"
        shop.webhook(event("charge.dispute.created", number, dispute))
        assert shop.work() == [], what
        assert dispute["id"] in stored(shop)["disputes"], what
        assert (history(shop)["status"], has_access(shop)) == ("disputed", False), what

    for number, (what, dispute) in enumerate(asked):
        dispute["status"] = "won"
        shop.webhook(event("charge.dispute.closed", number, dispute))
        assert shop.work() == [], what
    assert (history(shop)["status"], has_access(shop)) == ("completed", True)


def test_a_warning_without_any_nullable_field_is_applied(shop: Shop) -> None:
    intent = stored(shop)["stripe_payment_intent_id"]
    shop.stripe.control("charges", intent, "early_fraud_warning")
    [told] = shop.stripe.events("radar.early_fraud_warning.created")
    original = told["data"]["object"]
    asked = [*variants(EarlyFraudWarning, original, keep=CHARGE)]
    for number, (what, warning) in enumerate(asked):
        warning["id"] = f"issfr_{number}"
        shop.webhook(event("radar.early_fraud_warning.created", number, warning))
        assert shop.work() == [], what
        assert warning["id"] in stored(shop)["fraud_warnings"], what


@pytest.mark.parametrize("payment_intent", [None, ABSENT])
@pytest.mark.parametrize("charge", [None, ABSENT, "of another application"])
def test_what_names_no_payment_intent_is_none_of_ours(
    shop: Shop, payment_intent: object, charge: object
) -> None:
    refund = made_refund(shop, 1)
    before = stored(shop)
    if charge == "of another application":
        [found] = shop.stripe.sandbox.store.all("charge")
        found["payment_intent"] = None
        charge = refund["charge"]
    changed = refund | {"payment_intent": payment_intent, "charge": charge}
    changed = {n: v for n, v in changed.items() if v is not ABSENT}

    shop.webhook(event("refund.created", 1, changed))

    assert shop.work() == []
    assert stored(shop) == before


@pytest.mark.parametrize("value", [None, ABSENT])
def test_a_refund_whose_status_is_null_is_asked_about_until_it_has_one(
    shop: Shop, value: object
) -> None:
    """By reconcile, as any refund that is under way."""
    intent = stored(shop)["stripe_payment_intent_id"]
    shop.stripe.post("/v1/refunds", payment_intent=intent)
    [refund] = shop.stripe.sandbox.store.all("refund")
    known = refund.pop("status")
    if value is None:
        refund["status"] = None
    told = shop.stripe.events("refund.created")[-1]["data"]["object"]
    told = {n: v for n, v in told.items() if n != "status"}
    shop.deliver(event("refund.created", 1, told))
    assert history(shop)["status"] == "refunding"

    assert shop.invoke("ReconcileFunction", {})["failed"] == 0
    assert history(shop)["status"] == "refunding"
    assert has_access(shop), "the money is not back yet"

    refund["status"] = known
    shop.deliver(event("refund.updated", 2, told | {"status": known}))
    assert (history(shop)["status"], has_access(shop)) == ("refunded", False)


def test_an_operators_refund_whose_status_is_null_is_under_way(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    from checkout.clients.stripe_api import StripeApi  # noqa: PLC0415 - once the environment is set

    create = StripeApi.create_refund

    def without_status(*arguments: Any) -> Json:
        return create(*arguments) | {"status": None}

    monkeypatch.setattr(StripeApi, "create_refund", without_status)
    answer = shop.call(
        "POST /api/purchases/{id}/refund",
        {},
        buyer="operator_1",
        groups="payments-admin",
        path={"id": stored(shop)["id"]},
    )

    assert (answer.status, answer.body["status"]) == (200, "refunding")
    shop.deliver()
    assert history(shop)["status"] == "refunded"


@pytest.mark.parametrize("name", ["status", "reason", "balance_transactions"])
@pytest.mark.parametrize("value", [None, ABSENT])
def test_a_dispute_is_applied_without_what_it_should_have(
    shop: Shop, name: str, value: object
) -> None:
    """Its money is known: nobody has access until somebody has looked at it."""
    intent = stored(shop)["stripe_payment_intent_id"]
    shop.stripe.control("charges", intent, "dispute")
    dispute = dict(shop.stripe.events("charge.dispute.created")[-1]["data"]["object"])
    del dispute[name]
    if value is None:
        dispute[name] = None

    shop.webhook(event("charge.dispute.created", 1, dispute))

    assert shop.work() == []
    assert (history(shop)["status"], has_access(shop)) == ("disputed", False)


@pytest.mark.parametrize("amount", [None, ABSENT, "1", 1.5, True, -1])
@pytest.mark.parametrize("name", ["amount", "id"])
@pytest.mark.parametrize("kind", ["refund.created", "charge.dispute.created"])
def test_what_has_no_amount_or_no_id_is_handed_back_and_spoils_nothing(
    shop: Shop, kind: str, name: str, amount: object
) -> None:
    """It ends among the dead letters, and its purchase can still be read."""
    if name == "id" and isinstance(amount, str):
        amount = ""
    intent = stored(shop)["stripe_payment_intent_id"]
    thing = {"id": "x_1", "amount": 1, "created": 1, "payment_intent": intent}
    thing |= {"status": "needs_response", "reason": "general", name: amount}
    thing = {n: v for n, v in thing.items() if v is not ABSENT}
    before = stored(shop)

    shop.webhook(event(kind, 1, thing))

    assert len(shop.work()) == 1
    assert stored(shop) == before
    assert history(shop)["status"] == "completed"


def test_one_bad_refund_of_a_charge_keeps_no_other_from_being_recorded(
    shop: Shop,
) -> None:
    for amount in (1, 2, 3):
        made_refund(shop, amount)
    [_, bad, _] = shop.stripe.sandbox.store.all("refund")
    bad["amount"] = "much"
    [charge] = shop.stripe.sandbox.store.all("charge")

    shop.webhook(event("charge.refunded", 1, dict(charge)))

    assert len(shop.work()) == 1, "it comes again"
    assert len(stored(shop)["refunds"]) == 2
    assert bad["id"] not in stored(shop)["refunds"]


def test_what_could_not_be_read_again_is_not_written(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever it is: the purchase that can be read stays."""
    from checkout.domain.refund import Refund  # noqa: PLC0415 - once the environment is set

    refund = made_refund(shop, 1)
    read = Refund.from_stripe

    def odd(found: Json) -> Refund:
        return replace(read(found), created_at=None)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(Refund, "from_stripe", odd)
        shop.webhook(event("refund.created", 1, refund))
        [failed] = shop.work()
    assert history(shop)["refundedAmountCents"] == 0

    assert shop.work(failed) == []
    assert history(shop)["refundedAmountCents"] == 1


# ------------------------------------------------------------ written badly before


def write(shop: Shop, **attributes: Any) -> None:
    from checkout.tables.item import to_item  # noqa: PLC0415 - as in the shop

    shop.aws.dynamodb.put_item(
        TableName=shop.aws.tables["PurchasesTable"],
        Item=to_item(stored(shop) | attributes),
    )


def test_a_purchase_whose_refund_was_stored_without_a_status_heals(
    shop: Shop,
) -> None:
    """What a null left behind: a map without the attribute."""
    refund = made_refund(shop, 999)
    bad = {"id": refund["id"], "amount": 999, "created_at": "2026-11-27T00:00:00.000Z"}
    write(shop, refunds={refund["id"]: bad})
    assert history(shop)["status"] == "refunding"

    shop.deliver(event("refund.updated", 1, refund))

    assert (history(shop)["status"], has_access(shop)) == ("refunded", False)


def test_a_purchase_whose_dispute_was_stored_without_its_reason_heals(
    shop: Shop,
) -> None:
    bad = {"id": "du_1", "amount": 999, "created_at": "2026-11-27T00:00:00.000Z"}
    write(shop, disputes={"du_1": bad})
    assert history(shop)["status"] == "disputed"


def test_a_purchase_with_attributes_of_a_later_release_is_read(shop: Shop) -> None:
    """A release that is taken back has written them."""
    refund = {
        "id": "re_1",
        "amount": 1,
        "status": "succeeded",
        "created_at": "2026-11-27T00:00:00.000Z",
        "failure_reason": "unknown here",
    }
    write(shop, refunds={"re_1": refund}, said_by_2031=True)

    assert history(shop)["refundedAmountCents"] == 1


def test_a_stripe_that_does_not_answer_for_a_charge_is_asked_again(shop: Shop) -> None:
    """Invariant 4: the event goes back to the queue."""
    refund = made_refund(shop, 1) | {"payment_intent": None}
    shop.stripe.sandbox.faults.add(Fault("GET", "/v1/charges", status=500, times=2))
    body = event("refund.created", 1, refund)
    shop.webhook(body)

    [failed] = shop.work()

    assert shop.work(failed) == []
    assert refund["id"] in stored(shop)["refunds"]
