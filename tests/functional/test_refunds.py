"""Money goes back: asked for by an operator, or made in Stripe's dashboard."""

import json
from collections.abc import Callable
from copy import deepcopy
from itertools import count, permutations
from typing import Any

import pytest

from checkout.domain.refund import Refund
from checkout.flows.refund_purchase import record_refund
from mocktill.faults import Fault
from tests import flows
from tests.aws import on_moto_too
from tests.crashes import CrashPoint, crash_points
from tests.output import metrics_in
from tests.shop import Answer, Shop, has_access

# A process that is killed has nothing to flush.
pytestmark = pytest.mark.filterwarnings("ignore:No application metrics:UserWarning")

REFUND = "POST /api/purchases/{id}/refund"
KEY = "a-key-of-the-operator"
RETURNED = {
    "bid": ("row#7", "purchased", "refunded"),
    "auction": ("auction#auction_1", "paid", "refunded"),
    "order": ("order#order_1", "PAID", "REFUNDED"),
}
REFUND_EVENTS = ("refund.created", "refund.updated", "refund.failed", "charge.refunded")
# Cards whose refunds take their time, or are sent back by the buyer's bank.
PENDING_CARD = "4000000000007726"
FAILING_CARD = "4000000000005126"


def bought(shop: Shop, kind: str = "content", **pay: Any) -> str:
    """Buy something; return the purchase's id."""
    assert shop.create(kind).status == 200
    stripe_id = shop.stripe.sessions()[0]["id"]
    shop.stripe.pay(stripe_id, **pay)
    shop.deliver()
    return shop.purchase_of(stripe_id)


def refund(
    shop: Shop,
    purchase_id: str,
    body: Any = None,
    *,
    key: str | None = KEY,
    groups: str | None = "[payments-admin]",
    who: str | None = "operator_1",
) -> Answer:
    return shop.call(
        REFUND,
        body if body is not None else {},
        buyer=who,
        groups=groups,
        path={"id": purchase_id},
        headers={"idempotency-key": key} if key else {},
    )


def refund_in_dashboard(shop: Shop, purchase_id: str, **params: Any) -> dict[str, Any]:
    intent = shop.aws.item("PurchasesTable", purchase_id)["stripe_payment_intent_id"]
    return shop.stripe.post("/v1/refunds", payment_intent=intent, **params)


def stripe_refunds(shop: Shop) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = shop.stripe.get("/v1/refunds", limit=100)["data"]
    return found


def standing(shop: Shop, purchase_id: str) -> tuple[str, int]:
    purchase = shop.aws.item("PurchasesTable", purchase_id)
    return purchase["status"], purchase["refunded_amount"]


def counts(shop: Shop) -> dict[str, int]:
    found = shop.aws.item("PurchasesTable", "buyer#user_1")
    return {name: n for name, n in found.items() if name != "id" and n}


# ----------------------------------------------------------------- the operator's way


@on_moto_too
@pytest.mark.parametrize("kind", ["bid", "auction", "order", "content"])
def test_a_full_refund_ends_ownership_and_access(shop: Shop, kind: str) -> None:
    """Invariant 3: nobody keeps what all the money was given back for."""
    purchase_id = bought(shop, kind)
    assert has_access(shop, kind)

    answer = refund(shop, purchase_id, {"reason": "The show was cancelled"})

    assert answer.status == 200
    assert answer.body["status"] == "refunded"
    assert answer.body["refundedAmountCents"] == answer.body["amountPaidCents"]
    assert answer.body["refundReason"] == "The show was cancelled"
    assert answer.body["refundedAt"].endswith("Z")
    [made] = stripe_refunds(shop)
    assert made["amount"] == answer.body["amountPaidCents"]
    assert shop.ownerships() == []
    assert not has_access(shop, kind)
    assert counts(shop) == {"total": 1, "refunded": 1}
    if kind in RETURNED:
        offer_id, _, returned = RETURNED[kind]
        assert shop.aws.item("OffersTable", offer_id)["status"] == returned
    assert shop.audit.has_exactly("refund_requested", "purchase_refunded")


def test_content_can_be_bought_again_after_a_full_refund(shop: Shop) -> None:
    refund(shop, bought(shop))

    again = bought(shop)

    assert standing(shop, again) == ("completed", 0)
    assert has_access(shop)


def test_an_order_that_was_refunded_cannot_be_paid_again(shop: Shop) -> None:
    refund(shop, bought(shop, "order"))

    answer = shop.create("order")

    assert (answer.status, answer.body["code"]) == (400, "not_purchasable")
    order = shop.call(
        "GET /orders/{orderId}", buyer="user_1", path={"orderId": "order_1"}
    )
    assert order.body["status"] == "REFUNDED"
    assert order.body["payments"][0]["status"] == "refunded"


def test_a_product_that_nobody_owns_is_refunded_too(shop: Shop) -> None:
    assert refund(shop, bought(shop, "product")).body["status"] == "refunded"


def test_a_partial_refund_leaves_everything_but_the_amount(shop: Shop) -> None:
    purchase_id = bought(shop, "order")

    answer = refund(shop, purchase_id, {"amountCents": 100})

    assert (answer.body["status"], answer.body["refundedAmountCents"]) == (
        "completed",
        100,
    )
    assert has_access(shop, "order")
    assert shop.aws.item("OffersTable", "order#order_1")["status"] == "PAID"


@on_moto_too
def test_partial_refunds_add_up_to_a_full_one(shop: Shop) -> None:
    """Invariant 5: refunds never exceed the amount paid."""
    purchase_id = bought(shop)
    refund(shop, purchase_id, {"amountCents": 400}, key="the first of the refunds")
    refund(shop, purchase_id, {"amountCents": 400}, key="the second of the refunds")

    more = refund(shop, purchase_id, {"amountCents": 200}, key="too much of a refund")
    rest = refund(shop, purchase_id, key="whatever there is left")
    nothing = refund(shop, purchase_id, key="there is nothing left")

    assert (more.status, more.body["code"]) == (409, "not_refundable")
    assert rest.body["refundedAmountCents"] == 999
    assert standing(shop, purchase_id) == ("refunded", 999)
    assert (nothing.status, nothing.body["code"]) == (409, "not_refundable")
    assert sorted(r["amount"] for r in stripe_refunds(shop)) == [199, 400, 400]


@pytest.mark.parametrize("body", [{}, {"amountCents": 250, "reason": "duplicate"}])
def test_the_same_key_refunds_once(shop: Shop, body: dict[str, Any]) -> None:
    purchase_id = bought(shop)

    first, second = refund(shop, purchase_id, body), refund(shop, purchase_id, body)

    assert first.body == second.body
    assert len(stripe_refunds(shop)) == 1


@pytest.mark.parametrize("key", ["ключ-ключ-ключ-ключ", "a\nb" * 8, "\ud800" * 16])
def test_a_key_of_any_characters_refunds_once(shop: Shop, key: str) -> None:
    purchase_id = bought(shop)

    for _ in range(2):
        assert refund(shop, purchase_id, key=key).status == 200

    assert len(stripe_refunds(shop)) == 1


def test_the_same_key_for_another_refund_is_refused(shop: Shop) -> None:
    purchase_id = bought(shop)
    refund(shop, purchase_id, {"amountCents": 100})

    answer = refund(shop, purchase_id, {"amountCents": 200})

    assert (answer.status, answer.body["code"]) == (409, "idempotency_key_reused")
    assert len(stripe_refunds(shop)) == 1


@pytest.mark.parametrize("step", range(1, 7))
def test_the_same_key_with_another_amount_at_the_same_moment_is_refused(
    shop: Shop, step: int
) -> None:
    """Invariant 5: one is refunded, and the other is not told that it was."""
    purchase_id = bought(shop)
    quicker: list[Answer] = []

    with CrashPoint(
        step,
        visitor=lambda: quicker.append(refund(shop, purchase_id, {"amountCents": 200})),
    ) as point:
        slower = refund(shop, purchase_id, {"amountCents": 100})

    assert point.happened, "the request takes more steps than that"
    assert sorted([slower.status, quicker[0].status]) == [200, 409]
    refused = slower if slower.status == 409 else quicker[0]
    assert refused.body["code"] == "idempotency_key_reused"
    [made] = stripe_refunds(shop)
    assert made["amount"] == (100 if slower.status == 200 else 200)


@pytest.mark.parametrize("reason", ["fraudulent", "Not what they wanted", None])
def test_the_same_key_with_another_reason_is_refused(
    shop: Shop, reason: str | None
) -> None:
    purchase_id = bought(shop)
    refund(shop, purchase_id, {"amountCents": 100, "reason": "duplicate"})

    answer = refund(shop, purchase_id, {"amountCents": 100, "reason": reason})

    assert (answer.status, answer.body["code"]) == (409, "idempotency_key_reused")
    assert len(stripe_refunds(shop)) == 1


def test_without_a_key_every_request_is_another_refund(shop: Shop) -> None:
    purchase_id = bought(shop)

    for _ in range(2):
        assert refund(shop, purchase_id, {"amountCents": 100}, key=None).status == 200

    assert standing(shop, purchase_id) == ("completed", 200)


@pytest.mark.parametrize(
    ("reason", "stripe_reason"),
    [("duplicate", "duplicate"), ("They changed their mind", None), (None, None)],
)
def test_stripe_is_told_the_reason_in_its_own_words_where_it_has_them(
    shop: Shop, reason: str | None, stripe_reason: str | None
) -> None:
    purchase_id = bought(shop)

    answer = refund(shop, purchase_id, {"reason": reason})

    [made] = stripe_refunds(shop)
    assert made["reason"] == stripe_reason
    assert answer.body.get("refundReason") == reason
    assert made["metadata"]["purchase_id"] == purchase_id


@pytest.mark.parametrize(
    ("who", "groups", "status"),
    [
        (None, None, 401),
        ("user_1", None, 403),
        ("user_1", "[]", 403),
        ("user_1", "[payments-admins]", 403),
        ("user_1", "[payments admin]", 403),
        ("user_1", "[payments-admin,x]", 403),
        ("user_1", "[x,payments-admin]", 403),
        ("user_1", "team payments-admin", 403),
        ("user_1", "payments-admin,x", 403),
        ("user_1", "[payments-admin", 403),
        ("payments-admin", None, 403),
    ],
)
def test_only_an_operator_may_refund(
    shop: Shop, who: str | None, groups: str | None, status: int
) -> None:
    """Invariant 7: not even the buyer, and nothing is learned of the purchase."""
    purchase_id = bought(shop)

    answer = refund(shop, purchase_id, who=who, groups=groups)
    unknown = refund(shop, "pur_unknown", who=who, groups=groups)

    assert answer.status == unknown.status == status
    assert {**answer.body, "request_id": ""} == {**unknown.body, "request_id": ""}
    assert stripe_refunds(shop) == []


@pytest.mark.parametrize("groups", ["[staff payments-admin]", "payments-admin"])
def test_a_group_is_found_however_the_token_lists_it(shop: Shop, groups: str) -> None:
    assert refund(shop, bought(shop), groups=groups).status == 200


@pytest.mark.parametrize("purchase_id", ["pur_unknown", "buyer#user_1", "pur_", "x"])
def test_what_is_no_purchase_is_not_found(shop: Shop, purchase_id: str) -> None:
    bought(shop)
    assert refund(shop, purchase_id).status == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"amountCents": 0}, "amountCents"),
        ({"amountCents": -1}, "amountCents"),
        ({"amountCents": "100"}, "amountCents"),
        ({"amountCents": 1.5}, "amountCents"),
        ({"amountCents": True}, "amountCents"),
        ({"reason": ""}, "reason"),
        ({"reason": "x" * 501}, "reason"),
        ({"amount": 1}, "amount"),
    ],
)
def test_a_request_that_is_wrong_is_refused_by_its_field(
    shop: Shop, body: dict[str, Any], field: str
) -> None:
    answer = refund(shop, bought(shop), body)

    assert (answer.status, answer.body["code"]) == (400, "invalid_request")
    assert [f["field"] for f in answer.body["fields"]] == [field]
    assert stripe_refunds(shop) == []


def test_a_weak_key_is_refused(shop: Shop) -> None:
    assert refund(shop, bought(shop), key="short").status == 400


def test_what_stripe_will_not_refund_is_refused_and_stays_so(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    """A charge that was refunded in the dashboard, of which no event has come yet."""
    purchase_id = bought(shop)
    refund_in_dashboard(shop, purchase_id)

    answers = [refund(shop, purchase_id) for _ in range(2)]

    assert [(a.status, a.body["code"]) for a in answers] == [
        (409, "not_refundable")
    ] * 2
    assert standing(shop, purchase_id) == ("completed", 0)
    counted = metrics_in(capsys.readouterr().out)
    assert counted["payments.refunds.refused"] == 1
    shop.deliver()
    assert standing(shop, purchase_id) == ("refunded", 999)


# ----------------------------------------------------------------- Stripe misbehaves


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("status", [429, 500])
def test_a_stripe_that_fails_refunds_once_when_asked_again(
    shop: Shop, when: Any, status: int
) -> None:
    """The caller sees 502, asks again under the same key, and nothing is doubled."""
    purchase_id = bought(shop)
    fault = Fault("POST", "/v1/refunds", status=status, when=when, times=2)
    shop.stripe.sandbox.faults.add(fault)

    answers = [refund(shop, purchase_id) for _ in range(4)]

    assert answers[0].status == 502
    assert answers[-1].status == 200
    assert len(stripe_refunds(shop)) == 1
    assert standing(shop, purchase_id) == ("refunded", 999)


def test_a_refusal_of_what_stripe_has_refunded_already_is_a_refund(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    """Another process was quicker with this request: nothing is left to give back."""
    purchase_id = bought(shop)
    refused = Fault("POST", "/v1/refunds", status=400, when="after", times=1)
    shop.stripe.sandbox.faults.add(refused)

    answer = refund(shop, purchase_id)

    assert answer.status == 200
    assert standing(shop, purchase_id) == ("refunded", 999)
    assert len(stripe_refunds(shop)) == 1
    assert shop.audit.has_none_of("refund_refused")
    assert "payments.refunds.refused" not in metrics_in(capsys.readouterr().out)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.usefixtures("impatient")
def test_an_answer_that_never_comes_refunds_once_when_asked_again(
    shop: Shop, when: Any
) -> None:
    """Invariant 5: whether Stripe did the work or not, there is one refund."""
    purchase_id = bought(shop)
    fault = Fault("POST", "/v1/refunds", hang_seconds=60, when=when, times=2)
    shop.stripe.sandbox.faults.add(fault)

    answers = [refund(shop, purchase_id) for _ in range(2)]

    assert [answer.status for answer in answers] == [502, 200]
    assert len(stripe_refunds(shop)) == 1
    assert standing(shop, purchase_id) == ("refunded", 999)


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_stripe_that_fails_is_asked_again_by_reconcile(shop: Shop, when: Any) -> None:
    """Also for one that the operator has given up: what was decided is done."""
    purchase_id = bought(shop)
    shop.stripe.sandbox.faults.add(
        Fault("POST", "/v1/refunds", status=500, when=when, times=2)
    )
    assert refund(shop, purchase_id).status == 502
    assert standing(shop, purchase_id) == ("refunding", 0)
    assert has_access(shop)

    shop.reconcile()

    assert standing(shop, purchase_id) == ("refunded", 999)
    assert len(stripe_refunds(shop)) == 1


@pytest.mark.parametrize("then", ["ask again", "webhook and reconcile"])
def test_a_crash_anywhere_in_a_refund_gives_the_money_back_once(
    shop: Shop, new_shop: Callable[[], Shop], then: str
) -> None:
    """Invariant 5: killed between any two calls, and finished by whoever comes next."""
    for crash in crash_points():
        shop = new_shop()
        purchase_id = bought(shop)

        with crash:
            refund(shop, purchase_id)
        if then == "ask again":
            assert refund(shop, purchase_id).status == 200, crash
        elif then == "webhook and reconcile":
            shop.deliver()
        shop.reconcile()
        shop.deliver()

        asked = shop.aws.item("PurchasesTable", purchase_id).get("refund_requests")
        assert len(stripe_refunds(shop)) == (1 if asked else 0), crash
        if asked:
            assert standing(shop, purchase_id) == ("refunded", 999), crash
            assert counts(shop) == {"total": 1, "refunded": 1}


# ----------------------------------------------------------------- the dashboard's way


@pytest.mark.parametrize(
    "types",
    [
        ("refund.created", "charge.refunded"),
        ("charge.refunded", "refund.created"),
        ("refund.created",),
        ("charge.refunded",),
    ],
)
def test_a_refund_in_the_dashboard_ends_in_the_same_state(
    shop: Shop, types: tuple[str, ...]
) -> None:
    purchase_id = bought(shop, "order")
    refund_in_dashboard(shop, purchase_id)

    shop.deliver(*[event for kind in types for event in shop.stripe.events(kind)])

    assert standing(shop, purchase_id) == ("refunded", 15000)
    assert shop.ownerships() == []
    assert shop.aws.item("OffersTable", "order#order_1")["status"] == "REFUNDED"
    assert counts(shop) == {"total": 1, "refunded": 1}


def test_a_refund_that_cannot_be_read_keeps_no_other_waiting_and_is_not_forgotten(
    shop: Shop,
) -> None:
    """Invariant 4: the event comes again until somebody has looked at it."""
    purchase_id = bought(shop)
    good = refund_in_dashboard(shop, purchase_id, amount=300)
    bad = refund_in_dashboard(shop, purchase_id, amount=200)
    event = json.dumps(shop.stripe.events("charge.refunded")[-1])
    stored = shop.stripe.sandbox.store.get("refund", bad["id"])
    stored["amount"] = True

    assert shop.work(event) == [event]

    refunds = shop.aws.item("PurchasesTable", purchase_id)["refunds"]
    assert refunds.keys() == {good["id"]}
    assert standing(shop, purchase_id) == ("completed", 300)


def test_refunds_are_summed_by_their_ids_and_not_by_their_events(shop: Shop) -> None:
    """Invariant 5: whatever comes twice is counted once."""
    purchase_id = bought(shop)
    refund_in_dashboard(shop, purchase_id, amount=300)
    refund_in_dashboard(shop, purchase_id, amount=300)
    events = shop.stripe.events(*REFUND_EVENTS)

    shop.deliver(*events, *events, *events[::-1])

    assert standing(shop, purchase_id) == ("completed", 600)


def test_two_refunds_that_are_recorded_at_the_same_moment_both_count(
    shop: Shop,
) -> None:
    """Invariant 5: whoever writes second applies it to what the first has written."""
    purchase_id = bought(shop)
    first, second = (
        Refund.from_stripe(refund_in_dashboard(shop, purchase_id, amount=300))
        for _ in range(2)
    )
    before, changes = shop.aws.snapshot(), flows.purchase_changes(shop)
    purchase = flows.purchase(shop, purchase_id)

    for number in count(1):
        shop.aws.restore(before)
        quicker = CrashPoint(
            number, visitor=lambda: record_refund(changes, purchase, second)
        )
        with quicker:
            record_refund(changes, purchase, first)
        if not quicker.happened:
            break
        assert standing(shop, purchase_id) == ("completed", 600), quicker
    assert number > 1


def test_an_api_answer_and_its_webhook_are_one_refund(shop: Shop) -> None:
    purchase_id = bought(shop)
    refund(shop, purchase_id, {"amountCents": 300})

    shop.deliver()

    assert standing(shop, purchase_id) == ("completed", 300)
    assert shop.audit.has_exactly("purchase_refunded")


def test_a_pending_refund_becomes_one_when_it_arrives(shop: Shop) -> None:
    purchase_id = bought(shop, card=PENDING_CARD)

    answer = refund(shop, purchase_id)
    assert (answer.body["status"], answer.body["refundedAmountCents"]) == (
        "refunding",
        0,
    )
    assert has_access(shop)
    shop.stripe.control("refunds", stripe_refunds(shop)[0]["id"], "settle")
    shop.deliver()

    assert standing(shop, purchase_id) == ("refunded", 999)
    assert not has_access(shop)


def test_a_pending_refund_whose_event_is_lost_is_found_by_reconcile(
    shop: Shop,
) -> None:
    purchase_id = bought(shop, card=PENDING_CARD)
    refund(shop, purchase_id)
    shop.stripe.control("refunds", stripe_refunds(shop)[0]["id"], "settle")

    shop.reconcile()

    assert standing(shop, purchase_id) == ("refunded", 999)


@pytest.mark.parametrize("kind", ["bid", "auction", "order", "content"])
def test_a_refund_that_fails_later_is_taken_back(shop: Shop, kind: str) -> None:
    purchase_id = bought(shop, kind, card=FAILING_CARD)
    refund(shop, purchase_id)
    assert not has_access(shop, kind)

    shop.stripe.control("refunds", stripe_refunds(shop)[0]["id"], "fail")
    shop.deliver()

    assert standing(shop, purchase_id) == ("completed", 0)
    assert has_access(shop, kind)
    assert counts(shop) == {"total": 1, "completed": 1}
    if kind in RETURNED:
        offer_id, sold, _ = RETURNED[kind]
        assert shop.aws.item("OffersTable", offer_id)["status"] == sold
    assert refund(shop, purchase_id, key="another key for another").status == 200


def test_any_order_of_a_refund_s_events_ends_the_same(shop: Shop) -> None:
    """Created, then failed: in every order, and the first one twice."""
    purchase_id = bought(shop, card=FAILING_CARD)
    made = refund_in_dashboard(shop, purchase_id)
    shop.stripe.control("refunds", made["id"], "fail")
    events = shop.stripe.events(*REFUND_EVENTS)
    assert len(events) == 4
    before = shop.aws.snapshot()

    ends = set()
    for first, *others in permutations(events):
        shop.aws.restore(before)
        shop.deliver(first, *others, first)

        ends.add((*standing(shop, purchase_id), has_access(shop)))
    assert ends == {("completed", 0, True)}


def test_a_refund_that_fails_after_the_sale_key_was_sold_again_is_for_a_person(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody's purchase is taken away, and the money that came back is not lost."""
    first = bought(shop, card=FAILING_CARD)
    refund(shop, first)
    second = bought(shop)

    shop.stripe.control("refunds", shop.refund_of(first), "fail")
    shop.deliver()

    assert standing(shop, first) == ("quarantined", 0)
    assert standing(shop, second) == ("completed", 0)
    assert (
        shop.aws.item("PurchasesTable", first)["quarantine_reason"] == "owned_already"
    )
    assert shop.ownerships()[0]["purchase_id"] == second
    counted = metrics_in(capsys.readouterr().out)
    assert counted["payments.checkout.quarantined"] == 1


def test_a_refund_does_not_wait_for_an_offer_that_went_its_own_way(shop: Shop) -> None:
    """The host application has shipped the order: the money's record goes on."""
    purchase_id = bought(shop, "order")
    shop.change_offer("order#order_1", status="SHIPPED")

    refund(shop, purchase_id)

    assert standing(shop, purchase_id) == ("refunded", 15000)
    assert shop.aws.item("OffersTable", "order#order_1")["status"] == "SHIPPED"


# ----------------------------------------------------------------- out of order


def test_a_refund_that_overtakes_its_purchase_fulfills_it_first(shop: Shop) -> None:
    """Invariant 4: Stripe is asked whose payment it was; the late event is no news."""
    shop.create("content")
    paid = shop.stripe.pay(shop.stripe.sessions()[0]["id"])
    intent = paid["payment_intent"]["id"]
    shop.stripe.post("/v1/refunds", payment_intent=intent)

    shop.deliver(*shop.stripe.events("refund.created"))

    [purchase] = shop.purchases()
    assert standing(shop, purchase["id"]) == ("refunded", 999)
    shop.deliver()
    assert len(shop.purchases()) == 1
    assert standing(shop, purchase["id"]) == ("refunded", 999)
    assert shop.ownerships() == []


def test_a_refund_whose_purchase_cannot_be_found_out_waits_in_the_queue(
    shop: Shop,
) -> None:
    """Invariant 4: Stripe does not answer, so the message comes again."""
    shop.create("content")
    paid = shop.stripe.pay(shop.stripe.sessions()[0]["id"])
    shop.stripe.post("/v1/refunds", payment_intent=paid["payment_intent"]["id"])
    [event] = shop.stripe.events("refund.created")
    path = "/v1/checkout/sessions"
    shop.stripe.sandbox.faults.add(Fault("GET", path, status=500, times=2))
    message = json.dumps(event)

    assert shop.work(message) == [message]
    assert shop.work(message) == []

    assert [p["status"] for p in shop.purchases()] == ["refunded"]


def test_a_refund_of_somebody_else_s_payment_is_counted_and_ignored(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    """Another application of the same Stripe account."""
    purchase_id = bought(shop)
    refund_in_dashboard(shop, purchase_id)
    [event] = shop.stripe.events("refund.created")
    for other in ({"payment_intent": "pi_other"}, {"payment_intent": None}):
        # A charge of ours would say whose it is.
        event["data"]["object"] |= other | {"charge": None}
        shop.deliver(event)

    counted = metrics_in(capsys.readouterr().out)
    assert counted["payments.events.foreign"] == 2
    assert standing(shop, purchase_id) == ("completed", 0)


def test_a_refund_is_recorded_by_its_id_with_who_asked_for_it(shop: Shop) -> None:
    purchase_id = bought(shop)
    refund(shop, purchase_id, {"amountCents": 100, "reason": "Half of it was missing"})

    purchase = shop.aws.item("PurchasesTable", purchase_id)
    [made] = stripe_refunds(shop)
    [request] = purchase["refund_requests"].values()
    assert request["refund_id"] == made["id"]
    assert request["requested_by"] == "operator_1"
    assert purchase["refunds"][made["id"]]["amount"] == 100
    requested, refunded = shop.audit.of("refund_requested", "purchase_refunded")
    assert requested["requested_by"] == "operator_1"
    assert (refunded["refund_id"], refunded["refund_amount"]) == (made["id"], 100)


def test_a_refund_that_cannot_be_read_does_not_hide_the_requested_one(
    shop: Shop,
) -> None:
    purchase_id = bought(shop)
    refund_in_dashboard(shop, purchase_id, amount=100)
    [unreadable] = shop.stripe.sandbox.store.all("refund")
    unreadable["created"] = None
    fault = Fault("POST", "/v1/refunds", status=500, times=2, when="after")
    shop.stripe.sandbox.faults.add(fault)
    assert refund(shop, purchase_id, {"amountCents": 200}).status == 502

    answer = refund(shop, purchase_id, {"amountCents": 200})

    assert answer.status == 200
    assert len(stripe_refunds(shop)) == 2


@pytest.mark.parametrize(
    ("kind", "item", "given"),
    [
        ("order", "order#order_1", {"owner_id": "user_2", "status": "CREATED"}),
        ("auction", "auction#auction_1", {"winner_id": "user_2", "status": "accepted"}),
        ("bid", "row#7", {"owner_id": "user_2", "status": "open"}),
    ],
)
def test_a_refund_that_fails_sells_nobody_else_s_offer(
    shop: Shop, kind: str, item: str, given: dict[str, str]
) -> None:
    """Invariant 7: the host application gave it to somebody else meanwhile."""
    purchase_id = bought(shop, kind)
    assert refund(shop, purchase_id).status == 200
    shop.deliver()
    shop.change_offer(item, **given)
    event = deepcopy(shop.stripe.events("refund.created")[-1])
    event |= {"id": "evt_failed", "type": "refund.failed"}
    event["data"]["object"] |= {"status": "failed"}

    shop.deliver(event)

    assert standing(shop, purchase_id)[0] == "completed"
    assert shop.aws.item("OffersTable", item)["status"] == given["status"]
