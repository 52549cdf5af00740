"""
What is compared when a history has come to rest, and what must be so in any case.

Two runs of one history give other ids and other moments to the same things. So ids are
replaced by what they stand for, and what only says how or when we came to know of
something is left out:

- moments, versions, and the addresses of payment pages;
- the declines of a session, which are checked against Stripe's, and the payment status
  of one that brought no money: a decline that was never heard of changes nothing else;
- refunds that were asked for and refused: whoever asked has asked again;
- who asked how often in which minute, since who was killed asks again;
- the audit log, which tells every way in its own steps; its ends are checked.
"""

import json
import re
from collections import Counter
from typing import Any

from checkout.domain.revenue import entries
from checkout.tables.purchase_item import purchase_of
from tests.prove.world import World

type Json = dict[str, Any]
type State = dict[str, dict[str, Json]]

TABLES = ("OffersTable", "PaymentSessionsTable", "PurchasesTable")
PASSING = frozenset(["rate", "reconcile"])
REVENUE = "revenue#"
LEFT_OUT = frozenset(
    [
        "created_at",
        "declines",
        "due_at",
        "purchased_at",
        "requested_at",
        "url",
        "version",
    ]
)
OURS = re.compile(r"\b(ps|pur)_([0-9a-f]{32})")
STRIPES = re.compile(r"\b(?:cs_test|pi|re|du|txn|issfr)_[A-Za-z0-9]+")
REQUESTS = re.compile(r"\brr_[0-9a-f]{32}")
MONEY_CAME = frozenset(["complete", "quarantined"])


def final_state(world: World) -> State:
    """Return every item by its id, in the words that two runs have in common."""
    names = _names(world)
    state = {
        table: {
            item["id"]: item
            for item in (_named(item, names) for item in world.aws.items(table))
            if item["id"].split("#")[0] not in PASSING
        }
        for table in TABLES
    }
    # A sale counts on the day on which we heard of it: only the sums are the same.
    for item_id in [i for i in state["PurchasesTable"] if i.startswith(REVENUE)]:
        del state["PurchasesTable"][item_id]
    state["revenue"] = {
        creator: dict(sums) for creator, sums in _recorded_revenue(world).items()
    }
    for session in state["PaymentSessionsTable"].values():
        if "kind" in session and session["status"] not in MONEY_CAME:
            del session["payment_status"]
    return state | {"Stripe": _stripes_state(world, names)}


def _named(item: Json, names: dict[str, str]) -> Json:
    item = dict(item)
    if requests := item.pop("refund_requests", None):
        # Those that were done, by what came of them.
        done = {r["refund_id"]: r for r in requests.values() if "refund_id" in r}
        item |= {"refund_requests": done} if done else {}
    text = json.dumps(_without(item, LEFT_OUT))
    text = OURS.sub(lambda found: f"{found[1]} {names[found[2]]}", text)
    text = STRIPES.sub(lambda found: names[found[0]], text)
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
    """Name every id after its session, and that after its idempotency key."""
    names: dict[str, str] = {}
    for session in world.sessions():
        names[session["id"].removeprefix("ps_")] = session["idempotency_key"]
    for stripe_id, checkout in world.stripe.sandbox.checkouts.items():
        ours = checkout.session["client_reference_id"].removeprefix("ps_")
        names[stripe_id] = f"checkout of {names[ours]}"
        if checkout.session["payment_intent"]:
            names[checkout.session["payment_intent"]] = f"payment of {names[ours]}"
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
    return {
        names[stripe_id]: {
            "status": checkout.session["status"],
            "payment_status": checkout.session["payment_status"],
            "refunds": [
                (r["amount"], r["status"]) for r in world.at_stripe.refunds(stripe_id)
            ],
            "disputes": [d["status"] for d in world.at_stripe.disputes(stripe_id)],
        }
        for stripe_id, checkout in world.stripe.sandbox.checkouts.items()
    }


def differences(actual: Any, expected: Any, where: str = "") -> list[str]:
    """Say where two states differ, one line for each place."""
    if actual == expected:
        return []
    if not (isinstance(actual, dict) and isinstance(expected, dict)):
        return [f"{where}: {actual!r} instead of {expected!r}"]
    return [
        difference
        for name in sorted(actual.keys() | expected.keys())
        for difference in differences(
            actual.get(name), expected.get(name), f"{where} / {name}"
        )
    ]


# --------------------------------------------------------------------- invariants


def check_invariants(world: World) -> None:
    """Check what holds however a history went, by what is true at Stripe."""
    _check_money(world)
    _check_access(world)
    _check_counts(world)
    _check_revenue(world)
    _check_ends(world)
    assert not world.queue, "a dead letter"


def _check_money(world: World) -> None:
    """Each payment is one purchase of its amount, which adds up before and after."""
    purchases = {p["stripe_session_id"]: p for p in world.purchases()}
    assert len(purchases) == len(world.purchases()), "a payment is there twice"
    paid = {i for i in world.stripe.sandbox.checkouts if world.at_stripe.is_paid(i)}
    done = {i for i, c in world.stripe.sandbox.checkouts.items() if _is_done(c)}
    assert purchases.keys() == done, "a payment is lost, or made up"
    for stripe_id in done - paid:
        assert purchases[stripe_id]["status"] == "failed"
        assert "unresolved" not in purchases[stripe_id]
    for stripe_id in paid:
        purchase = purchases[stripe_id]
        shares = ("platform_fee", "organization_fee", "creator_payout")
        assert purchase["amount"] == sum(purchase[share] for share in shares)
        assert purchase["amount"] == world.at_stripe.paid_amount(stripe_id)
        assert purchase["refunded_amount"] == _given_back(world, stripe_id)
        assert purchase["refunded_amount"] <= purchase["amount"]
        assert purchase["receipt"]["net"] < purchase["amount"]
        assert {d["status"] for d in purchase["disputes"].values()} == {
            d["status"] for d in world.at_stripe.disputes(stripe_id)
        }
        assert "unresolved" not in purchase


def _is_done(checkout: Any) -> bool:
    """Return whether the buyer has paid, whatever the bank has done since then."""
    return bool(checkout.session["status"] == "complete")


def _given_back(world: World, stripe_id: str) -> int:
    succeeded = (
        r for r in world.at_stripe.refunds(stripe_id) if r["status"] == "succeeded"
    )
    return sum(refund["amount"] for refund in succeeded)


def _check_access(world: World) -> None:
    """Who paid and has not got the money back holds the sale key, and nobody else."""
    entitled = {}
    for stripe_id in world.at_stripe.sessions():
        sale_key = world.at_stripe.sale_key(stripe_id)
        found = [dispute["status"] for dispute in world.at_stripe.disputes(stripe_id)]
        keeps = _given_back(world, stripe_id) < world.at_stripe.paid_amount(stripe_id)
        if (
            sale_key
            and world.at_stripe.is_paid(stripe_id)
            and not world.is_in_vain(stripe_id)
            and keeps
            and "lost" not in found
        ):
            assert f"owns#{sale_key}" not in entitled, "sold twice"
            undecided = any(status != "won" for status in found)
            entitled[f"owns#{sale_key}"] = stripe_id, undecided
    purchases = {p["id"]: p for p in world.purchases()}
    assert entitled == {
        held["id"]: (
            purchases[held["purchase_id"]]["stripe_session_id"],
            held.get("suspended", False),
        )
        for held in world.ownerships()
    }


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
    expected: dict[str, Counter[str]] = {}
    for stored in world.purchases():
        purchase = purchase_of(stored)
        for entry, amount in entries(purchase).items():
            sums = expected.setdefault(str(purchase.creator_id), Counter())
            sums[f"{entry.currency}_{entry.measure}"] += amount
    assert _recorded_revenue(world) == _without_zeros(expected)


def _recorded_revenue(world: World) -> dict[str, Counter[str]]:
    sums: dict[str, Counter[str]] = {}
    for item in world.aws.items("PurchasesTable"):
        if item["id"].startswith(REVENUE):
            _, creator, _, _ = item.pop("id").split("#")
            sums.setdefault(creator, Counter()).update(item)
    return _without_zeros(sums)


def _without_zeros(sums: dict[str, Counter[str]]) -> dict[str, Counter[str]]:
    kept = {creator: +found for creator, found in sums.items()}
    return {creator: found for creator, found in kept.items() if found}


def _check_ends(world: World) -> None:
    """Every session has come to its end, once, and its history says so."""
    sessions = {session["id"]: session for session in world.sessions()}
    ends: dict[str, Counter[str]] = {i: Counter() for i in sessions}
    for entry in world.aws.items("AuditLogTable"):
        if entry["action"] in END_OF:
            ends[entry["payment_session_id"]][END_OF[entry["action"]]] += 1
    declined = {
        event["id"]
        for event in world.stripe.sandbox.store.all("event")
        if event["type"] == "payment_intent.payment_failed"
    }
    for session in sessions.values():
        assert session["status"] in END_OF.values(), f"{session['status']} is no end"
        assert session.keys().isdisjoint(["unresolved", "due_at"])
        noted = session.get("declines", [])
        assert len(set(noted)) == len(noted)
        assert declined.issuperset(noted)
        if session["status"] == "complete":
            # Its money may have come back to us later, and wait for a person.
            del ends[session["id"]]["quarantined"]
        expected = Counter({"failed": len(noted)}) + Counter([session["status"]])
        assert ends[session["id"]] == expected


# What the audit log says of the end that a session has come to. A declined card and
# a refused debit have the same name there.
END_OF = {
    "checkout_completed": "complete",
    "unfulfillable_payment": "complete",
    "purchase_quarantined": "quarantined",
    "checkout_expired": "expired",
    "checkout_abandoned": "abandoned",
    "payment_failed": "failed",
}
