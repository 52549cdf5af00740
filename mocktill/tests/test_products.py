"""Products, prices and customers, as far as sessions and Stripe's CLI need them."""

import pytest
import stripe


@pytest.fixture
def price(client):
    def make(**changes):
        product = client.v1.products.create({"name": "A mug"})
        params = {"product": product.id, "unit_amount": 1500, "currency": "USD"}
        return client.v1.prices.create(params | changes)

    return make


def test_a_session_may_name_a_price(client, create, price, event_types):
    mug = price()

    session = create(line_items=[{"price": mug.id, "quantity": 2}])

    assert session.amount_total == 3000
    (line,) = client.v1.checkout.sessions.line_items.list(session.id).data
    assert (line.description, line.price.id) == ("A mug", mug.id)
    assert event_types() == ["product.created", "price.created"]


def test_a_price_that_cannot_be_paid_is_refused(create, price):
    inactive = price(active=False)
    both = {"price": inactive.id, "price_data": {"currency": "usd"}}

    for line in ({"price": inactive.id}, both):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            create(line_items=[line | {"quantity": 1}])
        assert refused.value.param == "line_items[0][price]"


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"product": "prod_nothing"}, "product"),
        ({"unit_amount": -1}, "unit_amount"),
        ({"currency": "xxx"}, "currency"),
        ({"recurring": {"interval": "month"}}, "recurring"),
    ],
)
def test_a_wrong_price_is_refused(client, price, changes, param):
    with pytest.raises(stripe.InvalidRequestError) as refused:
        price(**changes)

    assert refused.value.param == param
    assert client.v1.prices.list().data == []


def test_products_and_prices_are_listed(client, price):
    made = price()
    price()

    (found,) = client.v1.prices.list({"product": made.product}).data
    products = client.v1.products.list({"active": True}).data

    assert found.id == made.id
    assert len(products) == 2


def test_a_customer_can_be_made_and_found(client, event_types):
    made = client.v1.customers.create({"email": "ada@example.com", "name": "Ada"})

    (found,) = client.v1.customers.list({"email": "ada@example.com"}).data

    assert found.to_dict() == made.to_dict()
    assert event_types() == ["customer.created"]
