"""Who may run at once, who waits for whom, and for how long."""

import importlib
import re
from types import ModuleType

import pytest

from checkout.clients import aws
from checkout.domain import retries
from checkout.flows import reconcile
from tests import template_file
from tests.template_file import functions, resources, routes, template

# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
QUOTA_OF_A_NEW_ACCOUNT = 10
LEAST_OF_SQS = 2
LEAST_AGE_SECONDS = 60
SECONDS_BETWEEN_RUNS = 5 * 60
STREAM_REMEMBERS_SECONDS = 24 * 3600

RESERVATIONS = {
    "StripeWebhookFunction": "WebhookReservedConcurrency",
    "CreateSessionFunction": "CreateSessionReservedConcurrency",
    "ReconcileFunction": "ReconcileReservedConcurrency",
}

# Whoever asks Stripe or Segment has its address; tests/unit/test_config.py checks that.
ASK_STRIPE = sorted(f for f, p in functions().items() if "STRIPE_API_BASE" in str(p))
ASK_SEGMENT = [f for f, p in functions().items() if "SEGMENT_API_BASE" in str(p)]


def timeout_of(function: str) -> int:
    default = template()["Globals"]["Function"]["Timeout"]
    seconds: int = functions()[function].get("Timeout", default)
    return seconds


def module_of(function: str) -> ModuleType:
    return importlib.import_module(template_file.module_of(functions()[function]))


def time_for_a_call(function: str) -> float:
    """Return how long a function can wait: what it keeps free for the last call."""
    margin = getattr(module_of(function), "MARGIN_MILLISECONDS", None)
    return margin / 1000 if margin else timeout_of(function)


# ---------------------------------------------------------------- how many


def test_the_worker_leaves_half_of_a_new_accounts_quota_to_the_buyers() -> None:
    parameter = template()["Parameters"]["FulfillmentConcurrency"]
    event = functions()["FulfillmentFunction"]["Events"]["PaymentEvents"]
    scaling = event["Properties"]["ScalingConfig"]

    assert scaling == {"MaximumConcurrency": {"Ref": "FulfillmentConcurrency"}}
    assert parameter["MinValue"] == LEAST_OF_SQS
    reconcile_runs, stream, segment = 1, 1, 1
    others = parameter["Default"] + reconcile_runs + stream + segment
    assert others <= QUOTA_OF_A_NEW_ACCOUNT / 2


@pytest.mark.parametrize("function", sorted(functions()))
def test_nothing_is_reserved_unless_it_is_asked_for(function: str) -> None:
    """A new account's quota allows no reservation: the stack would not deploy."""
    given = functions()[function].get("ReservedConcurrentExecutions")
    if function not in RESERVATIONS:
        assert given is None
        return
    parameter = RESERVATIONS[function]
    condition, then, otherwise = given["Fn::If"]

    assert template()["Parameters"][parameter]["Default"] == "off"
    assert then == {"Ref": parameter}
    assert otherwise == {"Ref": "AWS::NoValue"}
    assert template()["Conditions"][condition] == {
        "Fn::Not": [{"Fn::Equals": [{"Ref": parameter}, "off"]}]
    }


@pytest.mark.parametrize("parameter", sorted(set(RESERVATIONS.values())))
def test_a_reservation_is_a_number_that_lets_something_run(parameter: str) -> None:
    found = template()["Parameters"][parameter]
    if "AllowedValues" in found:
        assert found["AllowedValues"] == ["off", "1"]
        return
    allowed = re.compile(found["AllowedPattern"])
    assert all(map(allowed.search, ["off", "1", "10", "1000"]))
    # Zero would stop the function.
    assert not any(map(allowed.search, ["", "0", "010", "-1", "2.5", "on"]))


# ---------------------------------------------------------------- one run at a time


def test_a_run_ends_before_the_next_begins() -> None:
    schedule = functions()["ReconcileFunction"]["Events"]["Reconcile"]["Properties"]
    assert schedule["ScheduleExpression"] == "rate(5 minutes)"
    assert timeout_of("ReconcileFunction") < SECONDS_BETWEEN_RUNS


def test_a_run_that_failed_or_was_throttled_is_not_repeated_beside_the_next() -> None:
    """Neither the schedule nor Lambda repeats it; the next run goes on from there."""
    function = functions()["ReconcileFunction"]
    schedule = function["Events"]["Reconcile"]["Properties"]
    invocation = function["EventInvokeConfig"]

    assert schedule["RetryPolicy"]["MaximumRetryAttempts"] == 0
    assert invocation["MaximumRetryAttempts"] == 0
    # Lambda keeps what is throttled, whatever the number of attempts, for six hours.
    age = invocation["MaximumEventAgeInSeconds"]
    assert LEAST_AGE_SECONDS <= age < SECONDS_BETWEEN_RUNS


def test_the_lease_of_a_run_outlasts_it_and_ends_before_the_next_but_one() -> None:
    """Also if the run was killed, and could not release it."""
    longest = timeout_of("ReconcileFunction")
    margin = module_of("ReconcileFunction").MARGIN_MILLISECONDS / 1000  # type: ignore[attr-defined]
    lease = longest - margin + reconcile.LEASE_AFTER_RUN.total_seconds()

    assert longest <= lease <= 2 * SECONDS_BETWEEN_RUNS


# ---------------------------------------------------------------- queue and stream


def test_a_message_is_hidden_long_enough_and_kept_long_enough() -> None:
    queues = resources("AWS::SQS::Queue")
    queue, dead = (
        queues["PaymentEventsQueue"],
        queues["PaymentEventsDeadLetterQueue"],
    )
    # https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
    assert queue["VisibilityTimeout"] >= 6 * timeout_of("FulfillmentFunction")
    assert dead["MessageRetentionPeriod"] > queue["MessageRetentionPeriod"]
    assert queue["MessageRetentionPeriod"] > 3 * sum(retries.PAUSES)
    assert queue["RedrivePolicy"]["maxReceiveCount"] == len(retries.PAUSES) + 1


def test_only_its_age_gives_an_audit_entry_up() -> None:
    """
    The bus may be down for hours, and no event of these hours is given up early.

    A number of attempts would say nothing about time. What can never be published does
    not fail: PublishEventsFunction passes it over.
    """
    stream = resources("AWS::Lambda::EventSourceMapping")["AuditLogStream"]
    assert "MaximumRetryAttempts" not in stream
    assert stream["BisectBatchOnFunctionError"] is True
    assert 3600 < stream["MaximumRecordAgeInSeconds"] <= STREAM_REMEMBERS_SECONDS / 2


# ---------------------------------------------------------------- how long


def test_a_function_answers_before_the_gateway_gives_up() -> None:
    for name in set(routes().values()):
        assert timeout_of(name) < 30, name


# botocore waits a twentieth of a second after the first attempt, then twice as long.
BOTOCORE_PAUSES_SECONDS = 0.05 + 0.1


def longest_call_of_aws() -> float:
    """Return the seconds after which a call fails that AWS does not answer."""
    attempts = aws.CONFIG.retries["total_max_attempts"]
    one = aws.CONFIG.connect_timeout + aws.CONFIG.read_timeout
    seconds: float = attempts * one + BOTOCORE_PAUSES_SECONDS
    return seconds


@pytest.mark.parametrize("function", sorted(functions()))
def test_a_slow_aws_is_answered_and_does_not_kill_the_function(function: str) -> None:
    """With time for the calls before that one, and for the answer."""
    assert longest_call_of_aws() + 5 < timeout_of(function)
    assert longest_call_of_aws() + 5 < time_for_a_call(function)


def longest_request_to_stripe() -> float:
    from checkout.clients import stripe_sdk  # noqa: PLC0415 - once the environment is set

    tries = stripe_sdk.RETRIES + 1
    return tries * (stripe_sdk.CONNECT_SECONDS + stripe_sdk.READ_SECONDS)


@pytest.mark.parametrize("function", ASK_STRIPE)
def test_a_slow_stripe_is_answered_and_does_not_kill_the_function(
    function: str,
) -> None:
    assert longest_request_to_stripe() < time_for_a_call(function)


def test_the_functions_that_ask_stripe_are_found() -> None:
    """A test of the test above."""
    assert {"WriteOffersFunction", "ReconcileFunction"} < set(ASK_STRIPE)
    assert not {"StripeWebhookFunction", "PurchasesFunction"} & set(ASK_STRIPE)


@pytest.mark.parametrize("function", ASK_SEGMENT)
def test_a_slow_segment_does_not_kill_the_function(function: str) -> None:
    from checkout.clients import segment  # noqa: PLC0415 - once the environment is set

    longest = segment.TIMEOUT.connect_timeout + segment.TIMEOUT.read_timeout
    assert longest < timeout_of(function)


def test_withdrawing_an_offer_ends_before_its_function_does() -> None:
    """Also if Stripe does not answer to the last of the sessions."""
    from checkout.clients import stripe_sdk  # noqa: PLC0415 - once the environment is set
    from checkout.flows.write_offer import EXPIRING_SECONDS  # noqa: PLC0415

    last = stripe_sdk.CONNECT_SECONDS + stripe_sdk.READ_SECONDS
    assert EXPIRING_SECONDS + last + 2 < timeout_of("WriteOffersFunction")


def test_the_worker_has_time_for_a_message_that_asks_stripe_twice() -> None:
    assert timeout_of("FulfillmentFunction") > 2 * longest_request_to_stripe()
