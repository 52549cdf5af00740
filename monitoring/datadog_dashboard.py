"""
Datadog's dashboard: the same figures as that of the template.

https://docs.datadoghq.com/api/latest/dashboards/#create-a-new-dashboard
"""

from collections.abc import Mapping
from typing import Any

from checkout.metric import Metric

type Widget = dict[str, Any]

# Of Datadog's integration with AWS, for what no function counts itself.
OF_AWS = {
    "aws.lambda.duration": "functionname",
    "aws.lambda.errors": "functionname",
    "aws.sqs.approximate_age_of_oldest_message": "queuename",
}


def dashboard() -> dict[str, Any]:
    return {
        "title": "Payments through Stripe Checkout",
        "description": "Made by `make monitoring` of paidonce.",
        "layout_type": "ordered",
        "template_variables": [
            {"name": "stack", "prefix": "stack", "available_values": [], "default": "*"}
        ],
        "widgets": [
            _group("Sales", _sales()),
            _group("What goes wrong", _failures()),
            _group("Reconcile", _reconcile()),
            _group("Functions (needs Datadog's integration with AWS)", _functions()),
        ],
    }


def _sales() -> list[Widget]:
    completed, started = Metric.SESSION_COMPLETED, Metric.CHECKOUT_STARTED
    enqueued = Metric.EVENTS_ENQUEUED
    lost = (Metric.EVENTS_REFUSED, Metric.EVENTS_NOT_ENQUEUED)
    return [
        _number(
            "Conversion, % of the checkouts that were started",
            "100 * completed / started",
            {"completed": _sum(completed), "started": _sum(started)},
        ),
        _number("Purchases in a week", "completed", {"completed": _sum(completed)}),
        _number(
            "Webhook success, % of the requests",
            "100 * enqueued / (enqueued + default_zero(refused) + default_zero(lost))",
            {
                "enqueued": _sum(enqueued),
                "refused": _sum(lost[0]),
                "lost": _sum(lost[1]),
            },
        ),
        _number(
            "Oldest orphaned session, seconds",
            "age",
            {"age": _max(Metric.ORPHANED_AGE)},
            "max",
        ),
        _series(
            "Gross merchandise value by currency, minor unit",
            {"sold": _sum(Metric.MONEY_SOLD, "currency")},
            "bars",
        ),
        _series(
            "Money given back by currency, minor unit",
            {"returned": _sum(Metric.MONEY_RETURNED, "currency")},
            "bars",
        ),
        _series(
            "Checkouts",
            {
                "started": _sum(started),
                "completed": _sum(completed),
                "failed": _sum(Metric.CHECKOUT_FAILED),
                "create_failed": _sum(Metric.CREATE_FAILED),
            },
            "bars",
        ),
    ]


def _failures() -> list[Widget]:
    return [
        _series(
            "Payments that need a person",
            {
                "quarantined": _sum(Metric.QUARANTINED),
                "disputed": _sum(Metric.DISPUTES_OPENED),
                "refunds_failed": _sum(Metric.REFUNDS_FAILED),
                "refunds_refused": _sum(Metric.REFUNDS_REFUSED),
                "fraud_warnings": _sum(Metric.FRAUD_WARNINGS),
            },
            "bars",
        ),
        _series(
            "Unfulfillable payments and refunds",
            {
                "unfulfillable": _sum(Metric.UNFULFILLABLE),
                "refunds": _sum(Metric.REFUNDS_SUCCEEDED),
            },
            "bars",
        ),
        _series(
            "Webhook",
            {
                "enqueued": _sum(Metric.EVENTS_ENQUEUED),
                "refused": _sum(Metric.EVENTS_REFUSED),
                "not_enqueued": _sum(Metric.EVENTS_NOT_ENQUEUED),
                "undelivered": _max(Metric.EVENTS_UNDELIVERED),
            },
            "bars",
        ),
        _series(
            "Fulfillment",
            {
                "failed": _sum(Metric.EVENTS_FAILED),
                "postponed": _sum(Metric.EVENTS_POSTPONED),
                "stuck": _sum(Metric.EVENTS_STUCK),
                "throttled": _sum(Metric.DYNAMODB_THROTTLED),
            },
            "bars",
        ),
    ]


def _reconcile() -> list[Widget]:
    return [
        _series(
            "Lag of each stream, seconds",
            {
                "sessions": _max(Metric.RECONCILE_SESSIONS_LAG),
                "money": _max(Metric.RECONCILE_MONEY_LAG),
                "balance": _max(Metric.RECONCILE_BALANCE_LAG),
                "due_items": _max(Metric.RECONCILE_DUE_AGE),
            },
        ),
        _series(
            "Events that it had to queue",
            {"fetched": _sum(Metric.EVENTS_FETCHED)},
            "bars",
        ),
    ]


def _functions() -> list[Widget]:
    duration, errors, age = OF_AWS
    return [
        _series("Latency of each function, ms", {"duration": _of_aws("avg", duration)}),
        _series("Errors of each function", {"errors": _of_aws("sum", errors)}, "bars"),
        _series("Age of the oldest message, seconds", {"age": _of_aws("max", age)}),
    ]


def _sum(metric: Metric, by: str | None = None) -> str:
    return f"sum:{metric}{{$stack}}{f' by {{{by}}}' if by else ''}.as_count()"


def _max(metric: Metric) -> str:
    return f"max:{metric}{{$stack}}"


def _of_aws(aggregator: str, metric: str) -> str:
    """Return the query of what AWS counts: its names begin with the stack's."""
    tag = OF_AWS[metric]
    count = ".as_count()" if aggregator == "sum" else ""
    return f"{aggregator}:{metric}{{{tag}:$stack.value-*}} by {{{tag}}}{count}"


def _group(title: str, widgets: list[Widget]) -> Widget:
    return {
        "definition": {
            "type": "group",
            "title": title,
            "layout_type": "ordered",
            "widgets": widgets,
        }
    }


def _queries(queries: Mapping[str, str], **more: str) -> list[dict[str, str]]:
    return [
        {"data_source": "metrics", "name": name, "query": query, **more}
        for name, query in queries.items()
    ]


def _number(
    title: str, formula: str, queries: Mapping[str, str], aggregator: str = "sum"
) -> Widget:
    """Return one figure, of the last week."""
    return {
        "definition": {
            "type": "query_value",
            "title": title,
            "time": {"live_span": "1w"},
            "precision": 1,
            "autoscale": False,
            "requests": [
                {
                    "response_format": "scalar",
                    "formulas": [{"formula": formula}],
                    "queries": _queries(queries, aggregator=aggregator),
                }
            ],
        }
    }


def _series(
    title: str, queries: Mapping[str, str], display_type: str = "line"
) -> Widget:
    return {
        "definition": {
            "type": "timeseries",
            "title": title,
            "show_legend": True,
            "requests": [
                {
                    "response_format": "timeseries",
                    "display_type": display_type,
                    "formulas": [{"formula": n, "alias": n} for n in queries],
                    "queries": _queries(queries),
                }
            ],
        }
    }
