"""A restore on the deployed stack, from a table that AWS has restored."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from tests.stack.conftest import Operator
from tests.stack.http_shop import HttpShop, buy, eventually


def test_a_lost_purchase_comes_back_from_a_restored_table(
    stack: Any,
    shop: HttpShop,
    developer: Operator,
    buyer: str,
) -> None:
    """The embedded AWS restores the items of now, whatever time is asked for."""
    offer, session_id = buy(shop, buyer)
    [purchase] = eventually(lambda: shop.purchases_of(offer))
    dynamodb, own = stack.aws("dynamodb"), stack.outputs["PurchasesTable"]
    now, name = datetime.now(UTC), f"restored-{uuid4().hex}"
    dynamodb.restore_table_to_point_in_time(
        SourceTableName=own, TargetTableName=name, RestoreDateTime=now
    )
    lost = [purchase["id"], f"owns#{purchase['sale_key']}"]
    for item_id in lost:
        dynamodb.delete_item(TableName=own, Key={"id": {"S": item_id}})
    assert shop.purchases_of(offer) == []

    time = ("--to-time", now.isoformat(), "--yes")
    done = developer("restore", *time, "--purchases", name)

    assert done["tables"]["PurchasesTable"]["copied"] == 1
    assert done["rebuilt"]["ownerships"] == 1
    assert done["rebuilt"]["problems"] == []
    [again] = shop.purchases_of(offer)
    assert again == purchase
    [shown] = developer("show", session_id)["payments"]
    assert shown["purchases"][0]["status"] == "completed"


def test_the_local_tables_are_not_protected(stack: Any) -> None:
    """Nothing outlives `make run`; elsewhere they are (tests/template)."""
    found = stack.aws("dynamodb").describe_table(
        TableName=stack.outputs["PurchasesTable"]
    )
    assert found["Table"]["DeletionProtectionEnabled"] is False
