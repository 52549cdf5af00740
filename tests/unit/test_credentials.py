"""Stripe's secrets: fetched when first needed, and kept for five minutes."""

import socket
import time
from collections.abc import Callable, Iterator

import boto3
import pytest

from checkout.clients import aws, credentials
from checkout.telemetry import metrics
from tests.output import captured_log

NAME = "stripe/secret-key"


class Clock:
    def __init__(self) -> None:
        self.seconds = 50.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def store(fake_aws: None) -> object:  # noqa: ARG001
    store = boto3.client("secretsmanager")
    store.create_secret(Name=NAME, SecretString=" sk_test_one\n")
    return store


def rotate(store: object, value: str) -> None:
    store.put_secret_value(SecretId=NAME, SecretString=value)  # type: ignore[attr-defined]


def test_a_secret_comes_without_the_blanks_around_it(store: object) -> None:  # noqa: ARG001
    assert credentials.secret(NAME) == "sk_test_one"


@pytest.mark.parametrize(
    ("age", "expected"),
    [
        (0, "sk_test_one"),
        (credentials.SECONDS_TO_KEEP - 1, "sk_test_one"),
        (credentials.SECONDS_TO_KEEP, "sk_test_two"),
    ],
)
def test_a_rotated_secret_is_in_use_after_five_minutes(
    store: object, age: int, expected: str
) -> None:
    clock = Clock()
    credentials.secret(NAME, clock)
    rotate(store, "sk_test_two")

    clock.seconds += age

    assert credentials.secret(NAME, clock) == expected


def test_a_secret_is_kept_for_five_minutes_from_its_latest_fetch(store: object) -> None:
    clock = Clock()
    credentials.secret(NAME, clock)
    clock.seconds += credentials.SECONDS_TO_KEEP
    credentials.secret(NAME, clock)
    rotate(store, "sk_test_two")

    clock.seconds += credentials.SECONDS_TO_KEEP - 1

    assert credentials.secret(NAME, clock) == "sk_test_one"


def test_what_is_forgotten_is_fetched_anew(store: object) -> None:
    credentials.secret(NAME)
    rotate(store, "sk_test_two")

    credentials.forget()

    assert credentials.secret(NAME) == "sk_test_two"


def test_each_secret_is_kept_under_its_own_name(store: object) -> None:
    store.create_secret(Name="other", SecretString="whsec_x")  # type: ignore[attr-defined]

    assert credentials.secret(NAME) == "sk_test_one"
    assert credentials.secret("other") == "whsec_x"


def test_a_failed_fetch_is_not_kept(store: object) -> None:
    store.delete_secret(SecretId=NAME, ForceDeleteWithoutRecovery=True)  # type: ignore[attr-defined]
    with pytest.raises(Exception, match="ResourceNotFound"):
        credentials.secret(NAME)
    store.create_secret(Name=NAME, SecretString="sk_test_three")  # type: ignore[attr-defined]

    assert credentials.secret(NAME) == "sk_test_three"


# ------------------------------------------------------------ Secrets Manager fails


@pytest.fixture
def clock(store: object) -> Clock:  # noqa: ARG001
    """Begin with a good secret in memory that is due to be fetched anew."""
    clock = Clock()
    assert credentials.secret(NAME, clock) == "sk_test_one"
    clock.seconds += credentials.SECONDS_TO_KEEP
    return clock


@pytest.fixture
def counted() -> Iterator[Callable[[], int]]:
    """Tell how often a secret was found to be stale."""
    metrics.clear_metrics()
    yield lambda: len(
        metrics.provider.metric_set.get("payments.secrets.stale", {}).get("Value", [])
    )
    metrics.clear_metrics()


def test_a_secret_that_cannot_be_fetched_anew_stays_in_use(
    store: object, clock: Clock, counted: Callable[[], int]
) -> None:
    store.delete_secret(SecretId=NAME, ForceDeleteWithoutRecovery=True)  # type: ignore[attr-defined]

    assert credentials.secret(NAME, clock) == "sk_test_one"
    assert counted() == 1


@pytest.mark.parametrize("value", [" ", "\n"])
def test_an_empty_secret_does_not_take_the_place_of_a_good_one(
    store: object, clock: Clock, counted: Callable[[], int], value: str
) -> None:
    rotate(store, value)

    assert credentials.secret(NAME, clock) == "sk_test_one"
    assert counted() == 1


def test_a_secret_that_is_not_text_does_not_take_the_place_of_a_good_one(
    store: object, clock: Clock, counted: Callable[[], int]
) -> None:
    store.put_secret_value(SecretId=NAME, SecretBinary=b"sk_test_two")  # type: ignore[attr-defined]

    assert credentials.secret(NAME, clock) == "sk_test_one"
    assert counted() == 1


def test_a_failing_secrets_manager_is_asked_every_half_minute(
    store: object, clock: Clock, counted: Callable[[], int]
) -> None:
    """Not by each request: it may take seconds to fail."""
    store.delete_secret(SecretId=NAME, ForceDeleteWithoutRecovery=True)  # type: ignore[attr-defined]
    for _ in range(3):
        credentials.secret(NAME, clock)
    assert counted() == 1

    clock.seconds += credentials.SECONDS_BETWEEN_TRIES
    credentials.secret(NAME, clock)
    assert counted() == 2

    store.create_secret(Name=NAME, SecretString="sk_test_three")  # type: ignore[attr-defined]
    clock.seconds += credentials.SECONDS_BETWEEN_TRIES
    assert credentials.secret(NAME, clock) == "sk_test_three"


def test_a_secret_is_not_logged_with_the_failure(store: object, clock: Clock) -> None:
    """Invariant 8."""
    store.delete_secret(SecretId=NAME, ForceDeleteWithoutRecovery=True)  # type: ignore[attr-defined]
    with captured_log() as log:
        credentials.secret(NAME, clock)

    assert "secret_not_fetched" in log.getvalue()
    assert "sk_test_one" not in log.getvalue()


@pytest.fixture
def silent_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let Secrets Manager take requests from now on, and never answer."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        monkeypatch.setenv(
            "AWS_ENDPOINT_URL_SECRETS_MANAGER", f"http://127.0.0.1:{port}"
        )
        forget_clients()
        yield
    forget_clients()


def forget_clients() -> None:
    """Let the next client read the environment again."""
    aws._cached_client.cache_clear()  # noqa: SLF001
    aws.session.cache_clear()


def test_a_secrets_manager_that_hangs_costs_a_request_three_seconds(
    clock: Clock,
    silent_server: None,  # noqa: ARG001
    counted: Callable[[], int],
) -> None:
    """A webhook has ten, and Stripe may take twenty-four of a checkout's 28."""
    began = time.monotonic()

    assert credentials.secret(NAME, clock) == "sk_test_one"

    assert counted() == 1
    assert time.monotonic() - began < 6
    assert aws.HURRIED.connect_timeout + aws.HURRIED.read_timeout == 3  # type: ignore[attr-defined]
    assert aws.HURRIED.retries["total_max_attempts"] == 1  # type: ignore[attr-defined]
