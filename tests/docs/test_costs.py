"""What the pages say that a month costs is what is counted, and what is computed."""

import re

from checkout.metric import Metric
from local import costs
from tests.template_file import ROOT, resources


def units(row: str) -> tuple[float, float]:
    """Return the write and read units of a step, as the operations page has them."""
    page = (ROOT / "docs/operations.md").read_text()
    [(write, read)] = re.findall(
        rf"^\| {row} \| ([\d.,]+) \| ([\d.,]+) \|", page, re.MULTILINE
    )
    return float(write.replace(",", "")), float(read.replace(",", ""))


def together(*rows: str) -> tuple[float, float]:
    writes, reads = zip(*(units(row) for row in rows), strict=True)
    return sum(writes), sum(reads)


def test_the_units_are_those_that_the_tests_count() -> None:
    purchase = ("create", "fulfill", "reconcile, receipt included")
    abandoned = ("create", "expire", "reconcile, expired")
    assert together(*purchase) == (costs.WRITES_OF_PURCHASE, costs.READS_OF_PURCHASE)
    assert together(*abandoned) == (costs.WRITES_OF_ABANDONED, costs.READS_OF_ABANDONED)
    assert units("a run with nothing new") == (costs.WRITES_OF_RUN, costs.READS_OF_RUN)


def test_alarms_metrics_and_dashboards_are_those_of_the_template() -> None:
    assert len(resources("AWS::CloudWatch::Alarm")) == costs.ALARMS
    assert len(resources("AWS::CloudWatch::Dashboard")) == costs.DASHBOARDS
    assert len(Metric) == costs.METRICS


def test_the_page_has_the_table_that_is_computed() -> None:
    assert costs.table(*costs.COLUMNS) in (ROOT / "docs/going-live.md").read_text()


def test_the_page_has_every_assumption() -> None:
    page = (ROOT / "docs/going-live.md").read_text()
    for assumed in (
        f"{costs.ABANDONED_SHARE:.0%} of all checkouts are abandoned",
        f"{costs.REQUESTS_OF_PURCHASE} requests for a purchase",
        f"{costs.REQUESTS_OF_ABANDONED} for an abandoned checkout",
        f"{costs.PURCHASES_OF_USER} purchases a month",
        f"{costs.SECONDS_OF_CREATE} seconds to create",
        f"{costs.SECONDS_OF_RUN} seconds for a run of reconcile",
        f"{costs.KB_STORED_OF_PURCHASE} kB for a purchase",
    ):
        assert assumed in page, assumed
