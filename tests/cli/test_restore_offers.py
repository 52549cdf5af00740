"""`restore`: an offer comes back as whose it is now, and is never for sale between."""

from datetime import UTC, datetime
from typing import Any

import pytest
from time_machine import Traveller

from cli import copy_back
from cli import restore as restore_command
from cli.restored import Restored
from tests.aws import Item
from tests.cli.conftest import Operator
from tests.cli.test_restore import (
    MINUTES,
    START,
    everything,
    lose,
    pay,
    restore,
    restored_copy,
    settle_down,
)
from tests.shop import Shop

ORDER = "order#order_1"
pytestmark = pytest.mark.frozen_at(START)


def give_back(shop: Shop, purchase: Item) -> None:
    paid = purchase["stripe_payment_intent_id"]
    shop.stripe.post("/v1/refunds", payment_intent=paid)
    shop.deliver()


def copied(shop: Shop, clock: Traveller, table: str) -> tuple[datetime, str]:
    copy = restored_copy(shop, table, shop.aws.items(table))
    at = datetime.now(UTC)
    clock.shift(MINUTES)
    return at, copy


@pytest.mark.parametrize("buyers", [1, 2])
def test_an_offer_that_was_sold_again_is_its_new_buyer_s(
    shop: Shop, operator: Operator, clock: Traveller, buyers: int
) -> None:
    """The copy has the first buyer, whose money went back."""
    first = pay(shop, "order")
    at, copy = copied(shop, clock, "OffersTable")
    last = first
    for _ in range(buyers):
        give_back(shop, last)
        clock.shift(MINUTES)
        shop.change_offer(ORDER, status="CREATED")
        last = pay(shop, "order")
    sold = shop.aws.item("OffersTable", ORDER)
    assert sold["purchase_id"] == last["id"] != first["id"]
    lose(shop, "OffersTable", everything)

    done = restore(operator, at, {"OffersTable": copy})["rebuilt"]
    settle_down(shop, operator)

    assert (done["offers"], done["problems"]) == (1, [])
    assert shop.aws.item("OffersTable", ORDER) == sold
    assert restore(operator, at, {"OffersTable": copy})["rebuilt"]["offers"] == 0


def test_an_offer_whose_money_went_back_is_returned(
    shop: Shop, operator: Operator, clock: Traveller
) -> None:
    first = pay(shop, "order")
    at, copy = copied(shop, clock, "OffersTable")
    give_back(shop, first)
    returned = shop.aws.item("OffersTable", ORDER)
    assert returned["status"] != "CREATED"
    lose(shop, "OffersTable", everything)

    done = restore(operator, at, {"OffersTable": copy})["rebuilt"]

    assert done["offers"] == 1
    assert shop.aws.item("OffersTable", ORDER) == returned


def test_a_status_that_the_host_application_gave_a_sold_offer_stays(
    shop: Shop, operator: Operator, clock: Traveller
) -> None:
    pay(shop, "order")
    shop.change_offer(ORDER, status="SHIPPED")
    at, copy = copied(shop, clock, "OffersTable")
    lose(shop, "OffersTable", everything)

    done = restore(operator, at, {"OffersTable": copy})["rebuilt"]

    assert (done["offers"], done["problems"]) == (0, [])
    assert shop.aws.item("OffersTable", ORDER)["status"] == "SHIPPED"


def test_an_offer_of_another_status_that_somebody_has_bought_is_named(
    shop: Shop, operator: Operator, clock: Traveller
) -> None:
    """It was a draft at the restored time; then it was for sale, and sold."""
    shop.change_offer(ORDER, status="DRAFT")
    at, copy = copied(shop, clock, "OffersTable")
    shop.change_offer(ORDER, status="CREATED")
    bought = pay(shop, "order")
    lose(shop, "OffersTable", everything)

    time = ("--to-time", at.isoformat(), "--yes")
    result = operator("restore", *time, "--offers", copy)

    assert result.exit_code == 1
    assert f"{ORDER} is DRAFT, and {bought['id']} has bought it" in result.stdout


def test_what_is_sold_cannot_be_bought_while_it_is_restored(
    shop: Shop,
    operator: Operator,
    clock: Traveller,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The copies are of different times: one offer was for sale, and is sold."""
    at, offers = copied(shop, clock, "OffersTable")
    bought = pay(shop, "order")
    _, purchases = copied(shop, clock, "PurchasesTable")
    sold = shop.aws.item("OffersTable", ORDER)
    lose(shop, "OffersTable", everything)
    lose(shop, "PurchasesTable", everything)
    for_sale = []

    def copy_and_buy(table: Restored, *, replace: bool) -> Any:
        done = copy_back.copy(table, replace=replace)
        offers = {item["id"]: item for item in shop.aws.items("OffersTable")}
        status = offers.get(ORDER, {}).get("status")
        for_sale.append((table.logical_id, status, shop.create("order").status))
        return done

    monkeypatch.setattr(restore_command, "copy", copy_and_buy)
    copies = ("--offers", offers, "--purchases", purchases)
    operator("restore", "--to-time", at.isoformat(), *copies, "--yes")

    assert [each[0] for each in for_sale] == ["PurchasesTable", "OffersTable"]
    assert for_sale[-1][1:] == ("CREATED", 409)
    assert all(status != 200 for _, _, status in for_sale)
    assert shop.aws.item("OffersTable", ORDER) == sold
    assert [each["purchase_id"] for each in shop.ownerships()] == [bought["id"]]


def test_that_deleted_offers_come_back_is_asked_about(
    shop: Shop, operator: Operator, clock: Traveller
) -> None:
    """Nothing says that the host application, and no accident, has deleted one."""
    at, copy = copied(shop, clock, "OffersTable")
    shop.aws.delete("OffersTable", {"id": ORDER})
    command = ("restore", "--to-time", at.isoformat(), "--offers", copy)

    refused = operator(*command, answer="n\n")

    assert refused.exit_code == 1
    question = " ".join(refused.stderr.split())
    assert "1 offers come back as they were" in question
    assert "that the host application has deleted since" in question
    assert operator(*command, "--yes").exit_code == 0
    none_missing = operator(*command, answer="n\n")
    assert "come back" not in none_missing.stderr
