"""The door to AWS: clients, made on first use from one session."""

from functools import cache
from typing import Any

from botocore.config import Config
from botocore.session import Session, get_session

# A function that waits longer than this for DynamoDB or SQS fails its caller anyway.
CONFIG = Config(
    connect_timeout=2,
    read_timeout=4,
    retries={"mode": "standard", "total_max_attempts": 3},
)
# For an answer that we can do without: fail fast, because a caller is waiting.
HURRIED = Config(connect_timeout=1, read_timeout=2, retries={"total_max_attempts": 1})


@cache
def session() -> Session:
    return get_session()


@cache
def client(service: str, config: Config = CONFIG) -> Any:  # noqa: ANN401 - botocore makes its classes at run time
    """
    Return the client of *service*, built when first asked for.

    Botocore without boto3: the same clients, for less of a cold start.
    """
    return session().create_client(service, config=config)
