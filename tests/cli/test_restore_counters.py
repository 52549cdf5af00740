"""`restore`: counters are the sums of the purchases, whatever is counted meanwhile."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from click.testing import Result

from cli.purchase_counters import PurchaseCounters
from tests.cli.conftest import Operator
from tests.cli.test_restore import START, check_sums, pay
from tests.shop import Shop

pytestmark = pytest.mark.frozen_at(START)
type Counting = Callable[..., None]


def revenue(shop: Shop) -> str:
    items = shop.aws.items("PurchasesTable")
    return min(item["id"] for item in items if item["id"].startswith("revenue#"))


def counted_meanwhile(shop: Shop, item_id: str, name: str, number: int) -> None:
    """Do what the transaction of a function does."""
    shop.aws.dynamodb.update_item(
        TableName=shop.aws.tables["PurchasesTable"],
        Key={"id": {"S": item_id}},
        UpdateExpression=f"ADD {name} :n",
        ExpressionAttributeValues={":n": {"N": str(number)}},
    )


def restore(operator: Operator) -> Result:
    time = datetime.now(UTC).isoformat()
    return operator("restore", "--to-time", time, "--yes")


@pytest.fixture
def before_writing(monkeypatch: pytest.MonkeyPatch) -> Callable[[Counting], None]:
    """Let something happen between the reading of a counter and its repair."""
    original = PurchaseCounters._write  # noqa: SLF001 - the moment between the two

    def patch(happens: Counting) -> None:
        def write(self: PurchaseCounters, item_id: str, *given: object) -> None:
            happens()
            original(self, item_id, *given)  # type: ignore[arg-type]

        monkeypatch.setattr(PurchaseCounters, "_write", write)

    return patch


@pytest.mark.parametrize("damaged", ["wrong", "lost"])
def test_what_is_counted_in_another_currency_meanwhile_stays(
    shop: Shop,
    operator: Operator,
    before_writing: Callable[[Counting], None],
    damaged: str,
) -> None:
    pay(shop, "content")
    item_id = revenue(shop)
    before = shop.aws.item("PurchasesTable", item_id)
    if damaged == "wrong":
        shop.aws.change("PurchasesTable", item_id, usd_gross=1)
    else:
        shop.aws.delete("PurchasesTable", {"id": item_id})
    before_writing(lambda: counted_meanwhile(shop, item_id, "eur_gross", 500))

    result = restore(operator)

    assert result.exit_code == 0
    assert shop.aws.item("PurchasesTable", item_id) == before | {"eur_gross": 500}


@pytest.mark.parametrize("damaged", ["wrong", "lost"])
def test_what_is_counted_meanwhile_is_not_overwritten(
    shop: Shop,
    operator: Operator,
    before_writing: Callable[[Counting], None],
    damaged: str,
) -> None:
    """The command says so, and is repeated."""
    pay(shop, "content")
    item_id = revenue(shop)
    without = None if damaged == "lost" else 1
    shop.aws.change("PurchasesTable", item_id, usd_gross=without)
    before_writing(lambda: counted_meanwhile(shop, item_id, "usd_gross", 500))

    result = restore(operator)

    assert result.exit_code == 1
    assert f"{item_id} has changed meanwhile" in result.stdout
    now = shop.aws.item("PurchasesTable", item_id)["usd_gross"]
    assert now == 500 + (without or 0)


def test_numbers_of_nothing_become_zero(shop: Shop, operator: Operator) -> None:
    pay(shop, "content")
    item_id = revenue(shop)
    shop.aws.change("PurchasesTable", item_id, eur_gross=7)

    assert restore(operator).exit_code == 0

    assert shop.aws.item("PurchasesTable", item_id)["eur_gross"] == 0
    check_sums(shop)
