"""Objects that the API changes: their metadata, and fields that need no rules."""

import pytest
import stripe


@pytest.fixture
def service(client):
    return {
        "charge": client.v1.charges,
        "checkout.session": client.v1.checkout.sessions,
        "customer": client.v1.customers,
        "payment_intent": client.v1.payment_intents,
        "price": client.v1.prices,
        "product": client.v1.products,
    }


@pytest.fixture
def named(client, create, paid):
    """Return the id of an object of each kind."""
    intent = paid()
    product = client.v1.products.create({"name": "T-shirt", "description": "Blue"})
    price = client.v1.prices.create(
        {"product": product.id, "currency": "usd", "unit_amount": 500}
    )
    return {
        "charge": intent.latest_charge,
        "checkout.session": create(metadata={"old": "1"}).id,
        "customer": client.v1.customers.create({"email": "ada@example.com"}).id,
        "payment_intent": intent.id,
        "price": price.id,
        "product": product.id,
    }


CHANGES = {
    "charge": {"description": "A shirt", "receipt_email": "ada@example.com"},
    "checkout.session": {},
    "customer": {"email": "new@example.com", "name": "Ada"},
    "payment_intent": {"description": "A shirt"},
    "price": {"active": False, "nickname": "old"},
    "product": {"name": "Shirt", "images": ["https://shop.example/a.png"]},
}


@pytest.mark.parametrize("kind", CHANGES)
def test_an_object_is_changed(service, named, kind):
    update = {**CHANGES[kind], "metadata": {"a": "1"}}

    changed = service[kind].update(named[kind], update)
    again = service[kind].retrieve(named[kind])

    assert changed.to_dict() == again.to_dict()
    assert changed.metadata["a"] == "1"
    assert {name: changed[name] for name in CHANGES[kind]} == CHANGES[kind]


def test_metadata_changes_key_by_key(client, named):
    sessions = client.v1.checkout.sessions
    session = named["checkout.session"]

    added = sessions.update(session, {"metadata": {"new": "2"}})
    removed = sessions.update(session, {"metadata": {"old": ""}})
    cleared = sessions.update(session, {"metadata": ""})

    assert added.metadata.to_dict() == {"old": "1", "new": "2"}
    assert removed.metadata.to_dict() == {"new": "2"}
    assert cleared.metadata.to_dict() == {}


@pytest.mark.parametrize(
    ("kind", "event"),
    [
        ("charge", "charge.updated"),
        ("customer", "customer.updated"),
        ("price", "price.updated"),
        ("product", "product.updated"),
    ],
)
def test_a_change_causes_an_event(service, named, events, kind, event):
    service[kind].update(named[kind], {"metadata": {"a": "1"}})
    service[kind].update(named[kind], {"metadata": {"a": "1"}})

    (happened,) = events(event)
    assert happened.data.object.metadata["a"] == "1"
    assert happened.data.previous_attributes.to_dict() == {"metadata": {}}


def test_a_field_is_emptied(client, named):
    changed = client.v1.products.update(
        named["product"], {"description": "", "images": ""}
    )

    assert changed.description is None
    assert changed.images == []


def test_what_needs_rules_is_refused_by_name(service, named):
    for kind, name, value in (
        ("payment_intent", "amount", 1),
        ("checkout.session", "shipping_options", ""),
        ("customer", "balance", 5),
    ):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            service[kind].update(named[kind], {name: value})
        assert refused.value.user_message == f"mocktill does not implement `{name}`."


def test_a_wrong_address_changes_nothing(client, named):
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.customers.update(named["customer"], {"email": "nope", "name": "x"})

    assert refused.value.param == "email"
    assert client.v1.customers.retrieve(named["customer"]).name is None


def test_a_wrong_expansion_changes_nothing(client, named):
    with pytest.raises(stripe.InvalidRequestError, match="expand"):
        client.v1.products.update(named["product"], {"name": "x", "expand": ["y"]})

    assert client.v1.products.retrieve(named["product"]).name == "T-shirt"


def test_an_unknown_object_is_missing(service):
    for kind in CHANGES:
        with pytest.raises(stripe.InvalidRequestError) as missing:
            service[kind].update("unknown_1", {"metadata": {"a": "1"}})
        assert missing.value.code == "resource_missing"


def test_an_inactive_price_is_not_sold(client, create, named):
    client.v1.prices.update(named["price"], {"active": False})

    with pytest.raises(stripe.InvalidRequestError, match="inactive"):
        create(line_items=[{"price": named["price"], "quantity": 1}])


def test_the_account_is_shown(client, sandbox):
    account = client.v1.accounts.retrieve_current()

    assert account.id == sandbox.account_id
    assert account.object == "account"
    assert account.charges_enabled
    assert account.settings.dashboard.display_name == "mocktill"
    assert client.v1.accounts.retrieve(account.id).to_dict() == account.to_dict()
    with pytest.raises(stripe.PermissionError, match="does not have access"):
        client.v1.accounts.retrieve("acct_another")
