"""Refunds: full, partial, pending and failed."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import stripe

PENDING_REFUND = "4000000000007726"
FAILING_REFUND = "4000000000005126"
REFUND_EVENTS = ("refund.created", "refund.updated", "refund.failed", "charge.refunded")


@pytest.fixture
def refused(client):
    """Return the error of a refund that is refused."""

    def refuse(**params):
        with pytest.raises(stripe.InvalidRequestError) as error:
            client.v1.refunds.create(params)
        return error.value

    return refuse


def test_a_refund_gives_back_all_that_was_paid(client, paid):
    intent = paid()

    refund = client.v1.refunds.create(
        {
            "payment_intent": intent.id,
            "reason": "requested_by_customer",
            "metadata": {"order_id": "1"},
        }
    )

    assert refund.object == "refund"
    assert refund.id.startswith("re_")
    assert refund.status == "succeeded"
    assert refund.amount == 2500
    assert refund.currency == "usd"
    assert refund.charge == intent.latest_charge
    assert refund.payment_intent == intent.id
    assert refund.reason == "requested_by_customer"
    assert "failure_reason" not in refund
    assert "pending_reason" not in refund
    assert refund.metadata.to_dict() == {"order_id": "1"}
    assert refund.balance_transaction.startswith("txn_")
    charge = client.v1.charges.retrieve(intent.latest_charge)
    assert charge.amount_refunded == 2500
    assert charge.refunded
    assert charge.status == "succeeded"
    assert client.v1.refunds.retrieve(refund.id).to_dict() == refund.to_dict()


def test_refunds_in_part_add_up(client, paid, refused):
    intent = paid()

    first = client.v1.refunds.create({"payment_intent": intent.id, "amount": 1000})
    between = client.v1.charges.retrieve(intent.latest_charge)
    too_much = refused(charge=intent.latest_charge, amount=1501)
    rest = client.v1.refunds.create({"charge": intent.latest_charge})
    after = client.v1.charges.retrieve(intent.latest_charge)
    nothing_left = refused(payment_intent=intent.id)

    assert first.amount == 1000
    assert (between.amount_refunded, between.refunded) == (1000, False)
    assert too_much.http_status == 400
    assert too_much.param == "amount"
    assert too_much.code is None
    assert "$15.01" in str(too_much)
    assert "$15.00" in str(too_much)
    assert rest.amount == 1500
    assert (after.amount_refunded, after.refunded) == (2500, True)
    assert nothing_left.http_status == 400
    assert nothing_left.code == "charge_already_refunded"


def test_a_refund_causes_its_events(client, paid, events):
    intent = paid()

    client.v1.refunds.create({"payment_intent": intent.id, "amount": 1000})
    client.v1.refunds.create({"payment_intent": intent.id})
    told = events(*REFUND_EVENTS)

    assert [event.type for event in told] == ["refund.created", "charge.refunded"] * 2
    created, part, _, whole = told
    assert created.data.object.object == "refund"
    assert created.data.object.amount == 1000
    assert part.data.object.id == intent.latest_charge
    assert part.data.object.amount_refunded == 1000
    assert "refunds" not in part.data.object
    assert part.data.previous_attributes.to_dict() == {"amount_refunded": 0}
    assert whole.data.previous_attributes.to_dict() == {
        "amount_refunded": 1000,
        "refunded": False,
    }


def test_one_key_makes_one_refund(client, paid):
    intent = paid()
    params = {"payment_intent": intent.id, "amount": 1000}

    once, again = (
        client.v1.refunds.create(params, {"idempotency_key": "refund_1"})
        for _ in range(2)
    )

    assert once.id == again.id
    assert client.v1.charges.retrieve(intent.latest_charge).amount_refunded == 1000


def test_refunds_at_once_give_back_no_more_than_was_paid(client, paid, raw):
    intent = paid()

    def refund(_):
        data = {"payment_intent": intent.id, "amount": 1000}
        return raw("POST", "/v1/refunds", data=data).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(refund, range(8)))

    assert sorted(statuses) == [200] * 2 + [400] * 6
    assert client.v1.charges.retrieve(intent.latest_charge).amount_refunded == 2000


@pytest.mark.parametrize("amount", [0, -1])
def test_a_refund_needs_a_positive_amount(paid, refused, amount):
    error = refused(payment_intent=paid().id, amount=amount)

    assert error.param == "amount"
    assert error.code == "parameter_invalid_integer"


def test_a_refund_names_what_it_refunds(refused):
    assert "payment_intent or charge" in str(refused(amount=1))
    assert "only specify one" in str(refused(charge="ch_1", payment_intent="pi_1"))


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"charge": "ch_nothing"}, "id"),
        ({"charge": "pi_nothing"}, "id"),
        ({"payment_intent": "pi_nothing"}, "payment_intent"),
        ({"payment_intent": "ch_nothing"}, "payment_intent"),
    ],
)
def test_an_unknown_charge_is_not_refunded(refused, params, param):
    error = refused(**params)

    assert error.http_status == 404
    assert error.code == "resource_missing"
    assert error.param == param


def test_a_payment_that_failed_is_not_refunded(client, create, pay, refused):
    session = create()
    pay(session, "4000000000000002")
    intent = client.v1.checkout.sessions.retrieve(
        session.id, {"expand": ["payment_intent"]}
    ).payment_intent

    assert "successful charge to refund" in str(refused(payment_intent=intent.id))
    assert "successful charge to refund" in str(refused(charge=intent.latest_charge))


def test_a_payment_still_on_its_way_is_not_refunded(
    client, create, pay, refused, bank_debit
):
    session = create()
    pay(session, method=bank_debit)
    intent = client.v1.checkout.sessions.retrieve(session.id).payment_intent

    assert "successful charge to refund" in str(refused(payment_intent=intent))


def test_an_intent_that_was_never_charged_is_not_refunded(create, pay, refused):
    intent = pay(create(), "4000000000003220").json()["payment_intent"]["id"]

    assert "successful charge to refund" in str(refused(payment_intent=intent))


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"reason": "expired_uncaptured_charge"}, "reason"),
        ({"amount": "ten"}, "amount"),
        ({"note": "sorry"}, "note"),
        ({"expand": ["nothing"]}, "expand"),
        ({"reverse_transfer": True}, "reverse_transfer"),
    ],
)
def test_a_refused_refund_gives_nothing_back(client, paid, refused, params, param):
    intent = paid()

    error = refused(payment_intent=intent.id, **params)

    assert error.param.startswith(param)
    assert client.v1.refunds.list().data == []
    assert client.v1.charges.retrieve(intent.latest_charge).amount_refunded == 0


def test_a_pending_refund_arrives_later(client, paid, control, events):
    intent = paid(PENDING_REFUND)

    refund = client.v1.refunds.create({"payment_intent": intent.id})
    control("POST", f"refunds/{refund.id}/settle")
    settled = client.v1.refunds.retrieve(refund.id)

    assert refund.status == "pending"
    assert refund.pending_reason == "processing"
    assert settled.status == "succeeded"
    assert "pending_reason" not in settled
    (updated,) = events("refund.updated")
    assert updated.data.object.status == "succeeded"
    assert updated.data.previous_attributes.to_dict() == {
        "pending_reason": "processing",
        "status": "pending",
    }


def test_a_pending_refund_counts_as_refunded(client, paid, refused):
    intent = paid(PENDING_REFUND)

    client.v1.refunds.create({"payment_intent": intent.id})

    assert client.v1.charges.retrieve(intent.latest_charge).refunded
    assert refused(payment_intent=intent.id).code == "charge_already_refunded"


@pytest.mark.parametrize("number", [FAILING_REFUND, PENDING_REFUND])
def test_a_refund_that_fails_leaves_the_money_with_the_shop(
    client, paid, control, events, number
):
    intent = paid(number)
    client.v1.refunds.create({"payment_intent": intent.id, "amount": 500})
    refund = client.v1.refunds.create({"payment_intent": intent.id})

    control("POST", f"refunds/{refund.id}/fail")
    failed = client.v1.refunds.retrieve(
        refund.id, {"expand": ["failure_balance_transaction"]}
    )

    assert failed.status == "failed"
    assert failed.failure_reason == "expired_or_canceled_card"
    assert "pending_reason" not in failed
    entry = failed.failure_balance_transaction
    assert (entry.type, entry.net, entry.source) == ("refund_failure", 2000, refund.id)
    charge = client.v1.charges.retrieve(intent.latest_charge)
    assert (charge.amount_refunded, charge.refunded) == (500, False)
    assert [event.type for event in events(*REFUND_EVENTS)][-2:] == [
        "refund.updated",
        "refund.failed",
    ]
    (told,) = events("refund.failed")
    assert told.data.object.failure_reason == "expired_or_canceled_card"


def test_the_amount_of_a_failed_refund_can_be_refunded_again(client, paid, control):
    intent = paid(FAILING_REFUND)
    refund = client.v1.refunds.create({"payment_intent": intent.id})
    control("POST", f"refunds/{refund.id}/fail", {"failure_reason": "declined"})

    again = client.v1.refunds.create({"payment_intent": intent.id})

    assert client.v1.refunds.retrieve(refund.id).failure_reason == "declined"
    assert again.amount == 2500
    assert client.v1.charges.retrieve(intent.latest_charge).refunded


def test_the_bank_answers_once(client, paid, ask):
    refund = client.v1.refunds.create({"payment_intent": paid().id})
    settle, fail = f"refunds/{refund.id}/settle", f"refunds/{refund.id}/fail"

    assert ask("POST", settle) == 400
    assert ask("POST", fail, {"failure_reason": "a whim"}) == 400
    assert ask("POST", fail) == 200
    assert ask("POST", fail) == 400


def test_refunds_are_listed_by_charge_and_intent(client, paid):
    one, other = paid(), paid()
    for amount in (100, 200, 300):
        client.v1.refunds.create({"payment_intent": one.id, "amount": amount})
    client.v1.refunds.create({"payment_intent": other.id})

    def amounts(**params):
        return [refund.amount for refund in client.v1.refunds.list(params).data]

    assert amounts() == [2500, 300, 200, 100]
    assert amounts(payment_intent=one.id) == [300, 200, 100]
    assert amounts(charge=other.latest_charge) == [2500]
    page = client.v1.refunds.list({"payment_intent": one.id, "limit": 2})
    assert page.has_more
    assert [refund.amount for refund in page.auto_paging_iter()] == [300, 200, 100]


def test_a_refunds_metadata_changes_key_by_key(client, paid, events):
    refund = client.v1.refunds.create(
        {"payment_intent": paid().id, "metadata": {"a": "1", "b": "2"}}
    )

    changed = client.v1.refunds.update(refund.id, {"metadata": {"a": "", "c": "3"}})
    same = client.v1.refunds.update(refund.id, {"metadata": {"c": "3"}})
    emptied = client.v1.refunds.update(refund.id, {"metadata": ""})

    assert changed.metadata.to_dict() == {"b": "2", "c": "3"}
    assert same.metadata.to_dict() == {"b": "2", "c": "3"}
    assert emptied.metadata.to_dict() == {}
    first, _ = events("refund.updated")
    assert first.data.previous_attributes.metadata.to_dict() == {"a": "1", "c": None}


def test_a_refund_is_not_canceled(client, paid):
    refund = client.v1.refunds.create({"payment_intent": paid().id})

    with pytest.raises(stripe.InvalidRequestError, match="unsupported"):
        client.v1.refunds.cancel(refund.id)


def test_a_refund_shows_its_charge_and_intent(client, paid):
    refund = client.v1.refunds.create(
        {
            "payment_intent": paid().id,
            "instructions_email": "ada@example.com",
            "expand": ["charge.balance_transaction", "balance_transaction"],
        }
    )

    assert refund.charge.refunded
    assert refund.charge.balance_transaction.type == "charge"
    assert refund.balance_transaction.net == -2500
    assert refund.instructions_email == "ada@example.com"
    assert refund.destination_details.type == "card"


def test_an_unknown_refund_is_missing(client):
    with pytest.raises(stripe.InvalidRequestError) as missing:
        client.v1.refunds.retrieve("re_nothing")

    assert missing.value.code == "resource_missing"
    assert missing.value.param == "refund"
