"""
Stripe, the tables and the queue of a busy shop, whose answers take virtual time.

The shop's payments have numbers instead of records: what Stripe lists and what the
tables hold follows from the number, the time, and what has been applied. An answer has
what the flows read of it, and no more.
"""

from bisect import bisect_left, insort
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, NamedTuple

from checkout import clock
from checkout.clients.payment_events_queue import Unsent
from checkout.clients.stripe_connection import ListPage, Pace, api_version
from checkout.domain import stripe_events
from checkout.domain.dispute import Dispute
from checkout.domain.next_check import RECORDED_LATE
from checkout.domain.payment_session import PaymentSession, Status
from checkout.domain.purchase import Purchase
from checkout.domain.receipt import Receipt
from checkout.domain.refund import Refund, RefundRequest
from checkout.domain.stack import stack_name
from checkout.tables.due import REFUND_PARTITIONS, DueItem, partition_of
from checkout.tables.reconcile_state import Progress
from tests.simulation.assumptions import (
    BUSY,
    CALLS_PER_SECOND,
    DAY,
    HOUR,
    NO_OUTAGE,
    USUAL,
    Latencies,
    Load,
    Outage,
)
from tests.simulation.virtual_time import START, VirtualTime

STACK_ID = "arn:aws:cloudformation:eu-west-1:123456789012:stack/checkout/simulated"
PAGE = 100
OPEN_UNTIL_DEADLINE = 600  # domain.next_check: ten minutes after its deadline
LONG_AGO = "2031-05-01T00:00:00.000Z"

type Json = dict[str, Any]


class Happened(NamedTuple):
    """An event of Stripe's: when, of which type, about which payment."""

    at: float
    type: str
    number: int


@dataclass
class World:
    """What has happened at Stripe so far, and what we have applied of it."""

    load: Load = BUSY
    latencies: Latencies = USUAL
    outage: Outage = NO_OUTAGE
    time: VirtualTime = field(default_factory=VirtualTime)
    sessions: list[Happened] = field(default_factory=list)
    money: list[Happened] = field(default_factory=list)
    charges: list[float] = field(default_factory=list)
    # When an event that reconcile queued is applied, by its id; the webhook's are not
    # kept here.
    queued: dict[str, float] = field(default_factory=dict)
    of_purchase: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    receipts: set[int] = field(default_factory=set)
    due: dict[tuple[str, str], list[tuple[float, str]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    due_at: dict[str, float] = field(default_factory=dict)
    resolved: set[str] = field(default_factory=set)
    asked: Counter[str] = field(default_factory=Counter)
    worker_free_at: float = 0
    _made: Counter[str] = field(default_factory=Counter)
    _new_sessions: list[Happened] = field(default_factory=list)
    _new_money: list[Happened] = field(default_factory=list)

    def wait(self, seconds: float, what: str) -> None:
        self.asked[what] += 1
        self.time.sleep(seconds)

    # ------------------------------------------------------------ what happens

    def go_on(self) -> None:
        """Let happen what happens until now."""
        load = self.load
        for number, at in self._next("abandoned", load.abandoned):
            self._abandoned(number, at)
        for number, at in self._next("paid", load.paid):
            self._paid(number, at)
        followed = load.open_disputes_checked_an_hour // 24
        for number, at in self._next("followed", followed):
            self._is_due("purchases", f"pur_open{number}", at)
        requested = load.paid // load.requested_one_in
        for number, at in self._next("requested", requested):
            self._is_due("purchases", f"pur_asked{number}", at, REFUND_PARTITIONS)
        for listed, new in (
            (self.sessions, self._new_sessions),
            (self.money, self._new_money),
        ):
            listed.extend(sorted(new))
            new.clear()

    def _next(self, what: str, an_hour: int) -> Iterable[tuple[int, float]]:
        while (
            an_hour and (at := self._made[what] * HOUR / an_hour) <= self.time.seconds
        ):
            yield self._made[what], at
            self._made[what] += 1

    def _abandoned(self, number: int, at: float) -> None:
        """The time of a checkout is over that began a day before."""
        has_event = number % self.load.unheard_one_in != 0
        if has_event:
            event = Happened(at, stripe_events.SESSION_EXPIRED, number)
            self._new_sessions.append(event)
        if not has_event or self.outage.has(at):
            self._is_due("sessions", f"ps_e{number}", at + OPEN_UNTIL_DEADLINE)

    def _paid(self, number: int, at: float) -> None:
        completed = Happened(at, stripe_events.SESSION_COMPLETED, number)
        self._new_sessions.append(completed)
        self.charges.append(at)
        later: list[Happened] = []
        if number % self.load.refunded_one_in == 1:
            later += [
                Happened(at, stripe_events.REFUND_CREATED, number),
                Happened(at, stripe_events.CHARGE_REFUNDED, number),
            ]
        if number % self.load.disputed_one_in == 2:
            days = self.load.dispute_days
            before = number - self.load.paid * 24 * days
            later += [
                Happened(at, stripe_events.DISPUTE_CREATED, number),
                Happened(at, stripe_events.DISPUTE_CLOSED, before),
            ]
        for event in later:
            self._new_money.append(event)
            self.of_purchase[event.number].append(event.type)

    # ------------------------------------------------------------ what is applied

    def event_id(self, event: Happened) -> str:
        return f"evt_{event.type}_{event.number}"

    def is_applied(self, event: Happened) -> bool:
        by_webhook = event.at + self.load.webhook_seconds
        if not self.outage.has(event.at) and by_webhook <= self.time.seconds:
            return True
        at = self.queued.get(self.event_id(event))
        return at is not None and at <= self.time.seconds

    def enqueue(self, event_id: str) -> None:
        """Let the worker apply the event once it has applied those before."""
        begun = max(self.worker_free_at, self.time.seconds)
        self.worker_free_at = begun + 1 / self.load.worker_per_second
        if event_id in self.queued:
            return
        self.queued[event_id] = self.worker_free_at
        event_type, _, number = event_id.removeprefix("evt_").rpartition("_")
        if event_type == stripe_events.SESSION_COMPLETED:
            age = self.worker_free_at - self.paid_at(int(number)).at
            if age > RECORDED_LATE.total_seconds():
                due_at = self.worker_free_at + age
                self._is_due("purchases", f"pur_late{number}", due_at)

    def expired_at(self, number: int) -> Happened:
        at = number * HOUR / self.load.abandoned
        return Happened(at, stripe_events.SESSION_EXPIRED, number)

    def paid_at(self, number: int) -> Happened:
        at = number * HOUR / self.load.paid
        return Happened(at, stripe_events.SESSION_COMPLETED, number)

    def is_resolved(self, item_id: str) -> bool:
        if item_id in self.resolved:
            return True
        if item_id.startswith("pur_late"):
            return int(item_id.removeprefix("pur_late")) in self.receipts
        if not item_id.startswith("ps_e"):
            return False
        number = int(item_id.removeprefix("ps_e"))
        has_event = number % self.load.unheard_one_in != 0
        return has_event and self.is_applied(self.expired_at(number))

    # ------------------------------------------------------------ what is due

    def _is_due(
        self, table: str, item_id: str, at: float, partitions: tuple[str, ...] = ()
    ) -> None:
        partition = (
            partition_of(item_id, partitions) if partitions else partition_of(item_id)
        )
        insort(self.due[table, partition], (at, item_id))
        self.due_at[item_id] = at

    def find_due(self, table: str, partition: str, limit: int) -> list[DueItem]:
        items = self.due[table, partition]
        kept: list[tuple[float, str]] = []
        read = 0
        for at, item_id in items:
            if at > self.time.seconds or len(kept) == limit:
                break
            read += 1
            if not self.is_resolved(item_id):
                kept.append((at, item_id))
        items[:read] = kept
        iso = clock.iso
        when = datetime.fromtimestamp
        zone = self.time.now().tzinfo
        return [DueItem(i, iso(when(START + at, zone))) for at, i in kept]

    def postpone(self, table: str, item_id: str, due_at: datetime) -> None:
        at = due_at.timestamp() - START
        partitions = REFUND_PARTITIONS if item_id.startswith("pur_asked") else ()
        partition = (
            partition_of(item_id, partitions) if partitions else partition_of(item_id)
        )
        items = self.due[table, partition]
        place = bisect_left(items, (self.due_at[item_id], item_id))
        del items[place]
        insort(items, (at, item_id))
        self.due_at[item_id] = at


# ------------------------------------------------------------ Stripe


class SimulatedStripe:
    """Stripe's lists and objects; each request keeps to the real pace."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._pace = Pace(CALLS_PER_SECOND)

    def ask(self, seconds: float) -> None:
        self._pace.wait()
        self._world.wait(seconds, "Stripe")

    def events_page(
        self, types: frozenset[str], since: int, until: int, after: str | None
    ) -> ListPage:
        self.ask(self._world.latencies.page)
        self._world.go_on()
        is_money = types == stripe_events.MONEY_STREAM
        happened = self._world.money if is_money else self._world.sessions
        first, last = _bounds([happened, since, until, after])
        shown = happened[max(first, last - PAGE) : last]
        members = [
            self._event(number, event)
            for number, event in enumerate(shown, max(first, last - PAGE))
        ]
        return ListPage(members[::-1], last - PAGE > first)

    def _event(self, place: int, event: Happened) -> Json:
        is_session = event.type in stripe_events.SESSION_STREAM
        stripe_object = _session(event) if is_session else _money(event)
        return {
            "id": f"{self._world.event_id(event)}:{place}",
            "type": event.type,
            "api_version": api_version(),
            "livemode": False,
            "created": int(START + event.at),
            "data": {"object": stripe_object},
        }

    def balance_page(
        self, entry_type: str, since: int, until: int, after: str | None
    ) -> ListPage:
        self.ask(self._world.latencies.page)
        self._world.go_on()
        if entry_type != "charge":
            return ListPage([], has_more=False)
        charges = self._world.charges
        first, last = _bounds([charges, since, until, after])
        members = [
            {
                "id": f"txn_:{number}",
                "fee": 59,
                "net": 940,
                "currency": "usd",
                "source": {"payment_intent": f"pi_{number}", "status": "succeeded"},
            }
            for number in range(max(first, last - PAGE), last)
        ]
        return ListPage(members[::-1], last - PAGE > first)

    def disputes(self, payment_intent_id: str) -> list[Json]:
        self.ask(self._world.latencies.retrieve)
        return [_dispute(payment_intent_id, "needs_response")]

    def payment_intent(self, _payment_intent_id: str) -> Json:
        self.ask(self._world.latencies.retrieve)
        booked = {"fee": 59, "net": 940, "currency": "usd"}
        charge = {"receipt_url": None, "balance_transaction": booked}
        return {"status": "succeeded", "latest_charge": charge}

    def webhook_endpoints(self) -> list[Json]:
        raise AssertionError("the simulated watch has no address to look for")


def _bounds(listed: list[Any]) -> tuple[int, int]:
    """Return the places of a window, the end before the member *after*."""
    happened, since, until, after = listed
    is_event = bool(happened) and isinstance(happened[0], Happened)

    def place(seconds: int) -> int:
        at = seconds - START
        return bisect_left(happened, (at,) if is_event else at)

    last = int(after.rsplit(":", 1)[1]) if after else place(until)
    return place(since), last


def _session(event: Happened) -> Json:
    is_paid = event.type == stripe_events.SESSION_COMPLETED
    letter = "p" if is_paid else "e"
    return {
        "id": f"cs_{letter}{event.number}",
        "status": "complete" if is_paid else "expired",
        "payment_status": "paid" if is_paid else "unpaid",
        "amount_subtotal": 999,
        "amount_total": 999,
        "currency": "usd",
        "livemode": False,
        "expires_at": int(START + event.at),
        "payment_intent": f"pi_{event.number}" if is_paid else None,
        "metadata": {
            "payment_session_id": f"ps_{letter}{event.number}",
            "stack": stack_name(STACK_ID),
        },
    }


def _money(event: Happened) -> Json:
    intent = f"pi_{event.number}"
    if event.type == stripe_events.CHARGE_REFUNDED:
        charge = {"id": f"ch_{event.number}", "amount_refunded": 999}
        return charge | {"payment_intent": intent}
    if event.type in stripe_events.OF_DISPUTES:
        closed = event.type == stripe_events.DISPUTE_CLOSED
        return _dispute(intent, "lost" if closed else "needs_response")
    return {
        "id": f"re_{event.number}",
        "status": "succeeded",
        "created": START,
        "amount": 999,
        "currency": "usd",
        "payment_intent": intent,
    }


def _dispute(intent: str, status: str) -> Json:
    return {
        "id": f"du_{intent.removeprefix('pi_')}",
        "status": status,
        "created": START,
        "amount": 999,
        "currency": "usd",
        "payment_intent": intent,
        "balance_transactions": [],
    }


# ------------------------------------------------------------ our side

SESSION = PaymentSession(
    id="ps_",
    kind="content",
    offer_id="offer",
    buyer_id="buyer",
    sale_key=None,
    attempt=1,
    status=Status.OPEN,
    payment_status="unpaid",
    amount=999,
    currency="usd",
    title="A course",
    terms_digest="",
    idempotency_key="",
    stripe_request="{}",
    livemode=False,
    created_at=LONG_AGO,
    expires_at=LONG_AGO,
)
RECEIPT = Receipt(
    payment_intent_status="succeeded", url=None, fee=59, net=940, currency="usd"
)
PURCHASE = Purchase(
    id="pur_",
    payment_session_id="ps_",
    kind="content",
    offer_id="offer",
    buyer_id="buyer",
    creator_id=None,
    sale_key=None,
    title="A course",
    amount=999,
    currency="usd",
    platform_fee_bps=0,
    organization_fee_bps=0,
    stripe_session_id="cs_",
    stripe_payment_intent_id="pi_",
    purchased_at=LONG_AGO,
    receipt=RECEIPT,
)


@dataclass
class SimulatedSessions:
    world: World

    def get_all(self, ids: Iterable[str]) -> dict[str, PaymentSession]:
        wanted = list(ids)
        for _ in range(0, len(wanted), PAGE):
            self.world.wait(self.world.latencies.batch_get, "BatchGetItem")
        self.world.asked["keys"] += len(wanted)
        return {session_id: self._read(session_id) for session_id in wanted}

    def get(self, session_id: str) -> PaymentSession:
        self.world.wait(self.world.latencies.get, "GetItem")
        return self._read(session_id)

    def _read(self, session_id: str) -> PaymentSession:
        number = int(session_id[4:])
        is_paid = session_id.startswith("ps_p")
        event = (self.world.paid_at if is_paid else self.world.expired_at)(number)
        final = Status.COMPLETE if is_paid else Status.EXPIRED
        applied = session_id in self.world.resolved or self.world.is_applied(event)
        return replace(
            SESSION,
            id=session_id,
            stripe_session_id=f"cs_{session_id[3:]}",
            status=final if applied else Status.OPEN,
        )

    def due(self, partition: str, _at: datetime, limit: int) -> list[DueItem]:
        self.world.wait(self.world.latencies.query, "Query")
        return self.world.find_due("sessions", partition, limit)

    def postpone(self, item: DueItem, due_at: datetime) -> DueItem:
        self.world.wait(self.world.latencies.write, "write")
        self.world.postpone("sessions", item.id, due_at)
        return DueItem(item.id, clock.iso(due_at))


@dataclass
class SimulatedCheckout:
    """Expires what is open: one request to Stripe, one transaction."""

    world: World
    stripe: SimulatedStripe

    def expire(self, session: PaymentSession, _reason: str) -> None:
        self.stripe.ask(self.world.latencies.post)
        self.world.wait(self.world.latencies.transaction, "transaction")
        self.world.resolved.add(session.id)


@dataclass
class SimulatedPurchases:
    world: World

    def by_payment_intents(self, intents: Iterable[str]) -> dict[str, Purchase]:
        wanted = list(intents)
        for _ in range(0, len(wanted), PAGE):
            # The pointers, then the purchases.
            self.world.wait(self.world.latencies.batch_get, "BatchGetItem")
            self.world.wait(self.world.latencies.batch_get, "BatchGetItem")
        self.world.asked["keys"] += 2 * len(wanted)
        found = {intent: self._read(int(intent[3:])) for intent in wanted}
        return {intent: purchase for intent, purchase in found.items() if purchase}

    def existing(self, ids: Iterable[str]) -> set[str]:
        return {*ids}

    def get_all(self, ids: Iterable[str]) -> list[Purchase]:
        assert not [*ids], "each event of the simulation names its payment intent"
        return []

    def get(self, purchase_id: str) -> Purchase:
        self.world.wait(self.world.latencies.get, "GetItem")
        if purchase_id.startswith("pur_asked"):
            request = RefundRequest(
                id="rr_", amount=999, requested_by="buyer", requested_at=LONG_AGO
            )
            return replace(PURCHASE, id=purchase_id, refund_requests={"rr_": request})
        if purchase_id.startswith("pur_late"):
            number = int(purchase_id.removeprefix("pur_late"))
            at = datetime.fromtimestamp(START + self.world.paid_at(number).at, UTC)
            without = {"receipt": None, "purchased_at": clock.iso(at)}
            intent = f"pi_{number}"
            return replace(
                PURCHASE, id=purchase_id, stripe_payment_intent_id=intent, **without
            )
        intent = f"pi_{purchase_id.removeprefix('pur_')}"
        dispute = Dispute.from_stripe(_dispute(intent, "needs_response"))
        known = {"disputes": {dispute.id: dispute}, "stripe_payment_intent_id": intent}
        return replace(PURCHASE, id=purchase_id, **known)

    def _read(self, number: int) -> Purchase | None:
        world = self.world
        if number >= 0 and not world.is_applied(world.paid_at(number)):
            return None
        has_receipt = number < 0 or number in world.receipts
        purchase = replace(
            PURCHASE, id=f"pur_{number}", receipt=RECEIPT if has_receipt else None
        )
        for event_type in world.of_purchase.get(number, ()):
            at = number if number >= 0 else self._closed_at(number)
            event = world.paid_at(at)._replace(type=event_type, number=number)
            if not world.is_applied(event):
                continue
            if event_type in stripe_events.OF_DISPUTES:
                purchase = purchase.with_dispute(Dispute.from_stripe(_money(event)))
            elif event_type != stripe_events.CHARGE_REFUNDED:
                purchase = purchase.with_refund(Refund.from_stripe(_money(event)))
        return purchase

    def _closed_at(self, number: int) -> int:
        """Return the payment at whose time the dispute of an old one was closed."""
        load = self.world.load
        return number + load.paid * load.dispute_days * DAY // HOUR

    def due(self, partition: str, _at: datetime, limit: int) -> list[DueItem]:
        self.world.wait(self.world.latencies.query, "Query")
        return self.world.find_due("purchases", partition, limit)

    def postpone(self, item: DueItem, due_at: datetime) -> DueItem:
        self.world.wait(self.world.latencies.write, "write")
        self.world.postpone("purchases", item.id, due_at)
        return DueItem(item.id, clock.iso(due_at))


@dataclass
class SimulatedChanges:
    """Writes a change of a purchase, if it is one, in a transaction."""

    world: World

    def change(
        self,
        purchase: Purchase,
        change: Callable[[Purchase], Purchase],
        _action: object,
        **_details: object,
    ) -> tuple[Purchase, bool]:
        after = change(purchase)
        if after == purchase:
            return purchase, False
        self.world.wait(self.world.latencies.transaction, "transaction")
        if after.receipt:
            number = purchase.id.removeprefix("pur_").removeprefix("late")
            if number.isdigit():
                self.world.receipts.add(int(number))
        return after, True


@dataclass
class SimulatedRefunds:
    """Sends a refund that was requested: one request to Stripe, one transaction."""

    world: World
    stripe: SimulatedStripe

    def send(self, purchase: Purchase, request: RefundRequest) -> Purchase:
        self.stripe.ask(self.world.latencies.post)
        self.world.wait(self.world.latencies.transaction, "transaction")
        self.world.resolved.add(purchase.id)
        done = replace(request, refund_id="re_")
        return replace(purchase, refund_requests={done.id: done})


@dataclass
class SimulatedQueue:
    world: World

    def send_all(self, events: Iterable[Json]) -> Unsent:
        found = list(events)
        for _ in range(0, len(found), 10):
            self.world.wait(self.world.latencies.send_batch, "SendMessageBatch")
        for event in found:
            self.world.enqueue(event["id"].rsplit(":", 1)[0])
        return Unsent([], [])


@dataclass
class SimulatedState:
    """The lease and the cursors; who has the lease is not simulated."""

    world: World
    cursors: dict[str, Progress] = field(default_factory=dict)
    queued: list[str] = field(default_factory=list)
    in_a_row: int = 0

    def take_lease(self, _owner: str, _until: datetime) -> bool:
        self.world.wait(self.world.latencies.write, "write")
        return True

    def release_lease(self, _owner: str) -> None:
        self.world.wait(self.world.latencies.write, "write")

    def progress(self, stream: str) -> Progress | None:
        self.world.wait(self.world.latencies.get, "GetItem")
        return self.cursors.get(stream, Progress(until=START))

    def queued_ids(self, _stream: str) -> list[str]:
        self.world.wait(self.world.latencies.get, "GetItem")
        return self.queued

    def store(
        self,
        _owner: str,
        stream: str,
        progress: Progress,
        queued_ids: list[str] | None = None,
    ) -> bool:
        if queued_ids is None:
            self.world.wait(self.world.latencies.write, "write")
        else:
            self.world.wait(self.world.latencies.transaction, "transaction")
            self.queued = queued_ids
        self.cursors[stream] = progress
        return True

    def undelivered(self) -> int:
        self.world.wait(self.world.latencies.get, "GetItem")
        return self.in_a_row

    def store_undelivered(self, _owner: str, number: int) -> bool:
        self.world.wait(self.world.latencies.write, "write")
        self.in_a_row = number
        return True

    def endpoint_checked_at(self) -> str | None:
        self.world.wait(self.world.latencies.get, "GetItem")
        return None
