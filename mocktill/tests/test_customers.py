"""Sessions of a customer that the API has made."""

import pytest
import requests
import stripe


@pytest.fixture
def customer(client):
    return client.v1.customers.create({"email": "ada@example.com", "name": "Ada"})


def test_a_session_may_have_a_customer(client, create, pay, customer):
    session = create(customer=customer.id)
    pay(session)

    paid = client.v1.checkout.sessions.retrieve(
        session.id, {"expand": ["customer", "payment_intent.latest_charge"]}
    )

    assert session.customer == customer.id
    assert session.customer_email is None
    assert session.customer_details.email == "ada@example.com"
    assert paid.customer.to_dict() == customer.to_dict()
    assert paid.customer_details.email == "ada@example.com"
    assert paid.payment_intent.customer == customer.id
    assert paid.payment_intent.latest_charge.customer == customer.id
    (listed,) = client.v1.checkout.sessions.list({"customer": customer.id}).data
    assert listed.id == session.id


def test_the_page_shows_the_customers_address(create, customer):
    page = requests.get(create(customer=customer.id).url, timeout=10).text

    assert 'value="ada@example.com" readonly' in page


def test_a_customer_without_an_address_gives_one_on_the_page(client, create, pay):
    unknown = client.v1.customers.create({"name": "Ada"})

    session = create(customer=unknown.id)
    pay(session)

    assert session.customer_details.email is None
    paid = client.v1.checkout.sessions.retrieve(session.id)
    assert paid.customer_details.email == "ada@example.com"


@pytest.mark.parametrize(
    "changes", [{"customer_email": "b@c.de"}, {"customer_creation": "if_required"}]
)
def test_a_customer_has_an_address_already(create, customer, changes):
    with pytest.raises(stripe.InvalidRequestError, match="only specify one") as refused:
        create(customer=customer.id, **changes)

    assert refused.value.param == "customer"


def test_an_unknown_customer_makes_no_session(client, create):
    with pytest.raises(stripe.InvalidRequestError) as missing:
        create(customer="cus_nobody")

    assert missing.value.user_message == "No such customer: 'cus_nobody'"
    assert missing.value.param == "customer"
    assert client.v1.checkout.sessions.list().data == []
    assert client.v1.prices.list().data == []
