"""
Every list is whole, wherever DynamoDB ends its pages.

A page ends after a megabyte at AWS; here it ends after a few items.
"""

from collections.abc import Callable

import pytest

from checkout.tables.audit_log import AuditLog
from checkout.tables.offers import Offers
from checkout.tables.payment_sessions import PaymentSessions
from checkout.tables.purchases import Purchases
from tests.aws_calls import observed
from tests.functional.test_purchases import record_many
from tests.in_memory_dynamodb import dynamodb
from tests.shop import Shop

NUMBER = 12


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dynamodb, "LARGEST_PAGE_BYTES", 500)


def history(shop: Shop, status: str | None = None) -> set[str]:
    record_many(shop, "user_1", ["completed"] * NUMBER)
    query = {"pageSize": "100"} | ({"status": status} if status else {})
    answer = shop.call("GET /api/purchases", buyer="user_1", query=query)
    return {purchase["id"] for purchase in answer.body["data"]}


def completed(shop: Shop) -> set[str]:
    return history(shop, "completed")


def in_quarantine(shop: Shop) -> set[str]:
    record_many(shop, "user_1", ["quarantined"] * NUMBER)
    table = Purchases(shop.aws.tables["PurchasesTable"])
    return {purchase.id for purchase in table.quarantined()}


def sold_by_creator(shop: Shop) -> set[str]:
    table = Purchases(shop.aws.tables["PurchasesTable"])
    for purchase_id in record_many(shop, "user_1", ["completed"] * NUMBER):
        shop.aws.change("PurchasesTable", purchase_id, creator_id="creator_1")
    found, cursor = set(), None
    while True:
        page, cursor = table.page_of_creator("creator_1", "2026", "2027", 5, cursor)
        assert page
        found |= {purchase.id for purchase in page}
        if cursor is None:
            return found


def bids_of_a_row(shop: Shop) -> set[str]:
    bid = shop.aws.item("OffersTable", "bid#42")
    for number in range(NUMBER):
        shop.put_offer(bid | {"id": f"bid#x{number}", "row_id": "x"})
    found = Offers(shop.aws.tables["OffersTable"]).of_row("x")
    return {bid["id"] for bid in found.bids}


def sessions_of_an_offer(shop: Shop) -> set[str]:
    for number in range(NUMBER):
        assert shop.create("content", buyer=f"user_{number}").status == 200
    table = PaymentSessions(shop.aws.tables["PaymentSessionsTable"])
    offer_id = shop.sessions()[0]["offer_id"]
    return {session.id for session in table.of_offer("content", offer_id)}


def entries_of_a_session(shop: Shop) -> set[str]:
    table = AuditLog(shop.aws.tables["AuditLogTable"])
    for number in range(NUMBER):
        entry = {"payment_session_id": "ps_1", "entry_id": f"{number:03}"}
        shop.aws.put("AuditLogTable", entry | {"action": "x", "at": "now" * 50})
    return {entry["entry_id"] for entry in table.entries("ps_1")}


LISTS = [
    history,
    completed,
    in_quarantine,
    sold_by_creator,
    bids_of_a_row,
    sessions_of_an_offer,
    entries_of_a_session,
]


@pytest.mark.parametrize("listed", LISTS)
def test_a_list_of_many_pages_is_whole(
    shop: Shop, listed: Callable[[Shop], set[str]]
) -> None:
    with observed() as calls:
        found = listed(shop)

    assert len(found) == NUMBER
    starts = [call for call in calls if "ExclusiveStartKey" in call.parameters]
    assert starts, "there is a second page"
