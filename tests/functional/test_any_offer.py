"""Whatever a writer sends is refused by its fields, or can be sold and refunded."""

import json
from itertools import count
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from checkout.kinds import model_of
from tests.functional.test_write_offers import NEW, put, withdraw
from tests.shop import Answer, Shop
from tests.unit.test_checkout_options import EVERY

pytestmark = pytest.mark.slow

TEXTS = st.sampled_from(
    ["", " ", "x", "x" * 1001, "usd", "USD", "\ud800", "名前", "\0"]
)
NUMBERS = st.sampled_from([0, 1, -1, 49, 50, 999, 10**8, 10**12, 10**40, 0.5, 1e300])
VALUES = st.recursive(
    st.none() | st.booleans() | TEXTS | NUMBERS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["amount", "currency", "a"]), inner)
        | st.fixed_dictionaries({"amount": inner, "currency": inner})
        | st.lists(
            st.fixed_dictionaries(
                {"name": inner, "quantity": inner, "unit_price_cents": inner}
            ),
            max_size=2,
        )
    ),
    max_leaves=6,
)
KINDS = ["bid", "auction", "order", "content", "product", "quote"]


def start(shop: Shop, kind: str, offer_id: str) -> Answer:
    if kind == "order":
        return shop.create(kind, path={"orderId": offer_id})
    name = {"content": "contentId"}.get(kind, f"{kind}_id")
    return shop.create(kind, **{name: offer_id})


# As they should be, or with anything in their place.
OPTIONS = st.dictionaries(
    st.sampled_from([*EVERY, "discounts"]),
    st.sampled_from([*EVERY.values()]) | VALUES,
    max_size=3,
) | st.lists(st.sampled_from([*EVERY]), max_size=4).map(
    lambda names: {name: EVERY[name] for name in names}
)
ADDRESS = {
    "line1": "1 Main Street",
    "city": "Springfield",
    "postal_code": "62701",
    "state": "IL",
    "country": "US",
}
ID_OF = {
    "content": lambda number: str(UUID(int=number)),
    "quote": "{:032x}".format,
}
ANSWERS = {"text": "note", "numeric": "123", "dropdown": "l"}


def pay(shop: Shop) -> None:
    """Fill in all that the newest session asks for, and pay."""
    session = shop.stripe.sessions()[0]
    entered: dict[str, Any] = {}
    customer: dict[str, Any] = {}
    if session["automatic_tax"]["enabled"] or session.get("billing_address_collection"):
        customer["address"] = ADDRESS
    if (session.get("phone_number_collection") or {}).get("enabled"):
        customer["phone"] = "+12175550123"
    if (session.get("tax_id_collection") or {}).get("enabled"):
        customer["tax_ids"] = [{"type": "us_ein", "value": "12-3456789"}]
    if shipping := session.get("shipping_address_collection"):
        country = {"country": shipping["allowed_countries"][0]}
        entered["shipping_details"] = {"name": "Ada", "address": ADDRESS | country}
    if fields := session.get("custom_fields"):
        entered["custom_fields"] = [
            {"key": each["key"], "value": ANSWERS[each["type"]]} for each in fields
        ]
    if (session.get("consent_collection") or {}).get("terms_of_service") == "required":
        entered["consent"] = {"terms_of_service": "accepted"}
    shop.stripe.enter(session["id"], **entered, customer_details=customer)
    shop.stripe.pay(session["id"])
    shop.deliver(*shop.stripe.events_of(session["id"], "checkout.session.completed"))


def in_order(tables: dict[str, Any]) -> dict[str, list[str]]:
    """Return what the tables hold; in which order, says nothing."""
    return {name: sorted(map(str, items)) for name, items in tables.items()}


def refund(shop: Shop) -> Answer:
    return shop.call(
        "POST /api/purchases/{id}/refund",
        {},
        buyer="operator_1",
        groups="[payments-admin]",
        path={"id": shop.purchases()[0]["id"]},
    )


@pytest.mark.parametrize("kind", KINDS)
def test_any_offer_is_refused_or_sold_and_refunded_or_withdrawn(
    shop: Shop, kind: str
) -> None:
    _, good = NEW[kind]
    # Stripe remembers: each example has an offer of its own.
    ids = map(ID_OF.get(kind, "x{}".format), count(1))
    _, model = model_of(kind)
    names = st.sampled_from([*model.model_fields, "unknown"])
    before = shop.aws.snapshot()
    seen = set()

    @settings(
        max_examples=60,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(
        changes=st.dictionaries(names, VALUES, max_size=2)
        | st.fixed_dictionaries({"options": OPTIONS}),
        left_out=st.none() | st.none() | names,
        is_paid=st.booleans(),
    )
    def check(changes: dict[str, Any], left_out: str | None, *, is_paid: bool) -> None:
        shop.aws.restore(before)
        offer_id = next(ids)
        fields = {n: v for n, v in (good | changes).items() if n != left_out}
        written = put(shop, kind, offer_id, json.dumps(fields))
        if written.status == 400:
            assert written.body["fields"], fields
            assert in_order(shop.aws.snapshot()) == in_order(before)
            seen.add("refused")
            return
        assert written.status == 201, (fields, written)
        path = {"kind": kind, "id": offer_id}
        anybody = shop.call("GET /api/offers/{kind}/{id}", path=path)
        mine = shop.call("GET /api/me/offers/{kind}/{id}", buyer="user_1", path=path)
        assert {anybody.status, mine.status} <= {200, 404}, (fields, anybody, mine)
        started = start(shop, kind, offer_id)
        assert started.status < 500, (fields, started)
        is_started = started.status == 200
        if mine.status == 200 and started.body.get("code") != "not_purchasable":
            assert mine.body["buyable"] == is_started, (fields, mine, started)
        if is_started and is_paid:
            seen.add("sold")
            pay(shop)
            assert shop.purchases()[0]["status"] == "completed", fields
            refunded = refund(shop)
            assert refunded.status == 200, (fields, refunded)
            assert refunded.body["status"] == "refunded", (fields, refunded)
            return
        withdrawn = withdraw(shop, kind, offer_id)
        assert withdrawn.status == 200, (fields, withdrawn)
        assert withdrawn.body["expired_sessions"] == is_started
        seen.add("withdrawn")

    check()

    assert seen == {"refused", "sold", "withdrawn"}
