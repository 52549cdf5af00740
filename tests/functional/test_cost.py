"""What a purchase costs at DynamoDB: pinned, so that a change of it is a decision."""

import re

from tests.aws import on_moto_too
from tests.request_units import counted
from tests.shop import Shop
from tests.template_file import ROOT

# On demand, us-east-1: https://aws.amazon.com/dynamodb/pricing/on-demand/
DOLLARS_PER_MILLION_WRITES = 0.625
DOLLARS_PER_MILLION_READS = 0.125


@on_moto_too
def test_a_purchase_costs_what_the_operations_page_says(shop: Shop) -> None:
    """From the first click to the receipt, of content that a creator sells."""
    shop.invoke("ReconcileFunction", {})  # it has been running
    units = {}
    with counted(shop) as units["create"]:
        shop.create("content")
    shop.stripe.pay(shop.stripe.sessions()[0]["id"])
    with counted(shop) as units["fulfill"]:
        shop.deliver()
    with counted(shop) as units["receipt"]:
        shop.invoke("ReconcileFunction", {})

    page = (ROOT / "docs/operations.md").read_text()
    rows = re.findall(r"^\| (\w+) \| (\d+) \| (\d+) \|", page, re.MULTILINE)
    told = {step: (int(write), int(read)) for step, write, read in rows}
    found = {step: (each.write, each.read) for step, each in units.items()}
    assert told == found
    dollars = sum(
        each.write * DOLLARS_PER_MILLION_WRITES + each.read * DOLLARS_PER_MILLION_READS
        for each in units.values()
    )
    assert f"{dollars:.2f} USD for a million purchases" in page
