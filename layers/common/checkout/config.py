"""The environment that each function needs; the only place that reads it."""

import os
from collections.abc import Mapping


class Config:
    """
    The texts of the environment variables that the annotations name, in upper case.

    Raises KeyError for one that is missing. These are no dataclasses, since each would
    add 4.6 million instructions to every cold start.
    """

    def __init__(self, variables: Mapping[str, str] = os.environ) -> None:
        for name in self.fields():
            setattr(self, name, variables[name.upper()])

    @classmethod
    def fields(cls) -> list[str]:
        """Return the names of its own attributes and of those that it inherits."""
        classes = cls.__mro__[:-1]  # all but object, which has no annotations
        return [name for each in classes for name in each.__annotations__]


class TelemetryConfig(Config):
    """Every function's: the template's Globals give it."""

    metrics_format: str


class CreateSessionConfig(Config):
    stack_id: str
    offers_table: str
    payment_sessions_table: str
    purchases_table: str
    audit_log_table: str
    payment_events_queue_url: str
    stripe_secret_key_name: str
    stripe_api_base: str
    stripe_mode: str
    frontend_url: str
    allowed_origins: str
    anonymous_requests_per_minute: str


class StripeWebhookConfig(Config):
    payment_events_queue_url: str
    stripe_webhook_secret_name: str
    stripe_mode: str


class RefundsConfig(Config):
    """What it takes to change purchases and to give money back."""

    offers_table: str
    payment_sessions_table: str
    purchases_table: str
    audit_log_table: str
    stripe_secret_key_name: str
    stripe_api_base: str
    disputed_access: str


class FulfillmentConfig(RefundsConfig):
    pass


class RefundPurchaseConfig(RefundsConfig):
    operator_claim: str
    operator_group: str


class ReconcileConfig(RefundsConfig):
    payment_events_queue_url: str
    reconcile_calls_per_second: str


class SessionStatusConfig(Config):
    payment_sessions_table: str
    payment_events_queue_url: str
    stripe_secret_key_name: str
    stripe_api_base: str


class PurchasesConfig(Config):
    offers_table: str
    purchases_table: str


class CreatorsConfig(Config):
    purchases_table: str
    operator_claim: str
    operator_group: str


class OffersConfig(Config):
    offers_table: str
    purchases_table: str


class PublishEventsConfig(Config):
    event_bus_name: str


class SegmentConfig(Config):
    segment_write_key_name: str
    segment_api_base: str
