"""Creating again: the same session on the same terms, another one on others."""

import re
from datetime import timedelta
from typing import Any

import pytest
import requests
import time_machine

from tests.shop import FIRST_KEYS, ORIGIN, PUBLISHED, Answer, Shop, first_key

CLAIMED = ["bid", "auction", "order", "content"]
KEY = {"idempotency-key": "0d6b1f9e-1111-4222-8333-444455556666"}
OFFERS = {
    "bid": "bid#42",
    "auction": "auction#auction_1",
    "content": f"content#{PUBLISHED}",
}


def keys_sent(shop: Shop) -> list[str]:
    """Return the idempotency key of each create call that reached Stripe."""
    return [
        call["idempotency_key"]
        for call in shop.stripe.sandbox.requests
        if (call["method"], call["path"]) == ("POST", "/v1/checkout/sessions")
    ]


def with_other_urls(shop: Shop, kind: str) -> Answer:
    name = "successUrl" if kind == "content" else "success_url"
    return shop.create(kind, **{name: f"{ORIGIN}/other"})


def change_price(shop: Shop, kind: str) -> None:
    if kind == "order":
        line = {"name": "Stalls", "quantity": 1, "unit_price_cents": 7700}
        shop.change_offer("order#order_1", items=[line])
    else:
        shop.change_offer(OFFERS[kind], price={"amount": 7700, "currency": "usd"})


def without_clock(answer: Answer) -> dict[str, Any]:
    body = dict(answer.body)
    if window := body.get("payment_window"):
        body["payment_window"] = window | {"seconds_remaining": 0}
    return body


def refused(answer: Answer, code: str) -> None:
    assert (answer.status, answer.body["code"]) == (409, code), answer.body


# ---------------------------------------------------------------- the same terms


@pytest.mark.parametrize("kind", CLAIMED)
def test_the_same_request_again_is_answered_without_stripe(
    shop: Shop, kind: str
) -> None:
    first, second = shop.create(kind), shop.create(kind)

    assert without_clock(first) == without_clock(second)
    assert keys_sent(shop) == [FIRST_KEYS[kind]]
    assert len(shop.sessions()) == 1


def test_an_id_means_the_same_as_number_and_as_text(shop: Shop) -> None:
    first = shop.create("bid", bid_id=42, row_id=7)
    second = shop.create("bid", bid_id="42", row_id="7")

    assert first.body == second.body
    assert len(shop.stripe.sessions()) == 1


def test_the_price_of_a_purchase_is_that_of_its_prepared_session(shop: Shop) -> None:
    """Invariant 6: a price that changes later changes nothing that is under way."""
    shop.create("content")
    change_price(shop, "content")

    shop.stripe.pay(shop.stripe.sessions()[0]["id"])
    shop.deliver()

    [purchase] = shop.purchases()
    assert (purchase["amount"], purchase["status"]) == (999, "completed")


# ---------------------------------------------------------------- other terms


@pytest.mark.parametrize("kind", CLAIMED)
@pytest.mark.parametrize("change", ["price", "urls", "email"])
def test_other_terms_close_the_old_session_and_open_a_new_one(
    shop: Shop, kind: str, change: str
) -> None:
    """Invariant 2: of two sessions for one sale key, one at most can be paid."""
    shop.create(kind)
    if change == "price":
        change_price(shop, kind)

    answer = {
        "price": lambda: shop.create(kind),
        "urls": lambda: with_other_urls(shop, kind),
        "email": lambda: shop.create(kind, email="new@example.com"),
    }[change]()

    assert answer.status == 200, answer.body
    new, old = shop.stripe.sessions()
    assert (old["status"], new["status"]) == ("expired", "open")
    assert new["url"] in str(answer.body)
    assert keys_sent(shop) == [FIRST_KEYS[kind], f"{FIRST_KEYS[kind]}:2"]
    assert [s["status"] for s in shop.sessions()] == ["expired", "open"]
    assert change != "price" or new["amount_total"] == 7700
    assert shop.audit.has_exactly(
        *("checkout_created", "checkout_expired", "checkout_created")
    )
    assert ["unresolved" in s for s in shop.sessions()] == [False, True]


def test_terms_that_change_back_get_a_third_session(shop: Shop) -> None:
    shop.create("order")
    with_other_urls(shop, "order")

    shop.create("order")

    assert [s["status"] for s in shop.stripe.sessions()] == ["open"] + 2 * ["expired"]
    assert keys_sent(shop)[-1] == f"{FIRST_KEYS['order']}:3"


def test_another_bid_on_the_row_takes_the_first_ones_place(shop: Shop) -> None:
    """Two bids of one row are one sale key: the row is sold once."""
    bid = shop.aws.item("OffersTable", "bid#42")
    price = {"amount": 4500, "currency": "usd"}
    shop.put_offer(bid | {"id": "bid#45", "bid_id": "45", "price": price})
    shop.create("bid")

    answer = shop.create("bid", bid_id=45)

    new, old = shop.stripe.sessions()
    assert answer.body["checkout_url"] == new["url"]
    assert (old["metadata"]["bid_id"], old["status"]) == ("42", "expired")
    assert (new["metadata"]["bid_id"], new["status"]) == ("45", "open")


def test_a_declined_card_leaves_the_session_to_be_paid(shop: Shop) -> None:
    first = shop.create("bid")
    shop.stripe.pay(shop.stripe.sessions()[0]["id"], card="4000000000000002")
    shop.deliver()

    assert shop.create("bid").body == first.body
    assert len(shop.stripe.sessions()) == 1


# ---------------------------------------------------------------- paid meanwhile


@pytest.mark.parametrize("kind", CLAIMED)
def test_terms_that_change_after_paying_fulfill_what_was_paid(
    shop: Shop, kind: str
) -> None:
    """Invariant 2: the session that was just paid counts, no second one begins."""
    shop.create(kind)
    shop.stripe.pay(shop.stripe.sessions()[0]["id"])

    answer = with_other_urls(shop, kind)

    refused(answer, "already_purchased")
    assert len(shop.stripe.sessions()) == 1
    assert not shop.work()
    [purchase] = shop.purchases()
    assert purchase["status"] == "completed"
    shop.deliver()
    assert len(shop.purchases()) == 1


def euros(shop: Shop) -> None:
    shop.change_offer(OFFERS["content"], price={"amount": 999, "currency": "eur"})


@pytest.mark.parametrize("delivered", [True, False])
def test_a_bank_debit_on_its_way_bars_a_second_payment(
    shop: Shop, delivered: bool
) -> None:
    """Invariant 2: money that may still come is not asked for again."""
    euros(shop)
    shop.create("content")
    shop.stripe.pay_by_bank(shop.stripe.sessions()[0]["id"])
    if delivered:
        shop.deliver()
        refused(shop.create("content"), "payment_in_progress")

    refused(with_other_urls(shop, "content"), "payment_in_progress")

    assert len(shop.stripe.sessions()) == 1
    assert not shop.work()
    assert [s["status"] for s in shop.sessions()] == ["processing"]
    assert [p["status"] for p in shop.purchases()] == ["pending"]


def test_a_payment_on_its_way_is_known_without_asking_stripe(shop: Shop) -> None:
    """So the buyer hears of it even while Stripe cannot be reached."""
    euros(shop)
    shop.create("content")
    shop.stripe.pay_by_bank(shop.stripe.sessions()[0]["id"])
    shop.deliver()
    shop.stripe.sandbox.requests.clear()

    refused(shop.create("content"), "payment_in_progress")

    assert shop.stripe.sandbox.requests == []


def test_a_bank_debit_that_failed_may_be_tried_again(shop: Shop) -> None:
    euros(shop)
    shop.create("content")
    shop.stripe.pay_by_bank(shop.stripe.sessions()[0]["id"])
    shop.deliver()
    [intent] = shop.stripe.get("/v1/payment_intents")["data"]
    shop.stripe.bank_decides(intent["id"], pays=False)
    shop.deliver()

    assert shop.create("content").status == 200
    assert keys_sent(shop)[-1] == f"{FIRST_KEYS['content']}:2"


# ---------------------------------------------------------------- the time is over


@pytest.mark.parametrize("kind", CLAIMED)
def test_after_an_expired_session_a_new_attempt_works(shop: Shop, kind: str) -> None:
    shop.create(kind)
    stripe_id = shop.stripe.sessions()[0]["id"]
    shop.stripe.post(f"/v1/checkout/sessions/{stripe_id}/expire")
    shop.deliver()

    assert shop.create(kind).status == 200

    assert [s["status"] for s in shop.stripe.sessions()] == ["open", "expired"]
    assert keys_sent(shop)[-1] == f"{FIRST_KEYS[kind]}:2"


@pytest.mark.parametrize("kind", ["bid", "order", "content"])
def test_a_session_that_ended_without_an_event_makes_way(shop: Shop, kind: str) -> None:
    shop.create(kind)

    later = time_machine.travel(timedelta(hours=23, minutes=1), tick=True)
    with later:
        answer = shop.create(kind)
        assert answer.status == 200, answer.body
        assert [s["status"] for s in shop.stripe.sessions()] == ["open", "expired"]
    assert [s["status"] for s in shop.sessions()] == ["expired", "open"]


# ---------------------------------------------------------------- no sale key: products


def test_without_a_key_every_request_is_a_checkout_of_its_own(shop: Shop) -> None:
    first, second = shop.create("product"), shop.create("product")

    assert first.status == second.status == 200
    assert first.body != second.body
    assert len(shop.stripe.sessions()) == 2
    assert len(set(keys_sent(shop))) == 2


def test_one_buyer_may_buy_a_product_again_and_again(shop: Shop) -> None:
    for _ in range(2):
        assert shop.create("product").status == 200
        [session] = [s for s in shop.stripe.sessions() if s["status"] == "open"]
        shop.stripe.pay(session["id"])
        shop.deliver()

    assert len(shop.purchases()) == 2
    assert shop.ownerships() == []


def test_with_a_key_a_repeated_request_is_one_checkout(shop: Shop) -> None:
    first = shop.create("product", headers=KEY)
    second = shop.create("product", headers=KEY)

    assert first.status == 200
    assert first.body == second.body
    assert len(shop.stripe.sessions()) == 1
    key = first_key("product", "hero-me-feelings", None, KEY["idempotency-key"])
    assert set(keys_sent(shop)) == {key}


@pytest.mark.parametrize(
    "changed", [{"metadata": {"a": "b"}}, {"customer_email": "new@example.com"}]
)
def test_a_key_that_came_with_another_request_is_refused(
    shop: Shop, changed: dict[str, Any]
) -> None:
    shop.create("product", headers=KEY)

    refused(shop.create("product", headers=KEY, **changed), "idempotency_key_reused")
    assert [s["status"] for s in shop.stripe.sessions()] == ["open"]


def test_a_key_still_answers_the_same_once_it_was_paid(shop: Shop) -> None:
    first = shop.create("product", headers=KEY)
    shop.stripe.pay(shop.stripe.sessions()[0]["id"])
    shop.deliver()

    again = shop.create("product", headers=KEY)

    assert again.body == first.body
    assert len(shop.stripe.sessions()) == 1


@pytest.mark.parametrize("length", [0, 1, 15, 256])
def test_a_key_of_the_wrong_length_is_refused(shop: Shop, length: int) -> None:
    answer = shop.create("product", headers={"idempotency-key": "k" * length})

    assert (answer.status, answer.body["code"]) == (400, "invalid_request")
    assert [f["field"] for f in answer.body["fields"]] == ["idempotency-key"]
    assert shop.stripe.sandbox.requests == []


@pytest.mark.parametrize("length", [16, 255])
def test_a_key_of_any_other_length_is_heeded(shop: Shop, length: int) -> None:
    headers = {"idempotency-key": "k" * length}
    first = shop.create("product", headers=headers)

    assert first.status == 200, first.body
    assert shop.create("product", headers=headers).body == first.body


def test_the_key_of_one_product_says_nothing_about_another(shop: Shop) -> None:
    product = shop.aws.item("OffersTable", "product#hero-me-feelings")
    shop.put_offer(product | {"id": "product#other", "product_id": "other"})

    first = shop.create("product", headers=KEY)
    second = shop.create("product", headers=KEY, product_id="other")

    assert first.status == second.status == 200
    assert len(shop.stripe.sessions()) == 2


def test_a_sale_key_outweighs_an_idempotency_key(shop: Shop) -> None:
    """What can be sold once has one session, whatever keys a frontend sends."""
    first = shop.create("bid", headers=KEY)
    second = shop.create("bid", headers={"idempotency-key": "another-key-of-theirs"})

    assert first.body == second.body
    assert keys_sent(shop) == [FIRST_KEYS["bid"]]


# ------------------------------------------------------- any id, and any header

PRINTABLE = re.compile(r"[\x21-\x7e]{1,255}")
ODD = [
    "заказ-1",
    "paketo \U0001f381",
    "naïve",
    "a\nb",
    "a\r\nX-Injected: 1",
    "\x00\x7f",
    " padded ",
    "o" * 128,
]


def taken_by_stripe(shop: Shop, answer: Answer) -> None:
    assert answer.status == 200, answer.body
    assert all(PRINTABLE.fullmatch(key) for key in keys_sent(shop))
    assert len(shop.stripe.sessions()) == 1


def sample_of(shop: Shop, kind: str, name: str, offer_id: str, **changes: Any) -> None:
    """Sell the sample under another id."""
    sample = shop.aws.item("OffersTable", name)
    shop.put_offer(
        sample | {"id": f"{kind}#{offer_id}", f"{kind}_id": offer_id} | changes
    )


@pytest.mark.parametrize("order", ODD)
def test_an_order_of_any_id_can_be_paid(shop: Shop, order: str) -> None:
    sample_of(shop, "order", "order#order_1", order)

    answer = shop.create("order", path={"orderId": order})

    taken_by_stripe(shop, answer)


@pytest.mark.parametrize("auction", ODD)
def test_an_auction_of_any_id_can_be_paid(shop: Shop, auction: str) -> None:
    sample_of(shop, "auction", "auction#auction_1", auction)

    taken_by_stripe(shop, shop.create("auction", auction_id=auction))


@pytest.mark.parametrize("product", ODD)
def test_a_product_of_any_id_can_be_paid(shop: Shop, product: str) -> None:
    sample_of(shop, "product", "product#hero-me-feelings", product)

    taken_by_stripe(shop, shop.create("product", product_id=product))


@pytest.mark.parametrize("buyer", [*ODD, "u" * 400])
@pytest.mark.parametrize("kind", ["auction", "content"])
def test_a_buyer_of_any_id_can_pay(shop: Shop, kind: str, buyer: str) -> None:
    shop.change_offer("auction#auction_1", winner_id=buyer)

    taken_by_stripe(shop, shop.create(kind, buyer))


@pytest.mark.parametrize(
    "key", ["ключ-ключ-ключ-ключ", "a\nb" * 8, "\ud800" * 16, "\x00" * 16, "k" * 255]
)
def test_any_idempotency_key_of_a_caller_is_heeded(shop: Shop, key: str) -> None:
    """Whatever a gateway decodes a header to: it is hashed, and never sent on."""
    headers = {"idempotency-key": key}
    first = shop.create("product", headers=headers)

    taken_by_stripe(shop, first)
    assert shop.create("product", headers=headers).body == first.body


def test_two_auctions_are_never_asked_for_under_one_key(shop: Shop) -> None:
    """`a` of `b:c`, and `a:b` of `c`."""
    sample_of(shop, "auction", "auction#auction_1", "a", winner_id="b:c")
    sample_of(shop, "auction", "auction#auction_1", "a:b", winner_id="c")

    first = shop.create("auction", "b:c", auction_id="a")
    second = shop.create("auction", "c", auction_id="a:b")

    assert first.status == second.status == 200
    assert len(keys_sent(shop)) == len(set(keys_sent(shop))) == 2


@pytest.mark.parametrize("kind", ["auction", "bid", "order", "content"])
def test_after_a_restore_keys_of_our_own_cost_one_attempt(
    shop: Shop, kind: str
) -> None:
    """The tables know nothing of the sessions of the last day; Stripe does."""
    before = shop.aws.snapshot()
    for number in range(10):
        urls = {"success_url": f"http://localhost:3000/?n={number}"}
        if kind == "content":
            urls = {"successUrl": urls["success_url"]}
        assert shop.create(kind, **urls).status == 200
    shop.aws.restore(before)
    sent = len(keys_sent(shop))

    answer = shop.create(kind)

    assert answer.status == 200, answer.body
    assert len(keys_sent(shop)) - sent == 2


@pytest.mark.parametrize("attempts", [1, 8, 20])
def test_keys_that_somebody_else_has_used_cost_one_attempt(
    shop: Shop, attempts: int
) -> None:
    """Another stack of the same Stripe account has sold the auction of that id."""
    taken = FIRST_KEYS["auction"]
    form = {
        "mode": "payment",
        "success_url": ORIGIN,
        "line_items[0][quantity]": "1",
        "line_items[0][price_data][currency]": "usd",
        "line_items[0][price_data][unit_amount]": "999",
        "line_items[0][price_data][product_data][name]": "An auction of theirs",
    }
    for number in range(1, attempts + 1):
        theirs = requests.post(
            f"{shop.stripe.url}/v1/checkout/sessions",
            form,
            auth=(shop.stripe.sandbox.secret_key, ""),
            headers={"Idempotency-Key": taken if number == 1 else f"{taken}:{number}"},
            timeout=10,
        )
        assert theirs.ok, theirs.text
    shop.stripe.sandbox.requests.clear()

    answer = shop.create("auction")

    assert answer.status == 200, answer.body
    ours, hashed = keys_sent(shop)
    assert ours == taken
    assert re.fullmatch(r"auction:auction_1:[0-9a-f]{64}:2", hashed)
    assert [s["status"] for s in shop.sessions()] == ["discarded", "open"]
