"""Disputes and early fraud warnings."""

import pytest
import stripe

DISPUTED = "4000000000000259"
DISPUTE_EVENTS = (
    "charge.dispute.created",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.funds_reinstated",
    "charge.dispute.closed",
)
WARNED = "radar.early_fraud_warning.created"


def test_the_dispute_card_disputes_its_payment(client, paid, event_types):
    intent = paid(DISPUTED)

    (dispute,) = client.v1.disputes.list().data

    assert intent.status == "succeeded"
    assert dispute.object == "dispute"
    assert dispute.status == "needs_response"
    assert dispute.reason == "fraudulent"
    assert dispute.amount == 2500
    assert dispute.currency == "usd"
    assert dispute.charge == intent.latest_charge
    assert dispute.payment_intent == intent.id
    assert not dispute.is_charge_refundable
    assert dispute.evidence_details.due_by > dispute.created
    assert dispute.evidence.customer_email_address == "ada@example.com"
    assert dispute.evidence.receipt is None
    assert dispute.payment_method_details.card.brand == "visa"
    assert client.v1.charges.retrieve(intent.latest_charge).disputed
    assert event_types() == [
        "payment_intent.created",
        "charge.succeeded",
        "charge.dispute.created",
        "charge.dispute.funds_withdrawn",
        "payment_intent.succeeded",
        "checkout.session.completed",
    ]


def test_a_dispute_takes_the_money_and_a_fee(client, paid, events):
    paid(DISPUTED)

    (dispute,) = client.v1.disputes.list().data
    (withdrawal,) = dispute.balance_transactions

    assert withdrawal.type == "adjustment"
    assert withdrawal.reporting_category == "dispute"
    assert withdrawal.source == dispute.id
    assert (withdrawal.amount, withdrawal.fee, withdrawal.net) == (-2500, 1500, -4000)
    (told,) = events("charge.dispute.funds_withdrawn")
    (entry,) = told.data.object.balance_transactions
    assert entry.id == withdrawal.id


@pytest.mark.parametrize("by", ["id", "latest_charge"])
def test_any_payment_can_be_disputed(client, paid, control, by):
    intent = paid()
    body = {"reason": "product_not_received", "amount": 700}

    opened = control("POST", f"charges/{intent[by]}/dispute", body)
    dispute = client.v1.disputes.retrieve(opened["id"], {"expand": ["charge"]})

    assert dispute.amount == 700
    assert dispute.reason == "product_not_received"
    assert dispute.charge.id == intent.latest_charge
    assert dispute.charge.disputed


def test_a_dispute_covers_the_amount_that_was_not_refunded(client, paid, control, ask):
    intent = paid()
    client.v1.refunds.create({"payment_intent": intent.id, "amount": 1000})

    assert control("POST", f"charges/{intent.id}/dispute")["amount"] == 1500
    assert ask("POST", f"charges/{intent.id}/dispute") == 400


def test_an_impossible_dispute_is_refused(client, paid, ask, events):
    refunded = paid()
    client.v1.refunds.create({"payment_intent": refunded.id})

    assert ask("POST", f"charges/{refunded.id}/dispute") == 400
    assert ask("POST", f"charges/{paid().id}/dispute", {"amount": 2501}) == 400
    assert ask("POST", f"charges/{paid().id}/dispute", {"reason": "a whim"}) == 400
    assert ask("POST", "charges/ch_nothing/dispute") == 404
    assert events(*DISPUTE_EVENTS) == []


def test_a_lost_dispute_keeps_the_money(client, paid, control, events):
    paid(DISPUTED)
    (dispute,) = client.v1.disputes.list().data

    control("POST", f"disputes/{dispute.id}/close", {"status": "lost"})

    lost = client.v1.disputes.retrieve(dispute.id)
    assert lost.status == "lost"
    assert len(lost.balance_transactions) == 1
    assert [event.type for event in events(*DISPUTE_EVENTS)] == [
        "charge.dispute.created",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.closed",
    ]
    assert events("charge.dispute.closed")[0].data.object.status == "lost"


def test_a_won_dispute_gives_the_money_back_but_not_the_fee(
    client, paid, control, events
):
    paid(DISPUTED)
    (dispute,) = client.v1.disputes.list().data

    control("POST", f"disputes/{dispute.id}/close", {"status": "won"})

    won = client.v1.disputes.retrieve(dispute.id)
    assert won.status == "won"
    assert [entry.net for entry in won.balance_transactions] == [-4000, 2500]
    told = events(*DISPUTE_EVENTS)
    assert [event.type for event in told] == [
        "charge.dispute.created",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.funds_reinstated",
        "charge.dispute.closed",
    ]
    assert [event.data.object.status for event in told] == [
        "needs_response",
        "needs_response",
        "won",
        "won",
    ]


def test_the_shop_can_accept_a_dispute(client, paid):
    intent = paid(DISPUTED)
    (dispute,) = client.v1.disputes.list().data

    with pytest.raises(stripe.InvalidRequestError, match="cannot be expanded"):
        client.v1.disputes.close(dispute.id, {"expand": ["nothing"]})
    closed = client.v1.disputes.close(dispute.id, {"expand": ["payment_intent"]})

    assert closed.status == "lost"
    assert closed.payment_intent.id == intent.id


def test_a_dispute_closes_once(client, paid, ask):
    paid(DISPUTED)
    (dispute,) = client.v1.disputes.list().data

    assert ask("POST", f"disputes/{dispute.id}/close", {"status": "withdrawn"}) == 400
    assert ask("POST", f"disputes/{dispute.id}/close") == 400
    client.v1.disputes.close(dispute.id)

    assert ask("POST", f"disputes/{dispute.id}/close", {"status": "won"}) == 400
    with pytest.raises(stripe.InvalidRequestError, match="already closed"):
        client.v1.disputes.close(dispute.id)


def test_a_disputed_payment_cannot_be_refunded(client, paid, control):
    intent = paid(DISPUTED)
    (dispute,) = client.v1.disputes.list().data

    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.refunds.create({"payment_intent": intent.id})
    control("POST", f"disputes/{dispute.id}/close", {"status": "won"})
    refund = client.v1.refunds.create({"payment_intent": intent.id})

    assert refused.value.http_status == 400
    assert refused.value.code == "charge_disputed"
    assert refund.status == "succeeded"


def test_a_bank_debit_can_be_disputed(client, create, pay, bank_debit, control):
    pay(create(), method=bank_debit)
    (charge,) = client.v1.charges.list().data
    control("POST", f"payment_intents/{charge.payment_intent}/settle")

    body = {"reason": "debit_not_authorized"}
    dispute = control("POST", f"charges/{charge.id}/dispute", body)

    assert "payment_method_details" not in dispute


def test_disputes_are_listed_by_charge_and_intent(client, paid):
    one, other = paid(DISPUTED), paid(DISPUTED)

    def intents(**params):
        listed = client.v1.disputes.list(params).data
        return [dispute.payment_intent for dispute in listed]

    assert intents() == [other.id, one.id]
    assert intents(payment_intent=one.id) == [one.id]
    assert intents(charge=other.latest_charge) == [other.id]


def test_an_unknown_dispute_is_missing(client):
    with pytest.raises(stripe.InvalidRequestError) as missing:
        client.v1.disputes.retrieve("du_nothing")

    assert missing.value.code == "resource_missing"
    assert missing.value.param == "dispute"


def test_a_bank_can_warn_of_fraud(client, paid, control, events):
    intent = paid()

    made = control("POST", f"charges/{intent.id}/early_fraud_warning")
    warning = client.v1.radar.early_fraud_warnings.retrieve(
        made["id"], {"expand": ["charge"]}
    )

    assert warning.object == "radar.early_fraud_warning"
    assert warning.actionable
    assert warning.fraud_type == "made_with_stolen_card"
    assert warning.charge.id == intent.latest_charge
    assert warning.payment_intent == intent.id
    (told,) = events(WARNED)
    assert told.data.object.id == warning.id


@pytest.mark.parametrize("how", ["refund", "dispute"])
def test_a_dispute_or_a_refund_makes_a_warning_not_actionable(
    client, paid, control, events, how
):
    intent, other = paid(), paid()
    for each in (intent, other):
        control("POST", f"charges/{each.id}/early_fraud_warning")

    if how == "refund":
        client.v1.refunds.create({"payment_intent": intent.id, "amount": 500})
        assert events("radar.early_fraud_warning.updated") == []
        client.v1.refunds.create({"payment_intent": intent.id})
    else:
        control("POST", f"charges/{intent.id}/dispute")

    (told,) = events("radar.early_fraud_warning.updated")
    assert told.data.object.payment_intent == intent.id
    assert not told.data.object.actionable


def test_warnings_are_listed_by_charge_and_intent(client, paid, control, ask):
    one, other = paid(), paid("4000000000005126")
    for intent in (one, other):
        body = {"fraud_type": "misc"}
        control("POST", f"charges/{intent.latest_charge}/early_fraud_warning", body)

    assert (
        ask("POST", f"charges/{one.id}/early_fraud_warning", {"fraud_type": "a whim"})
        == 400
    )
    assert len(client.v1.radar.early_fraud_warnings.list().data) == 2
    (only,) = client.v1.radar.early_fraud_warnings.list({"payment_intent": one.id}).data
    assert only.charge == one.latest_charge


def test_a_bank_may_only_inquire(client, paid, events):
    """An inquiry takes no money, and the shop can still refund."""
    paid("4000000000001976")

    (inquiry,) = client.v1.disputes.list().data
    closed = client.v1.disputes.close(inquiry.id)

    assert inquiry.status == "warning_needs_response"
    assert inquiry.balance_transactions == []
    assert inquiry.is_charge_refundable
    assert closed.status == "warning_closed"
    assert events("charge.dispute.funds_withdrawn") == []
    with pytest.raises(stripe.InvalidRequestError, match="already closed"):
        client.v1.disputes.close(inquiry.id)


def test_evidence_is_stored_and_causes_an_event(client, paid, events):
    paid("4000000000000259")
    (dispute,) = client.v1.disputes.list().data

    updated = client.v1.disputes.update(
        dispute.id,
        {"evidence": {"product_description": "A mug"}, "metadata": {"a": "1"}},
    )

    assert updated.evidence.product_description == "A mug"
    assert updated.evidence_details.has_evidence
    assert updated.evidence_details.submission_count == 1
    assert updated.status == "under_review"
    (event,) = events("charge.dispute.updated")
    assert event.data.object.metadata.to_dict() == {"a": "1"}
    assert set(event.data.previous_attributes.to_dict()) == {
        *("evidence", "evidence_details", "metadata", "status")
    }


def test_two_disputes_can_be_about_two_parts_of_a_charge(client, paid, control, ask):
    intent = paid()

    for amount in (700, 1800):
        control("POST", f"charges/{intent.id}/dispute", {"amount": amount})

    assert ask("POST", f"charges/{intent.id}/dispute", {"amount": 1}) == 400
    assert ask("POST", f"charges/{intent.id}/dispute") == 400
    assert [d.amount for d in client.v1.disputes.list().data] == [1800, 700]


def test_the_undisputed_part_cannot_be_refunded(client, paid, control):
    intent = paid()
    control("POST", f"charges/{intent.id}/dispute", {"amount": 700})

    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.refunds.create({"payment_intent": intent.id, "amount": 100})

    assert refused.value.code == "charge_disputed"


def test_staged_evidence_is_submitted_later(client, paid):
    paid(DISPUTED)
    (dispute,) = client.v1.disputes.list().data
    evidence = {"uncategorized_text": "It was sent."}

    staged = client.v1.disputes.update(
        dispute.id, {"evidence": evidence, "submit": False}
    )
    noted = client.v1.disputes.update(dispute.id, {"metadata": {"a": "1"}})
    submitted = client.v1.disputes.update(dispute.id, {"submit": True})

    assert staged.status == noted.status == "needs_response"
    assert staged.evidence_details.has_evidence
    assert staged.evidence_details.submission_count == 0
    assert submitted.status == "under_review"
    assert submitted.evidence_details.submission_count == 1


@pytest.mark.parametrize("outcome", ["won", "lost"])
def test_two_texts_decide_a_dispute_at_once(client, paid, events, outcome):
    paid(DISPUTED)
    (dispute,) = client.v1.disputes.list().data
    text = {"won": "winning_evidence", "lost": "losing_evidence"}[outcome]

    submitted = client.v1.disputes.update(
        dispute.id, {"evidence": {"uncategorized_text": text}}
    )

    assert submitted.status == "under_review"
    assert client.v1.disputes.retrieve(dispute.id).status == outcome
    (closed,) = events("charge.dispute.closed")
    assert closed.data.object.status == outcome


def test_an_inquiry_is_reviewed_too(client, paid):
    paid("4000000000001976")
    (inquiry,) = client.v1.disputes.list().data

    submitted = client.v1.disputes.update(
        inquiry.id, {"evidence": {"product_description": "A mug"}}
    )

    assert submitted.status == "warning_under_review"


def test_a_lost_dispute_can_be_appealed_and_won(client, paid, control, ask, events):
    paid(DISPUTED)
    (dispute,) = client.v1.disputes.list().data
    assert ask("POST", f"disputes/{dispute.id}/appeal") == 400
    control("POST", f"disputes/{dispute.id}/close", {"status": "lost"})

    appealed = control("POST", f"disputes/{dispute.id}/appeal")
    reviewed = client.v1.disputes.update(
        dispute.id, {"evidence": {"customer_name": "Ada"}}
    )
    control("POST", f"disputes/{dispute.id}/close", {"status": "won"})

    assert appealed["status"] == "appeal_needs_response"
    assert reviewed.status == "appeal_under_review"
    won = client.v1.disputes.retrieve(dispute.id)
    assert won.status == "won"
    assert sum(entry.amount for entry in won.balance_transactions) == 0
    assert len(events("charge.dispute.updated")) == 2
