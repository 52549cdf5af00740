"""
Failures that only AWS counts: what Lambda, SQS, EventBridge and API Gateway then do.

What a function answers is the function's own answer; what AWS makes of it follows from
the template: how often a message comes again, and where it ends. A function that is
killed, or not started, answers nothing, so that is only said here.
https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import pytest
from botocore.exceptions import ClientError
from urllib3.exceptions import HTTPError

from checkout.domain import retries
from tests.aws_calls import AwsCall, failing, intercepted
from tests.shop import Shop
from tests.template.alarms.cloudwatch import MINUTE, Datapoint
from tests.template_file import ROOT, functions, resources

HOUR = 60 * MINUTE
DAY = 24 * HOUR
# Until when a failure goes on, and is looked at.
UNTIL = 2 * DAY
# SQS leaves a message out of the age of the oldest one after so many receives.
AGE_COUNTS_UNTIL = 3
# An asynchronous event that Lambda cannot start is repeated for so long.
THROTTLED_FOR = 6 * HOUR

RECONCILE = "ReconcileFunction"
PUBLISH_EVENTS = "PublishEventsFunction"
SEGMENT = "SegmentFunction"


class Watched(NamedTuple):
    """A metric: its namespace, its name, and its dimensions."""

    namespace: str
    name: str
    dimensions: frozenset[tuple[str, str]]


class CloudWatch:
    """What AWS has counted."""

    def __init__(self) -> None:
        self._data: dict[Watched, list[Datapoint]] = defaultdict(list)
        self._first_on_queue: dict[str, int] = {}

    def put(
        self, at: int, value: float, namespace: str, name: str, **dimensions: str
    ) -> None:
        watched = Watched(namespace, name, frozenset(dimensions.items()))
        self._data[watched].append(Datapoint(at, value))

    def of_lambda(self, at: int, name: str, function: str, value: float = 1) -> None:
        self.put(at, value, "AWS/Lambda", name, FunctionName=function)

    def of_api(self, at: int) -> None:
        """A request was answered 5xx, by a function or in its place."""
        self.put(at, 1, "AWS/ApiGateway", "5xx", ApiId="HttpApi")

    def of_gateway(self, at: int) -> None:
        """API Gateway refused a request, and the access log has a line of it."""
        [log_filter] = resources("AWS::Logs::MetricFilter").values()
        # As AccessLogs has it: API Gateway writes `-` for what there is not.
        assert log_filter["FilterPattern"] == (
            '{ $.status = "429" && $.functionStatus = "-" }'
        )
        [counted] = log_filter["MetricTransformations"]
        value = float(counted["MetricValue"])
        self.put(
            at, value, counted["MetricNamespace"]["Fn::Sub"], counted["MetricName"]
        )

    def of_queue(self, at: int, queue: str) -> None:
        """A message is on *queue* from then on."""
        self._first_on_queue[queue] = min(at, self._first_on_queue.get(queue, at))

    def data(self) -> dict[Watched, list[Datapoint]]:
        name = "ApproximateNumberOfMessagesVisible"
        for queue, first in self._first_on_queue.items():
            for minute in range(first, UNTIL, MINUTE):
                self.put(minute, 1, "AWS/SQS", name, QueueName=queue)
        return self._data


# ---------------------------------------------------------------- what AWS does


def is_behind_api(function: str) -> bool:
    events = functions()[function].get("Events", {}).values()
    return any(event["Type"] == "HttpApi" for event in events)


def dies(function: str) -> Callable[[CloudWatch, int], None]:
    """Let Lambda kill *function* whenever it runs: no import, no memory, no time."""

    def go_wrong(seen: CloudWatch, at: int) -> None:
        follow(seen, function, at, "Errors")

    return go_wrong


def is_throttled(function: str) -> Callable[[CloudWatch, int], None]:
    """Let Lambda have no execution left for *function*."""

    def go_wrong(seen: CloudWatch, at: int) -> None:
        follow(seen, function, at, "Throttles")

    return go_wrong


def follow(seen: CloudWatch, function: str, at: int, metric: str) -> None:
    """Let what calls *function* at *at* see that it does not answer."""
    # Stripe calls the webhook's own URL, which is no part of the API.
    if is_behind_api(function) and function != "StripeWebhookFunction":
        seen.of_api(at)
    if function == "FulfillmentFunction":
        queue = resources("AWS::SQS::Queue")["PaymentEventsQueue"]
        attempts = received(seen, at, lambda _: queue["VisibilityTimeout"])
    elif function == PUBLISH_EVENTS:
        attempts = read_again(seen, at)
    elif function == SEGMENT:
        attempts = invoked_again(seen, at, throttled=metric == "Throttles")
    else:
        attempts = [at]
    for attempt in attempts:
        seen.of_lambda(attempt, metric, function)
        if metric == "Errors":
            seen.of_lambda(attempt, "Invocations", function)


def received(seen: CloudWatch, at: int, pause: Callable[[int], int]) -> list[int]:
    """Let a message be received until SQS gives it up; return when."""
    queue = resources("AWS::SQS::Queue")["PaymentEventsQueue"]
    attempts: list[int] = []
    due = at
    for number in range(1, queue["RedrivePolicy"]["maxReceiveCount"] + 1):
        attempts.append(due)
        following = due + pause(number)
        if number < AGE_COUNTS_UNTIL:
            for minute in range(due, following, MINUTE):
                age = minute - at
                name = "ApproximateAgeOfOldestMessage"
                queue_name = "PaymentEventsQueue"
                seen.put(minute, age, "AWS/SQS", name, QueueName=queue_name)
        due = following
    seen.of_queue(due, queue["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0])
    return attempts


def read_again(seen: CloudWatch, at: int) -> list[int]:
    """Let a record of the stream be read until it is too old; return when."""
    mapping = resources("AWS::Lambda::EventSourceMapping")["AuditLogStream"]
    oldest = mapping["MaximumRecordAgeInSeconds"]
    attempts = list(range(at, at + oldest, MINUTE))
    for attempt in attempts:
        age = (attempt - at) * 1000
        seen.of_lambda(attempt, "IteratorAge", PUBLISH_EVENTS, age)
    target = mapping["DestinationConfig"]["OnFailure"]["Destination"]["Fn::GetAtt"][0]
    seen.of_queue(at + oldest, target)
    return attempts


def invoked_again(seen: CloudWatch, at: int, *, throttled: bool = False) -> list[int]:
    """Let an asynchronous event be repeated until Lambda gives it up; return when."""
    config = functions()[SEGMENT]["EventInvokeConfig"]
    pauses = [MINUTE, 2 * MINUTE][: config["MaximumRetryAttempts"]]
    attempts = [at + sum(pauses[:number]) for number in range(len(pauses) + 1)]
    if throttled:
        attempts = list(range(at, at + THROTTLED_FOR, 5 * MINUTE))
    target = config["DestinationConfig"]["OnFailure"]["Destination"]["Fn::GetAtt"][0]
    seen.of_queue(attempts[-1] + MINUTE, target)
    return attempts


# ---------------------------------------------------------------- what goes wrong

type Failing = Callable[[CloudWatch, int], None]


class Failure(NamedTuple):
    """
    What goes wrong, the answer of ours that shows it, and the alarms that ring.

    *shows* lets the real function fail, and raises AssertionError if it does not.
    """

    what: str
    happens: Failing
    alarms: set[str]
    shows: Callable[[Shop], object] | None = None


def answered_5xx(seen: CloudWatch, at: int) -> None:
    seen.of_api(at)


def route_is_full(seen: CloudWatch, at: int) -> None:
    """For ten minutes: a moment that is over rings nothing."""
    for minute in range(at, at + 10 * MINUTE, MINUTE):
        seen.of_gateway(minute)


def event_is_never_applied(seen: CloudWatch, at: int) -> None:
    for attempt in received(seen, at, retries.pause_after):
        seen.of_lambda(attempt, "Invocations", "FulfillmentFunction")


def an_unreadable_event_fails(shop: Shop) -> None:
    assert shop.work("not an event") == ["not an event"]


def worker_is_slow(seen: CloudWatch, at: int) -> None:
    """So many events come that each waits for ten minutes."""
    for minute in range(at, at + 10 * MINUTE, MINUTE):
        age, name = minute - at, "ApproximateAgeOfOldestMessage"
        seen.put(minute, age, "AWS/SQS", name, QueueName="PaymentEventsQueue")


def bus_refuses(seen: CloudWatch, at: int) -> None:
    """It refuses each entry: the function says so, and does not fail itself."""
    read_again(seen, at)


def an_entry_is_refused(shop: Shop) -> None:
    def refuse(call: AwsCall) -> Any:
        refused = {"ErrorCode": "ThrottlingException", "ErrorMessage": "slow down"}
        entries = call.parameters["Entries"]
        return {"Entries": [refused for _ in entries], "FailedEntryCount": 1}

    with intercepted(refuse):
        assert publish(shop)["batchItemFailures"]


def bus_cannot_be_reached(shop: Shop) -> None:
    with failing("PutEvents"), pytest.raises(ClientError):
        publish(shop)


def publish(shop: Shop) -> dict[str, Any]:
    sample = next((ROOT / "tests/events" / PUBLISH_EVENTS).glob("*.json"))
    return shop.invoke(PUBLISH_EVENTS, json.loads(sample.read_text()))


def segment_refuses(seen: CloudWatch, at: int) -> None:
    for attempt in invoked_again(seen, at):
        seen.of_lambda(attempt, "Errors", SEGMENT)


def segment_cannot_be_reached(shop: Shop) -> None:
    shop.aws.set_secret("segment/write-key", "key")
    sample = next((ROOT / "tests/events" / SEGMENT).glob("*.json"))
    with pytest.raises(HTTPError):  # nobody listens where the shop's Segment is
        shop.invoke(SEGMENT, json.loads(sample.read_text()))


def rule_may_not_invoke(seen: CloudWatch, at: int) -> None:
    """The permission that SAM gives to the rule is gone."""
    rule = functions()[SEGMENT]["Events"]["Everything"]["Properties"]
    dimensions = {
        "EventBusName": rule["EventBusName"]["Ref"],
        "RuleName": rule["RuleName"]["Fn::Sub"],
    }
    seen.put(at, 1, "AWS/Events", "FailedInvocations", **dimensions)
    seen.of_queue(at, rule["DeadLetterConfig"]["Arn"]["Fn::GetAtt"][0])


def schedule_is_off(_seen: CloudWatch, _at: int) -> None:
    """Nothing happens, and nobody counts that."""


def _of_every_function(
    happens: Callable[[str], Failing], what: str, alarms: dict[str, set[str]]
) -> Iterable[Failure]:
    for function in functions():
        expected = alarms.get(function, {"ApiErrorAlarm"})
        yield Failure(f"{function} {what}", happens(function), expected)


EVENTS_LATE = {"EventsAgeAlarm", "UnpublishedEventsAlarm"}
EVENTS_WAIT = {"QueueAgeAlarm", "DeadLetterAlarm"}

FAILURES: list[Failure] = [
    *_of_every_function(
        dies,
        "crashes",
        {
            "CreateSessionFunction": {"CreateSessionCrashAlarm", "ApiErrorAlarm"},
            "StripeWebhookFunction": {"WebhookCrashAlarm"},
            "FulfillmentFunction": {"FulfillmentCrashAlarm", *EVENTS_WAIT},
            RECONCILE: {"ReconcileCrashAlarm"},
            PUBLISH_EVENTS: {"PublishEventsCrashAlarm", *EVENTS_LATE},
            SEGMENT: {"SegmentAlarm"},
        },
    ),
    *_of_every_function(
        is_throttled,
        "is throttled",
        {
            "CreateSessionFunction": {"CreateSessionThrottleAlarm", "ApiErrorAlarm"},
            "StripeWebhookFunction": {"WebhookThrottleAlarm"},
            "FulfillmentFunction": {"FulfillmentThrottleAlarm", *EVENTS_WAIT},
            RECONCILE: {"ReconcileMissingAlarm"},
            PUBLISH_EVENTS: {"PublishEventsThrottleAlarm", *EVENTS_LATE},
            SEGMENT: {"SegmentAlarm"},
        },
    ),
    Failure("more come than a route takes", route_is_full, {"ApiThrottleAlarm"}),
    Failure("a route answers 5xx", answered_5xx, {"ApiErrorAlarm"}),
    Failure(
        "an event can never be applied",
        event_is_never_applied,
        {"DeadLetterAlarm"},
        an_unreadable_event_fails,
    ),
    Failure("fulfillment is behind", worker_is_slow, {"QueueAgeAlarm"}),
    Failure("the bus refuses events", bus_refuses, EVENTS_LATE, an_entry_is_refused),
    Failure(
        "the bus cannot be reached",
        dies(PUBLISH_EVENTS),
        {"PublishEventsCrashAlarm", *EVENTS_LATE},
        bus_cannot_be_reached,
    ),
    Failure(
        "Segment refuses events",
        segment_refuses,
        {"SegmentAlarm"},
        segment_cannot_be_reached,
    ),
    Failure(
        "the rule may not invoke its target",
        rule_may_not_invoke,
        {"SegmentRuleAlarm", "SegmentAlarm"},
    ),
    Failure("the schedule is off", schedule_is_off, {"ReconcileMissingAlarm"}),
]


def seconds_between(failure: Failure, of_a_shop: int) -> int:
    """Reconcile runs every five minutes, however much is sold."""
    return 5 * MINUTE if failure.what.startswith(RECONCILE) else of_a_shop


def counted(failure: Failure, every: int, times: int) -> dict[Watched, list[Datapoint]]:
    """Return what AWS counts if *failure* happens so many times."""
    seen = CloudWatch()
    between = seconds_between(failure, every)
    for number in range(times):
        failure.happens(seen, number * between)
    if "ReconcileMissingAlarm" not in failure.alarms:
        for at in range(0, UNTIL, 5 * MINUTE):
            seen.of_lambda(at, "Invocations", RECONCILE)
    return seen.data()


def watched_by(alarm: dict[str, Any]) -> Watched:
    """Return the metric of an alarm; a resource of the template is its logical id."""
    given = alarm.get("Dimensions", [])
    dimensions = {each["Name"]: _name(each["Value"]) for each in given}
    namespace = alarm["Namespace"]
    return Watched(
        namespace["Fn::Sub"] if isinstance(namespace, dict) else namespace,
        alarm["MetricName"],
        frozenset(dimensions.items()),
    )


def _name(value: Any) -> str:
    match value:
        case {"Ref": name} | {"Fn::GetAtt": [name, _]} | {"Fn::Sub": name}:
            return str(name)
    raise AssertionError(value)
