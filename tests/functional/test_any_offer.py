"""Whatever a writer sends is refused by its fields, or can be sold: never a 5xx."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from checkout.kinds import model_of
from tests.functional.test_write_offers import NEW, put, withdraw
from tests.shop import Answer, Shop

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


@pytest.mark.parametrize("kind", KINDS)
def test_any_offer_is_refused_or_sold_and_withdrawn(shop: Shop, kind: str) -> None:
    offer_id, good = NEW[kind]
    _, model = model_of(kind)
    names = st.sampled_from([*model.model_fields, "unknown"])
    before = shop.aws.snapshot()
    statuses = set()

    @settings(
        max_examples=120,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(
        changes=st.dictionaries(names, VALUES, max_size=2), left_out=st.none() | names
    )
    def check(changes: dict[str, Any], left_out: str | None) -> None:
        shop.aws.restore(before)
        fields = {n: v for n, v in (good | changes).items() if n != left_out}
        written = put(shop, kind, offer_id, json.dumps(fields))
        statuses.add(written.status)
        if written.status == 400:
            assert written.body["fields"], fields
            assert shop.aws.snapshot() == before
            return
        assert written.status == 201, (fields, written)
        started = start(shop, kind, offer_id)
        assert started.status < 500, (fields, started)
        withdrawn = withdraw(shop, kind, offer_id)
        assert withdrawn.status == 200, (fields, withdrawn)
        assert withdrawn.body["expired_sessions"] == (started.status == 200)

    check()

    assert statuses == {201, 400}
