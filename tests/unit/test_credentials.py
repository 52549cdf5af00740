"""Stripe's secrets: fetched when first needed, and kept for five minutes."""

import boto3
import pytest

from checkout import credentials

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
