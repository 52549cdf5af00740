"""The PaymentSessions table: sessions, who is live, and who asked how often."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from checkout.clients import aws
from checkout.clock import from_iso, iso
from checkout.domain.payment_session import RANK, UNRESOLVED, PaymentSession, Status
from checkout.tables import due, transaction
from checkout.tables.item import Value, read, readable, to_item
from checkout.tables.transaction import Action
from checkout.telemetry import logger

# Reconcile checks a session after this long. A session that is still prepared then was
# left behind by a crash; an open session may have been paid without an event.
FIRST_CHECK_AFTER = timedelta(minutes=10)
UNDELIVERED = "reconcile#undelivered_events"
EPOCH = "1970-01-01T00:00:00.000Z"


@dataclass(frozen=True, slots=True)
class LiveSession:
    """The one session of a sale key that may be paid, and how many there have been."""

    payment_session_id: str
    attempt: int


class Window(NamedTuple):
    """A time in which Stripe made events: from *since* to before *until*."""

    since: datetime
    until: datetime


class FetchedEvents(NamedTuple):
    """
    All undelivered events before *until* are on the queue, but for some.

    The windows *again* failed, in part or as a whole, and are to be fetched again, but
    not before *again_at*.
    """

    until: datetime
    again: list[Window]
    again_at: datetime


class PaymentSessions:
    # Our own ids, of hexadecimal digits: they have been in no other partition.
    partitions = due.PARTITIONS

    def __init__(self, table: str) -> None:
        self._table = table

    def get(self, payment_session_id: str) -> PaymentSession | None:
        item = read(self._table, payment_session_id)
        # The table's other items have no kind, and no caller may reach them by name.
        if item is None or "kind" not in item:
            return None
        return readable(PaymentSession.from_dict, item)

    def by_stripe_id(self, stripe_session_id: str) -> PaymentSession | None:
        pointer = read(self._table, stripe_session_id)
        return self.get(pointer["payment_session_id"]) if pointer else None

    def live(self, live_id: str) -> LiveSession | None:
        item = read(self._table, f"live#{live_id}")
        if item is None:
            return None
        return LiveSession(item["payment_session_id"], item["attempt"])

    def start(
        self, session: PaymentSession, live_id: str | None, after: LiveSession | None
    ) -> bool:
        """
        Write the prepared session and make it live; say whether we were first.

        False means that another request made a session live since *after* was read.
        """
        actions = {"session": self._put_intent(session)}
        if live_id:
            actions["live"] = self._make_live(session, live_id, after)
        return not transaction.write(actions)

    def _put_intent(self, session: PaymentSession) -> Action:
        item = session.to_dict() | {
            "rank": RANK[Status.PREPARED],
            "offer": _offer(session.kind, session.offer_id),
            **due.index(session.id, from_iso(session.created_at) + FIRST_CHECK_AFTER),
        }
        return {
            "Put": {
                "TableName": self._table,
                "Item": to_item(item),
                "ConditionExpression": "attribute_not_exists(id)",
            }
        }

    def _make_live(
        self, session: PaymentSession, live_id: str, after: LiveSession | None
    ) -> Action:
        never_live = "attribute_not_exists(id)"
        unchanged = "payment_session_id = :before AND attempt = :attempt"
        put: dict[str, Any] = {
            "TableName": self._table,
            "Item": to_item(
                {
                    "id": f"live#{live_id}",
                    "payment_session_id": session.id,
                    "attempt": session.attempt,
                }
            ),
            "ConditionExpression": unchanged if after else never_live,
        }
        if after:
            put["ExpressionAttributeValues"] = to_item(
                {":before": after.payment_session_id, ":attempt": after.attempt}
            )
        return {"Put": put}

    def move(self, payment_session_id: str, to: Status, **facts: Value) -> Action:
        """
        Make the write that lifts a session to a status of higher rank.

        Only a prepared session is abandoned: an open one can be paid until it expires.
        """
        still_below = "#rank < :limit"
        limit = RANK[Status.OPEN] if to is Status.ABANDONED else RANK[to]
        known = {name: fact for name, fact in facts.items() if fact is not None}
        changed = {"status": to, "rank": RANK[to], **known}
        expression = "SET " + ", ".join(f"#{name} = :{name}" for name in changed)
        names = {f"#{name}": name for name in changed}
        if to not in UNRESOLVED:
            expression += " REMOVE unresolved, due_at"
        return {
            "Update": {
                "TableName": self._table,
                "Key": to_item({"id": payment_session_id}),
                "UpdateExpression": expression,
                "ConditionExpression": still_below,
                "ExpressionAttributeNames": names,
                "ExpressionAttributeValues": to_item(
                    {":limit": limit}
                    | {f":{name}": value for name, value in changed.items()}
                ),
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            }
        }

    def point_from(self, stripe_session_id: str, payment_session_id: str) -> Action:
        """Make the write that lets the session be found by Stripe's id."""
        ours_if_any = "attribute_not_exists(id) OR payment_session_id = :ours"
        return {
            "Put": {
                "TableName": self._table,
                "Item": to_item(
                    {"id": stripe_session_id, "payment_session_id": payment_session_id}
                ),
                "ConditionExpression": ours_if_any,
                "ExpressionAttributeValues": to_item({":ours": payment_session_id}),
            }
        }

    def decline(self, payment_session_id: str, event_id: str) -> Action:
        """Make the write that notes a declined payment once; another may succeed."""
        still_payable = "#rank < :processing"
        not_noted = "NOT contains(declines, :event)"
        noted = "declines = list_append(if_not_exists(declines, :none), :this)"
        return {
            "Update": {
                "TableName": self._table,
                "Key": to_item({"id": payment_session_id}),
                "UpdateExpression": f"SET payment_status = :failed, {noted}",
                "ConditionExpression": f"{still_payable} AND {not_noted}",
                "ExpressionAttributeNames": {"#rank": "rank"},
                "ExpressionAttributeValues": to_item(
                    {
                        ":failed": "failed",
                        ":processing": RANK[Status.PROCESSING],
                        ":event": event_id,
                        ":this": [event_id],
                        ":none": [],
                    }
                ),
            }
        }

    def due(self, partition: str, at: datetime, limit: int) -> list[str]:
        """Return the ids of unresolved sessions that are due, the longest due first."""
        return due.find(self._table, partition, at, limit)

    def of_offer(self, kind: str, offer_id: str, limit: int) -> list[PaymentSession]:
        """Return the sessions of an offer, newest first; a second old at times."""
        answer = aws.client("dynamodb").query(
            TableName=self._table,
            IndexName="by-offer",
            KeyConditionExpression="offer = :offer",
            ExpressionAttributeValues=to_item({":offer": _offer(kind, offer_id)}),
            ScanIndexForward=False,
            Limit=limit,
        )
        found = (self.get(item["id"]["S"]) for item in answer["Items"])
        return [session for session in found if session]

    def postpone(self, payment_session_id: str, due_at: datetime) -> None:
        due.postpone(self._table, payment_session_id, due_at)

    def release(self, payment_session_id: str) -> Action:
        """Make the write that ends a quarantine: its purchase has been decided on."""
        still_quarantined = "#status = :quarantined"
        return {
            "Update": {
                "TableName": self._table,
                "Key": to_item({"id": payment_session_id}),
                "UpdateExpression": "SET #status = :complete",
                "ConditionExpression": still_quarantined,
                "ExpressionAttributeNames": {"#status": "status"},
                "ExpressionAttributeValues": to_item(
                    {":quarantined": Status.QUARANTINED, ":complete": Status.COMPLETE}
                ),
            }
        }

    def fetched_events(self) -> FetchedEvents | None:
        """
        Return which of the events that Stripe could not deliver we have.

        A note that cannot be read is as good as none: then all are fetched once more.
        """
        item = read(self._table, UNDELIVERED)
        if item is None:
            return None
        try:
            until = from_iso(item["until"])
            again = [
                Window(from_iso(first), from_iso(last))
                for first, last in item.get("again", [])
            ]
            return FetchedEvents(until, again, from_iso(item.get("again_at", EPOCH)))
        except (KeyError, TypeError, ValueError):
            logger.exception("fetched_events_unreadable")
            return None

    def note_fetched_events(self, fetched: FetchedEvents) -> None:
        again = [[iso(window.since), iso(window.until)] for window in fetched.again]
        item: dict[str, Value] = {
            "id": UNDELIVERED,
            "until": iso(fetched.until),
            "again": again,
            "again_at": iso(fetched.again_at),
        }
        aws.client("dynamodb").put_item(TableName=self._table, Item=to_item(item))

    def count_request(self, client: str, at: datetime, limit: int) -> bool:
        """Count a request in this minute; say whether *client* is within *limit*."""
        dynamodb = aws.client("dynamodb")
        below_limit = "attribute_not_exists(requests) OR requests < :limit"
        try:
            dynamodb.update_item(
                TableName=self._table,
                Key=to_item({"id": f"rate#{client}#{at:%Y-%m-%dT%H:%M}"}),
                UpdateExpression="ADD requests :one SET #ttl = :ttl",
                ConditionExpression=below_limit,
                ExpressionAttributeNames={"#ttl": "ttl"},
                ExpressionAttributeValues=to_item(
                    {":one": 1, ":limit": limit, ":ttl": int(at.timestamp()) + 3600}
                ),
            )
        except dynamodb.exceptions.ConditionalCheckFailedException:
            return False
        return True


def _offer(kind: str, offer_id: str) -> str:
    return f"{kind}#{offer_id}"
