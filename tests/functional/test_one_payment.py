"""The whole story of one payment, for each kind of offer."""

import pytest

from tests.aws import on_moto_too
from tests.shop import PUBLISHED, Shop


def stripe_session_id(shop: Shop) -> str:
    [session] = shop.stripe.sessions()
    return str(session["id"])


@on_moto_too
@pytest.mark.parametrize(
    ("kind", "offer_id", "amount"),
    [
        ("bid", "42", 12999),
        ("auction", "auction_1", None),
        ("order", "order_1", None),
        ("product", "hero-me-feelings", 200),
        ("content", PUBLISHED, 999),
    ],
)
def test_a_payment_becomes_one_purchase(
    shop: Shop, kind: str, offer_id: str, amount: int | None
) -> None:
    created = shop.create(kind)
    assert created.status == 200, created.body
    stripe_id = stripe_session_id(shop)

    shop.stripe.pay(stripe_id)
    shop.deliver()

    [purchase] = shop.purchases()
    assert (purchase["kind"], purchase["offer_id"]) == (kind, offer_id)
    assert purchase["status"] == "completed"
    assert amount is None or purchase["amount"] == amount
    # The whole history, on purpose: nothing else happens to a payment that goes well.
    assert shop.audit.consists_of("checkout_created", "checkout_completed")
    status = shop.call(
        "GET /api/checkout/session-status", query={"session_id": stripe_id}
    )
    assert status.body == {"status": "complete"}
