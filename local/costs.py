"""
`make costs`: what a month on AWS costs, by the number of purchases.

Tests count the units (tests/functional/test_cost.py); durations, sizes and what
buyers do are assumptions, below. Free tiers are left out, except Cognito's.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass

# US dollars in us-east-1, November 2026, from AWS's price pages and copies of them.
PER_MILLION_WRITES = 0.625
PER_MILLION_READS = 0.125
PER_GB_STORED = 0.25 + 0.20  # and its point-in-time recovery
PER_MILLION_INVOCATIONS = 0.20
PER_GB_SECOND = 0.0000133334  # arm64
PER_MILLION_API_REQUESTS = 1.00
PER_MILLION_SQS_REQUESTS = 0.40
PER_MILLION_EVENTS = 1.00
PER_GB_LOGGED = 0.50
PER_METRIC = 0.30
PER_ALARM = 0.10
PER_DASHBOARD = 3.00
PER_SECRET = 0.40
PER_GB_SENT = 0.09  # to the internet
# Active users of Cognito up to a number, and what each of them costs above the one
# before; the first are free.
USERS_FREE = 10_000
LITE = (
    (USERS_FREE, 0.0),
    (100_000, 0.0055),
    (1_000_000, 0.0046),
    (10_000_000, 0.00325),
    (float("inf"), 0.0025),
)
ESSENTIALS = ((USERS_FREE, 0.0), (float("inf"), 0.015))

# Request units of DynamoDB, as docs/operations.md has them.
WRITES_OF_PURCHASE, READS_OF_PURCHASE = 20 + 19 + 6, 4 + 2 + 5.5
WRITES_OF_ABANDONED, READS_OF_ABANDONED = 20 + 9 + 0, 4 + 1 + 0.5
WRITES_OF_RUN, READS_OF_RUN = 6, 63

# What a stack has by default; with Segment two alarms more.
ALARMS = 40
# A test counts what reconcile reports in each run. A busy shop counts about thirty, and
# two for each currency: it is assumed to have one.
METRICS_OF_IDLE, METRICS_OF_SHOP = 7, 30 + 2
DASHBOARDS = 1
SECRETS = 2

# Assumptions: what people do.
ABANDONED_SHARE = 0.7  # of all checkouts
REQUESTS_OF_PURCHASE = 11  # create, 4 of the return page, 6 reads
REQUESTS_OF_ABANDONED = 3
PURCHASES_OF_USER = 2  # in a month
# Assumptions: what functions take, with one GB of memory.
SECONDS_OF_CREATE = 0.7  # most of it waits for Stripe
SECONDS_OF_READ = 0.05
SECONDS_OF_EVENT = 0.2  # webhook, fulfillment and publishing
SECONDS_OF_RUN = 3
EVENTS_OF_PURCHASE, EVENTS_OF_ABANDONED = 3, 2
WEBHOOK_EVENTS_OF_PURCHASE, WEBHOOK_EVENTS_OF_ABANDONED = 1.2, 1
KB_LOGGED_OF_INVOCATION = 1
KB_LOGGED_OF_REQUEST = 0.5  # the access log
KB_SENT_OF_REQUEST = 3  # an answer with its headers, and what Stripe is asked
KB_STORED_OF_PURCHASE, KB_STORED_OF_ABANDONED = 6, 2
MONTHS_STORED = 12

RUNS = 12 * 24 * 30
# Lambda's pollers ask an empty queue about fifteen times a minute.
POLLS = 15 * 60 * 24 * 30
MILLION = 1_000_000
COLUMNS = (0, 1_000, 100_000, 10_000_000)


@dataclass(frozen=True)
class Month:
    """A month with a number of purchases, and of checkouts that nobody paid."""

    purchases: int

    @property
    def abandoned(self) -> float:
        return self.purchases * ABANDONED_SHARE / (1 - ABANDONED_SHARE)

    def of(self, purchase: float, abandoned: float) -> float:
        return self.purchases * purchase + self.abandoned * abandoned

    def rows(self) -> dict[str, float]:
        """Return US dollars for each service."""
        requests = self.of(REQUESTS_OF_PURCHASE, REQUESTS_OF_ABANDONED)
        checkouts = self.purchases + self.abandoned
        events = self.of(EVENTS_OF_PURCHASE, EVENTS_OF_ABANDONED)
        webhooks = self.of(WEBHOOK_EVENTS_OF_PURCHASE, WEBHOOK_EVENTS_OF_ABANDONED)
        invocations = requests + 2 * webhooks + events + RUNS
        seconds = (
            checkouts * SECONDS_OF_CREATE
            + (requests - checkouts) * SECONDS_OF_READ
            + (webhooks + events) * SECONDS_OF_EVENT
            + RUNS * SECONDS_OF_RUN
        )
        writes = self.of(WRITES_OF_PURCHASE, WRITES_OF_ABANDONED) + RUNS * WRITES_OF_RUN
        reads = self.of(READS_OF_PURCHASE, READS_OF_ABANDONED) + RUNS * READS_OF_RUN
        stored = self.of(KB_STORED_OF_PURCHASE, KB_STORED_OF_ABANDONED) * MONTHS_STORED
        logged = invocations * KB_LOGGED_OF_INVOCATION + requests * KB_LOGGED_OF_REQUEST
        return {
            "DynamoDB, requests": (
                writes * PER_MILLION_WRITES + reads * PER_MILLION_READS
            )
            / MILLION,
            "DynamoDB, a year's items": stored / MILLION * PER_GB_STORED,
            "Lambda": invocations / MILLION * PER_MILLION_INVOCATIONS
            + seconds * PER_GB_SECOND,
            "API Gateway": requests / MILLION * PER_MILLION_API_REQUESTS,
            "SQS": (3 * webhooks + POLLS) / MILLION * PER_MILLION_SQS_REQUESTS,
            "EventBridge": events / MILLION * PER_MILLION_EVENTS,
            "logs, access log": logged / MILLION * PER_GB_LOGGED,
            "data to the internet": (
                requests * KB_SENT_OF_REQUEST / MILLION * PER_GB_SENT
            ),
            "metrics, alarms, dashboard, secrets": (
                (METRICS_OF_SHOP if self.purchases else METRICS_OF_IDLE) * PER_METRIC
                + ALARMS * PER_ALARM
                + DASHBOARDS * PER_DASHBOARD
                + SECRETS * PER_SECRET
            ),
            "Cognito LITE, if the pool is the stack's own": of_users(
                self.purchases / PURCHASES_OF_USER, LITE
            ),
        }


def of_users(users: float, tiers: tuple[tuple[float, float], ...]) -> float:
    """Return what a month with these active users costs, tier by tier."""
    dollars, below = 0.0, 0.0
    for up_to, each in tiers:
        dollars += max(0.0, min(users, up_to) - below) * each
        below = up_to
    return dollars


def table(*columns: int) -> str:
    """Return the costs of months with these numbers of purchases, as Markdown."""
    months = [Month(purchases) for purchases in columns]
    heads = [f"{month.purchases:,}" if month.purchases else "idle" for month in months]
    lines = [
        "| USD a month; purchases: | " + " | ".join(heads) + " |",
        "|---|" + "--:|" * len(months),
    ]
    rows = [month.rows() for month in months]
    lines += [
        f"| {name} | " + " | ".join(dollars(row[name]) for row in rows) + " |"
        for name in rows[0]
    ]
    sums = [dollars(sum(row.values())) for row in rows]
    return "\n".join([*lines, "| **together** | " + " | ".join(sums) + " |"]) + "\n"


def dollars(amount: float) -> str:
    return f"{amount:,.2f}" if amount < 100 else f"{amount:,.0f}"  # noqa: PLR2004


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("purchases", type=int, nargs="*", help="purchases in a month")
    sys.stdout.write(table(*(parser.parse_args().purchases or COLUMNS)))


if __name__ == "__main__":
    main()
