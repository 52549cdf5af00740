"""What every test may ask for: a fake AWS, the Stripe sandbox, a shop on both."""

import os
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from moto import mock_aws

from mocktill import Running, Sandbox, running
from tests.crashes import restart
from tests.in_memory_dynamodb.under_botocore import UnderBotocore
from tests.shop import REGION, Shop

os.environ |= {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": REGION,
    "AWS_EC2_METADATA_DISABLED": "true",
    # Read when the modules are imported, before any function's environment is set.
    "METRICS_FORMAT": "cloudwatch",
    "POWERTOOLS_METRICS_NAMESPACE": "Checkout",
    "POWERTOOLS_SERVICE_NAME": "tests",
    "STRIPE_SUPPRESS_NOTICES": "true",
}
os.environ.pop("AWS_ENDPOINT_URL", None)
os.environ.pop("AWS_PROFILE", None)


# "moto" runs all tests on moto's DynamoDB, which some always run on as well.
TESTS_ON = os.environ.get("CHECKOUT_TESTS_ON", "memory")


@pytest.fixture(scope="session")
def dynamodb_in_memory() -> Iterator[UnderBotocore]:
    answers = UnderBotocore()
    with answers.installed():
        yield answers


@pytest.fixture
def on_moto() -> bool:
    """Whether DynamoDB is moto's, as SQS is; a test says so with `on_moto_too`."""
    assert TESTS_ON in {"memory", "moto"}
    return TESTS_ON == "moto"


@pytest.fixture
def fake_aws(dynamodb_in_memory: UnderBotocore, on_moto: bool) -> Iterator[None]:
    with mock_aws(), nullcontext() if on_moto else dynamodb_in_memory.no_tables():
        restart()
        yield


@pytest.fixture(scope="session")
def stripe_server() -> Iterator[Running]:
    with running(Sandbox()) as server:
        yield server


@pytest.fixture
def new_shop(fake_aws: None, stripe_server: Running) -> Callable[[], Shop]:  # noqa: ARG001
    """Make shops with the sample offers, each with tables and a Stripe of its own."""

    def make() -> Shop:
        restart()
        stripe = Sandbox()
        stripe_server.use(stripe)
        shop = Shop(stripe, stripe_server.url)
        shop.load_samples()
        shop.note_a_reconcile_run()
        return shop

    return make


@pytest.fixture
def shop(new_shop: Callable[[], Shop]) -> Shop:
    """A shop with the sample offers, on an empty AWS and a Stripe nobody has used."""
    return new_shop()


@pytest.fixture
def strict_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let moto, too, refuse to look for a key that is empty or too long."""
    call = BaseClient._make_api_call  # type: ignore[attr-defined]  # noqa: SLF001

    def checked(client: Any, operation: str, parameters: Any) -> Any:
        for value in parameters.get("Key", {}).values():
            if not 0 < len(value["S"].encode()) <= 2048:
                error = {"Code": "ValidationException", "Message": "the size of a key"}
                raise ClientError({"Error": error}, operation)
        return call(client, operation, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", checked)
