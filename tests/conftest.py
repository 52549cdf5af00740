"""What every test may ask for: a fake AWS, mocktill, a shop on both."""

import os
import ssl
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from functools import cache
from unittest.mock import patch

import pytest
import stripe
from time_machine import Traveller, travel

from mocktill import Running, Sandbox, running
from tests.aws import REGION, Aws
from tests.aws_calls import AwsCall, failing, half_of_a_batch, intercepted
from tests.crashes import restart
from tests.in_memory_dynamodb.under_botocore import UnderBotocore
from tests.moto_for_tests import MotoForTests
from tests.shop import Shop
from tests.stripe_side import StripeInProcess

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


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "slow: takes seconds; `make test-fast` leaves it to `make test`"
    )
    config.addinivalue_line(
        "markers", "frozen_at(moment): the time of the test, which its clock moves"
    )


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


@pytest.fixture(scope="session")
def moto() -> MotoForTests:
    return MotoForTests()


@pytest.fixture
def fake_aws(
    dynamodb_in_memory: UnderBotocore, moto: MotoForTests, on_moto: bool
) -> Iterator[None]:
    in_memory = nullcontext() if on_moto else dynamodb_in_memory.no_tables()
    with moto.answering(), in_memory:
        restart()
        yield


@pytest.fixture(scope="session", autouse=True)
def hurried_retries() -> Iterator[None]:
    """Let Stripe's SDK repeat a request at once, not after half a second."""
    with patch.object(stripe.HTTPClient, "INITIAL_DELAY", 0.001):
        yield


@pytest.fixture(scope="session")
def certificates_read_once() -> Iterator[None]:
    """Let every cold start have the certificates at once; they take milliseconds."""
    once = cache(ssl.create_default_context)
    with patch.object(ssl, "create_default_context", once):
        yield


@pytest.fixture(scope="session")
def stripe_server(certificates_read_once: None) -> Iterator[Running]:  # noqa: ARG001
    with running(Sandbox()) as server:
        yield server


@pytest.fixture
def _time(request: pytest.FixtureRequest) -> Iterator[Traveller | None]:
    """Stop the time where a test or its module says `frozen_at`, before all else."""
    frozen = request.node.get_closest_marker("frozen_at")
    if frozen is None:
        yield None
    else:
        with travel(*frozen.args, tick=False) as clock:
            yield clock


@pytest.fixture
def clock(_time: Traveller | None) -> Traveller:
    """The clock of a test that says `frozen_at`: time passes when it is shifted."""
    assert _time, "say with pytest.mark.frozen_at what time it is"
    return _time


@pytest.fixture
def new_shop(
    _time: Traveller | None,
    fake_aws: None,  # noqa: ARG001
    moto: MotoForTests,
    on_moto: bool,
    stripe_server: Running,
) -> Callable[[], Shop]:
    """Make shops with the sample offers, each with tables and a Stripe of its own."""

    def make() -> Shop:
        restart()
        sandbox = Sandbox()
        stripe_server.use(sandbox)
        stripe = StripeInProcess(sandbox, stripe_server.url)
        shop = Shop(moto.aws() if on_moto else Aws.from_template(), stripe)
        shop.load_samples()
        shop.note_a_reconcile_run()
        return shop

    return make


@pytest.fixture
def shop(new_shop: Callable[[], Shop]) -> Shop:
    """A shop with the sample offers, on an empty AWS and a Stripe nobody has used."""
    return new_shop()


@pytest.fixture
def strict_keys() -> Iterator[None]:
    """Let moto, too, refuse to look for a key that is empty or too long."""

    def has_a_key_of_odd_size(call: AwsCall) -> bool:
        keys = call.parameters.get("Key", {}).values()
        return any(not 0 < len(key["S"].encode()) <= 2048 for key in keys)

    with failing(where=has_a_key_of_odd_size, error="ValidationException"):
        yield


@pytest.fixture
def half_answers() -> Iterator[None]:
    """Let DynamoDB leave half of each batch for later, as it may at any time."""
    with intercepted(half_of_a_batch):
        yield
