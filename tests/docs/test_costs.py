"""What the pages say that a month costs is what is counted, and what is computed."""

import re

from local import costs
from tests.template_file import ROOT, resources, template


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
    alarms = [
        resource.get("Condition")
        for resource in template()["Resources"].values()
        if resource["Type"] == "AWS::CloudWatch::Alarm"
    ]
    of_segment = alarms.count("SendToSegment")
    assert len(alarms) - of_segment == costs.ALARMS
    assert len(resources("AWS::CloudWatch::Dashboard")) == costs.DASHBOARDS
    monitored = (
        f"{costs.ALARMS * costs.PER_ALARM:.2f} for the {costs.ALARMS} of a stack, "
        f"{of_segment * costs.PER_ALARM:.2f} more with Segment"
    )
    page = (ROOT / "docs/operations.md").read_text()
    assert monitored in page
    assert f"the {costs.METRICS_OF_IDLE} that reconcile reports in each run" in page
    assert f"about {costs.METRICS_OF_SHOP - 2}, and two more for each currency" in page


def test_the_pages_agree_on_what_a_login_costs() -> None:
    """Both tiers are those of Cognito's price page, not one price for everybody."""
    users = 5_000_000
    lite = costs.of_users(users, costs.LITE)
    essentials = costs.of_users(users, costs.ESSENTIALS)
    assert lite == 90_000 * 0.0055 + 900_000 * 0.0046 + 4_000_000 * 0.00325
    identity = (ROOT / "docs/identity.md").read_text()
    assert f"`LITE` costs about {round(lite, -3):,.0f} USD" in identity
    assert f"about {round(essentials, -3):,.0f} USD" in identity
    assert f"the first {costs.USERS_FREE:,} users are free" in identity
    going_live = (ROOT / "docs/going-live.md").read_text()
    times = {3: "three", 4: "four", 5: "five"}[round(essentials / lite)]
    assert f"would be {times} times the tier `LITE`" in going_live


def test_free_users_cost_nothing() -> None:
    assert costs.of_users(costs.USERS_FREE, costs.LITE) == 0
    assert costs.of_users(costs.USERS_FREE + 1000, costs.LITE) == 5.5


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
        f"{costs.KB_LOGGED_OF_REQUEST} of the access log",
        f"{costs.KB_SENT_OF_REQUEST} kB to the internet for each request",
        f"{costs.METRICS_OF_SHOP - 2} metrics and two of one currency",
    ):
        assert assumed in page, assumed
