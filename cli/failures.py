"""What a command says when it fails: a sentence for every expected error."""

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    NoCredentialsError,
    NoRegionError,
)

from checkout.errors import CheckoutError
from checkout.stripe_errors import StripeError
from checkout.tables.readable import UnreadableItemError
from cli.console import CommandError, say

LOCAL = "the stack that `make run` started is --local."
NO_REGION = (
    "No AWS region is chosen: set AWS_DEFAULT_REGION to the region of the stack "
    "(export AWS_DEFAULT_REGION=eu-central-1), or choose one with `aws configure`; "
    + LOCAL
)
NO_CREDENTIALS = (
    "No AWS credentials were found: log in as for the AWS CLI, with `aws configure` or "
    "`aws sso login`, and choose the profile with AWS_PROFILE; " + LOCAL
)


def reported(error: Exception) -> bool:
    """Print the sentence for *error*; return False if nobody expects it."""
    sentence = sentence_about(error)
    if sentence:
        say(sentence)
    return bool(sentence)


def sentence_about(error: Exception) -> str | None:
    match error:
        case NoRegionError():
            sentence = NO_REGION
        case NoCredentialsError():
            sentence = NO_CREDENTIALS
        case ClientError():
            sentence = error.response["Error"].get("Message") or str(error)
        case StripeError():
            sentence = f"Stripe: {error.__cause__ or error}"
        case UnreadableItemError():
            sentence = f"{error}. `aws dynamodb get-item` shows the stored item."
        case CommandError() | CheckoutError() | BotoCoreError():
            sentence = str(error)
        case _:
            return None
    return sentence
