"""Payments are found by every id that Stripe's mails, dashboard and exports show."""

from collections.abc import Callable
from typing import Any

import pytest

from checkout.clients import credentials
from tests.cli.conftest import Operator
from tests.cli.test_show import EMAIL, buy, found_by, newest
from tests.functional.test_restricted_key import PERMISSIONS, with_key
from tests.shop import PUBLISHED, Shop
from tests.stripe_side import DECLINED_CARD

type Id = Callable[[Shop, str], str]


def charge(shop: Shop, payment_intent: str) -> str:
    return str(first(shop, "charges", payment_intent)["id"])


def refund(shop: Shop, payment_intent: str) -> str:
    made = shop.stripe.post("/v1/refunds", payment_intent=payment_intent, amount=100)
    return str(made["id"])


def dispute(shop: Shop, payment_intent: str) -> str:
    return str(shop.stripe.control("charges", payment_intent, "dispute")["id"])


def fraud_warning(shop: Shop, payment_intent: str) -> str:
    made = shop.stripe.control("charges", payment_intent, "early_fraud_warning")
    return str(made["id"])


def booking_of_the_payment(shop: Shop, payment_intent: str) -> str:
    return str(first(shop, "charges", payment_intent)["balance_transaction"])


def booking_of_a_refund(shop: Shop, payment_intent: str) -> str:
    made = shop.stripe.post("/v1/refunds", payment_intent=payment_intent, amount=100)
    return str(made["balance_transaction"])


def booking_of_a_dispute(shop: Shop, payment_intent: str) -> str:
    made = shop.stripe.control("charges", payment_intent, "dispute")
    [booked] = shop.stripe.get(f"/v1/disputes/{made['id']}")["balance_transactions"]
    return str(booked["id"])


def first(shop: Shop, path: str, payment_intent: str) -> dict[str, Any]:
    listed = shop.stripe.get(f"/v1/{path}", payment_intent=payment_intent)
    found: dict[str, Any] = listed["data"][0]
    return found


IDS: list[Id] = [
    charge,
    refund,
    booking_of_the_payment,
    booking_of_a_refund,
    fraud_warning,
    dispute,
    booking_of_a_dispute,
]


@pytest.mark.parametrize("id_of", IDS, ids=lambda each: each.__name__)
def test_what_stripe_names_leads_to_its_payment(
    shop: Shop, operator: Operator, id_of: Id
) -> None:
    session = buy(shop)
    given = id_of(shop, session["stripe_payment_intent_id"])

    assert found_by(operator, given) == [session["id"]]
    assert operator("show", given, "--offline").exit_code == 1


def test_so_it_does_with_a_key_of_the_documented_permissions(
    shop: Shop, operator: Operator
) -> None:
    session = buy(shop)
    payment_intent = session["stripe_payment_intent_id"]
    given = [id_of(shop, payment_intent) for id_of in IDS[:-1]]
    with_key(shop, PERMISSIONS)
    credentials.forget()

    for each in (*given, EMAIL):
        assert found_by(operator, each) == [session["id"]], each


def test_a_payment_by_bank_has_ids_of_other_names(
    shop: Shop, operator: Operator
) -> None:
    price = {"amount": 999, "currency": "eur"}
    shop.change_offer(f"content#{PUBLISHED}", price=price)
    shop.create("content")
    shop.stripe.pay_by_bank(newest(shop)["stripe_session_id"])
    shop.deliver()
    payment_intent = shop.stripe.sessions()[0]["payment_intent"]
    shop.stripe.bank_decides(payment_intent, pays=True)
    shop.deliver()
    given = [charge(shop, payment_intent), refund(shop, payment_intent)]

    assert [each.partition("_")[0] for each in given] == ["py", "pyr"]
    for each in given:
        assert found_by(operator, each) == [newest(shop)["id"]], each


def test_a_declined_charge_leads_to_its_session(shop: Shop, operator: Operator) -> None:
    shop.create("content")
    shop.stripe.pay(newest(shop)["stripe_session_id"], DECLINED_CARD)
    [event] = shop.stripe.events("payment_intent.payment_failed")
    declined = charge(shop, event["data"]["object"]["id"])

    assert found_by(operator, declined) == [newest(shop)["id"]]


@pytest.mark.parametrize("id_of", [refund, dispute], ids=lambda each: each.__name__)
def test_what_follows_a_payment_that_has_not_arrived_leads_to_its_session(
    shop: Shop, operator: Operator, id_of: Id
) -> None:
    """No purchase points from the payment intent: Stripe knows whose it is."""
    shop.create("content")
    paid = shop.stripe.pay(newest(shop)["stripe_session_id"])
    payment_intent = shop.stripe.sessions()[0]["payment_intent"]
    assert paid["status"] == "complete"

    given = id_of(shop, payment_intent)

    assert found_by(operator, given) == [newest(shop)["id"]]


def test_an_e_mail_address_leads_to_what_was_paid_with_it(
    shop: Shop, operator: Operator
) -> None:
    session = buy(shop)
    shop.create("content", "user_2", email="bob@example.test")
    shop.stripe.pay(newest(shop)["stripe_session_id"])

    assert found_by(operator, EMAIL) == [session["id"]]
    refused = operator("show", EMAIL, "--offline")
    assert refused.exit_code == 1
    assert "Stripe was not asked, because of --offline." in refused.stderr


def test_a_customer_of_stripe_leads_to_all_payments(
    shop: Shop, operator: Operator
) -> None:
    ids = []
    for kind in ("content", "order"):
        session = buy(shop, kind)
        shop.stripe.sandbox.checkouts[session["stripe_session_id"]].session[
            "customer"
        ] = "cus_Ada"
        ids.append(session["id"])

    assert set(found_by(operator, "cus_Ada")) == {*ids}


def test_a_buyers_id_leads_to_their_payments_and_to_no_other(
    shop: Shop, operator: Operator
) -> None:
    ids = {buy(shop, kind)["id"] for kind in ("content", "order")}
    shop.create("content", "user_2")

    assert set(found_by(operator, "user_1")) == ids
    assert set(found_by(operator, "user_1", "--offline")) == ids


def test_a_buyer_who_is_called_as_an_e_mail_address_is_found_without_stripe(
    shop: Shop, operator: Operator
) -> None:
    shop.create("content", "ada@example.org")

    assert found_by(operator, "ada@example.org", "--offline") == [newest(shop)["id"]]


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("gcus_1abc", "Guest customers are in Stripe's dashboard only"),
        ("1234-5678", "Stripe's API cannot search for it"),
        ("pm_1abc", "These are understood: ps_ and pur_ (ours), cs_, pi_"),
        ("", "This is not the id of a payment."),
    ],
)
def test_what_leads_to_nothing_says_what_would(
    operator: Operator, given: str, why: str
) -> None:
    result = operator("show", given)

    assert result.exit_code == 1
    assert why in result.stderr


def test_help_names_every_prefix_that_stripe_is_asked_for(operator: Operator) -> None:
    from cli.find_at_stripe import PREFIXES, UNDERSTOOD  # noqa: PLC0415 - as above

    del operator  # it has set the environment
    assert {f"{prefix}_" for prefix in PREFIXES} <= {
        *UNDERSTOOD.replace(",", "").split()
    }


def test_a_payment_of_another_stack_is_not_found(
    shop: Shop, operator: Operator
) -> None:
    """Two stacks may share an account of Stripe's."""
    empty = shop.aws.snapshot()
    given = charge(shop, buy(shop)["stripe_payment_intent_id"])
    shop.aws.restore(empty)

    assert operator("show", given).exit_code == 1
    assert operator("show", EMAIL).exit_code == 1


# ---------------------------------------------------------------- to change one


@pytest.mark.parametrize("id_of", [charge, dispute], ids=lambda each: each.__name__)
def test_a_purchase_is_named_by_any_of_its_ids(
    shop: Shop, operator: Operator, id_of: Id
) -> None:
    session = buy(shop)
    given = id_of(shop, session["stripe_payment_intent_id"])

    for each in (given, session["id"], PUBLISHED, "user_1", EMAIL):
        asked = operator("refund", each, answer="n\n").stderr
        assert f"of {shop.purchases()[0]['id']} " in asked, each


def test_an_id_of_several_purchases_changes_none(
    shop: Shop, operator: Operator
) -> None:
    buy(shop, "content")
    buy(shop, "order")

    for command in (("refund",), ("quarantine", "accept")):
        result = operator(*command, "user_1", "--yes")

        assert result.exit_code == 1
        assert "user_1 names 2 purchases, so nothing was changed" in result.stderr
        for purchase in shop.purchases():
            assert purchase["id"] in result.stderr
    assert shop.stripe.get("/v1/refunds")["data"] == []


def test_a_session_that_nobody_paid_has_no_purchase_to_refund(
    shop: Shop, operator: Operator
) -> None:
    shop.create("content")

    result = operator("refund", newest(shop)["id"], "--yes")

    assert result.exit_code == 1
    assert "has no purchase: nobody has paid" in result.stderr
