"""`buyable` and create agree, whatever the offer, its payments and the time."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import Traveller
from tests.functional.test_broken_offers import MISSING, PLACES, VALUES, write
from tests.functional.test_pending_purchases import decide, pay_by_bank
from tests.shop import ACCESS, ORIGIN, Answer, Shop

START = "2031-05-06T07:08:09Z"
HOUR = 3600
BUYERS = ["user_1", "user_2"]
IDS = ACCESS | {"product": "hero-me-feelings"}
KINDS = sorted(IDS)
URLS = {"success_url": f"{ORIGIN}/done", "cancel_url": f"{ORIGIN}/"}
# Values that mean something to some kind, for the fields that they are meant for.
SENSIBLE: dict[str, list[Any]] = {
    "status": [
        *("open", "purchased", "closed", "accepted", "paid", "refunded", "withdrawn"),
        *("CREATED", "PAID", "CANCELLED", "REFUNDED", "draft", "published"),
        *("active", "inactive"),
    ],
    "price": [
        {"amount": amount, "currency": currency}
        for amount in (0, 49, 50, 999, 10**8)
        for currency in ("usd", "EUR", "xyz")
    ],
    "owner_id": BUYERS,
    "winner_id": BUYERS,
    "accepted_at": ["2031-05-06T07:08:09Z", "2031-05-05T07:08:10Z"],
    "deleted_at": ["2031-01-01T00:00:00Z"],
    "offer_type": ["retail", "service_provider"],
    "row_id": ["7", "8", "9"],
}
ANONYMOUS = ("product", "quote")
pytestmark = pytest.mark.frozen_at(START)


def read(shop: Shop, kind: str, buyer: str = "user_1") -> Answer:
    path = {"kind": kind, "id": IDS[kind]}
    return shop.call("GET /api/me/offers/{kind}/{id}", buyer=buyer, path=path)


def create(shop: Shop, kind: str, buyer: str) -> Answer:
    """Ask for the offer as its own frontend does, with a login if its route has one."""
    if kind == "quote":
        return shop.create("quote")
    row_id = shop.aws.item("OffersTable", "bid#42").get("row_id")
    bodies: dict[str, dict[str, Any]] = {
        "bid": {"row_id": row_id if isinstance(row_id, str) else "7", **URLS},
        "content": {"successUrl": f"{ORIGIN}/done", "cancelUrl": f"{ORIGIN}/"},
    }
    names = {"auction": "auction_id", "bid": "bid_id", "content": "contentId"}
    names |= {"order": "orderId", "product": "product_id"}
    body = {names[kind]: IDS[kind]} | bodies.get(kind, {})
    path = {"kind": kind}
    return shop.call("POST /api/checkout/{kind}", body, buyer=buyer, path=path)


# ---------------------------------------------------------------- what has happened


def nothing(shop: Shop, kind: str) -> None:
    pass


def begun(shop: Shop, kind: str) -> None:
    assert create(shop, kind, "user_1").status == 200


def paid(shop: Shop, kind: str) -> None:
    begun(shop, kind)
    shop.stripe.pay(shop.stripe.sessions()[0]["id"])
    shop.deliver()


def refunded(shop: Shop, kind: str) -> None:
    paid(shop, kind)
    [purchase] = shop.purchases()
    intent = purchase["stripe_payment_intent_id"]
    shop.stripe.post("/v1/refunds", payment_intent=intent)
    shop.deliver()


def disputed(shop: Shop, kind: str) -> None:
    paid(shop, kind)
    [purchase] = shop.purchases()
    intent = purchase["stripe_payment_intent_id"]
    shop.stripe.control("charges", intent, "dispute")
    shop.deliver()


def quarantined(shop: Shop, kind: str) -> None:
    begun(shop, kind)
    shop.stripe.pay(shop.stripe.sessions()[0]["id"])
    [event] = shop.stripe.events("checkout.session.completed")
    event["data"]["object"]["amount_total"] = 1
    shop.deliver(event)


def pending(shop: Shop, kind: str) -> None:
    if kind not in ANONYMOUS:  # they offer no such methods
        shop.deliver(pay_by_bank(shop, kind))


def bank_refused(shop: Shop, kind: str) -> None:
    if kind not in ANONYMOUS:
        shop.deliver(event := pay_by_bank(shop, kind))
        shop.deliver(decide(shop, event, pays=False))


def cancelled(shop: Shop, kind: str) -> None:
    begun(shop, kind)
    [session] = shop.sessions()
    shop.call(
        "POST /payments/sessions/{paymentSessionId}/cancel",
        buyer="user_1",
        path={"paymentSessionId": session["id"]},
    )


def unreadable(shop: Shop, kind: str) -> None:
    begun(shop, kind)
    [session] = shop.sessions()
    shop.aws.change("PaymentSessionsTable", session["id"], status="weird")


# What the generated states of each kind must have led to, or they prove little.
SAID = {"buyable", "not_found", "not_purchasable"}
SAID_OF = {
    "auction": {"payment_in_progress", "already_purchased", "payment_window_closed"},
    "bid": {"payment_in_progress", "already_purchased", "no row"},
    "content": {"payment_in_progress", "already_purchased"},
    "order": {"payment_in_progress"},
    "product": set[str](),
    "quote": {"payment_in_progress", "already_purchased"},
}
HISTORIES = [nothing, begun, paid, refunded, disputed, quarantined, pending]
HISTORIES += [bank_refused, cancelled, unreadable]
type History = Callable[[Shop, str], None]


def changes_of(kind: str) -> st.SearchStrategy[list[tuple[str, str, Any]]]:
    """Return what a host application may write of an offer, also what it must not."""
    places = [(item, field) for each, item, field in PLACES if each == kind]
    places += [("bid#42", "row_id"), ("row#7", "deleted_at")] if kind == "bid" else []
    return st.lists(st.sampled_from(places).flatmap(change_at), max_size=2)


def change_at(place: tuple[str, str]) -> st.SearchStrategy[tuple[str, str, Any]]:
    item, field = place
    sensible = st.sampled_from([*SENSIBLE.get(field, []), MISSING])
    # An index has only texts.
    values = sensible if field == "row_id" else sensible | st.sampled_from(VALUES)
    return st.tuples(st.just(item), st.just(field), values)


def check(shop: Shop, kind: str, buyer: str) -> str:
    """Compare the two answers; return what both said."""
    before = shop.aws.snapshot()
    shown = read(shop, kind, buyer)
    assert shop.aws.snapshot() == before
    created = create(shop, kind, buyer)
    assert created.status in {200, 400, 404, 409}, created
    if kind == "bid" and not isinstance(
        shop.aws.item("OffersTable", "bid#42").get("row_id"), str
    ):
        # Such a bid names no row, and is nobody's.
        assert (shown.status, created.status != 200) == (404, True)
        return "no row"
    if created.status == 404:
        assert shown.status == 404, shown
        assert shown.body["error"] == created.body["error"]
        return "not_found"
    assert shown.status == 200, (shown, created)
    assert shown.body["buyable"] is (created.status == 200), (shown, created)
    if created.status == 200:
        assert "reason" not in shown.body
        session = shop.aws.item(
            "PaymentSessionsTable", created.body["payment_session_id"]
        )
        price = (shown.body["price_cents"], shown.body["currency"])
        assert price == (session["amount"], session["currency"])
        return "buyable"
    reason = {name: created.body[name] for name in ("code", "error")}
    assert shown.body["reason"] == reason
    return str(reason["code"])


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("history", HISTORIES, ids=lambda history: history.__name__)
@pytest.mark.parametrize("buyer", BUYERS)
def test_a_buyer_is_told_what_create_would_answer(
    shop: Shop, kind: str, history: History, buyer: str
) -> None:
    history(shop, kind)

    check(shop, kind, buyer)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "history", [begun, paid, refunded, pending, quarantined, unreadable]
)
def test_a_new_owner_and_the_former_are_told_what_create_would_answer(
    shop: Shop, kind: str, history: History
) -> None:
    history(shop, kind)
    owner = {"auction": "winner_id", "bid": "owner_id", "order": "owner_id"}
    items = {"auction": "auction#auction_1", "bid": "row#7", "order": "order#order_1"}
    status = {"auction": "accepted", "bid": "open", "order": "CREATED"}
    if kind in owner:
        changes = {owner[kind]: "user_2", "status": status[kind]}
        shop.change_offer(items[kind], **changes)

    for buyer in BUYERS:
        check(shop, kind, buyer)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_no_state_makes_buyable_and_create_disagree(
    new_shop: Callable[[], Shop], clock: Traveller, kind: str
) -> None:
    said: Counter[str] = Counter()

    @settings(
        max_examples=100,
        deadline=None,
        database=None,
        # What must have been said at least once, is said each time.
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(
        history=st.sampled_from(HISTORIES),
        changes=changes_of(kind),
        hours=st.sampled_from([0, 0, 0, 23, 23.9, 24, 30]),
        buyer=st.sampled_from([*BUYERS[:1] * 3, *BUYERS]),
    )
    def agree(
        history: History,
        changes: list[tuple[str, str, Any]],
        hours: float,
        buyer: str,
    ) -> None:
        clock.move_to(START)
        shop = new_shop()
        shop.values["AnonymousRequestsPerMinute"] = "1000"
        history(shop, kind)
        for item, field, value in changes:
            write(shop, item, field, value)
        clock.shift(hours * HOUR)
        said[check(shop, kind, buyer)] += 1

    agree()

    assert said.keys() >= SAID | SAID_OF[kind]
