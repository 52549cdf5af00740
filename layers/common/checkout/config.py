"""The environment that each function needs; the only place that reads it."""

import os
from dataclasses import dataclass, fields
from typing import Self


@dataclass(frozen=True, slots=True)
class Config:
    @classmethod
    def from_env(cls) -> Self:
        """Read every field from the variable of its name, in upper case."""
        return cls(
            **{field.name: os.environ[field.name.upper()] for field in fields(cls)}
        )


@dataclass(frozen=True, slots=True)
class TelemetryConfig(Config):
    """Every function's: the template's Globals give it."""

    metrics_format: str


@dataclass(frozen=True, slots=True)
class CreateSessionConfig(Config):
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


@dataclass(frozen=True, slots=True)
class StripeWebhookConfig(Config):
    payment_events_queue_url: str
    stripe_webhook_secret_name: str
    stripe_mode: str


@dataclass(frozen=True, slots=True)
class RefundsConfig(Config):
    """What it takes to change purchases and to give money back."""

    offers_table: str
    payment_sessions_table: str
    purchases_table: str
    audit_log_table: str
    stripe_secret_key_name: str
    stripe_api_base: str
    disputed_access: str


@dataclass(frozen=True, slots=True)
class FulfillmentConfig(RefundsConfig):
    pass


@dataclass(frozen=True, slots=True)
class RefundPurchaseConfig(RefundsConfig):
    operator_claim: str
    operator_group: str


@dataclass(frozen=True, slots=True)
class ReconcileConfig(RefundsConfig):
    payment_events_queue_url: str
    sweep_calls_per_second: str


@dataclass(frozen=True, slots=True)
class SessionStatusConfig(Config):
    payment_sessions_table: str
    payment_events_queue_url: str
    stripe_secret_key_name: str
    stripe_api_base: str


@dataclass(frozen=True, slots=True)
class PurchasesConfig(Config):
    offers_table: str
    purchases_table: str


@dataclass(frozen=True, slots=True)
class OffersConfig(Config):
    offers_table: str
    purchases_table: str


@dataclass(frozen=True, slots=True)
class PublishEventsConfig(Config):
    event_bus_name: str


@dataclass(frozen=True, slots=True)
class SegmentConfig(Config):
    segment_write_key_name: str
    segment_api_base: str
