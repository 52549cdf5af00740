"""A restricted key with the documented permissions is enough."""

from http import HTTPStatus

from tests.shop import Shop

# docs/operations.md names these as Stripe's dashboard does. The source of a balance
# transaction has a permission of its own, beside that of the balance.
PERMISSIONS = {
    "checkout_session_write",
    "charge_write",
    "payment_intent_read",
    "balance_read",
    "balance_transaction_source_read",
    "dispute_read",
    "event_read",
    "webhook_read",
}


def with_key(shop: Shop, permissions: set[str]) -> None:
    key = shop.stripe.sandbox.restricted_key(permissions)
    shop.aws.set_secret("stripe/secret-key", key)


def refused(shop: Shop) -> list[str]:
    return [
        f"{call['method']} {call['path']}"
        for call in shop.stripe.sandbox.requests
        if call["status"] == HTTPStatus.FORBIDDEN
    ]


def bought(shop: Shop, buyer: str) -> str:
    """Buy content and look at the status; return the purchase's id."""
    assert shop.create("content", buyer).status == 200
    stripe_id = shop.sessions()[-1]["stripe_session_id"]
    shop.call("GET /api/checkout/session-status", query={"session_id": stripe_id})
    shop.stripe.pay(stripe_id)
    shop.deliver()
    return shop.purchase_of(stripe_id)


def test_the_documented_permissions_are_enough(shop: Shop) -> None:
    """For sales, a refund, a dispute, sessions that end, and reconcile."""
    with_key(shop, PERMISSIONS)
    refunded, disputed = bought(shop, "user_1"), bought(shop, "user_2")
    shop.create("bid")
    shop.create("bid", success_url="https://shop.example.test/other")

    answer = shop.call(
        "POST /api/purchases/{id}/refund",
        {},
        buyer="operator_1",
        groups="[payments-admin]",
        path={"id": refunded},
        headers={"idempotency-key": "refund-of-content-1"},
    )
    intent = shop.aws.item("PurchasesTable", disputed)["stripe_payment_intent_id"]
    shop.stripe.control("charges", intent, "dispute")
    shop.invoke("ReconcileFunction", {})
    assert not shop.work()
    shop.deliver()
    shop.invoke("ReconcileFunction", {})

    assert answer.status == 200, answer.body
    assert refused(shop) == []


def test_a_key_that_may_not_create_sessions_sells_nothing(shop: Shop) -> None:
    with_key(shop, PERMISSIONS - {"checkout_session_write"})

    answer = shop.create("content")

    assert answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR
    assert "rk_test" not in str(answer.body)
    assert "permission" not in str(answer.body)
    assert refused(shop) == ["POST /v1/checkout/sessions"]
