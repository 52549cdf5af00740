"""The door to AWS."""

import pytest

from checkout.clients import aws

FUNCTIONS_OWN_SECONDS = 15


@pytest.mark.usefixtures("fake_aws")
def test_a_client_is_built_once_for_each_service() -> None:
    assert aws.client("dynamodb") is aws.client("dynamodb")
    assert aws.client("dynamodb") is not aws.client("sqs")


@pytest.mark.usefixtures("fake_aws")
def test_a_client_gives_up_before_the_function_is_killed() -> None:
    config = aws.client("dynamodb").meta.config

    assert config.retries == {"mode": "standard", "total_max_attempts": 3}
    assert 3 * (config.connect_timeout + config.read_timeout) < FUNCTIONS_OWN_SECONDS
