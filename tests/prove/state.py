"""
What is compared when a history has come to rest, and what must be so in any case.

Two runs of one history give other ids and other moments to the same things. So ids are
replaced by what they stand for, and what only says how we came to know something is
left out:

- `url`, `due_at` and `declines` of a session; the last are checked against Stripe's;
- `payment_status` of a session that brought no money: a lost decline is not learnt;
- `purchased_at`: the moment at which we heard of it;
- who asked how often in which minute, since a killed request is sent again;
- the audit log, which tells every way in its own steps; its ends are checked.
"""

import json
import re
from collections import Counter
from typing import Any

from tests.prove.world import World

type Json = dict[str, Any]
type State = dict[str, dict[str, Json]]

LEFT_OUT = {
    "OffersTable": set[str](),
    "PaymentSessionsTable": {"url", "due_at", "declines"},
    "PurchasesTable": {"purchased_at"},
}
HEX = re.compile(r"\b(ps|pur)_([0-9a-f]{32})")
STRIPES = re.compile(r"\b(?:cs_test|pi|re|du)_[A-Za-z0-9]+")
MONEY_CAME = {"complete", "quarantined"}


def final_state(world: World) -> State:
    """Return every item by its id, in the words that two runs have in common."""
    names = _names(world)

    def named(item: Json) -> Json:
        text = json.dumps(item)
        text = HEX.sub(lambda found: f"{found[1]}<{names[found[2]]}>", text)
        text = STRIPES.sub(lambda found: f"<{names[found[0]]}>", text)
        renamed: Json = json.loads(text)
        return renamed

    state: State = {}
    for table, left_out in LEFT_OUT.items():
        items = [named(item) for item in world.items(table)]
        state[table] = {
            item["id"]: {
                name: value for name, value in item.items() if name not in left_out
            }
            for item in items
            if not item["id"].startswith("rate#")
        }
    for session in state["PaymentSessionsTable"].values():
        if "kind" in session and session["status"] not in MONEY_CAME:
            del session["payment_status"]
    state["Stripe"] = {
        names[stripe_id]: _at_stripe(world, stripe_id)
        for stripe_id in world.stripe.checkouts
    }
    return state


def _names(world: World) -> dict[str, str]:
    """Name every id after the idempotency key that its session has at Stripe."""
    names: dict[str, str] = {}
    for session in world.sessions():
        names[session["id"].removeprefix("ps_")] = session["idempotency_key"]
    for stripe_id, checkout in world.stripe.checkouts.items():
        ours = checkout.session["client_reference_id"].removeprefix("ps_")
        names[stripe_id] = f"Stripe's {names[ours]}"
        if checkout.session["payment_intent"]:
            names[checkout.session["payment_intent"]] = f"intent of {names[ours]}"
    return names


def _at_stripe(world: World, stripe_id: str) -> Json:
    session = world.checkout(stripe_id).session
    return {
        "status": session["status"],
        "payment_status": session["payment_status"],
        "intent": world.intent(stripe_id).get("status"),
    }


def check_invariants(world: World) -> None:
    """Check what holds however a history went; the numbers are design's invariants."""
    sessions = {session["id"]: session for session in world.sessions()}
    purchases = {purchase["id"]: purchase for purchase in world.purchases()}
    _check_money(world, purchases)
    _check_ownership(world, purchases)
    _check_counts(world, purchases)
    _check_ends(world, sessions)
    assert not world.queue, "a dead letter"


def _check_money(world: World, purchases: dict[str, Json]) -> None:
    """Each payment is one purchase of its amount; its shares add up."""
    paid = {
        stripe_id: checkout.session["amount_total"]
        for stripe_id, checkout in world.stripe.checkouts.items()
        if checkout.session["payment_status"] == "paid"
    }
    recorded = sorted((p["stripe_session_id"], p["amount"]) for p in purchases.values())
    assert recorded == sorted(paid.items()), "a payment is lost, or there twice"
    for purchase in purchases.values():
        shares = ("platform_fee", "organization_fee", "creator_payout")
        assert purchase["amount"] == sum(purchase[share] for share in shares)
        assert 0 <= purchase["refunded_amount"] <= purchase["amount"]


def _check_ownership(world: World, purchases: dict[str, Json]) -> None:
    """Who paid for what can be owned owns it, and nobody else owns anything."""
    claims = {s["id"]: s.get("claim") for s in world.sessions()}
    entitled = {
        f"owns#{claims[p['payment_session_id']]}": p["id"]
        for p in purchases.values()
        if p["status"] == "completed" and claims[p["payment_session_id"]]
    }
    assert {o["id"]: o["purchase_id"] for o in world.ownerships()} == entitled


def _check_counts(world: World, purchases: dict[str, Json]) -> None:
    """What a buyer's history says there is, is there."""
    counted: dict[str, Counter[str]] = {}
    for purchase in purchases.values():
        if buyer := purchase.get("buyer_id"):
            counter = counted.setdefault(f"buyer#{buyer}", Counter())
            counter.update(["total", purchase["status"]])
    recorded = {
        item["id"]: {name: n for name, n in item.items() if name != "id" and n}
        for item in world.items("PurchasesTable")
        if item["id"].startswith("buyer#")
    }
    assert recorded == counted


def _check_ends(world: World, sessions: dict[str, Json]) -> None:
    """Every session has come to its end, once, and its history says so."""
    ends: dict[str, list[str]] = {session_id: [] for session_id in sessions}
    for entry in world.items("AuditLogTable"):
        if entry["action"] in ENDS:
            ends[entry["payment_session_id"]].append(entry["action"])
    declined = {
        event["id"]
        for event in world.stripe.store.all("event")
        if event["type"] == "payment_intent.payment_failed"
    }
    for session in sessions.values():
        assert "unresolved" not in session, f"{session['status']} is no end"
        assert "due_at" not in session
        noted = session.get("declines", [])
        assert len(set(noted)) == len(noted)
        assert declined.issuperset(noted)
        expected = Counter({DECLINED: len(noted)}) + Counter([END_OF[session["status"]]])
        assert Counter(ends[session["id"]]) == expected


# In the audit log a declined card and a refused debit have the same name.
DECLINED = "payment_failed"
END_OF = {
    "complete": "checkout_completed",
    "quarantined": "purchase_quarantined",
    "expired": "checkout_expired",
    "abandoned": "checkout_abandoned",
    "failed": DECLINED,
}
ENDS = frozenset(END_OF.values())
