"""The door to AWS: clients, made on first use from one session."""

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from botocore.session import Session

# A function that waits longer than this for DynamoDB or SQS fails its caller anyway.
CONNECT_SECONDS = 2
READ_SECONDS = 4
ATTEMPTS = 3


@cache
def _session() -> "Session":
    from botocore.session import get_session  # noqa: PLC0415 - see client()

    return get_session()


@cache
def client(service: str) -> Any:  # noqa: ANN401 - botocore makes its classes at run time
    """
    Return the client of *service*, imported and built when first asked for.

    Botocore without boto3: the same clients for less of a cold start.
    """
    from botocore.config import Config  # noqa: PLC0415 - see the docstring

    config = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
    )
    return _session().create_client(service, config=config)
