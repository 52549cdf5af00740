"""
What follows from other records is rebuilt from them, never copied.

Ownerships, pointers, marks and counters follow from the purchases, the status of a
session from its purchase; a purchase that was lost follows from its session and from
Stripe. All of it can be repeated at any time, on tables that lost nothing too: then
there is nothing to do.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import batched
from typing import Any

from checkout import clock
from checkout.domain.audit_action import AuditAction
from checkout.domain.checkout_payment import (
    given_back,
    new_purchase,
    paid_after_all,
    paid_at,
)
from checkout.domain.checkout_session import CheckoutSession, bank_refused
from checkout.domain.mismatch import mismatch
from checkout.domain.payment_session import (
    ENDED_UNPAID,
    RANK,
    PaymentSession,
    Status,
)
from checkout.domain.purchase import PREFIX as PURCHASE
from checkout.domain.purchase import Purchase, id_for
from checkout.domain.purchase_status import Arrival
from checkout.domain.quarantine_reason import UNFULFILLABLE, QuarantineReason
from checkout.domain.stripe_events import SESSION_OBSERVED, Event
from checkout.stripe_errors import StripeError
from checkout.tables import daily_revenue, transaction
from checkout.tables.item import MOST_KEYS_AT_ONCE, Value, from_item, read_all
from checkout.tables.purchase_item import purchase_of
from checkout.tables.readable import UnreadableItemError
from checkout.tables.transaction import Condition, Write, deletion, item_update
from cli.found_sessions import FoundSessions
from cli.resold_offers import ResoldOffers
from cli.restored import Item, scan
from cli.returned_money import (
    record_news,
    returned_money,
    what_stripe_lacks,
    with_audited,
)
from cli.stack import Stack

# Such a session has a purchase.
PAID = frozenset(
    [Status.PROCESSING, Status.FAILED, Status.COMPLETE, Status.QUARANTINED]
)
REBUILT = "rebuilt"
COUNTERS = ("buyer#", daily_revenue.PREFIX)
# Of the reasons only these are a purchase's own; the others are computed.
REASONS = {*QuarantineReason} - {QuarantineReason.RETURNED_IN_ANOTHER_CURRENCY}


@dataclass
class Rebuilt:
    """How much was rebuilt; *problems* are sentences about what a person must see."""

    purchases: int = 0
    sessions: int = 0
    pointers: int = 0
    ownerships: int = 0
    counters: int = 0
    offers: int = 0
    dismissed: int = 0
    erased: int = 0
    problems: list[str] = field(default_factory=list)


@dataclass
class Rebuild:
    """Rebuilds the tables of *stack*."""

    stack: Stack
    done: Rebuilt = field(default_factory=Rebuilt)
    unreadable: set[str] = field(default_factory=set)
    # Purchases that no payment intent leads to: see FoundSessions.
    stand_ins: set[str] = field(default_factory=set)

    def run(self) -> Rebuilt:
        for lost in self._lost_purchases():
            self._record_again(*lost)
        self._close_stand_ins()
        for some in batched(self._purchases(), MOST_KEYS_AT_ONCE, strict=False):
            purchases = tuple(self._as_decided_since(purchase) for purchase in some)
            self._rebuild_sessions(purchases)
            self._rebuild_dependents(purchases)
        self._rebuild_counters()
        return self.done

    def sell_offers(self, restored: dict[str, Item]) -> None:
        """Let *restored* offers, by id, be sold or returned as they are now."""
        resold = ResoldOffers(self.stack, restored, self.done.problems)
        self.done.offers = resold.sell(self._purchases())

    # ------------------------------------------------------------ lost purchases

    def _lost_purchases(self) -> Iterator[tuple[PaymentSession, str, Purchase | None]]:
        """
        Yield the sessions whose purchase does not exist, or is behind them.

        Each comes with Stripe's id, and with the purchase that is behind.
        """
        table = self.stack.output("PaymentSessionsTable")
        items = map(from_item, scan(table))
        wanted = (found for item in items if (found := self._wanted(item)))
        for some in batched(wanted, MOST_KEYS_AT_ONCE, strict=False):
            ids = [purchase_id for purchase_id, _, _ in some]
            purchases = {p.id: p for p in self.stack.purchases.get_all(ids)}
            unreadable = {*self.stack.purchases.existing(ids)} - purchases.keys()
            for purchase_id, session_id, stripe_id in some:
                before = purchases.get(purchase_id)
                if purchase_id in unreadable:
                    continue
                try:
                    session = self.stack.sessions.get(session_id or "")
                except UnreadableItemError as error:
                    self._problem(f"{purchase_id} is as it was: {error}")
                    continue
                if session is None or stripe_id is None:
                    if before is None:
                        self._problem(f"{purchase_id} is lost, and so is its session")
                elif before is None or _is_behind(before, session):
                    yield session, stripe_id, before

    def _wanted(self, item: Item) -> tuple[str, str | None, str | None] | None:
        """Return the purchase that an item speaks of, its session and Stripe's id."""
        item_id = str(item["id"])
        if "kind" in item and item.get("status") in PAID:
            return id_for(item_id), item_id, item.get("stripe_session_id")
        if item_id.startswith(PURCHASE):
            stripe_id = item_id.removeprefix(PURCHASE)
            session_id = self.stack.sessions.id_by_stripe_id(stripe_id)
            return item_id, session_id, stripe_id
        return None

    def _record_again(
        self, session: PaymentSession, stripe_id: str, before: Purchase | None
    ) -> None:
        """
        Record a payment from the session and from Stripe, without a sale's checks.

        What it paid for is sold already, by this very payment.
        """
        try:
            stripe_object = self.stack.stripe.session(stripe_id)
        except StripeError as error:
            because = error.__cause__ or error
            self._problem(f"The purchase of {session.id} is lost; Stripe: {because}")
            return
        checkout = CheckoutSession.from_stripe(stripe_object)
        arrival = _arrival(stripe_object, checkout, session)
        if arrival is None:
            self._problem(
                f"The purchase of {session.id} is lost: {stripe_id} is unpaid"
            )
            return
        observed = Event(f"observed:{stripe_id}", SESSION_OBSERVED, stripe_object)
        paid = paid_at(observed, clock.now())
        purchase = new_purchase(session, checkout, paid, arrival=arrival)
        entries = self.stack.audit_log.entries(session.id)
        if arrival is Arrival.ARRIVED:
            purchase = _as_decided(purchase, entries, session, checkout)
        if before:
            purchase = paid_after_all(before, purchase)
        try:
            returned = returned_money(self.stack.stripe, purchase)
        except (StripeError, ValueError) as error:
            # Without them money that went back would come back as a sale.
            because = error.__cause__ or error
            self._problem(
                f"The purchase of {session.id} is lost; its refunds and disputes "
                f"cannot be read: {because}"
            )
            return
        purchase = with_audited(purchase, returned, entries)
        purchases = self.stack.purchases
        written = (
            purchases.updated(before, purchase) if before else purchases.added(purchase)
        )
        entry = self.stack.audit_log.entry(
            purchase,
            AuditAction.PURCHASE_RECORDED_AGAIN,
            purchase_id=purchase.id,
            recorded_by=self.stack.operator,
        )
        if transaction.execute({"purchase": written, "audit": entry}):
            return
        self.done.purchases += 1
        record_news(self.stack.purchase_changes, purchase, returned)
        self.done.problems += what_stripe_lacks(purchase, returned, entries)

    def _close_stand_ins(self) -> None:
        found = FoundSessions(self.stack, self.done.problems)
        found.close(self._purchases())
        self.stand_ins = found.stand_ins
        self.done.dismissed = found.closed
        for purchase in found.own:
            try:
                returned = returned_money(self.stack.stripe, purchase)
            except (StripeError, ValueError) as error:
                because = error.__cause__ or error
                self._problem(
                    f"{purchase.id}: its refunds and disputes cannot be read: {because}"
                )
            else:
                record_news(self.stack.purchase_changes, purchase, returned)

    def _as_decided_since(self, purchase: Purchase) -> Purchase:
        """Return the purchase with the decision that the audit log has of it."""
        if not purchase.awaits_decision or purchase.needs_review:
            return purchase
        entries = self.stack.audit_log.entries(purchase.payment_session_id)
        after = _decided_by(purchase, entries)
        if after == purchase:
            return purchase
        write = self.stack.purchases.next_version(purchase, after)
        self.done.purchases += transaction.execute_alone(write)
        return self.stack.purchases.get(purchase.id) or after

    # ------------------------------------------------------------ sessions

    def _purchases(self) -> Iterator[Purchase]:
        """Yield all purchases; of those that cannot be read, only say so."""
        for item in map(from_item, scan(self.stack.output("PurchasesTable"))):
            if item["id"].startswith(PURCHASE):
                try:
                    yield purchase_of(item)
                except UnreadableItemError as error:
                    self.unreadable.add(str(error))

    def _rebuild_sessions(self, purchases: tuple[Purchase, ...]) -> None:
        sessions = self.stack.sessions.get_all(
            (purchase.payment_session_id for purchase in purchases), consistent=True
        )
        for purchase in purchases:
            session = sessions.get(purchase.payment_session_id)
            own = purchase.id == id_for(purchase.payment_session_id)
            if session is None:
                if own:
                    self._rebuild_session(purchase)
            elif own:
                self._follow(session, purchase)
            else:
                self._list_beside(session, purchase)

    def _rebuild_session(self, purchase: Purchase) -> None:
        """Make the session of a purchase from what the purchase tells of it."""
        session = _session_of(purchase, livemode=self.stack.livemode)
        written = self.stack.sessions.prepare(session, None, None)
        self.done.sessions += written
        if written:
            self._follow(session, purchase)

    def _follow(self, session: PaymentSession, purchase: Purchase) -> None:
        """Let a session that is behind have the status that its purchase stands for."""
        to = _status_of(purchase)
        sessions = self.stack.sessions
        paid = {
            "stripe_payment_intent_id": purchase.stripe_payment_intent_id,
            "payment_status": _payment_status(purchase, to),
        }
        if RANK[session.status] < RANK[to]:
            stripe_id = purchase.stripe_session_id
            moved = sessions.moved(session, to, stripe_session_id=stripe_id, **paid)
            self.done.sessions += transaction.execute_alone(moved)
            pointer = sessions.pointer(stripe_id, session.id)
            self.done.pointers += transaction.execute_alone(pointer)
        elif session.status is not to and RANK[session.status] == RANK[to]:
            followed = sessions.followed(purchase, to)
            self.done.sessions += transaction.execute_alone(followed)
        elif sessions.id_by_stripe_id(purchase.stripe_session_id) is None:
            pointer = sessions.pointer(purchase.stripe_session_id, session.id)
            self.done.pointers += transaction.execute_alone(pointer)

    def _list_beside(self, session: PaymentSession, purchase: Purchase) -> None:
        """Let a purchase through another Checkout Session be found by its session."""
        sessions, table = self.stack.sessions, self.stack.output("PaymentSessionsTable")
        ids = [purchase.id, purchase.stripe_session_id]
        found = {item["id"] for item in read_all(table, ids, consistent=True)}
        if purchase.id not in found:
            for write in sessions.listed(purchase, session).values():
                self.done.pointers += transaction.execute_alone(write)
        elif session.status in ENDED_UNPAID:
            transaction.execute_alone(sessions.kept(session))
        if purchase.stripe_session_id not in found:
            pointer = sessions.pointer(purchase.stripe_session_id, session.id)
            self.done.pointers += transaction.execute_alone(pointer)

    # ------------------------------------------------------------ of a purchase

    def _rebuild_dependents(self, purchases: tuple[Purchase, ...]) -> None:
        """Write the ownerships, pointers and marks that do not exist."""
        wanted = {purchase.id: self._dependents(purchase) for purchase in purchases}
        keys = {_id_of(write): write for writes in wanted.values() for write in writes}
        table = self.stack.output("PurchasesTable")
        found = {item["id"]: item for item in read_all(table, keys, consistent=True)}
        for purchase in purchases:
            for write in wanted[purchase.id]:
                item_id = _id_of(write)
                is_mark = item_id.startswith("undecided#")
                if item_id not in found or (
                    is_mark and purchase.id not in found[item_id]
                ):
                    self._write(purchase, write, item_id)
                elif _is_anothers(found[item_id], purchase):
                    self._problem(
                        f"{purchase.id} and {found[item_id]['purchase_id']} "
                        f"both want {item_id}"
                    )

    def _dependents(self, purchase: Purchase) -> list[Write]:
        changes = self.stack.purchase_changes
        suspends = changes.suspends_disputed
        ownerships = changes.ownerships
        found = [
            ownerships.updated(None, purchase, suspends_disputed=suspends),
            ownerships.pointer(None, purchase),
            ownerships.marked_undecided(None, purchase),
        ]
        payment_intent_id = purchase.stripe_payment_intent_id
        if purchase.id in self.stand_ins:
            payment_intent_id = None
        if payment_intent_id and purchase.has_arrived:
            found.append(changes.purchases.pointer(payment_intent_id, purchase))
        return [write for write in found if write]

    def _write(self, purchase: Purchase, write: Write, item_id: str) -> None:
        """Write it, if the purchase still is what it follows from."""
        unchanged = Condition(
            "purchase_is_unchanged",
            "#version = :version",
            "the purchase has been changed meanwhile",
            values={"version": purchase.version},
        )
        table = self.stack.output("PurchasesTable")
        # A check has the form of a deletion.
        key = deletion(table, purchase.id, unchanged).request["Delete"]
        check = Write({"ConditionCheck": key}, unchanged)
        if transaction.execute({"purchase": check, "dependent": write}):
            return
        is_ownership = item_id.startswith(("owns#", "undecided#"))
        if is_ownership:
            self.done.ownerships += 1
        else:
            self.done.pointers += 1

    # ------------------------------------------------------------ counters

    def _rebuild_counters(self) -> None:
        """
        Compute the counters anew; one that was changed meanwhile is left.

        They are read before the purchases: whatever changes a purchase changes its
        counters in the same transaction, and then the counter is not as it was read.
        """
        table = self.stack.output("PurchasesTable")
        stored = {
            item["id"]: item
            for item in map(from_item, scan(table))
            if item["id"].startswith(COUNTERS)
        }
        computed: dict[str, Counter[str]] = {}
        for purchase in self._purchases():
            for item_id, numbers in _counted(purchase).items():
                computed.setdefault(item_id, Counter()).update(numbers)
        if self.unreadable:
            self.done.problems += sorted(self.unreadable)
            self._problem("The counters are as they were: correct these items first")
            return
        for item_id in sorted(stored.keys() | computed.keys()):
            was, numbers = stored.get(item_id, {}), computed.get(item_id, Counter())
            right: dict[str, Value] = {
                name: numbers[name]
                for name in (was.keys() | numbers) - {"id"}
                if was.get(name, 0) != numbers[name]
            }
            if right:
                self._write_counter(item_id, was, right)

    def _write_counter(self, item_id: str, was: Item, right: dict[str, Value]) -> None:
        """Set the numbers that are wrong, if they still are as they were read."""
        unchanged = Condition(
            "numbers_are_unchanged",
            " AND ".join(
                f"#{name} = :was_{name}"
                if name in was
                else f"attribute_not_exists(#{name})"
                for name in sorted(right)
            ),
            "it has changed",
            values={f"was_{name}": was[name] for name in right if name in was},
        )
        table = self.stack.output("PurchasesTable")
        write = item_update(table, item_id, unchanged, set_=right)
        if transaction.execute_alone(write):
            self.done.counters += 1
        else:
            self._problem(f"{item_id} has changed meanwhile: repeat the command")

    def _problem(self, sentence: str) -> None:
        self.done.problems.append(sentence)


# ---------------------------------------------------------------- what follows


def _arrival(
    stripe_object: dict[str, Any], checkout: CheckoutSession, session: PaymentSession
) -> Arrival | None:
    """Return whether the money has come, None if nobody has paid."""
    if checkout.is_paid or session.status is Status.QUARANTINED:
        return Arrival.ARRIVED
    if bank_refused(stripe_object, session):
        return Arrival.REFUSED
    return Arrival.UNDER_WAY if checkout.status == "complete" else None


def _is_behind(purchase: Purchase, session: PaymentSession) -> bool:
    """Return whether the session knows better if the money has come."""
    if purchase.id != id_for(session.id):
        return False
    behind = {
        Status.FAILED: purchase.arrival == Arrival.UNDER_WAY,
        Status.COMPLETE: not purchase.has_arrived,
        Status.QUARANTINED: not purchase.has_arrived,
    }
    return behind.get(session.status, False)


def _as_decided(
    purchase: Purchase,
    entries: list[dict[str, Any]],
    session: PaymentSession,
    checkout: CheckoutSession,
) -> Purchase:
    """Return the purchase as the audit log tells of it, as far as Stripe cannot."""
    found = _decided_by(purchase, entries)
    is_own = found.id == id_for(session.id)
    awaits = is_own and session.status is Status.QUARANTINED
    if awaits and not found.is_undecided:
        reason = mismatch(checkout, session) or QuarantineReason.OFFER_NOT_SELLABLE
        found = found.quarantined(reason)
    erased = [
        e["at"] for e in entries if e["action"] == AuditAction.PERSONAL_DATA_ERASED
    ]
    return replace(found, erased_at=erased[0]) if erased else found


def _decided_by(purchase: Purchase, entries: list[dict[str, Any]]) -> Purchase:
    """Return the purchase after all that the audit log says was decided of it."""
    found = purchase
    for entry in entries:
        if entry.get("purchase_id") != purchase.id:
            continue
        at, reason = str(entry["at"]), entry.get("reason")
        match entry["action"]:
            case AuditAction.UNFULFILLABLE_PAYMENT | AuditAction.PURCHASE_QUARANTINED:
                if reason in REASONS:
                    found = found.quarantined(str(reason))
                if reason in UNFULFILLABLE and not found.amount:
                    found = given_back(found, at) or found
            case AuditAction.QUARANTINE_ACCEPTED:
                found = found.accepted(at)
            case AuditAction.QUARANTINE_DISMISSED:
                found = found.dismissed(at)
            case AuditAction.FRAUD_WARNING_RECEIVED:
                found = found.with_fraud_warning(str(entry["fraud_warning_id"]))
            case _:
                pass
    return found


def _status_of(purchase: Purchase) -> Status:
    if purchase.arrival == Arrival.UNDER_WAY:
        return Status.PROCESSING
    if not purchase.has_arrived:
        return Status.FAILED
    return Status.QUARANTINED if purchase.is_undecided else Status.COMPLETE


def _payment_status(purchase: Purchase, status: Status) -> str:
    known = {Status.PROCESSING: "unpaid", Status.FAILED: "failed"}
    paid = "paid" if purchase.stripe_payment_intent_id else "no_payment_required"
    return known.get(status, paid)


def _session_of(purchase: Purchase, *, livemode: bool) -> PaymentSession:
    """Return what a purchase tells of its session; what was asked of Stripe is lost."""
    added = purchase.tax_amount + purchase.shipping_amount
    return PaymentSession(
        id=purchase.payment_session_id,
        kind=purchase.kind,
        offer_id=purchase.offer_id,
        buyer_id=purchase.buyer_id,
        sale_key=purchase.sale_key,
        attempt=1,
        status=Status.PREPARED,
        payment_status="unpaid",
        amount=purchase.amount - added + purchase.discount_amount,
        currency=purchase.currency,
        title=purchase.title,
        terms_digest=REBUILT,
        idempotency_key=REBUILT,
        stripe_request="{}",
        livemode=livemode,
        created_at=purchase.purchased_at,
        expires_at=purchase.purchased_at,
        creator_id=purchase.creator_id,
        platform_fee_bps=purchase.platform_fee_bps,
        organization_fee_bps=purchase.organization_fee_bps,
        sale=purchase.sale,
        details=purchase.details,
        metadata=purchase.metadata,
        shown=purchase.shown,
    )


def _counted(purchase: Purchase) -> dict[str, dict[str, int]]:
    """Return by the ids of the counters what a purchase adds to them."""
    counted = daily_revenue.added(None, purchase)
    if purchase.buyer_id:
        counted[f"buyer#{purchase.buyer_id}"] = {str(purchase.status): 1, "total": 1}
    return counted


def _id_of(write: Write) -> str:
    [request] = write.request.values()
    item_id: str = (request.get("Key") or request["Item"])["id"]["S"]
    return item_id


def _is_anothers(item: Item, purchase: Purchase) -> bool:
    return bool(item.get("purchase_id", purchase.id) != purchase.id)
