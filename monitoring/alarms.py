"""The alarms of the template."""

from dataclasses import dataclass
from typing import Any, Self

from local import template_yaml
from local.settings import ROOT

TOLERATED = "ToleratedErrors"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """
    One alarm: it rings if *datapoints* of the last *periods* breach *threshold*.

    *period* is in seconds. *is_tolerant* says that a parameter is the threshold, whose
    default is 0.
    """

    name: str
    text: str
    metric: str
    namespace: str
    statistic: str
    period: int
    periods: int
    datapoints: int
    threshold: int
    is_tolerant: bool
    comparison: str
    rings_without_data: bool

    @property
    def is_ours(self) -> bool:
        """Whether the functions count the metric themselves."""
        return self.namespace == "Checkout"

    @classmethod
    def from_template(cls, name: str, properties: dict[str, Any]) -> Self:
        threshold = properties["Threshold"]
        is_tolerant = threshold == {"Ref": TOLERATED}
        periods = properties["EvaluationPeriods"]
        return cls(
            name=name,
            text=properties["AlarmDescription"],
            metric=properties["MetricName"],
            namespace=_namespace(properties["Namespace"]),
            statistic=properties["Statistic"],
            period=properties["Period"],
            periods=periods,
            datapoints=properties.get("DatapointsToAlarm", periods),
            threshold=0 if is_tolerant else threshold,
            is_tolerant=is_tolerant,
            comparison=properties["ComparisonOperator"],
            rings_without_data=properties["TreatMissingData"] == "breaching",
        )


def _namespace(given: str | dict[str, str]) -> str:
    """Return a namespace without the stack's name, which the template puts in."""
    return given if isinstance(given, str) else given["Fn::Sub"].partition("/$")[0]


def alarms() -> list[Alarm]:
    """Return the alarms in the order of the template."""
    return [
        Alarm.from_template(name, resource["Properties"])
        for name, resource in template_yaml.read(ROOT / "template.yaml")[
            "Resources"
        ].items()
        if resource["Type"] == "AWS::CloudWatch::Alarm"
    ]
