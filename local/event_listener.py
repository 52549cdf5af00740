"""A queue of the desk that hears on the event bus what other services hear."""

from __future__ import annotations

import json
from typing import Any

type Json = dict[str, Any]

LISTENER = "follow-a-payment"


def listen(aws: Any, bus: str) -> None:  # noqa: ANN401 - what makes boto3 clients
    """Let a queue of the desk hear what other services hear; docs/events.md."""
    sqs, events = aws.client("sqs"), aws.client("events")
    queue = sqs.create_queue(QueueName=LISTENER)["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    arn = attributes["Attributes"]["QueueArn"]
    rule = events.put_rule(
        Name=LISTENER,
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
        Rule=LISTENER, EventBusName=bus, Targets=[{"Id": "queue", "Arn": arn}]
    )


def hear(sqs: Any) -> list[Json]:  # noqa: ANN401 - a boto3 client
    """Take what the queue of the desk has heard by now."""
    queue = sqs.get_queue_url(QueueName=LISTENER)["QueueUrl"]
    heard: list[Json] = []
    while messages := sqs.receive_message(
        QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=0
    ).get("Messages"):
        for message in messages:
            event = json.loads(message["Body"])
            told = {"name": event["detail-type"], "detail": event["detail"]}
            heard.append(told)
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    return heard
