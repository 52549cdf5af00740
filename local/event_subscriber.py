"""A subscriber of the event bus: a queue that keeps the published events."""

from __future__ import annotations

import json
from typing import Any

type Json = dict[str, Any]

SUBSCRIBER = "follow-a-payment"


def subscribe(aws: Any, bus: str) -> None:  # noqa: ANN401 - it makes boto3 clients
    """Create the queue and its rule on the bus, as docs/events.md describes."""
    sqs, events = aws.client("sqs"), aws.client("events")
    queue = sqs.create_queue(QueueName=SUBSCRIBER)["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    arn = attributes["Attributes"]["QueueArn"]
    rule = events.put_rule(
        Name=SUBSCRIBER,
        EventBusName=bus,
        EventPattern=json.dumps({"source": ["payments"]}),
    )
    may_send = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": rule["RuleArn"]}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [may_send]})
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
    events.put_targets(
        Rule=SUBSCRIBER, EventBusName=bus, Targets=[{"Id": "queue", "Arn": arn}]
    )


def receive(sqs: Any) -> list[Json]:  # noqa: ANN401 - a boto3 client
    """Receive and delete the events on the queue."""
    queue = sqs.get_queue_url(QueueName=SUBSCRIBER)["QueueUrl"]
    received: list[Json] = []
    while messages := sqs.receive_message(
        QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=0
    ).get("Messages"):
        for message in messages:
            event = json.loads(message["Body"])
            received.append({"name": event["detail-type"], "detail": event["detail"]})
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    return received
