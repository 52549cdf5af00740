"""Others hear of payments: from the audit log's stream, over the bus, into a queue."""

import json
from uuid import uuid4

import pytest

from tests.stack.http_shop import eventually


@pytest.fixture
def listener(stack):
    """A queue of another service, with the rule that docs/events.md shows."""
    events, sqs = stack.aws("events"), stack.aws("sqs")
    bus, name = stack.outputs["EventBusName"], f"listener-{uuid4().hex[:8]}"
    queue = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])[
        "Attributes"
    ]["QueueArn"]
    rule = events.put_rule(
        Name=name,
        EventBusName=bus,
        EventPattern=json.dumps(
            {"source": ["payments"], "detail-type": [{"prefix": "payments.checkout."}]}
        ),
    )["RuleArn"]
    may_send = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": rule}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [may_send]})
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
    events.put_targets(
        Rule=name, EventBusName=bus, Targets=[{"Id": "queue", "Arn": arn}]
    )
    yield Listener(sqs, queue)
    events.remove_targets(Rule=name, EventBusName=bus, Ids=["queue"])
    events.delete_rule(Name=name, EventBusName=bus)
    sqs.delete_queue(QueueUrl=queue)


class Listener:
    def __init__(self, sqs, queue):
        self._sqs, self._queue, self._heard = sqs, queue, []

    def heard_of(self, payment_session_id):
        """Return the ids heard so far, each with the name it was heard under."""
        answer = self._sqs.receive_message(
            QueueUrl=self._queue, MaxNumberOfMessages=10, WaitTimeSeconds=1
        )
        for message in answer.get("Messages", []):
            self._heard.append(json.loads(message["Body"]))
            self._sqs.delete_message(
                QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"]
            )
        return {
            event["detail"]["id"]: event["detail-type"]
            for event in self._heard
            if event["detail"]["payment_session_id"] == payment_session_id
        }


def test_others_hear_of_a_payment_under_stable_ids(shop, listener):
    """Invariant 9, too: the publisher's own permissions are enough."""
    buyer = f"buyer-{uuid4().hex[:8]}"
    offer = shop.offer("content", buyer)
    shop.create(offer, buyer)
    [session] = shop.sessions_of(offer)
    shop.stripe.pay(session["stripe_session_id"])
    eventually(lambda: shop.purchases_of(offer))

    eventually(lambda: len(listener.heard_of(session["id"])) >= 2)

    entries = {
        entry["action"]: f"{session['id']}/{entry['entry_id']}"
        for entry in shop.aws.items("AuditLogTable")
        if entry["payment_session_id"] == session["id"]
    }
    assert listener.heard_of(session["id"]) == {
        entries["checkout_created"]: "payments.checkout.started",
        entries["checkout_completed"]: "payments.checkout.completed",
    }
