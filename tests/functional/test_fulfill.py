"""What becomes of a session: paid, on its way, declined, failed, expired, or wrong."""

from collections.abc import Callable
from copy import deepcopy
from itertools import permutations
from typing import Any

import pytest

from tests.crashes import CrashPoint, overtaken_at_each_step
from tests.output import metrics_in
from tests.shop import PUBLISHED, Shop, has_access
from tests.stripe_side import CARD, DECLINED_CARD

KINDS = ["bid", "auction", "order", "product", "content", "quote"]
COMPLETED = "checkout.session.completed"
SUCCEEDED = "checkout.session.async_payment_succeeded"
FAILED = "checkout.session.async_payment_failed"
EXPIRED = "checkout.session.expired"
DECLINED = "payment_intent.payment_failed"

CREATOR = "2d6b9e84-7f3a-4a15-8c9d-0e1f2a3b4c13"

type Event = dict[str, Any]


def open_session(shop: Shop, kind: str = "content", **changes: Any) -> str:
    """Start a purchase; return Stripe's id of the session."""
    created = shop.create(kind, **changes)
    assert created.status == 200, created.body
    return str(shop.stripe.sessions()[0]["id"])


def bank_session(shop: Shop) -> tuple[str, str]:
    """Pay a new session by bank; return the ids of session and payment intent."""
    euros = {"amount": 999, "currency": "eur"}
    shop.change_offer(f"content#{PUBLISHED}", price=euros)
    stripe_id = open_session(shop)
    shop.stripe.pay_by_bank(stripe_id)
    session = shop.stripe.get(f"/v1/checkout/sessions/{stripe_id}")
    return stripe_id, session["payment_intent"]


def session_of(shop: Shop) -> dict[str, Any]:
    [session] = shop.sessions()
    return session


def standing(shop: Shop) -> tuple[str, str]:
    session = session_of(shop)
    return session["status"], session["payment_status"]


def expire(shop: Shop, stripe_id: str) -> None:
    shop.stripe.post(f"/v1/checkout/sessions/{stripe_id}/expire")


def changed(event: Event, **facts: Any) -> Event:
    """Return an event that says something else of its session."""
    other = deepcopy(event)
    other["data"]["object"] |= facts
    return other


def paid_event(shop: Shop, kind: str = "content", **changes: Any) -> Event:
    stripe_id = open_session(shop, kind, **changes)
    shop.stripe.pay(stripe_id)
    return shop.stripe.events(COMPLETED)[-1]


# -------------------------------------------------------------------- money arrived


@pytest.mark.parametrize("kind", KINDS)
def test_a_paid_session_is_recorded_everywhere(shop: Shop, kind: str) -> None:
    """Invariant 1: purchase, pointer, session, counts and audit, all together."""
    event = paid_event(shop, kind)
    shop.deliver(event)

    found = event["data"]["object"]
    session, [purchase] = session_of(shop), shop.purchases()
    assert standing(shop) == ("complete", "paid")
    assert session["stripe_payment_intent_id"] == found["payment_intent"]
    assert "unresolved" not in session
    assert purchase["id"] == session["id"].replace("ps_", "pur_")
    assert purchase["payment_session_id"] == session["id"]
    assert purchase["stripe_session_id"] == found["id"]
    assert purchase["amount"] == session["amount"] == found["amount_total"]
    assert shop.aws.item("PurchasesTable", found["payment_intent"]) == {
        "id": found["payment_intent"],
        "purchase_id": purchase["id"],
    }
    completed = [e for e in shop.audit.entries if e["action"] == "checkout_completed"]
    assert [(e["event_id"], e["purchase_id"]) for e in completed] == [
        (event["id"], purchase["id"])
    ]


@pytest.mark.parametrize(
    ("kind", "sale_key"),
    [
        ("bid", "row#7"),
        ("auction", "auction#auction_1"),
        ("order", "order#order_1"),
        ("content", f"content#{PUBLISHED}#user_1"),
    ],
)
def test_the_buyer_of_a_sale_key_owns_it_and_has_access(
    shop: Shop, kind: str, sale_key: str
) -> None:
    """Invariant 3: access with the money, for the buyer alone, and not before."""
    event = paid_event(shop, kind)
    assert not has_access(shop, kind)

    shop.deliver(event)

    [ownership] = shop.ownerships()
    [purchase] = shop.purchases()
    assert ownership == {
        "id": f"owns#{sale_key}",
        "kind": kind,
        "offer_id": purchase["offer_id"],
        "owner_id": "user_1",
        "purchase_id": purchase["id"],
    }
    assert has_access(shop, kind)
    assert not has_access(shop, kind, buyer="user_2")
    assert shop.create(kind).status in {400, 409}


def test_what_is_sold_only_once_is_sold(shop: Shop) -> None:
    for kind, sold in {
        "bid": ("row#7", "purchased"),
        "auction": ("auction#auction_1", "paid"),
        "order": ("order#order_1", "PAID"),
    }.items():
        before = shop.aws.item("OffersTable", sold[0])["status"]
        event = paid_event(shop, kind)
        assert shop.aws.item("OffersTable", sold[0])["status"] == before
        shop.deliver(event)
        assert shop.aws.item("OffersTable", sold[0])["status"] == sold[1]


def test_a_row_names_the_bid_and_an_order_the_purchase(shop: Shop) -> None:
    shop.deliver(paid_event(shop, "bid"))
    shop.deliver(paid_event(shop, "order"))

    [purchase] = [p for p in shop.purchases() if p["kind"] == "order"]
    assert shop.aws.item("OffersTable", "row#7")["purchased_bid_id"] == "42"
    assert (
        shop.aws.item("OffersTable", "order#order_1")["purchase_id"] == purchase["id"]
    )


def test_a_product_is_bought_again_and_again_and_owned_by_nobody(shop: Shop) -> None:
    for _ in range(2):
        shop.deliver(paid_event(shop, "product"))

    assert len(shop.purchases()) == 2
    assert shop.ownerships() == []
    assert not [
        i for i in shop.aws.items("PurchasesTable") if i["id"].startswith("buyer#")
    ]


def test_content_is_bought_by_each_buyer_once(shop: Shop) -> None:
    shop.deliver(paid_event(shop, buyer="user_1"))
    shop.deliver(paid_event(shop, buyer="user_2"))

    assert {p["buyer_id"] for p in shop.purchases()} == {"user_1", "user_2"}
    assert has_access(shop, buyer="user_2")
    assert shop.create("content", buyer="user_2").status == 409


def test_the_merchant_and_the_source_of_a_bid_are_on_its_purchase(shop: Shop) -> None:
    shop.deliver(paid_event(shop, "bid"))

    [purchase] = shop.purchases()
    assert purchase["details"] == {
        "merchant": "Example Audio",
        "row_id": "7",
        "source": "retail_feed",
    }


@pytest.mark.parametrize(
    ("bps", "shares"),
    [
        ({}, (0, 0, 999)),
        ({"platform_fee_bps": 1000, "organization_fee_bps": 500}, (99, 49, 851)),
        ({"platform_fee_bps": 10_000}, (999, 0, 0)),
        ({"platform_fee_bps": 1, "organization_fee_bps": 9_999}, (0, 998, 1)),
    ],
)
def test_the_amount_is_split_by_the_fees_of_the_offer(
    shop: Shop, bps: dict[str, int], shares: tuple[int, int, int]
) -> None:
    """Invariant 5: the three shares are the amount."""
    offer = shop.aws.item("OffersTable", f"content#{PUBLISHED}")
    for name in ("platform_fee_bps", "organization_fee_bps"):
        offer.pop(name)
    shop.put_offer(offer | bps)

    shop.deliver(paid_event(shop))

    [purchase] = shop.purchases()
    names = ("platform_fee", "organization_fee", "creator_payout")
    assert tuple(purchase[name] for name in names) == shares
    assert sum(shares) == purchase["amount"]
    assert purchase["creator_id"] == "creator_1"


def test_terms_that_change_while_the_buyer_pays_do_not_change_the_purchase(
    shop: Shop,
) -> None:
    """Invariant 6: price and fees are those of the moment of preparing."""
    event = paid_event(shop)
    shop.change_offer(
        f"content#{PUBLISHED}",
        price={"amount": 1, "currency": "eur"},
        title="Another",
        platform_fee_bps=0,
    )

    shop.deliver(event)

    [purchase] = shop.purchases()
    assert (purchase["status"], purchase["amount"]) == ("completed", 999)
    assert purchase["platform_fee"] == 99
    assert purchase["title"] == "Calm mornings: a ten-day course"


def test_a_session_that_needs_no_payment_is_fulfilled(shop: Shop) -> None:
    """Fulfil when the payment status is not unpaid, as Stripe says."""
    event = changed(
        paid_event(shop), payment_status="no_payment_required", payment_intent=None
    )

    shop.deliver(event)

    [purchase] = shop.purchases()
    assert standing(shop) == ("complete", "no_payment_required")
    assert purchase["status"] == "completed"
    assert "stripe_payment_intent_id" not in purchase
    assert has_access(shop)


def test_an_expanded_payment_intent_is_read_by_its_id(shop: Shop) -> None:
    event = paid_event(shop)
    intent_id = event["data"]["object"]["payment_intent"]

    shop.deliver(changed(event, payment_intent={"id": intent_id, "object": "x"}))

    assert shop.purchases()[0]["stripe_payment_intent_id"] == intent_id


# --------------------------------------------------------- money on its way, or not


def test_money_on_its_way_gives_nothing_yet(shop: Shop) -> None:
    """Invariant 3: completed is not paid."""
    bank_session(shop)

    shop.deliver()

    assert standing(shop) == ("processing", "unpaid")
    assert [p["status"] for p in shop.purchases()] == ["pending"]
    assert shop.ownerships() == []
    assert not has_access(shop)
    assert shop.audit.has_exactly("checkout_created", "payment_processing")
    assert shop.audit.has_none_of("checkout_completed")
    assert shop.create("content").body["code"] == "payment_in_progress"


def test_money_that_arrives_later_is_a_purchase(shop: Shop) -> None:
    _, payment_intent = bank_session(shop)
    shop.deliver()
    shop.stripe.bank_decides(payment_intent, pays=True)

    shop.deliver()

    assert standing(shop) == ("complete", "paid")
    assert [p["status"] for p in shop.purchases()] == ["completed"]
    assert has_access(shop)


def test_money_that_does_not_arrive_ends_the_session_and_another_may_begin(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    _, payment_intent = bank_session(shop)
    shop.deliver()
    shop.stripe.bank_decides(payment_intent, pays=False)
    capsys.readouterr()

    shop.deliver()

    assert standing(shop) == ("failed", "failed")
    assert [p["status"] for p in shop.purchases()] == ["failed"]
    assert not has_access(shop)
    assert "unresolved" not in session_of(shop)
    assert metrics_in(capsys.readouterr().out)["payments.checkout.failed"] == 1
    again = open_session(shop)
    shop.stripe.pay(again)
    shop.deliver()
    assert has_access(shop)


def test_a_declined_card_leaves_the_session_open_for_another(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    stripe_id = open_session(shop)
    shop.stripe.pay(stripe_id, DECLINED_CARD)
    capsys.readouterr()
    shop.deliver()
    assert standing(shop) == ("open", "failed")
    assert shop.audit.has_exactly("checkout_created", "payment_failed")
    assert shop.audit.has_none_of("checkout_completed")
    assert metrics_in(capsys.readouterr().out)["payments.checkout.failed"] == 1

    shop.stripe.pay(stripe_id, CARD)
    shop.deliver()

    assert standing(shop) == ("complete", "paid")
    assert metrics_in(capsys.readouterr().out)["payments.checkout.session_completed"]


def test_an_expired_session_is_over_and_another_may_begin(shop: Shop) -> None:
    stripe_id = open_session(shop)
    expire(shop, stripe_id)

    shop.deliver()

    assert standing(shop) == ("expired", "unpaid")
    assert "unresolved" not in session_of(shop)
    assert shop.audit.has_exactly("checkout_created", "checkout_expired")
    assert shop.audit.has_none_of("checkout_completed")
    assert open_session(shop) != stripe_id


def test_an_event_of_a_session_that_is_still_open_changes_nothing(shop: Shop) -> None:
    open_session(shop)
    session = shop.stripe.sessions()[0]
    event = {"id": "evt_1", "type": COMPLETED, "livemode": False}

    shop.deliver(event | {"data": {"object": session}})

    assert standing(shop) == ("open", "unpaid")


# ------------------------------------------------------------------ order of arrival


def by_bank(shop: Shop, *, pays: bool) -> list[Event]:
    _, payment_intent = bank_session(shop)
    shop.stripe.bank_decides(payment_intent, pays=pays)
    return shop.stripe.events(COMPLETED, SUCCEEDED if pays else FAILED, DECLINED)


def declined_then_paid(shop: Shop) -> list[Event]:
    stripe_id = open_session(shop)
    shop.stripe.pay(stripe_id, DECLINED_CARD)
    shop.stripe.pay(stripe_id)
    [paid] = shop.stripe.events(COMPLETED)
    # No session does this; a message that waited in a queue may look like it.
    late = changed(paid, status="expired", payment_status="unpaid")
    return [
        *shop.stripe.events(DECLINED),
        paid,
        late | {"id": "evt_late", "type": EXPIRED},
    ]


def declined_then_expired(shop: Shop) -> list[Event]:
    stripe_id = open_session(shop)
    shop.stripe.pay(stripe_id, DECLINED_CARD)
    expire(shop, stripe_id)
    return shop.stripe.events(DECLINED, EXPIRED)


type Story = Callable[[Shop], list[Event]]
STORIES: dict[str, tuple[Story, tuple[str, str], list[str]]] = {
    "paid by bank": (
        lambda shop: by_bank(shop, pays=True),
        ("complete", "paid"),
        ["completed"],
    ),
    "bank refused": (
        lambda shop: by_bank(shop, pays=False),
        ("failed", "failed"),
        ["failed"],
    ),
    "declined, paid": (declined_then_paid, ("complete", "paid"), ["completed"]),
    "declined, expired": (declined_then_expired, ("expired", "failed"), []),
}


def orders(count: int) -> list[tuple[int, ...]]:
    """Return every order of arrival; and each with its events sent twice."""
    plain = list(permutations(range(count)))
    return plain + [tuple(n for n in order for _ in "12") for order in plain]


@pytest.mark.parametrize("story", STORIES)
def test_any_order_of_arrival_ends_the_same(shop: Shop, story: str) -> None:
    """Invariant 1: rank decides, not arrival; and no repetition counts twice."""
    tell, end, purchases = STORIES[story]
    events = tell(shop)
    before = shop.aws.snapshot()

    for order in [*orders(len(events)), tuple(range(len(events))) * 2]:
        shop.deliver(*(events[n] for n in order))

        told = [events[n]["type"] for n in order]
        assert standing(shop) == end, told
        assert [p["status"] for p in shop.purchases()] == purchases, told
        counts = shop.aws.item("PurchasesTable", "buyer#user_1") if purchases else {}
        counted = {name: n for name, n in counts.items() if name != "id" and n}
        assert counted == {status: 1 for status in [*purchases, "total"] if purchases}
        sold = purchases.count("completed")
        assert len(shop.ownerships()) == sold, told
        assert shop.audit.count("checkout_completed") == sold, told
        assert has_access(shop) == bool(sold), told
        shop.aws.restore(before)


def test_a_late_expired_does_not_undo_complete(shop: Shop) -> None:
    *_, paid, late = declined_then_paid(shop)
    shop.deliver(paid)
    before = session_of(shop)

    shop.deliver(late)

    assert session_of(shop) == before
    assert has_access(shop)


def test_money_outranks_the_expiry_that_came_first(shop: Shop) -> None:
    *_, paid, late = declined_then_paid(shop)
    shop.deliver(late)
    assert standing(shop) == ("expired", "unpaid")

    shop.deliver(paid)

    assert standing(shop) == ("complete", "paid")
    assert has_access(shop)


def session_that_we_did_not_record(shop: Shop, kind: str = "content") -> str:
    """Ask Stripe for a session, and crash before its answer is written down."""
    for number in range(1, 60):
        with CrashPoint(number) as crash:
            shop.create(kind)
        if shop.stripe.sessions():
            break
    assert crash.happened
    assert session_of(shop)["status"] == "prepared"
    return str(shop.stripe.sessions()[0]["id"])


def test_an_event_that_overtakes_our_own_record_fulfills(shop: Shop) -> None:
    """Invariant 1: the session was prepared before Stripe was asked, so it is known."""
    stripe_id = session_that_we_did_not_record(shop)
    query = {"session_id": stripe_id}
    assert shop.call("GET /api/checkout/session-status", query=query).status == 404
    shop.stripe.pay(stripe_id)

    shop.deliver()

    assert standing(shop) == ("complete", "paid")
    assert session_of(shop)["stripe_session_id"] == stripe_id
    assert has_access(shop)
    status = shop.call("GET /api/checkout/session-status", query=query)
    assert status.body == {"status": "complete"}


def test_two_stripe_sessions_that_race_for_one_of_ours_both_leave_a_purchase(
    shop: Shop,
) -> None:
    """Invariant 4: the second charge is kept for a person, whoever is quicker."""
    shop.stripe.pay(session_that_we_did_not_record(shop))
    event = shop.stripe.events(COMPLETED)[-1]
    other = changed(event, id="cs_test_other", payment_intent="pi_other")
    places = set()

    for where in overtaken_at_each_step(shop, event, by=other):
        places.add(where)
        reasons = {
            p["stripe_session_id"]: p.get("quarantine_reason") for p in shop.purchases()
        }
        ours = event["data"]["object"]["id"]
        assert reasons.keys() == {ours, "cs_test_other"}, where
        assert set(reasons.values()) == {None, "another_stripe_session"}, where
    assert len(places) >= 3


@pytest.mark.parametrize("pays", [True, False])
@pytest.mark.parametrize("decision_is_quicker", [True, False])
def test_a_banks_decision_and_the_payment_itself_may_meet(
    shop: Shop, *, pays: bool, decision_is_quicker: bool
) -> None:
    """Invariant 1: one purchase, also where both events are applied at once."""
    events = [e for e in by_bank(shop, pays=pays) if e["type"] != DECLINED]
    late, quick = events if decision_is_quicker else events[::-1]
    places = set()

    for where in overtaken_at_each_step(shop, late, by=quick):
        places.add(where)
        [purchase] = shop.purchases()
        assert purchase["status"] == ("completed" if pays else "failed"), where
        counts = shop.aws.item("PurchasesTable", "buyer#user_1")
        assert counts["total"] == counts[purchase["status"]] == 1, where
        assert has_access(shop) == pays, where
    assert len(places) >= 2


def test_every_other_event_may_overtake_our_record_too(shop: Shop) -> None:
    stripe_id = session_that_we_did_not_record(shop)
    shop.stripe.pay(stripe_id, DECLINED_CARD)
    shop.deliver()
    assert standing(shop) == ("prepared", "failed")

    expire(shop, stripe_id)
    shop.deliver()

    assert standing(shop) == ("expired", "failed")
    status = shop.call(
        "GET /api/checkout/session-status", query={"session_id": stripe_id}
    )
    assert status.body == {"status": "expired"}


# --------------------------------------------------------- mismatches


def is_quarantined(shop: Shop, reason: str, capsys: Any = None) -> bool:
    """Whether the one session's money is kept, seen, and gives no access."""
    [purchase] = shop.purchases()
    assert purchase["status"] == "quarantined"
    if reason != "another_stripe_session":
        assert session_of(shop)["status"] == "quarantined"
        assert "unresolved" not in session_of(shop)
    assert shop.ownerships() == []
    assert shop.audit.has_none_of("checkout_completed")
    [entry] = shop.audit.of("purchase_quarantined")
    assert entry["reason"] == purchase["quarantine_reason"]
    if capsys:
        counted = metrics_in(capsys.readouterr().out)
        assert counted["payments.checkout.quarantined"] == 1
        assert "payments.checkout.session_completed" not in counted
    return bool(purchase["quarantine_reason"] == reason)


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"amount_total": 998}, "another_amount"),
        ({"amount_total": 1000}, "another_amount"),
        ({"amount_total": 0}, "another_amount"),
        ({"amount_total": None}, "another_amount"),
        ({"currency": "eur"}, "another_currency"),
        ({"currency": None}, "another_currency"),
        ({"livemode": True}, "another_mode"),
    ],
)
def test_money_that_is_not_what_we_asked_for_is_quarantined(
    shop: Shop,
    capsys: pytest.CaptureFixture[str],
    facts: dict[str, Any],
    reason: str,
) -> None:
    """Invariants 3 and 4: kept and alarmed, but no access for it."""
    event = changed(paid_event(shop), **facts)

    shop.deliver(event, event)

    assert is_quarantined(shop, reason, capsys)
    assert not has_access(shop)
    [purchase] = shop.purchases()
    arrived = facts.get("amount_total")
    assert purchase["amount"] == (999 if arrived is None else arrived)
    shares = ("platform_fee", "organization_fee", "creator_payout")
    assert sum(purchase[name] for name in shares) == purchase["amount"]
    counts = shop.aws.item("PurchasesTable", "buyer#user_1")
    assert (counts["total"], counts["quarantined"]) == (1, 1)
    assert shop.create("content").body["code"] == "payment_in_progress"


@pytest.mark.parametrize(
    ("kind", "offer_id"),
    [
        ("bid", "row#7"),
        ("bid", "bid#42"),
        ("auction", "auction#auction_1"),
        ("order", "order#order_1"),
        ("content", f"content#{PUBLISHED}"),
        ("product", "product#hero-me-feelings"),
    ],
)
def test_money_for_what_has_vanished_goes_back(
    shop: Shop, kind: str, offer_id: str
) -> None:
    """Invariant 4: all of the sale or nothing of it, and the money is not lost."""
    event = paid_event(shop, kind)
    shop.aws.dynamodb.delete_item(
        TableName=shop.aws.tables["OffersTable"], Key={"id": {"S": offer_id}}
    )
    offers = shop.aws.items("OffersTable")

    shop.deliver(event)

    [purchase] = shop.purchases()
    assert purchase["status"] == "refunded"
    assert purchase["quarantine_reason"] == "offer_vanished"
    assert shop.aws.items("OffersTable") == offers
    assert shop.ownerships() == []


def test_a_quarantined_payment_bars_a_second_one(shop: Shop) -> None:
    """Invariant 2: while a person looks at the first charge, there is no second."""
    shop.deliver(changed(paid_event(shop), amount_total=1))

    assert shop.create("content").body["code"] == "payment_in_progress"

    assert len(shop.stripe.sessions()) == 1


def test_a_payment_intent_that_is_another_purchase_is_quarantined(shop: Shop) -> None:
    """One charge pays for one thing."""
    first = paid_event(shop, "product")
    second = paid_event(shop, "product")
    intent = first["data"]["object"]["payment_intent"]
    shop.deliver(first)

    shop.deliver(changed(second, payment_intent=intent))

    statuses = {p["stripe_session_id"]: p for p in shop.purchases()}
    assert statuses[first["data"]["object"]["id"]]["status"] == "completed"
    other = statuses[second["data"]["object"]["id"]]
    assert other["quarantine_reason"] == "payment_intent_recorded_already"
    pointer = shop.aws.item("PurchasesTable", intent)
    assert pointer["purchase_id"] != other["id"]


def test_a_stripe_session_that_belongs_to_another_of_ours_is_quarantined(
    shop: Shop,
) -> None:
    """A crash, and then a pointer that leads elsewhere."""
    stripe_id = session_that_we_did_not_record(shop)
    shop.aws.dynamodb.put_item(
        TableName=shop.aws.tables["PaymentSessionsTable"],
        Item={"id": {"S": stripe_id}, "payment_session_id": {"S": "ps_other"}},
    )
    shop.stripe.pay(stripe_id)

    shop.deliver()

    assert is_quarantined(shop, "stripe_session_recorded_already")
    pointer = shop.aws.item("PaymentSessionsTable", stripe_id)
    assert pointer["payment_session_id"] == "ps_other"


@pytest.mark.parametrize("fulfilled", [False, True])
def test_another_stripe_session_that_is_paid_for_one_of_ours_is_a_purchase_of_its_own(
    shop: Shop, *, fulfilled: bool
) -> None:
    """Invariant 4: the second charge is kept for a person, and ours is as it was."""
    event = paid_event(shop)
    other = changed(event, id="cs_test_other", payment_intent="pi_other")
    if fulfilled:
        shop.deliver(event)

    shop.deliver(other, other, event)

    found = {p["id"]: p for p in shop.purchases()}
    foreign = found.pop("pur_cs_test_other")
    assert foreign["quarantine_reason"] == "another_stripe_session"
    assert foreign["payment_session_id"] == session_of(shop)["id"]
    assert [p["status"] for p in found.values()] == ["completed"]
    assert standing(shop) == ("complete", "paid")
    assert has_access(shop)


def test_an_event_that_comes_again_is_noted_and_changes_nothing_else(
    shop: Shop,
) -> None:
    """Invariant 4: whoever asks after an event finds it in the history."""
    event = paid_event(shop)
    shop.deliver(event)
    before = shop.aws.snapshot()

    shop.deliver(event)

    after = shop.aws.snapshot()
    entries = [
        e for e in after.pop("AuditLogTable") if e not in before["AuditLogTable"]
    ]
    del before["AuditLogTable"]
    assert after == before
    assert [(e["action"], e["event_id"], e["event_type"]) for e in entries] == [
        ("event_had_no_effect", event["id"], COMPLETED)
    ]


@pytest.mark.parametrize("event_type", [EXPIRED, FAILED])
def test_an_end_of_another_stripe_session_does_not_end_ours(
    shop: Shop, event_type: str
) -> None:
    stripe_id = open_session(shop)
    expire(shop, stripe_id)
    [event] = shop.stripe.events(EXPIRED)
    other = changed(event, id="cs_test_other")

    shop.deliver(other | {"type": event_type})

    assert standing(shop) == ("open", "unpaid")


def test_quarantined_money_is_not_undone_by_later_events(shop: Shop) -> None:
    event = paid_event(shop)
    shop.deliver(changed(event, amount_total=1))
    before = shop.purchases(), session_of(shop)

    shop.deliver(event)
    shop.deliver(
        changed(event, status="expired", payment_status="unpaid") | {"type": EXPIRED}
    )

    assert (shop.purchases(), session_of(shop)) == before
