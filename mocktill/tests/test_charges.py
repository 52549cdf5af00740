"""Charges, their effect on the balance, and their receipts."""

import pytest
import requests
import stripe

from mocktill.balance import payment_fee


@pytest.mark.parametrize(
    ("amount", "fee"), [(50, 31), (500, 45), (2500, 103), (1050, 60), (1017, 59)]
)
def test_a_payment_costs_a_share_and_a_fixed_fee(amount, fee):
    """The share is 2.9 %, where a half is rounded up. The fixed fee is 30."""
    assert payment_fee(amount) == fee


def test_a_payment_shows_its_charge_and_what_that_cost(client, paid):
    intent = client.v1.payment_intents.retrieve(
        paid().id, {"expand": ["latest_charge.balance_transaction"]}
    )

    charge = intent.latest_charge
    assert charge.id.startswith("ch_")
    entry = charge.balance_transaction
    assert entry.object == "balance_transaction"
    assert entry.type == "charge"
    assert entry.reporting_category == "charge"
    assert entry.source == charge.id
    assert (entry.amount, entry.fee, entry.net) == (2500, 103, 2397)
    assert [detail.amount for detail in entry.fee_details] == [103]
    assert entry.currency == "usd"
    assert client.v1.balance_transactions.retrieve(entry.id).to_dict() == (
        entry.to_dict()
    )


def test_a_list_expands_too(client, paid):
    paid()

    (intent,) = client.v1.payment_intents.list(
        {"expand": ["data.latest_charge.balance_transaction"]}
    ).data

    assert intent.latest_charge.balance_transaction.fee == 103


def test_a_field_without_an_object_cannot_be_expanded(client, paid):
    with pytest.raises(stripe.InvalidRequestError, match="cannot be expanded"):
        client.v1.payment_intents.retrieve(
            paid().id, {"expand": ["latest_charge.amount"]}
        )


def test_a_declined_charge_moves_no_money(client, create, pay):
    pay(create(), "4000000000000002")

    (charge,) = client.v1.charges.list().data

    assert charge.status == "failed"
    assert charge.balance_transaction is None
    assert charge.receipt_url is None
    assert client.v1.balance_transactions.list().data == []


def test_a_bank_debit_moves_money_once_it_has_settled(
    client, create, pay, bank_debit, control
):
    session = create()
    pay(session, method=bank_debit)
    (pending,) = client.v1.charges.list().data

    control("POST", f"payment_intents/{pending.payment_intent}/settle")
    refund = client.v1.refunds.create({"payment_intent": pending.payment_intent})

    assert pending.id.startswith("py_")
    assert refund.id.startswith("pyr_")
    settled = client.v1.charges.retrieve(pending.id)
    assert pending.status == "pending"
    assert pending.balance_transaction is None
    assert settled.status == "succeeded"
    entries = client.v1.balance_transactions.list().data
    assert [entry.type for entry in entries] == ["payment_refund", "payment"]
    assert settled.balance_transaction == entries[-1].id


def test_charges_are_listed_by_their_intent(client, create, pay, paid):
    other = paid()
    session = create()
    pay(session, "4000000000000002")
    pay(session)
    intent = client.v1.checkout.sessions.retrieve(session.id).payment_intent

    charges = client.v1.charges.list({"payment_intent": intent}).data

    assert [charge.status for charge in charges] == ["succeeded", "failed"]
    assert len(client.v1.charges.list().data) == 3
    (single,) = client.v1.charges.list({"payment_intent": other.id}).data
    assert single.id == other.latest_charge


def test_balance_transactions_are_listed_by_source_and_type(client, paid):
    intent = paid()
    refund = client.v1.refunds.create({"payment_intent": intent.id, "amount": 100})
    client.v1.refunds.create({"payment_intent": intent.id, "amount": 200})

    def nets(**params):
        return [entry.net for entry in client.v1.balance_transactions.list(params).data]

    assert nets() == [-200, -100, 2397]
    assert nets(type="refund") == [-200, -100]
    assert nets(source=refund.id) == [-100]
    assert nets(type="charge", currency="usd") == [2397]


def test_an_unsupported_filter_is_refused(client):
    with pytest.raises(stripe.InvalidRequestError, match="does not implement"):
        client.v1.balance_transactions.list({"payout": "po_1"})


def test_a_receipt_shows_the_charge_as_it_now_is(client, paid):
    charge = client.v1.charges.retrieve(paid().latest_charge)

    before = requests.get(charge.receipt_url, timeout=5)
    client.v1.refunds.create({"charge": charge.id, "amount": 1000})
    after = requests.get(charge.receipt_url, timeout=5)

    assert before.status_code == 200
    assert "$25.00" in before.text
    assert "Refunded" not in before.text
    assert "-$10.00" in after.text


def test_an_unpaid_charge_has_no_receipt(client, create, pay, url):
    pay(create(), "4000000000000002")
    (charge,) = client.v1.charges.list().data

    for name in (charge.id, "ch_nothing"):
        page = requests.get(f"{url}/receipts/{name}", timeout=5)
        assert page.status_code == 404


@pytest.mark.parametrize("kind", ["charges", "balance_transactions"])
def test_an_unknown_object_is_missing(client, kind):
    with pytest.raises(stripe.InvalidRequestError) as missing:
        getattr(client.v1, kind).retrieve("x_nothing")

    assert missing.value.http_status == 404
    assert missing.value.code == "resource_missing"
