"""Restricted keys: what each may do, and how Stripe refuses the rest."""

import pytest
import stripe

from mocktill import v1
from mocktill.api import ApiRoute
from mocktill.permissions import ADDRESSES, NAMES


@pytest.fixture
def restricted(url, control):
    """Make a client whose key has only these permissions."""

    def make(*permissions):
        key = control("POST", "restricted_keys", {"permissions": permissions})["key"]
        return stripe.StripeClient(key, base_addresses={"api": url})

    return make


def refused(call):
    with pytest.raises(stripe.PermissionError) as error:
        call()
    return error.value


def test_a_key_without_the_permission_is_refused_in_stripes_words(
    restricted, hosted, sandbox
):
    client = restricted("charge_write")

    error = refused(lambda: client.v1.checkout.sessions.create(hosted()))

    assert error.http_status == 403
    assert error.error.type == "invalid_request_error"
    assert error.error.code == "more_permissions_required"
    assert "does not have the required permissions" in error.user_message
    assert "\"Checkout Sessions Write\" ('checkout_session_write')" in (
        error.user_message
    )
    assert sandbox.account_id in error.user_message
    (key,) = [k for k, made in sandbox.restricted_keys.items() if len(made.named) == 1]
    assert key not in error.user_message
    assert key[-6:] in error.user_message


CALLS = {
    "checkout_session_write": lambda v1, made: v1.checkout.sessions.expire(made.id),
    "checkout_session_read": lambda v1, _: v1.checkout.sessions.list(),
    "payment_intent_read": lambda v1, made: v1.payment_intents.retrieve(made.paid),
    "payment_intent_write": lambda v1, made: v1.payment_intents.update(
        made.paid, {"metadata": {"a": "1"}}
    ),
    "charge_write": lambda v1, made: v1.refunds.create({"payment_intent": made.paid}),
    "charge_read": lambda v1, made: v1.refunds.list({"payment_intent": made.paid}),
    "dispute_read": lambda v1, _: v1.disputes.list(),
    "event_read": lambda v1, _: v1.events.list(),
    "webhook_read": lambda v1, _: v1.webhook_endpoints.list(),
    "webhook_write": lambda v1, _: v1.webhook_endpoints.create(
        {"url": "https://shop.example/", "enabled_events": ["*"]}
    ),
    "balance_read": lambda v1, _: v1.balance_transactions.list(),
    "connected_account_read": lambda v1, _: v1.accounts.retrieve_current(),
    "coupon_write": lambda v1, _: v1.coupons.create({"percent_off": 5}),
    "customer_read": lambda v1, _: v1.customers.list(),
    "plan_read": lambda v1, _: v1.prices.list(),
    "product_write": lambda v1, _: v1.products.create({"name": "x"}),
    "promotion_code_read": lambda v1, _: v1.promotion_codes.list(),
    "promotion_code_write": lambda v1, _: v1.promotion_codes.create(
        {"promotion": {"type": "coupon", "coupon": "mocktill10"}}
    ),
    "shipping_rate_write": lambda v1, _: v1.shipping_rates.create(
        {
            "display_name": "Post",
            "fixed_amount": {"amount": 5, "currency": "usd"},
        }
    ),
}


@pytest.fixture
def made(create, paid):
    class Made:
        id = create().id
        paid = None

    Made.paid = paid().id
    return Made


@pytest.mark.parametrize("permission", CALLS)
def test_each_call_needs_its_permission(restricted, made, permission):
    implied_by = {"checkout_session_read", "checkout_session_write", permission}
    implied_by |= {"balance_transaction_source_read", "payment_intent_read"}
    implied_by |= {permission.replace("_read", "_write"), "payment_intent_write"}
    others = restricted(*(NAMES - implied_by))
    error = refused(lambda: CALLS[permission](others.v1, made))

    assert f"'{permission}'" in error.user_message
    assert CALLS[permission](restricted(permission).v1, made) is not None


def test_every_address_that_is_answered_has_its_permission():
    """A new route must not be open to all keys."""
    open_to_all = {
        route.path
        for route in v1.routes()
        if isinstance(route, ApiRoute)
        and "{path:path}" not in route.path
        and not any(
            route.path == address or route.path.startswith(f"{address}/")
            for address in ADDRESSES
        )
    }

    # These are refused by name, whatever the key.
    assert open_to_all == {"/v1/invoices/search", "/v1/subscriptions/search"}


def test_to_write_includes_to_read(restricted):
    assert restricted("charge_write").v1.refunds.list().data == []


def test_a_key_for_sessions_may_read_payment_intents(restricted, made):
    client = restricted("checkout_session_read")

    assert client.v1.payment_intents.retrieve(made.paid).id == made.paid
    refused(lambda: client.v1.payment_intents.cancel(made.paid))


@pytest.mark.parametrize(
    ("path", "permissions", "missing"),
    [
        ("latest_charge", (), "charge_read"),
        ("latest_charge.balance_transaction", ("charge_read",), "balance_read"),
        (
            "latest_charge.balance_transaction.source",
            ("charge_read", "balance_read"),
            "balance_transaction_source_read",
        ),
    ],
)
def test_an_expanded_object_needs_its_own_permission(
    restricted, made, path, permissions, missing
):
    def expanded(*names):
        client = restricted("payment_intent_read", *names)
        return client.v1.payment_intents.retrieve(made.paid, {"expand": [path]})

    error = refused(lambda: expanded(*permissions))

    assert f"'{missing}'" in error.user_message
    assert expanded(*permissions, missing).latest_charge.id.startswith("ch_")


def test_a_refused_call_does_nothing(client, restricted, hosted):
    lesser = restricted("checkout_session_read").v1.checkout.sessions

    error = refused(lambda: lesser.create(hosted(), {"idempotency_key": "one"}))
    again = refused(lambda: lesser.create(hosted(), {"idempotency_key": "one"}))

    assert "idempotent-replayed" not in {name.lower() for name in again.headers}
    assert again.request_id != error.request_id
    assert client.v1.checkout.sessions.list().data == []
    assert client.v1.events.list().data == []


def test_keys_are_listed_and_deleted(restricted, control):
    client = restricted("event_read", "charge_write")

    listed = control("GET", "restricted_keys")["data"]
    control("DELETE", "restricted_keys")

    assert listed[-1]["permissions"] == ["charge_write", "event_read"]
    assert control("GET", "restricted_keys")["data"] == []
    with pytest.raises(stripe.AuthenticationError):
        client.v1.events.list()


def test_a_permission_that_stripe_does_not_have_is_refused(ask):
    for wrong in (["event_write"], ["everything"], ["rak_charge_read"]):
        assert ask("POST", "restricted_keys", {"permissions": wrong}) == 400
    assert ask("POST", "restricted_keys", {}) == 400


def test_a_key_of_nobody_is_401(url):
    client = stripe.StripeClient("rk_test_nobody", base_addresses={"api": url})

    with pytest.raises(stripe.AuthenticationError, match="Invalid API Key"):
        client.v1.events.list()
