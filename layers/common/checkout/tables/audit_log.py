"""The audit log: an append-only entry for every step of a payment session or offer."""

import json
from typing import Any
from uuid import uuid4

from checkout import clock
from checkout.domain.audit_action import AuditAction
from checkout.domain.closing_window import ClosingWindow
from checkout.domain.payment_session import PaymentSession
from checkout.domain.published_events import NAMES, OF_CHECKOUT
from checkout.domain.purchase import Purchase
from checkout.domain.stripe_events import Event
from checkout.tables.item import Value, query
from checkout.tables.transaction import Condition, Write, execute_alone, insertion

NEVER_CHANGED = Condition(
    "entry_is_new",
    "attribute_not_exists(payment_session_id)",
    "the window is announced already; of other entries the key is random",
)
# Whoever delivers needs what the buyer entered, such as an address.
DELIVER = frozenset([AuditAction.CHECKOUT_COMPLETED, AuditAction.QUARANTINE_ACCEPTED])
# What subscribers need of an offer's details.
DETAILS = ("merchant", "source", "row_id")


class AuditLog:
    def __init__(self, table: str) -> None:
        self._table = table

    def entry(
        self, about: PaymentSession | Purchase, action: AuditAction, **details: Value
    ) -> Write:
        """
        Return the put of one entry, for the transaction that it reports.

        It holds ids, states and the caller's metadata: no e-mail address that we know
        of, no secret, no payload. Subscribers receive it without the records that it is
        about, so it must be understood without them.
        """
        at = clock.iso(clock.now())
        item = {
            "payment_session_id": about.payment_session_id,
            "entry_id": f"{at}#{uuid4().hex}",
            "action": action,
            "at": at,
            "kind": about.kind,
            "offer_id": about.offer_id,
            "buyer_id": about.buyer_id,
            "amount": about.amount,
            "currency": about.currency,
            **_for_subscribers(about, action),
        }
        return insertion(self._table, {**item, **details}, NEVER_CHANGED)

    def closing(self, window: ClosingWindow) -> Write:
        """
        Return the put of the entry that the window of an offer closes.

        There need not be a payment session: the partition is the offer's, and the key
        the window's, so that there is one entry at most.
        """
        closes_at = clock.iso(window.closes_at)
        item = {
            "payment_session_id": window.item_id,
            "entry_id": f"{closes_at}#{AuditAction.WINDOW_CLOSING}",
            "action": AuditAction.WINDOW_CLOSING,
            "at": clock.iso(clock.now()),
            "kind": window.kind,
            "offer_id": window.offer_id,
            "buyer_id": window.buyer_id,
            "title": window.title,
            "creator_id": window.creator_id,
            "amount": window.price.amount,
            "currency": window.price.currency,
            "closes_at": closes_at,
        }
        return insertion(self._table, item, NEVER_CHANGED)

    def append(self, entry: Write) -> None:
        """Write an entry that reports no other change."""
        execute_alone(entry)

    def append_no_effect(
        self, about: PaymentSession | Purchase, event: Event, **details: Value
    ) -> None:
        """Record an event that came again, or too late: no event disappears."""
        self.append(
            self.entry(
                about,
                AuditAction.EVENT_HAD_NO_EFFECT,
                event_id=event.id,
                event_type=event.type,
                **details,
            )
        )

    def entries(self, payment_session_id: str) -> list[dict[str, Any]]:
        """Return the entries of a session, oldest first."""
        return list(
            query(
                self._table,
                "payment_session_id = :id",
                {":id": payment_session_id},
                ConsistentRead=True,
            )
        )


def _for_subscribers(
    about: PaymentSession | Purchase, action: AuditAction
) -> dict[str, Value]:
    """Return what only a published entry has; no item grows for the others."""
    name = NAMES.get(action)
    if name is None:
        return {}
    known: dict[str, Value] = {
        "title": about.title,
        "creator_id": about.creator_id,
        **{name: about.details[name] for name in DETAILS if name in about.details},
    }
    if name.startswith(OF_CHECKOUT) and about.metadata:
        known["metadata"] = {**about.metadata}
    if isinstance(about, Purchase) and about.refunds:
        known["refunded_amount"] = about.refunded_amount
    if isinstance(about, Purchase) and about.entered and action in DELIVER:
        known["entered"] = json.loads(about.entered)
    return known
