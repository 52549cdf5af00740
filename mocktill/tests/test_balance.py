"""Balance transactions, as the API lists them."""

import pytest
import stripe


@pytest.fixture
def listed(client):
    def entries(**params):
        return client.v1.balance_transactions.list(params).data

    return entries


@pytest.fixture
def of_each_type(client, create, pay, paid, bank_debit, control):
    """Make one entry of each type, and return the types, the newest first."""
    card = paid()
    client.v1.refunds.create({"payment_intent": card.id})
    paid("4000000000000259")
    session = create()
    pay(session, method=bank_debit)
    debit = client.v1.checkout.sessions.retrieve(session.id).payment_intent
    control("POST", f"payment_intents/{debit}/settle")
    client.v1.refunds.create({"payment_intent": debit})
    return ["payment_refund", "payment", "adjustment", "charge", "refund", "charge"]


def test_each_kind_of_movement_has_its_type(listed, of_each_type):
    assert [entry.type for entry in listed()] == of_each_type
    for kind in of_each_type:
        assert {entry.type for entry in listed(type=kind)} == {kind}


@pytest.mark.usefixtures("of_each_type")
def test_a_list_shows_what_moved_the_money(listed):
    entries = listed(expand=["data.source"])

    assert [type(entry.source) for entry in entries] == [
        stripe.Refund,
        stripe.Charge,
        stripe.Dispute,
        stripe.Charge,
        stripe.Refund,
        stripe.Charge,
    ]
    for entry in entries:
        assert entry.source.payment_intent.startswith("pi_")
        if entry.type in ("charge", "payment"):
            assert entry.source.balance_transaction == entry.id
            assert entry.source.receipt_url.startswith("http")


def test_a_type_that_stripe_does_not_have_is_refused(listed):
    with pytest.raises(stripe.InvalidRequestError) as refused:
        listed(type="charges")

    assert refused.value.param == "type"


def test_entries_are_listed_by_when_they_were_made(listed, paid, sandbox):
    paid()
    sandbox.advance_clock(1000)
    paid()
    later, earlier = listed()

    def found(**created):
        return [entry.id for entry in listed(created=created)]

    assert found(gte=later.created) == [later.id]
    assert found(gt=earlier.created, lte=later.created) == [later.id]
    assert found(gte=earlier.created, lt=later.created) == [earlier.id]


def test_entries_come_in_pages(client, listed, paid):
    for _ in range(5):
        paid()
    newest = [entry.id for entry in listed()]

    first = client.v1.balance_transactions.list({"limit": 2})
    after = client.v1.balance_transactions.list(
        {"limit": 2, "starting_after": newest[1]}
    )

    assert first.has_more
    assert [entry.id for entry in first.data] == newest[:2]
    assert [entry.id for entry in after.data] == newest[2:4]
    assert [e.id for e in listed(ending_before=newest[2])] == newest[:2]
    assert [e.id for e in first.auto_paging_iter()] == newest


@pytest.mark.parametrize(
    "path",
    ["data.id", "data.fee_details", "data.type", "data.source.id", "source"],
)
def test_only_an_expandable_field_is_expanded(listed, paid, path):
    paid()

    with pytest.raises(stripe.InvalidRequestError) as refused:
        listed(expand=[path])

    assert refused.value.param == "expand"


def test_at_most_four_levels_are_expanded(client, paid):
    intent = paid()
    path = "latest_charge.balance_transaction.source.balance_transaction"

    client.v1.payment_intents.retrieve(intent.id, {"expand": [path]})
    with pytest.raises(stripe.InvalidRequestError, match="expand"):
        client.v1.payment_intents.retrieve(intent.id, {"expand": [f"{path}.source"]})


def test_a_fee_may_come_later(client, create, pay, listed, control, events):
    control("PUT", "account", {"late_fees": True})
    session = create()
    pay(session)
    intent = client.v1.checkout.sessions.retrieve(session.id).payment_intent
    path = {"expand": ["latest_charge.balance_transaction"]}

    before = client.v1.payment_intents.retrieve(intent, path).latest_charge
    assert before.paid
    assert before.balance_transaction is None
    assert listed() == []

    control("POST", f"charges/{before.id}/record_fee")

    after = client.v1.payment_intents.retrieve(intent, path).latest_charge
    (entry,) = listed()
    assert after.balance_transaction.to_dict() == entry.to_dict()
    assert (entry.type, entry.fee) == ("charge", 103)
    (updated,) = events("charge.updated")
    assert updated.data.object.balance_transaction == entry.id
    previous = updated.data.previous_attributes.to_dict()
    assert previous == {"balance_transaction": None}


def test_a_fee_is_recorded_once(ask, paid, listed):
    intent = paid()

    assert ask("POST", f"charges/{intent.id}/record_fee") == 400
    assert len(listed()) == 1


def test_a_payment_whose_fee_is_late_can_be_refunded(client, paid, control, listed):
    control("PUT", "account", {"late_fees": True})
    intent = paid()
    client.v1.refunds.create({"payment_intent": intent.id})

    control("POST", f"charges/{intent.id}/record_fee")

    assert [entry.type for entry in listed()] == ["charge", "refund"]


def test_there_is_one_cursor(listed, paid):
    paid()
    (entry,) = listed()

    with pytest.raises(stripe.InvalidRequestError, match="only specify one"):
        listed(starting_after=entry.id, ending_before=entry.id)
