"""The terms of a payment: equal offers are recognised, Stripe gets what was fixed."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from hypothesis import given, settings
from hypothesis import strategies as st

from checkout.domain.buyer import Buyer
from checkout.domain.money import Money
from checkout.domain.offer import LineItem, Offer, ReturnUrls
from checkout.domain.stack import stack_name
from checkout.domain.terms import Terms
from checkout.errors import BrokenOfferError

NOW = datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC)
STACK: dict[str, Any] = {"livemode": False, "stack_id": "stack-1"}
OFFER = Offer(
    id="1",
    sale_key="order#1",
    title="Order 1",
    lines=(LineItem(title="Stalls", price=Money(4500, "usd"), quantity=2),),
    metadata={"orderId": "1"},
)


def terms(
    offer: Offer = OFFER, kind: str = "order", buyer: str = "user_1", **how: Any
) -> Terms:
    return Terms.for_offer(
        kind,
        offer,
        buyer=Buyer(buyer),
        **{"frontend_url": "https://shop.example.test"} | how,
    )


def line(**changes: Any) -> Offer:
    return replace(OFFER, lines=(replace(OFFER.lines[0], **changes),))


def test_the_same_offer_has_the_same_terms() -> None:
    assert terms().digest == terms().digest


@pytest.mark.parametrize(
    "other",
    [
        terms(line(price=Money(4501, "usd"))),
        terms(line(price=Money(4500, "eur"))),
        terms(line(quantity=3)),
        terms(line(title="Balcony")),
        terms(line(description="Row 5")),
        terms(replace(OFFER, return_urls=ReturnUrls("https://a.test", None))),
        terms(replace(OFFER, return_urls=ReturnUrls(None, "https://a.test"))),
        terms(replace(OFFER, metadata={"orderId": "2"})),
        terms(replace(OFFER, email="a@b.example")),
        terms(kind="content"),
        terms(buyer="user_2"),
        terms(frontend_url="https://b.test"),
    ],
)
def test_whatever_the_buyer_would_notice_makes_other_terms(other: Terms) -> None:
    assert terms().digest != other.digest


def test_a_prepared_session_holds_all_that_stripe_will_be_sent() -> None:
    with time_machine.travel(NOW, tick=False):
        intent = terms().prepare(1, **STACK)

    sent = intent.request_for_stripe
    assert sent["metadata"] == {
        "orderId": "1",
        "kind": "order",
        "payment_session_id": intent.id,
        "stack": stack_name(STACK["stack_id"]),
    }
    assert sent["payment_intent_data"] == {"metadata": sent["metadata"]}
    assert sent["client_reference_id"] == intent.id
    assert intent.price == Money(9000, "usd")
    assert "." not in json.dumps(sent["line_items"])


@pytest.mark.parametrize(
    ("pay_in", "stripe_waits", "buyer_has"),
    [
        (None, timedelta(hours=23), timedelta(hours=23)),
        (timedelta(days=2), timedelta(hours=23), timedelta(hours=23)),
        (timedelta(hours=5), timedelta(hours=5), timedelta(hours=5)),
        (timedelta(minutes=31), timedelta(minutes=31), timedelta(minutes=31)),
        (timedelta(minutes=1), timedelta(minutes=31), timedelta(minutes=1)),
    ],
)
def test_a_session_lasts_as_long_as_the_offer_and_stripe_allow(
    pay_in: timedelta | None, stripe_waits: timedelta, buyer_has: timedelta
) -> None:
    """Stripe keeps a session for thirty minutes at least; our answer says less."""
    offer = replace(OFFER, pay_by=NOW + pay_in if pay_in else None)
    with time_machine.travel(NOW, tick=False):
        intent = terms(offer).prepare(1, **STACK)

    sent = json.loads(intent.stripe_request)
    assert sent["expires_at"] == int((NOW + stripe_waits).timestamp())
    assert datetime.fromisoformat(intent.expires_at) == NOW + buyer_has


def key(found: Terms, attempt: int = 1, stack_id: str = "stack-1") -> str:
    return found.prepare(attempt, livemode=False, stack_id=stack_id).idempotency_key


def test_each_attempt_has_a_key_of_its_own() -> None:
    first, second, tenth = (key(terms(), attempt) for attempt in (1, 2, 10))

    assert re.fullmatch(r"order:1:[0-9a-f]{64}", first)
    assert (second, tenth) == (f"{first}:2", f"{first}:10")


def test_a_key_does_not_depend_on_the_request() -> None:
    """A retry after a crash, with another page to return to, is known to Stripe."""
    other = replace(OFFER, return_urls=ReturnUrls("https://a.test", None))

    assert key(terms()) == key(terms(other))


def test_without_a_sale_key_no_two_requests_share_a_key() -> None:
    free = replace(OFFER, sale_key=None)
    keys = {terms(free).prepare(1, **STACK).idempotency_key for _ in range(3)}

    assert len(keys) == 3


def test_the_callers_key_counts_only_where_there_is_no_sale_key() -> None:
    assert terms(request_key="k" * 16).live_id == "order#1"
    assert terms(replace(OFFER, sale_key=None)).live_id is None
    one, other = (
        terms(replace(OFFER, sale_key=None), request_key=key * 16) for key in "ab"
    )
    assert one.live_id not in {None, other.live_id}
    assert "aaaa" not in str(one.live_id)


ANY_TEXT = st.text(st.characters(codec="utf-8"), min_size=1, max_size=300)
# A header may have been decoded to what is no text at all.
ANY_HEADER = st.text(st.characters(codec=None), min_size=1, max_size=300)
# What could be taken for one another: separators, digits of attempts, hashed keys.
TRICKY = st.text("ab:#|/12", min_size=1, max_size=6)


@settings(max_examples=300, deadline=None)
@given(
    kind=st.sampled_from(["auction", "order", "content"]),
    offer_id=ANY_TEXT,
    buyer=ANY_TEXT,
    request_key=st.none() | ANY_HEADER,
    attempt=st.integers(1, 10**6),
    claimed=st.booleans(),
)
def test_whatever_the_ids_stripe_gets_printable_ascii(
    kind: str,
    offer_id: str,
    buyer: str,
    request_key: str | None,
    attempt: int,
    *,
    claimed: bool,
) -> None:
    """An HTTP header carries no more, and Stripe takes no more than 255 of it."""
    readable = (offer_id, buyer) if kind == "auction" else ()
    offer = replace(
        OFFER, id=offer_id, sale_key="c" if claimed else None, readable_key=readable
    )

    found = key(terms(offer, kind, buyer, request_key=request_key), attempt)

    assert re.fullmatch(r"[\x21-\x7e]{1,255}", found)


@settings(max_examples=300, deadline=None)
@given(
    st.sets(
        st.tuples(
            st.sampled_from(["auction", "order"]), TRICKY, TRICKY, st.integers(1, 12)
        ),
        min_size=2,
        max_size=30,
    )
)
def test_no_two_of_kind_offer_buyer_and_attempt_share_a_key(
    asked: set[tuple[str, str, str, int]],
) -> None:
    keys = {
        key(
            terms(
                replace(
                    OFFER,
                    id=offer_id,
                    readable_key=(offer_id, buyer) if kind == "auction" else (),
                ),
                kind,
                buyer,
            ),
            attempt,
        )
        for kind, offer_id, buyer, attempt in asked
    }

    assert len(keys) == len(asked)


def test_no_two_stacks_share_a_key() -> None:
    assert key(terms(), stack_id="stack-1") != key(terms(), stack_id="stack-2")


def test_a_buyer_is_not_taken_for_a_callers_key() -> None:
    """Nor are two buyers who send the same key taken for each other."""
    free = replace(OFFER, sale_key=None)
    asked = [
        terms(free, buyer="a" * 16, request_key="b" * 16),
        terms(free, buyer="b" * 16, request_key="a" * 16),
        terms(free, buyer="b" * 16, request_key="b" * 16),
        terms(replace(OFFER, sale_key="c"), buyer="b" * 16),
    ]

    assert len({key(found) for found in asked}) == 4
    assert len({found.live_id for found in asked}) == 4


def test_the_buyers_address_is_not_shown_by_accident() -> None:
    """Invariant 8: what is logged by mistake holds no e-mail address."""
    found = terms(replace(OFFER, email="a@b.example"))

    assert "a@b.example" not in repr(found)
    assert "a@b.example" not in repr(found.prepare(1, **STACK))


def test_an_id_cannot_change_the_page_that_it_returns_to() -> None:
    """The id stands in a path of the frontend, where it is no more than a name."""
    returned_to = terms(
        replace(OFFER, id="a/../b?c d", return_path="/orders/{id}")
    ).redirects["success_url"]
    assert returned_to.startswith(
        "https://shop.example.test/orders/a%2F..%2Fb%3Fc%20d?"
    )


def test_descriptions_that_are_too_much_to_store_are_left_out() -> None:
    """A session is an item of DynamoDB, which has at most 400 KB."""
    one = line(description="\u20ac" * 40_000).lines
    three = terms(replace(OFFER, lines=one * 3)).prepare(1, **STACK)
    two = terms(replace(OFFER, lines=one * 2)).prepare(1, **STACK)

    assert len(three.stripe_request.encode()) < 300_000
    assert "description" not in three.stripe_request
    assert "description" in two.stripe_request


def test_a_hundred_long_titles_can_be_stored() -> None:
    long = line(title="\U0001f600" * 300).lines * 100

    prepared = terms(replace(OFFER, lines=long)).prepare(1, **STACK)

    assert len(prepared.stripe_request.encode()) < 300_000


@pytest.mark.parametrize(
    ("offer", "field"),
    [
        (replace(OFFER, lines=OFFER.lines * 101), "items"),
        (replace(OFFER, lines=()), "items"),
        (line(price=Money(24, "usd")), "total"),
        (line(price=Money(500, "xyz")), "total"),
        (replace(OFFER, metadata={"user": "x" * 501}), "metadata"),
        (replace(OFFER, metadata={"k" * 41: "x"}), "metadata"),
        (replace(OFFER, metadata={"a[b]": "x"}), "metadata"),
        (replace(OFFER, metadata={"": "x"}), "metadata"),
        (replace(OFFER, metadata={f"k{n}": "x" for n in range(45)}), "metadata"),
    ],
)
def test_what_stripe_would_not_accept_has_no_terms(offer: Offer, field: str) -> None:
    with pytest.raises(BrokenOfferError) as refusal:
        terms(offer)

    assert refusal.value.field == field


def test_terms_without_their_decoration_are_the_same_terms() -> None:
    """Or the next request would start the refused attempt again."""
    whole = terms(replace(line(description="Row 5"), email="a@b.example"))

    without = whole.without("customer_email")

    assert without
    assert without.digest == whole.digest
    assert "a@b.example" not in without.prepare(1, **STACK).stripe_request
    assert "Row 5" in without.prepare(1, **STACK).stripe_request
    assert without.without("customer_email") == without


@pytest.mark.parametrize(
    "param",
    [
        *("", "line_items", "line_items[0][price_data][product_data][name]", "email"),
        *("success_url", "metadata[description]", "payment_intent_data[description]"),
    ],
)
def test_what_is_no_decoration_cannot_be_left_out(param: str) -> None:
    assert terms().without(param) is None
