"""
What is compared when a history has come to rest, and what must be so in any case.

Two runs of one history give other ids and other moments to the same things. So ids are
replaced by what they stand for, and what only says how or when we came to know of
something is left out:

- moments of ours, versions, and the addresses of payment pages. When Stripe took the
  money is compared: the day of a sale must not depend on when we heard of it;
- the time of a payment that a bank refused, which has several: no money came;
- attempts to start a purchase that failed because Stripe or AWS did, and their keys:
  only the sessions count to which a buyer was sent;
- the declines of a session, which are checked against Stripe's, and the payment status
  of one that brought no money: a decline that was never heard of changes nothing else;
- when a code took off the whole price: Stripe's session does not say when its buyer
  was done, only its event does;
- refunds that were asked for and refused: whoever asked has asked again;
- who asked how often in which minute, since who was killed asks again;
- words of Stripe's that we do not know: an undecided dispute keeps the first word;
- the audit log, which tells every way in its own steps; its ends are checked.
"""

import json
import re
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from checkout.domain.dispute import RANK as RANK_OF_DISPUTE
from checkout.domain.revenue import entries
from checkout.tables.purchase_item import purchase_of
from tests.prove.at_stripe import QUARANTINED
from tests.prove.world import World

type Json = dict[str, Any]
type State = dict[str, dict[str, Json]]

TABLES = ("OffersTable", "PaymentSessionsTable", "PurchasesTable")
PASSING = frozenset(["rate", "reconcile"])
REVENUE = "revenue#"
LEFT_OUT = frozenset(
    [
        "attempt",
        "created_at",
        "declines",
        "dismissed_at",
        "due_at",
        "idempotency_key",
        "requested_at",
        "url",
        "version",
    ]
)
OURS = re.compile(r"\b(ps|pur)_([0-9a-f]{32})")
STRIPES = re.compile(r"(?<![A-Za-z])(?:cs_test|pi|re|du|txn|issfr)_[A-Za-z0-9]+")
REQUESTS = re.compile(r"\brr_[0-9a-f]{32}")
MONEY_CAME = frozenset(["complete", "quarantined"])
# Of a session to which no buyer was sent.
UNUSED = "unused"
SHARES = ("platform_fee", "organization_fee", "creator_payout")


def final_state(world: World) -> State:
    """Return every item by its id, in the words that two runs have in common."""
    names = _names(world)
    state = {
        table: {
            item["id"]: item
            for item in (_named(item, names) for item in world.aws.items(table))
            if item["id"].split("#")[0] not in PASSING and UNUSED not in item["id"]
        }
        for table in TABLES
    }
    # In which of its counters a sale is counted, its id says.
    for item_id in [i for i in state["PurchasesTable"] if i.startswith(REVENUE)]:
        del state["PurchasesTable"][item_id]
    gave_away = _sellers_of_free(world)
    state["revenue"] = {
        " ".join(of_day): dict(sums)
        for of_day, sums in recorded_revenue(world).items()
        if of_day[0] not in gave_away
    }
    for purchase in state["PurchasesTable"].values():
        if purchase.get("status") == "failed" or purchase.get("amount") == 0:
            del purchase["purchased_at"]
    for session in state["PaymentSessionsTable"].values():
        if "kind" in session and session["status"] not in MONEY_CAME:
            del session["payment_status"]
    return state | {"Stripe": _stripes_state(world, names)}


def _sellers_of_free(world: World) -> set[str]:
    """Return whose revenue has a sale of which nobody knows the day."""
    free = [p for p in world.purchases() if not p["amount"]]
    return {purchase.get("creator_id", "") for purchase in free}


def _named(item: Json, names: dict[str, str]) -> Json:
    item = dict(item)
    if requests := item.pop("refund_requests", None):
        # Those that were done, by what came of them.
        done = {r["refund_id"]: r for r in requests.values() if "refund_id" in r}
        item |= {"refund_requests": done} if done else {}
    if "unresolved" in item:
        # In which partition it is, its id says.
        item["unresolved"] = True
    if "ttl" in item:
        item["ttl"] = "when we learned of the end, and 45 days"
    for dispute in item.get("disputes", {}).values():
        if dispute["status"] not in RANK_OF_DISPUTE:
            dispute["status"] = "needs_response"
    text = json.dumps(_without(item, LEFT_OUT))
    text = OURS.sub(lambda found: f"{found[1]} {names[found[2]]}", text)
    text = STRIPES.sub(lambda found: names.get(found[0], found[0]), text)
    text = REQUESTS.sub("a request of ours", text)
    named: Json = json.loads(text)
    if named["id"].startswith("buyer#"):
        named = {name: value for name, value in named.items() if value != 0}
    # Kept in the order of their ids.
    named.get("fraud_warnings", []).sort()
    return named


def _without(value: Any, left_out: frozenset[str]) -> Any:
    if not isinstance(value, dict):
        return value
    return {n: _without(v, left_out) for n, v in value.items() if n not in left_out}


def _names(world: World) -> dict[str, str]:
    """Name every id after the number of its session."""
    at_stripe = world.at_stripe
    sessions = {
        stripe_id: f"session {n}" for n, stripe_id in enumerate(world.handed_out)
    }
    others = {
        stripe_id: f"other {n}" for n, stripe_id in enumerate(at_stripe.of_others)
    }
    names: dict[str, str] = {}
    for session in world.sessions():
        name = sessions.get(session.get("stripe_session_id", ""), UNUSED)
        names[session["id"].removeprefix("ps_")] = name
    for stripe_id in at_stripe.all_sessions():
        name = (sessions | others).get(stripe_id, UNUSED)
        session = at_stripe.checkout(stripe_id).session
        names.setdefault(session["client_reference_id"].removeprefix("ps_"), name)
        names[stripe_id] = f"checkout of {name}"
        if session["payment_intent"]:
            names[session["payment_intent"]] = f"payment of {name}"
    for kind, belongs_to in (
        ("charge", "payment_intent"),
        ("refund", "payment_intent"),
        ("dispute", "payment_intent"),
        ("radar.early_fraud_warning", "payment_intent"),
        ("balance_transaction", "source"),
    ):
        numbers: Counter[str] = Counter()
        for found in world.stripe.sandbox.store.all(kind):
            whole = names[found[belongs_to]]
            numbers[whole] += 1
            names[found["id"]] = f"{kind} {numbers[whole]} of {whole}"
    return names


def _stripes_state(world: World, names: dict[str, str]) -> dict[str, Json]:
    at_stripe = world.at_stripe
    return {
        names[stripe_id]: {
            "status": at_stripe.checkout(stripe_id).session["status"],
            "payment_status": at_stripe.checkout(stripe_id).session["payment_status"],
            "refunds": [
                (r["amount"], r["status"]) for r in at_stripe.refunds(stripe_id)
            ],
            "disputes": [d["status"] for d in at_stripe.disputes(stripe_id)],
        }
        for stripe_id in [*world.handed_out, *at_stripe.of_others]
    }


# --------------------------------------------------------------------- invariants


def check_known(world: World) -> None:
    """
    Check that we know what Stripe knows: every payment, and what became of its money.

    Invariant 12: after two runs of reconcile, whatever became of the webhooks.
    """
    _check_money(world)
    _check_access(world)
    _check_counts(world)
    _check_revenue(world)
    assert not world.queue, "a dead letter"


def check_invariants(world: World) -> None:
    """Check what holds however a history went, by what is true at Stripe."""
    check_known(world)
    _check_receipts(world)
    _check_ends(world)


def _check_money(world: World) -> None:
    """Each payment is one purchase of its amount, which adds up before and after."""
    at_stripe = world.at_stripe
    purchases = {p["stripe_session_id"]: p for p in world.purchases()}
    assert len(purchases) == len(world.purchases()), "a payment is there twice"
    done = {i for i in at_stripe.sessions() if at_stripe.is_complete(i)}
    # Of what another stack sells, nothing is recorded: invariant 15.
    unclear = {i for i, what in at_stripe.of_others.items() if what in QUARANTINED}
    due = done | unclear
    assert not (lost := due - purchases.keys()), f"payments are lost: {lost}"
    assert not (more := purchases.keys() - due), f"payments are made up: {more}"
    for stripe_id, purchase in purchases.items():
        if not at_stripe.is_paid(stripe_id):
            assert purchase["status"] == "failed"
            came = ("unresolved", "refunds", "disputes")
            assert not any(purchase.get(name) for name in came)
            continue
        beside = purchase.get("tax_amount", 0) + purchase.get("shipping_amount", 0)
        shares = sum(purchase[share] for share in SHARES)
        assert purchase["amount"] == shares + beside
        details = at_stripe.checkout(stripe_id).session["total_details"]
        parts = ("discount", "tax", "shipping")
        assert [purchase.get(f"{part}_amount", 0) for part in parts] == [
            details[f"amount_{part}"] for part in parts
        ]
        assert purchase["amount"] == at_stripe.paid_amount(stripe_id)
        assert purchase["refunded_amount"] == at_stripe.refunded(stripe_id)
        assert purchase["refunded_amount"] <= purchase["amount"]
        lost = min(
            at_stripe.lost(stripe_id), purchase["amount"] - purchase["refunded_amount"]
        )
        assert purchase_of(purchase).lost_amount == lost
        assert _statuses(purchase["refunds"].values()) == _statuses(
            at_stripe.refunds(stripe_id)
        )
        assert _statuses(purchase["disputes"].values()) == _statuses(
            at_stripe.disputes(stripe_id)
        )
        if not at_stripe.is_free(stripe_id):
            assert purchase["purchased_at"] == _iso(at_stripe.taken_at(stripe_id))
        quarantined = bool(purchase.get("quarantine_reason"))
        assert quarantined == (stripe_id in unclear or world.is_in_vain(stripe_id))


def _statuses(found: Any) -> Counter[str]:
    """Count the statuses of refunds or disputes, as far as they are ours to know."""
    # While the shop appeals, the dispute stays lost.
    return Counter(
        "lost"
        if each["status"].startswith("appeal_")
        else each["status"]
        if each["status"] in KNOWN
        else "needs_response"
        for each in found
    )


KNOWN = frozenset([*RANK_OF_DISPUTE, "pending", "succeeded", "failed", "canceled"])


def _iso(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.000Z"


def _check_receipts(world: World) -> None:
    """Each payment has its receipt; undecided is only what Stripe has not decided."""
    for purchase in world.purchases():
        stripe_id = purchase["stripe_session_id"]
        if not purchase["amount"] or not world.at_stripe.is_paid(stripe_id):
            continue
        assert purchase["receipt"]["net"] < purchase["amount"]
        # Of an appeal, Stripe's events tell the end.
        if not world.at_stripe.is_appealed(stripe_id):
            undecided = world.at_stripe.is_disputed(stripe_id)
            assert ("unresolved" in purchase) == undecided


def _check_access(world: World) -> None:
    """Who paid and has not got the money back holds the sale key, and nobody else."""
    at_stripe = world.at_stripe
    entitled = {}
    for stripe_id in at_stripe.sessions():
        sale_key = at_stripe.sale_key(stripe_id)
        if sale_key and world.is_sold(stripe_id) and at_stripe.is_kept(stripe_id):
            assert f"owns#{sale_key}" not in entitled, "sold twice"
            entitled[f"owns#{sale_key}"] = stripe_id, _is_suspended(world, stripe_id)
    purchases = {p["id"]: p for p in world.purchases()}
    assert entitled == {
        held["id"]: (
            purchases[held["purchase_id"]]["stripe_session_id"],
            held.get("suspended", False),
        )
        for held in world.ownerships()
    }


def _is_suspended(world: World, stripe_id: str) -> bool:
    """Return whether a dispute is open, or in another currency and not won."""
    currency = world.at_stripe.checkout(stripe_id).session["currency"]
    return any(
        dispute["status"] == "needs_response"
        or (dispute["status"] != "won" and dispute["currency"] != currency)
        for dispute in world.at_stripe.disputes(stripe_id)
    )


def _check_counts(world: World) -> None:
    """A buyer's history has as many purchases of each status as it says."""
    counted: dict[str, Counter[str]] = {}
    for purchase in world.purchases():
        if buyer := purchase.get("buyer_id"):
            counter = counted.setdefault(f"buyer#{buyer}", Counter())
            counter.update(["total", purchase["status"]])
    recorded = {
        item["id"]: {name: n for name, n in item.items() if name != "id" and n}
        for item in world.aws.items("PurchasesTable")
        if item["id"].startswith("buyer#")
    }
    assert recorded == counted


def _check_revenue(world: World) -> None:
    """What is counted for a creator's days is what the purchases come to."""
    expected: dict[tuple[str, str], Counter[str]] = {}
    for stored in world.purchases():
        purchase = purchase_of(stored)
        for entry, amount in entries(purchase).items():
            sums = expected.setdefault((str(purchase.creator_id), entry.day), Counter())
            sums[f"{entry.currency}_{entry.measure}"] += amount
    assert recorded_revenue(world) == _without_zeros(expected)
    _check_days(world)


def _check_days(world: World) -> None:
    """What was sold and what went back is on the day on which it was, at Stripe."""
    at_stripe = world.at_stripe
    purchases = {p["stripe_session_id"]: p for p in world.purchases()}
    expected: dict[tuple[str, str], Counter[str]] = {}
    unclear = _sellers_of_free(world)

    def add(creator: str, seconds: int, measure: str, amount: int) -> None:
        of_day = creator, _iso(seconds)[: len("2031-05-06")]
        expected.setdefault(of_day, Counter())[f"usd_{measure}"] += amount

    for stripe_id in filter(world.is_sold, at_stripe.sessions()):
        creator = purchases[stripe_id].get("creator_id")
        if creator is None or creator in unclear:
            continue
        paid, lost = (
            at_stripe.paid_amount(stripe_id),
            at_stripe.lost_disputes(stripe_id),
        )
        if at_stripe.refunded(stripe_id) + at_stripe.lost(stripe_id) > paid:
            # More went back than was paid; which part of it counts, is the oldest.
            unclear.add(creator)
        add(creator, at_stripe.taken_at(stripe_id), "gross", paid)
        for dispute in lost:
            at, amount = dispute["created"], dispute["amount"]
            add(creator, at, "lost_to_disputes", amount)
        for refund in at_stripe.refunds(stripe_id):
            if refund["status"] == "succeeded":
                add(creator, refund["created"], "refunded", refund["amount"])
    measures = ("usd_gross", "usd_refunded", "usd_lost_to_disputes")
    recorded = {
        of_day: Counter({measure: sums[measure] for measure in measures})
        for of_day, sums in recorded_revenue(world).items()
    }
    for found in (recorded, expected):
        for of_day in [of_day for of_day in found if of_day[0] in unclear]:
            del found[of_day]
    assert _without_zeros(recorded) == _without_zeros(expected)


def recorded_revenue(world: World) -> dict[tuple[str, str], Counter[str]]:
    """Return the sums by creator and day."""
    sums: dict[tuple[str, str], Counter[str]] = {}
    for item in world.aws.items("PurchasesTable"):
        if item["id"].startswith(REVENUE):
            creator, day, _ = item.pop("id").removeprefix(REVENUE).rsplit("#", 2)
            # Not `update` of the sum's own: it would drop what is below zero.
            of_day = sums.setdefault((creator, day), Counter())
            for measure, amount in item.items():
                of_day[measure] += amount
    return _without_zeros(sums)


def _without_zeros(
    sums: dict[tuple[str, str], Counter[str]],
) -> dict[tuple[str, str], Counter[str]]:
    kept = {
        of_day: Counter({measure: n for measure, n in found.items() if n})
        for of_day, found in sums.items()
    }
    return {of_day: found for of_day, found in kept.items() if found}


def _check_ends(world: World) -> None:
    """Every session has come to its end, once, and its history says so."""
    sessions = {session["id"]: session for session in world.sessions()}
    ends: dict[str, Counter[str]] = {i: Counter() for i in sessions}
    for entry in world.aws.items("AuditLogTable"):
        # The money of another's session that named ours: a person is told there.
        is_ours = entry["payment_session_id"] in ends
        if is_ours and entry["action"] in END_OF:
            ends[entry["payment_session_id"]][END_OF[entry["action"]]] += 1
    declined = {
        event["id"]
        for event in world.stripe.sandbox.store.all("event")
        if event["type"] == "payment_intent.payment_failed"
    }
    for session in sessions.values():
        assert session["status"] in END_OF.values(), f"{session['status']} is no end"
        assert session.keys().isdisjoint(["unresolved", "due_at"])
        _check_retention(world, session)
        noted = session.get("declines", [])
        assert len(set(noted)) == len(noted)
        assert declined.issuperset(noted)
        # Its money may have come back to us later, or another payment may have named
        # it, and wait for a person.
        found = ends[session["id"]]
        del found["quarantined"]
        end = session["status"]
        if end == "quarantined":
            # What nobody can have could not be refunded, and waits for a person.
            assert any(
                purchase_of(purchase).is_undecided
                for purchase in world.purchases()
                if purchase["payment_session_id"] == session["id"]
            )
            end = "complete"
        assert found == Counter({"failed": len(noted)}) + Counter([end])


def _check_retention(world: World, session: Json) -> None:
    """What nobody paid will be deleted; what has a purchase will not."""
    found = {
        purchase["stripe_session_id"]
        for purchase in world.purchases()
        if purchase["payment_session_id"] == session["id"]
    }
    if session["status"] not in {"expired", "discarded"}:
        assert "ttl" not in session
    elif not found:
        assert "ttl" in session


# What the audit log says of the end that a session has come to. A declined card and
# a refused debit have the same name there.
END_OF = {
    "checkout_completed": "complete",
    "unfulfillable_payment": "complete",
    "purchase_quarantined": "quarantined",
    "checkout_expired": "expired",
    "checkout_abandoned": "expired",
    "checkout_discarded": "discarded",
    "payment_failed": "failed",
}


def check_answers(world: World) -> None:
    """Everybody can read what is theirs, and reads what is true: invariant 13."""
    for buyer in {
        session["buyer_id"] for session in world.sessions() if "buyer_id" in session
    }:
        answer = world.call(
            "GET /api/purchases", buyer=buyer, query={"pageSize": "100"}
        )
        assert answer.status == 200
        shown = {(p["stripeSessionId"], p["status"]) for p in answer.body["data"]}
        assert shown == {
            (p["stripe_session_id"], p["status"])
            for p in world.purchases()
            if p.get("buyer_id") == buyer
        }
    for stripe_id in world.handed_out:
        answer = world.call(
            "GET /api/checkout/payment-status", query={"session_id": stripe_id}
        )
        assert answer.status == 200
        paid = answer.body["payment_status"] == "paid"
        is_kept = world.is_sold(stripe_id) and world.at_stripe.is_kept(stripe_id)
        assert not paid or is_kept
