"""A create that is killed at any point leaves nothing that a retry cannot mend."""

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

from tests.crashes import CrashPoint, crash_points
from tests.shop import ORIGIN, Shop

pytestmark = pytest.mark.slow

KINDS = ["bid", "auction", "order", "product", "content"]
# What follows a change of terms is the same code for each kind that has a sale key.
CLAIMED = ["bid", "content"]
KEY = {"idempotency-key": "0d6b1f9e-1111-4222-8333-444455556666"}

type NewShop = Callable[[], Shop]


def the_open_session(shop: Shop) -> dict[str, Any]:
    [session] = [s for s in shop.stripe.sessions() if s["status"] == "open"]
    return session


def create(shop: Shop, kind: str, **changes: Any) -> dict[str, Any]:
    """Create as a careful frontend does: an anonymous one sends a key of its own."""
    answer = shop.create(
        kind, **({"headers": KEY} if kind == "product" else {}), **changes
    )
    assert answer.status == 200, answer.body
    return answer.body


def pay_and_deliver(shop: Shop) -> None:
    shop.stripe.pay(the_open_session(shop)["id"])
    shop.deliver()


@pytest.mark.parametrize("kind", KINDS)
def test_a_create_that_died_anywhere_is_finished_by_the_next_try(
    new_shop: NewShop, kind: str
) -> None:
    """Invariant 1: whatever is killed, the payment ends as exactly one purchase."""
    for crash in crash_points():
        shop = new_shop()

        with crash:
            create(shop, kind)
        retried = create(shop, kind)
        again = create(shop, kind)

        where = f"{crash.when} {crash.steps}"
        assert retried.keys() == again.keys(), where
        assert len(shop.stripe.sessions()) == 1, where
        assert len(shop.sessions()) == 1, where
        pay_and_deliver(shop)
        [purchase] = shop.purchases()
        assert purchase["status"] == "completed", where
        assert shop.audit.has_exactly("checkout_created", "checkout_completed"), where


@pytest.mark.parametrize("kind", CLAIMED)
def test_a_change_of_terms_that_died_anywhere_leaves_one_session_to_pay(
    new_shop: NewShop, kind: str
) -> None:
    """Invariant 2: of a sale key, at most one session can be paid at any time."""
    name = "successUrl" if kind == "content" else "success_url"
    changed = {name: f"{ORIGIN}/other"}
    for crash in crash_points():
        shop = new_shop()
        create(shop, kind)

        with crash:
            create(shop, kind, **changed)
        create(shop, kind, **changed)

        where = f"{crash.when} {crash.steps}"
        assert [s["status"] for s in shop.stripe.sessions()] == ["open", "expired"], (
            where
        )
        assert the_open_session(shop)["success_url"] == f"{ORIGIN}/other", where
        assert [s["status"] for s in shop.sessions()] == ["expired", "open"], where
        pay_and_deliver(shop)
        [purchase] = shop.purchases()
        assert purchase["status"] == "completed", where


@pytest.mark.parametrize("kind", CLAIMED)
def test_a_session_that_nobody_finished_makes_way_for_other_terms(
    new_shop: NewShop, kind: str
) -> None:
    """
    Invariant 10: the first try died with one set of terms, the next has another.

    Whatever Stripe made for the first is closed before the second can be paid.
    """
    name = "successUrl" if kind == "content" else "success_url"
    for crash in crash_points():
        shop = new_shop()

        with crash:
            create(shop, kind)
        create(shop, kind, **{name: f"{ORIGIN}/other"})

        where = f"{crash.when} {crash.steps}"
        assert the_open_session(shop)["success_url"] == f"{ORIGIN}/other", where
        unresolved = [s for s in shop.sessions() if "unresolved" in s]
        assert len(unresolved) == 1, where
        pay_and_deliver(shop)
        [purchase] = shop.purchases()
        assert purchase["status"] == "completed", where


@pytest.mark.parametrize("kind", CLAIMED)
def test_a_payment_at_any_moment_of_a_create_leaves_nothing_more_to_pay(
    new_shop: NewShop, kind: str
) -> None:
    """Invariant 2: who pays in one tab while the other starts again pays once."""
    name = "successUrl" if kind == "content" else "success_url"
    for number in count(1):
        shop = new_shop()
        create(shop, kind)
        [old] = shop.stripe.sessions()

        def pay_in_the_other_tab(shop: Shop = shop, old: Any = old) -> None:
            shop.stripe.pay(old["id"])
            shop.deliver()

        with CrashPoint(number, visitor=pay_in_the_other_tab) as moment:
            answer = shop.create(kind, **{name: f"{ORIGIN}/other"})

        to_pay = [s for s in shop.stripe.sessions() if s["status"] == "open"]
        if shop.purchases():
            assert answer.status == 409, (moment.steps, answer.body)
            assert to_pay == [], moment.steps
        else:
            assert answer.status == 200, (moment.steps, answer.body)
            assert len(to_pay) == 1, moment.steps
        if not moment.happened:
            return
