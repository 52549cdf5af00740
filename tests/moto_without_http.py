"""
Moto's queues and secrets, called without HTTP between botocore and moto.

What functions do to a queue or a secret takes moto microseconds; to write a request,
to route it and to parse its answer takes milliseconds. The state, and what may be done
with it, stay moto's: what is asked with other parameters goes by HTTP.
"""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlparse

from moto.backends import get_backend
from moto.core import DEFAULT_ACCOUNT_ID
from moto.core.exceptions import JsonRESTError, ServiceException

from tests.aws_calls import AwsCall

type Json = dict[str, Any]
type Answer = Callable[..., Json | None]


def _create_queue(queues: Any, *, QueueName: str) -> Json:  # noqa: N803 - AWS's names, here and below
    queue = queues.create_queue(QueueName, {})
    endpoint = urlparse(f"https://sqs.{queues.region_name}.amazonaws.com")
    return {"QueueUrl": queue.url(endpoint)}


def _send(queues: Any, *, QueueUrl: str, MessageBody: str) -> Json:  # noqa: N803
    sent = queues.send_message(_name(QueueUrl), MessageBody)
    return {"MessageId": sent.id, "MD5OfMessageBody": sent.body_md5}


def _receive(
    queues: Any,
    *,
    QueueUrl: str,  # noqa: N803
    MaxNumberOfMessages: int,  # noqa: N803
    WaitTimeSeconds: int,  # noqa: N803
) -> Json:
    name = _name(QueueUrl)
    hidden_seconds = queues.get_queue(name).visibility_timeout
    messages = queues.receive_message(
        name, MaxNumberOfMessages, WaitTimeSeconds, hidden_seconds
    )
    found = [
        {
            "MessageId": message.id,
            "ReceiptHandle": message.receipt_handle,
            "MD5OfBody": message.body_md5,
            "Body": message.body,
        }
        for message in messages
    ]
    return {"Messages": found} if found else {}


def _delete(queues: Any, *, QueueUrl: str, ReceiptHandle: str) -> Json:  # noqa: N803
    queues.delete_message(_name(QueueUrl), ReceiptHandle)
    return {}


def _name(queue_url: str) -> str:
    return queue_url.rpartition("/")[2]


def _secret(secrets: Any, *, SecretId: str) -> Json:  # noqa: N803
    found: Json = secrets.get_secret_value(SecretId, None, None)
    return found


def _put_secret(
    secrets: Any,
    *,
    SecretId: str,  # noqa: N803
    SecretString: str,  # noqa: N803
) -> Json | None:
    if not SecretString:
        return None
    stages = ["AWSCURRENT"]
    secrets.put_secret_value(SecretId, SecretString, None, None, stages)
    return {}


def _create_secret(secrets: Any, *, Name: str, SecretString: str) -> Json | None:  # noqa: N803
    if not SecretString:
        return None
    secrets.create_secret(Name, SecretString, *[None] * 5, [], force_overwrite=False)
    return {}


# The parameters with which each is asked for here.
KNOWN: dict[tuple[str, str], tuple[Answer, frozenset[str]]] = {
    ("sqs", "CreateQueue"): (_create_queue, frozenset(["QueueName"])),
    ("sqs", "SendMessage"): (_send, frozenset(["QueueUrl", "MessageBody"])),
    ("sqs", "ReceiveMessage"): (
        _receive,
        frozenset(["QueueUrl", "MaxNumberOfMessages", "WaitTimeSeconds"]),
    ),
    ("sqs", "DeleteMessage"): (_delete, frozenset(["QueueUrl", "ReceiptHandle"])),
    ("secretsmanager", "GetSecretValue"): (_secret, frozenset(["SecretId"])),
    ("secretsmanager", "PutSecretValue"): (
        _put_secret,
        frozenset(["SecretId", "SecretString"]),
    ),
    ("secretsmanager", "CreateSecret"): (
        _create_secret,
        frozenset(["Name", "SecretString"]),
    ),
}


def answer(call: AwsCall) -> Json | None:
    """Return moto's answer, None if it must be asked by HTTP."""
    known, names = KNOWN.get((call.service, call.operation), (None, None))
    if known is None or names != call.parameters.keys():
        return None
    backends: Any = get_backend(call.service)
    backend = backends[DEFAULT_ACCOUNT_ID][call.client.meta.region_name]
    try:
        return known(backend, **call.parameters)
    except JsonRESTError as refusal:
        raise call.error(refusal.error_type, refusal.message) from refusal
    except ServiceException:
        # Its code on the wire is another: it is asked for again, by HTTP.
        return None
