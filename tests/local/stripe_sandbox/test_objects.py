"""The objects that come after a payment, beside the SDK's own classes."""

import pytest
import stripe
from stripe.radar import EarlyFraudWarning

# What this account has no use for, or shows only when it is expanded.
LEFT_OUT = {
    stripe.Charge: {
        *("application", "application_fee", "application_fee_amount"),
        *("authorization_code", "calculated_statement_descriptor", "level3"),
        *("on_behalf_of", "presentment_details", "radar_options", "refunds"),
        *("review", "source", "source_transfer", "transfer"),
    },
    stripe.Refund: {
        *("customer", "customer_account", "description", "presentment_details"),
        *("failure_balance_transaction", "instructions_email"),
    },
    stripe.WebhookEndpoint: {"deleted", "secret"},
}
KINDS = [
    *(stripe.Charge, stripe.Refund, stripe.BalanceTransaction),
    *(stripe.Dispute, EarlyFraudWarning, stripe.WebhookEndpoint),
]


@pytest.fixture
def afterwards(client, paid, control):
    """One object of each kind, once."""
    intent = paid("4000000000000259")
    client.v1.refunds.create({"payment_intent": paid().id})
    control("POST", f"charges/{intent.id}/early_fraud_warning")
    client.v1.webhook_endpoints.create(
        {"url": "https://shop.example/webhook", "enabled_events": ["*"]}
    )
    services = [
        *(client.v1.charges, client.v1.refunds, client.v1.balance_transactions),
        *(client.v1.disputes, client.v1.radar.early_fraud_warnings),
        client.v1.webhook_endpoints,
    ]
    return [service.list({"limit": 1}).data[0] for service in services]


def test_each_has_the_fields_that_the_sdk_declares(afterwards):
    for kind, shown in zip(KINDS, afterwards, strict=True):
        declared = {name for name in kind.__annotations__ if name != "OBJECT_NAME"}

        assert isinstance(shown, kind)
        assert set(shown.to_dict()) == declared - LEFT_OUT.get(kind, set())
