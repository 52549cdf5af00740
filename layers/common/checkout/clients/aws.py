"""AWS clients, made on first use from one botocore session."""

from functools import cache
from typing import TYPE_CHECKING, Any, Literal, overload

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import Session, get_session

if TYPE_CHECKING:
    from botocore.client import BaseClient
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sts import STSClient

# What a call raises if AWS refuses it, and if AWS does not answer either.
Refusal = ClientError
Error = (BotoCoreError, ClientError)

# A call fails after nine seconds, before the function is killed: its caller gets an
# answer, and its messages return to the queue one by one.
CONFIG = Config(
    connect_timeout=1,
    read_timeout=2,
    retries={"mode": "standard", "total_max_attempts": 3},
)
# For a call whose result is optional: it fails fast, because a caller is waiting.
HURRIED = Config(connect_timeout=1, read_timeout=2, retries={"total_max_attempts": 1})


def code_of(refusal: ClientError) -> str:
    return refusal.response["Error"]["Code"]


@cache
def session() -> Session:
    return get_session()


# Evaluating these at run time would cost each cold start a million instructions.
if TYPE_CHECKING:

    @overload
    def client(service: Literal["dynamodb"]) -> "DynamoDBClient": ...
    @overload
    def client(service: Literal["sqs"], config: Config = CONFIG) -> "SQSClient": ...
    @overload
    def client(
        service: Literal["secretsmanager"], config: Config = CONFIG
    ) -> "SecretsManagerClient": ...
    @overload
    def client(service: Literal["events"]) -> "EventBridgeClient": ...
    @overload
    def client(service: Literal["cloudformation"]) -> "CloudFormationClient": ...
    @overload
    def client(service: Literal["lambda"], config: Config) -> "LambdaClient": ...
    @overload
    def client(service: Literal["sts"]) -> "STSClient": ...
    @overload
    def client(service: Literal["cloudwatch", "cognito-idp"]) -> Any: ...  # noqa: ANN401 - only the command line calls them


def client(service: str, config: Config = CONFIG) -> Any:
    """
    Return the client of *service*; the same one for each call with the same *config*.

    It is botocore's: boto3 has the same clients, and costs more at a cold start
    (docs/adr/0002-dependencies.md).
    """
    return _cached_client(service, config)


# `cache` hides the overloads from mypy, so it wraps a function of its own.
@cache
def _cached_client(service: str, config: Config) -> "BaseClient":
    return session().create_client(service, config=config)
