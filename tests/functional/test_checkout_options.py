"""What an offer's options change: the page, the total, and what is recorded of both."""

import json
from datetime import timedelta
from typing import Any

import pytest
from time_machine import Traveller

from tests.functional.test_unfulfillable_payments import refunds
from tests.output import captured_log
from tests.shop import PUBLISHED, Shop, has_access
from tests.unit.test_checkout_options import EVERY, RATE

type Json = dict[str, Any]

OFFERS = {
    "bid": "bid#42",
    "auction": "auction#auction_1",
    "order": "order#order_1",
    "content": f"content#{PUBLISHED}",
    "product": "product#hero-me-feelings",
}
SOLD_ONCE = [kind for kind in OFFERS if kind != "product"]
ADDRESS = {
    "line1": "1 Mill Road",
    "city": "Cambridge",
    "postal_code": "CB1 2AD",
    "country": "GB",
}
SHIPPED: Json = {
    "shipping_address_collection": {"allowed_countries": ["GB", "DE"]},
    "shipping_options": [{"shipping_rate_data": RATE | {"tax_behavior": "exclusive"}}],
}
TAXED: Json = {"automatic_tax": {"enabled": True}, "tax_behavior": "exclusive"}
CODES: Json = {"allow_promotion_codes": True}
SHARES = ("platformFeeCents", "organizationFeeCents", "creatorPayoutCents")


def opened(shop: Shop, kind: str = "content", **options: Any) -> Json:
    """Begin the checkout of an offer with *options*; return the Checkout Session."""
    shop.change_offer(OFFERS[kind], options=options)
    answer = shop.create(kind)
    assert answer.status == 200, answer.body
    return dict(shop.stripe.sessions()[0])


def code(shop: Shop, **coupon: Any) -> str:
    """Make a promotion code at Stripe; return what the buyer enters."""
    made = shop.stripe.post("/v1/coupons", duration="once", **coupon)
    promotion = {"promotion[type]": "coupon", "promotion[coupon]": made["id"]}
    return str(shop.stripe.post("/v1/promotion_codes", **promotion)["code"])


def pay(shop: Shop, session: Json, **entered: Any) -> Json:
    """Fill in Stripe's page, and pay; return the purchase as its creator sees it."""
    shop.stripe.enter(session["id"], **entered)
    shop.stripe.pay(session["id"])
    shop.deliver()
    return shown(shop)


def shown(shop: Shop) -> Json:
    """Return the one purchase, as its creator sees it."""
    answer = shop.call(
        "GET /api/creators/{creatorId}/purchases",
        buyer="creator_1",
        path={"creatorId": "creator_1"},
    )
    [purchase] = answer.body["data"]
    return dict(purchase)


def revenue(shop: Shop) -> Json:
    answer = shop.call(
        "GET /api/creators/{creatorId}/revenue",
        buyer="creator_1",
        path={"creatorId": "creator_1"},
    )
    [total] = answer.body["totals"]
    return dict(total)


def for_creator(shop: Shop, kind: str) -> None:
    fees = {"platform_fee_bps": 1000, "organization_fee_bps": 500}
    shop.change_offer(OFFERS[kind], creator_id="creator_1", **fees)


@pytest.mark.parametrize("option", [name for name in EVERY if name[:4] != "tax_"])
def test_stripe_gets_each_option_as_it_is(shop: Shop, option: str) -> None:
    needed = {
        "shipping_options": {
            "shipping_options": [{"shipping_rate_data": RATE}],
            "shipping_address_collection": EVERY["shipping_address_collection"],
        },
        "custom_text": {
            "custom_text": EVERY["custom_text"],
            "consent_collection": EVERY["consent_collection"],
            "shipping_address_collection": EVERY["shipping_address_collection"],
        },
        "automatic_tax": TAXED,
    }
    options = needed.get(option, {option: EVERY[option]})
    session = opened(shop, "product", **options)

    [sent] = [json.loads(each["stripe_request"]) for each in shop.sessions()]
    assert {name: sent[name] for name in options if name in sent} == {
        name: value for name, value in options.items() if name != "tax_behavior"
    }
    if option not in {"shipping_options", "custom_fields", "automatic_tax"}:
        contained(EVERY[option], session[option])


def contained(given: Any, found: Any) -> None:
    """Check that Stripe's object has all that was given."""
    if isinstance(given, dict):
        for name, value in given.items():
            contained(value, found[name])
    else:
        assert found == given


@pytest.mark.parametrize("kind", OFFERS)
def test_a_code_a_tax_and_shipping_are_recorded_for_every_kind(
    shop: Shop, kind: str
) -> None:
    """They change the total, and no payment is quarantined for it."""
    for_creator(shop, kind)
    session = opened(shop, kind, **CODES, **TAXED, **SHIPPED)
    price = session["amount_subtotal"]

    purchase = pay(
        shop,
        session,
        promotion_code=code(shop, percent_off=20),
        customer_details={"address": ADDRESS},
        shipping_details={"name": "Ada", "address": ADDRESS},
    )

    paid = purchase["amountPaidCents"]
    discount, tax = purchase["discountCents"], purchase["taxCents"]
    assert purchase["status"] == "completed"
    assert discount == round(price / 5)
    assert purchase["shippingCents"] == 500
    assert tax > 0
    assert paid == price - discount + 500 + tax
    assert sum(purchase[share] for share in SHARES) == paid - tax - 500
    assert purchase["platformFeeCents"] == (price - discount) // 10
    total = revenue(shop)
    assert (total["grossCents"], total["discountCents"]) == (paid, discount)
    assert (total["taxCents"], total["shippingCents"]) == (tax, 500)
    assert sum(total[share] for share in SHARES) == paid - tax - 500
    [entry] = shop.audit.of("checkout_completed")
    assert (entry["discount_amount"], entry["tax_amount"]) == (discount, tax)
    assert entry["shipping_amount"] == 500


@pytest.mark.parametrize("behavior", ["inclusive", "exclusive"])
def test_a_price_may_contain_its_tax(shop: Shop, behavior: str) -> None:
    for_creator(shop, "content")
    options = {"automatic_tax": {"enabled": True}, "tax_behavior": behavior}
    session = opened(shop, **options)

    purchase = pay(shop, session, customer_details={"address": ADDRESS})

    added = purchase["amountPaidCents"] - session["amount_subtotal"]
    tax = purchase["taxCents"]
    assert (purchase["status"], tax > 0) == ("completed", True)
    assert added == (tax if behavior == "exclusive" else 0)
    assert sum(purchase[s] for s in SHARES) == purchase["amountPaidCents"] - tax


def test_the_tax_of_shipping_is_tax(shop: Shop) -> None:
    """Its price may contain it: what is left is the price of shipping."""
    for_creator(shop, "content")
    rate = RATE | {"tax_behavior": "inclusive"}
    options = TAXED | SHIPPED | {"shipping_options": [{"shipping_rate_data": rate}]}
    session = opened(shop, **options)

    purchase = pay(
        shop,
        session,
        customer_details={"address": ADDRESS},
        shipping_details={"name": "Ada", "address": ADDRESS},
    )

    assert purchase["status"] == "completed"
    assert 0 < purchase["shippingCents"] < 500
    rest = purchase["taxCents"] + purchase["shippingCents"]
    assert sum(purchase[s] for s in SHARES) == purchase["amountPaidCents"] - rest
    assert sum(purchase[s] for s in SHARES) == session["amount_subtotal"]


def test_a_refund_lowers_tax_and_shipping_in_proportion(shop: Shop) -> None:
    for_creator(shop, "content")
    session = opened(shop, **TAXED, **SHIPPED)
    paid = pay(
        shop,
        session,
        customer_details={"address": ADDRESS},
        shipping_details={"name": "Ada", "address": ADDRESS},
    )
    amount = paid["amountPaidCents"]
    parts = ("taxCents", "shippingCents", *SHARES)
    for part in (amount // 3, amount - amount // 3):
        shop.stripe.post(
            "/v1/refunds", payment_intent=paid["stripePaymentIntentId"], amount=part
        )
        shop.deliver()
        total = revenue(shop)
        left = total["grossCents"] - total["refundedCents"]
        assert sum(total[name] for name in parts) == left
        if left:
            assert total["taxCents"] == paid["taxCents"] * left // amount
            assert total["shippingCents"] == 500 * left // amount

    assert left == 0
    assert [total[name] for name in parts] == [0] * len(parts)
    assert shown(shop)["status"] == "refunded"


@pytest.mark.parametrize("kind", OFFERS)
def test_a_code_may_take_off_the_whole_price(shop: Shop, kind: str) -> None:
    for_creator(shop, kind)
    session = opened(shop, kind, **CODES)

    purchase = pay(shop, session, promotion_code=code(shop, percent_off=100))

    assert (purchase["status"], purchase["amountPaidCents"]) == ("completed", 0)
    assert purchase["discountCents"] == session["amount_subtotal"]
    assert purchase["stripePaymentIntentId"] is None
    if kind != "product":
        assert has_access(shop, kind)
        assert shop.create(kind).body["code"] in {
            "already_purchased",
            "not_purchasable",
        }


def test_nothing_waits_for_a_person_if_nothing_was_paid(shop: Shop) -> None:
    """The content was withdrawn while a code took off its whole price."""
    for_creator(shop, "content")
    session = opened(shop, **CODES)
    shop.stripe.enter(session["id"], promotion_code=code(shop, percent_off=100))
    shop.change_offer(OFFERS["content"], status="withdrawn")
    shop.stripe.pay(session["id"])
    shop.deliver()

    assert shown(shop)["status"] == "failed"
    assert (has_access(shop, "content"), refunds(shop)) == (False, [])
    assert not shop.audit.of("purchase_quarantined")
    [entry] = shop.audit.of("unfulfillable_payment")
    assert entry["reason"] == "offer_not_sellable"


@pytest.mark.parametrize(
    ("options", "details", "total"),
    [
        ({}, {"amount_discount": 99}, 900),
        ({}, {"amount_tax": 190}, 1189),
        ({}, {"amount_shipping": 500}, 1499),
        (CODES, {"amount_discount": 99}, 899),
        (CODES, {"amount_tax": 190}, 1189),
        (TAXED, {"amount_tax": 190}, 1190),
        (TAXED, {"amount_tax": 190}, 998),
        (TAXED, {"amount_discount": 99}, 900),
        (SHIPPED, {"amount_shipping": 500}, 999),
        (CODES | TAXED | SHIPPED, {}, 1000),
    ],
)
def test_what_no_option_allows_is_quarantined(
    shop: Shop, options: Json, details: Json, total: int
) -> None:
    """Somebody has changed the session at Stripe; the price is 999."""
    event = paid_event(shop, opened(shop, **options))
    event["data"]["object"] |= {
        "amount_subtotal": 999,
        "amount_total": total,
        "total_details": details,
        "shipping_cost": None,
    }
    shop.deliver(event)

    [purchase] = shop.purchases()
    assert (purchase["status"], purchase["amount"]) == ("quarantined", total)
    assert purchase["quarantine_reason"] == "another_amount"
    shares = ("platform_fee", "organization_fee", "creator_payout")
    parts = purchase.get("tax_amount", 0) + purchase.get("shipping_amount", 0)
    assert sum(purchase[share] for share in shares) + parts == total


def paid_event(shop: Shop, session: Json) -> Json:
    entered: Json = {"customer_details": {"address": ADDRESS}}
    if session["shipping_address_collection"]:
        entered["shipping_details"] = {"name": "Ada", "address": ADDRESS}
    shop.stripe.enter(session["id"], **entered)
    shop.stripe.pay(session["id"])
    return dict(shop.stripe.events("checkout.session.completed")[-1])


def test_another_subtotal_is_quarantined_whatever_the_total(shop: Shop) -> None:
    session = opened(shop, **CODES)
    event = paid_event(shop, session)
    event["data"]["object"] |= {
        "amount_subtotal": 1999,
        "total_details": {"amount_discount": 1000},
    }

    shop.deliver(event)

    assert shop.purchases()[0]["quarantine_reason"] == "another_amount"


ENTERED: Json = {
    "shipping_details": {"name": "Ada Lovelace", "address": ADDRESS},
    "customer_details": {
        "address": ADDRESS,
        "phone": "+442079460000",
        "tax_ids": [{"type": "gb_vat", "value": "GB123456789"}],
    },
    "custom_fields": [{"key": "size", "value": "l"}],
    "consent": {"terms_of_service": "accepted"},
}
ASKING = (
    "shipping_address_collection",
    "billing_address_collection",
    "phone_number_collection",
    "tax_id_collection",
    "custom_fields",
    "consent_collection",
)


def test_what_the_buyer_entered_is_on_the_purchase_and_in_no_log(
    shop: Shop,
) -> None:
    for_creator(shop, "content")
    asking = {name: EVERY[name] for name in ASKING}
    asking["shipping_address_collection"] = SHIPPED["shipping_address_collection"]
    with captured_log() as log:
        session = opened(shop, **asking)
        to_creator = pay(shop, session, **ENTERED)

    assert to_creator["entered"] == {
        "shipping_details": {"name": "Ada Lovelace", "address": ADDRESS},
        "billing_address": ADDRESS,
        "phone": "+442079460000",
        "tax_ids": [{"type": "gb_vat", "value": "GB123456789"}],
        "custom_fields": {"size": "l"},
        "consent": {"terms_of_service": "accepted", "promotions": "opt_out"},
    }
    [to_buyer] = shop.call("GET /api/purchases", buyer="user_1").body["data"]
    assert to_buyer["entered"] == to_creator["entered"]
    logged = log.getvalue()
    assert not any(word in logged for word in ("Lovelace", "Mill", "7946", "GB123"))
    [entry] = shop.audit.of("checkout_completed")
    assert entry["entered"] == to_creator["entered"]
    others = [e for e in shop.aws.items("AuditLogTable") if e != entry]
    audit = json.dumps(others, default=str)
    assert not any(word in audit for word in ("Lovelace", "Mill", "7946", "GB123"))


def test_what_no_option_asked_for_is_not_recorded(shop: Shop) -> None:
    for_creator(shop, "content")
    session = opened(shop, **TAXED)

    purchase = pay(shop, session, customer_details={"address": ADDRESS})

    assert "entered" not in purchase


@pytest.mark.parametrize("kind", SOLD_ONCE)
def test_other_options_are_other_terms(shop: Shop, kind: str) -> None:
    first = opened(shop, kind)
    again = opened(shop, kind)
    second = opened(shop, kind, **CODES)

    assert first["id"] == again["id"] != second["id"]
    [expired] = [s for s in shop.stripe.sessions() if s["id"] == first["id"]]
    assert expired["status"] == "expired"


@pytest.mark.parametrize("kind", OFFERS)
def test_an_option_that_stripe_refuses_is_named(shop: Shop, kind: str) -> None:
    options = {"shipping_options": [{"shipping_rate": "shr_unknown"}]}
    shop.change_offer(OFFERS[kind], options=options | SHIPPED | options)

    answer = shop.create(kind)

    assert (answer.status, answer.body["code"]) == (400, "not_purchasable")
    assert "its option shipping_options" in answer.body["error"]


@pytest.mark.parametrize("kind", OFFERS)
@pytest.mark.parametrize("options", [{"discounts": []}, {"locale": "xx"}, "all", [1]])
def test_a_mistake_in_the_options_is_not_sold(
    shop: Shop, kind: str, options: Any
) -> None:
    shop.change_offer(OFFERS[kind], options=options)

    with captured_log() as log:
        answer = shop.create(kind)

    assert (answer.status, answer.body["code"]) == (400, "not_purchasable")
    assert shop.stripe.sessions() == []
    [line] = [e for e in log.getvalue().splitlines() if "offer_refused" in e]
    assert json.loads(line)["field"].startswith("options")


# ------------------------------------------------------------ recovery after expiry

RECOVERY: Json = {"after_expiration": {"recovery": {"enabled": True}}}


def recovered(shop: Shop) -> Json:
    """Let a product's session expire, and return to it by its recovery address."""
    for_creator(shop, "product")
    session = opened(shop, "product", **RECOVERY)
    shop.stripe.post(f"/v1/checkout/sessions/{session['id']}/expire")
    shop.deliver()
    shop.stripe.recover(session["id"])
    found = shop.stripe.sessions()[0]
    assert found["recovered_from"] == session["id"]
    return dict(found)


def test_a_recovered_session_is_a_purchase_of_its_own(shop: Shop) -> None:
    session = recovered(shop)
    shop.stripe.pay(session["id"])
    shop.deliver()

    purchase = shown(shop)
    assert (purchase["status"], purchase["amountPaidCents"]) == ("completed", 200)
    assert purchase["stripeSessionId"] == session["id"]
    status = shop.call(
        "GET /api/checkout/payment-status", query={"session_id": session["id"]}
    )
    assert status.body == {"status": "complete", "payment_status": "paid"}


@pytest.mark.frozen_at("2026-05-06T07:08:09Z")
@pytest.mark.parametrize("by", ["webhook", "reconcile"])
def test_a_recovered_session_needs_none_of_our_metadata(
    shop: Shop, clock: Traveller, by: str
) -> None:
    """Whether Stripe copies it is not documented."""
    session = recovered(shop)
    shop.stripe.pay(session["id"])
    bare = {"metadata": {}, "client_reference_id": None}
    if by == "webhook":
        event = shop.stripe.events("checkout.session.completed")[-1]
        event["data"]["object"] |= bare
        shop.deliver(event)
    else:
        for event in shop.stripe.sandbox.store.all("event"):
            if event["data"]["object"]["id"] == session["id"]:
                event["data"]["object"] |= bare
        clock.shift(timedelta(minutes=2))
        shop.reconcile()
        shop.work()

    assert shown(shop)["status"] == "completed"


def test_two_recovered_sessions_are_two_purchases(shop: Shop) -> None:
    first = recovered(shop)
    shop.stripe.recover(first["recovered_from"])
    for session in shop.stripe.sessions()[:2]:
        shop.stripe.pay(session["id"])
    shop.deliver()
    shop.deliver(*shop.stripe.events("checkout.session.completed"))

    assert [p["status"] for p in shop.purchases()] == ["completed", "completed"]


def test_a_session_that_only_says_that_it_was_recovered_is_quarantined(
    shop: Shop,
) -> None:
    session = opened(shop)
    event = paid_event(shop, session)
    event["data"]["object"] |= {"id": "cs_test_2", "recovered_from": session["id"]}

    shop.deliver(event)

    [purchase] = shop.purchases()
    assert purchase["quarantine_reason"] == "another_stripe_session"


# ------------------------------------------------------------ what an attack found


def free(shop: Shop, kind: str) -> Json:
    """Let a code take off the whole price; return Stripe's event."""
    session = opened(shop, kind, **CODES)
    shop.stripe.enter(session["id"], promotion_code=code(shop, percent_off=100))
    shop.stripe.pay(session["id"])
    return dict(shop.stripe.events("checkout.session.completed")[-1])


@pytest.mark.parametrize("kind", SOLD_ONCE)
def test_a_purchase_of_nothing_can_be_ended_and_bought_again(
    shop: Shop, kind: str
) -> None:
    shop.deliver(free(shop, kind))
    [purchase] = shop.purchases()

    for _ in range(2):
        answer = shop.call(
            "POST /api/purchases/{id}/refund",
            {},
            buyer="operator_1",
            groups="[payments-admin]",
            path={"id": purchase["id"]},
        )
        assert (answer.status, answer.body["status"]) == (200, "failed")

    assert (has_access(shop, kind), refunds(shop)) == (False, [])
    entries = shop.audit.of("purchase_refunded")
    assert [entry["refund_amount"] for entry in entries] == [0]
    if kind == "content":
        assert shop.create(kind).status == 200


def test_a_session_of_nothing_is_a_sale_also_if_stripe_calls_it_paid(
    shop: Shop,
) -> None:
    event = free(shop, "content")
    event["data"]["object"]["payment_status"] = "paid"

    shop.deliver(event)

    assert shop.purchases()[0]["status"] == "completed"


@pytest.mark.parametrize("pays", [True, False])
def test_a_bank_debit_is_audited_with_its_own_amount(shop: Shop, *, pays: bool) -> None:
    shop.change_offer(OFFERS["content"], price={"amount": 1000, "currency": "eur"})
    session = opened(shop, **CODES)
    shop.stripe.enter(session["id"], promotion_code=code(shop, percent_off=20))
    shop.stripe.pay_by_bank(session["id"])
    shop.deliver()
    [purchase] = shop.purchases()
    shop.stripe.bank_decides(purchase["stripe_payment_intent_id"], pays=pays)
    shop.deliver()

    action = "checkout_completed" if pays else "payment_failed"
    entries = shop.audit.of("payment_processing") + shop.audit.of(action)
    assert [(e["amount"], e["discount_amount"]) for e in entries] == [(800, 200)] * 2


def test_who_gets_the_money_is_part_of_the_terms(shop: Shop) -> None:
    for_creator(shop, "content")
    first = opened(shop)
    shop.change_offer(OFFERS["content"], creator_id="creator_2", platform_fee_bps=0)
    second = opened(shop)

    assert first["id"] != second["id"]
    shop.stripe.pay(second["id"])
    shop.deliver()
    assert shop.purchases()[0]["creator_id"] == "creator_2"


def test_a_negative_discount_is_quarantined(shop: Shop) -> None:
    event = paid_event(shop, opened(shop, **CODES))
    event["data"]["object"] |= {
        "amount_total": 1499,
        "total_details": {"amount_discount": -500},
    }

    shop.deliver(event)

    assert shop.purchases()[0]["quarantine_reason"] == "another_amount"
