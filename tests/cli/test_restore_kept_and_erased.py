"""`restore --replace`: what was erased, or kept from deletion, stays so."""

import json
from copy import deepcopy
from datetime import UTC, datetime, timedelta

import pytest
from time_machine import Traveller

from tests.cli.conftest import Operator
from tests.cli.test_restore import (
    COMPLETED,
    MINUTES,
    OPTIONS,
    START,
    everything,
    lose,
    pay,
    restore,
    restored_copy,
    settle_down,
)
from tests.functional.test_checkout_options import RECOVERY
from tests.functional.test_retention import EMAIL, session_of
from tests.functional.test_unpaid_end import run_out
from tests.shop import Shop

DAYS = timedelta(days=1)
DEVICE = "device-of-the-buyer"
PRODUCT = "product#hero-me-feelings"
pytestmark = pytest.mark.frozen_at(START)


def copies_of(shop: Shop, *tables: str) -> dict[str, str]:
    return {name: restored_copy(shop, name, shop.aws.items(name)) for name in tables}


def is_stored(shop: Shop, text: str) -> bool:
    return text in json.dumps(shop.aws.snapshot(), default=str)


@pytest.mark.parametrize("tables_lost", [True, False])
def test_what_was_erased_after_the_restored_time_is_erased_again(
    shop: Shop, operator: Operator, clock: Traveller, *, tables_lost: bool
) -> None:
    shop.create("content", email=EMAIL)
    run_out(shop, clock)
    shop.deliver()
    pay(shop, "product", metadata={"device_id": DEVICE})
    clock.shift(2 * DAYS)  # until then its request can be sent again
    shop.note_a_reconcile_run()
    of_product = shop.purchases()[0]["payment_session_id"]
    clock.shift(MINUTES)
    at = datetime.now(UTC)
    copies = copies_of(shop, "PaymentSessionsTable", "PurchasesTable")
    clock.shift(MINUTES)
    for buyer in ("user_1", of_product):
        assert operator("erase-buyer", buyer, "--yes").exit_code == 0
    clock.shift(MINUTES)
    if tables_lost:
        for table in copies:
            lose(shop, table, everything)

    done = restore(operator, at, copies, "--replace")["rebuilt"]

    assert (done["erased"], done["problems"]) == (2, [])
    assert not is_stored(shop, EMAIL)
    assert not is_stored(shop, DEVICE)
    settle_down(shop, operator)
    assert not is_stored(shop, DEVICE)


def test_what_was_erased_and_has_not_ended_in_the_copy_is_named(
    shop: Shop, operator: Operator, clock: Traveller
) -> None:
    """The session was open at the restored time; it ended, and then was erased."""
    shop.create("content", email=EMAIL)
    at = datetime.now(UTC)
    copies = copies_of(shop, "PaymentSessionsTable")
    clock.shift(MINUTES)
    run_out(shop, clock)
    shop.deliver()
    assert operator("erase-buyer", "user_1", "--yes").exit_code == 0
    clock.shift(MINUTES)
    lose(shop, "PaymentSessionsTable", everything)

    options = [word for t, name in copies.items() for word in (OPTIONS[t], name)]
    time = ("--to-time", at.isoformat(), "--yes")
    result = operator("restore", *time, *options)
    settle_down(shop, operator)

    assert result.exit_code == 1
    assert "./checkout erase-buyer user_1" in result.stdout
    assert operator("erase-buyer", "user_1", "--yes").exit_code == 0
    assert not is_stored(shop, EMAIL)


def test_a_session_that_is_kept_for_longer_is_not_deleted_before(
    shop: Shop, operator: Operator, clock: Traveller
) -> None:
    """A recovered payment is on its way: the copy is of before, with its date."""
    shop.change_offer(PRODUCT, options=RECOVERY)
    shop.create("product", customer_email=EMAIL)
    run_out(shop, clock)
    shop.deliver()
    at = datetime.now(UTC)
    copies = copies_of(shop, "PaymentSessionsTable")
    before = session_of(shop)["ttl"]
    clock.shift(MINUTES)
    shop.stripe.recover(shop.stripe.sessions()[-1]["id"])
    shop.stripe.pay(shop.stripe.sessions()[0]["id"])
    under_way = deepcopy(shop.stripe.events(COMPLETED)[-1])
    under_way["data"]["object"]["payment_status"] = "unpaid"
    shop.deliver(under_way)
    later = session_of(shop)["ttl"]
    assert later > before

    restore(operator, at, copies, "--replace")

    assert session_of(shop)["ttl"] == later


def test_a_pointer_to_an_unpaid_session_keeps_its_date(
    shop: Shop, operator: Operator, clock: Traveller
) -> None:
    """The copy is of before the session's end, and says nothing of its deletion."""
    shop.create("content")
    at, copies = datetime.now(UTC), copies_of(shop, "PaymentSessionsTable")
    run_out(shop, clock)
    shop.deliver()
    before = shop.aws.items("PaymentSessionsTable")
    pointer = shop.stripe.sessions()[0]["id"]
    assert "ttl" in shop.aws.item("PaymentSessionsTable", pointer)

    done = restore(operator, at, copies, "--replace")["tables"]

    assert done["PaymentSessionsTable"]["counts"]["different"] == 0
    after = shop.aws.items("PaymentSessionsTable")
    assert [i for i in after if "ttl" in i] == [i for i in before if "ttl" in i]


def test_a_session_that_has_ended_unpaid_in_a_younger_copy_has_its_date(
    shop: Shop, operator: Operator, clock: Traveller
) -> None:
    """The first copy was too old; a second restore takes a younger one."""
    shop.create("content")
    at, older = datetime.now(UTC), copies_of(shop, "PaymentSessionsTable")
    run_out(shop, clock)
    shop.deliver()
    ended = session_of(shop)
    younger = {
        "PaymentSessionsTable": restored_copy(shop, "PaymentSessionsTable", [ended])
    }
    clock.shift(MINUTES)
    lose(shop, "PaymentSessionsTable", everything)

    restore(operator, at, older)
    assert session_of(shop)["status"] == "open"
    restore(operator, at, younger, "--replace")

    assert session_of(shop) == ended


@pytest.mark.parametrize("ended", [True, False])
@pytest.mark.parametrize("lost", [True, False])
def test_a_session_that_was_paid_beside_never_gets_a_date(
    shop: Shop, operator: Operator, clock: Traveller, *, ended: bool, lost: bool
) -> None:
    """The copy is of before the payment; the event of the session's end may be late."""
    shop.change_offer(PRODUCT, options=RECOVERY)
    shop.create("product")
    own = shop.stripe.sessions()[0]["id"]
    session_id = session_of(shop)["id"]
    if not ended:
        at, copies = datetime.now(UTC), copies_of(shop, "PaymentSessionsTable")
    run_out(shop, clock)
    [expired] = shop.stripe.events("checkout.session.expired")
    if ended:
        shop.deliver(expired)
        at, copies = datetime.now(UTC), copies_of(shop, "PaymentSessionsTable")
    clock.shift(MINUTES)
    shop.stripe.recover(own)
    shop.stripe.pay(shop.stripe.sessions()[0]["id"])
    shop.deliver(shop.stripe.events(COMPLETED)[-1])
    if lost:
        for item_id in (session_id, own):
            shop.aws.delete("PaymentSessionsTable", {"id": item_id})

    restore(operator, at, copies, "--replace")
    shop.deliver(expired)

    session, [purchase] = session_of(shop), shop.purchases()
    assert (session["status"], session["paid_beside"]) == ("expired", purchase["id"])
    assert "ttl" not in session
    assert "ttl" not in shop.aws.item("PaymentSessionsTable", own)


def test_a_pointer_to_a_paid_session_loses_the_date_of_the_copy(
    shop: Shop, operator: Operator
) -> None:
    """A restore that was cut off has moved the session, and not the pointer."""
    purchase = pay(shop, "content")
    pointer = purchase["stripe_session_id"]
    at = int((datetime.now(UTC) + 90 * DAYS).timestamp())
    shop.aws.change("PaymentSessionsTable", pointer, ttl=at)

    restore(operator, datetime.now(UTC), {})

    assert "ttl" not in shop.aws.item("PaymentSessionsTable", pointer)


def test_an_e_mail_address_that_is_gone_does_not_come_back(
    shop: Shop, operator: Operator, clock: Traveller
) -> None:
    """In the copy the session's request could still be sent again."""
    pay(shop, "product", customer_email=EMAIL)
    assert is_stored(shop, EMAIL)
    at, copies = datetime.now(UTC), copies_of(shop, "PaymentSessionsTable")
    clock.shift(DAYS + MINUTES)
    shop.reconcile()
    assert not is_stored(shop, EMAIL)

    done = restore(operator, at, copies, "--replace")["tables"]

    assert done["PaymentSessionsTable"]["counts"]["different"] == 0
    assert not is_stored(shop, EMAIL)
