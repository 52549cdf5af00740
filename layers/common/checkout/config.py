"""
The functions' settings: the only module that reads the environment.

Each class names the settings that are read together, as annotations. A setting is the
environment variable of the same name in upper case, and its annotation says what the
variable may hold:

- `str`: any text
- `int` and `float`: a positive number
- `Literal["a", "b"]`: one of these words
- `tuple[str, ...]`: texts separated by commas; blanks around them are dropped
- `dict[str, Decimal]`: positive numbers by lower-case words: `eur=1.08,jpy=0.0067`

To add a setting, annotate it here in the class that the function reads, give the
function the variable in template.yaml, and restrict the template's parameter in the
same way: AllowedValues for a Literal, MinValue for a float, AllowedPattern for an int
or a dict.
tests/unit/test_config.py compares the two. A function that needs the settings of two
classes reads both.

The classes are no dataclasses: each would add 4.6 million instructions to every cold
start.
"""

import math
import os
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any, Literal, get_args


class Config:
    """
    Reads and checks the settings that a subclass annotates.

    Raises KeyError for a variable that is missing, ValueError for one that holds
    anything else than its annotation allows. Both name the variable.
    """

    def __init__(self, variables: Mapping[str, str] = os.environ) -> None:
        for name, kind in self.fields().items():
            variable = name.upper()
            setattr(self, name, _read(variable, variables[variable], kind))

    @classmethod
    def fields(cls) -> dict[str, Any]:
        """Return the settings' names and kinds; a class extends none but this one."""
        return cls.__annotations__


def _read(variable: str, text: str, kind: Any) -> Any:  # noqa: ANN401 - what *kind* says
    if kind is str:
        return text
    if kind is int or kind is float:
        return _positive_number(variable, text, kind)
    if kind == tuple[str, ...]:
        return _parts(text)
    if kind == dict[str, Decimal]:
        return _numbers(variable, text)
    words = get_args(kind)
    if text not in words:
        raise ValueError(f"{variable} must be one of: {', '.join(words)}.")
    return text


def _parts(text: str) -> tuple[str, ...]:
    return tuple(part for each in text.split(",") if (part := each.strip()))


def _numbers(variable: str, text: str) -> dict[str, Decimal]:
    pairs = [part.partition("=") for part in _parts(text)]
    names = [name for name, _, _ in pairs]
    if len({*names}) < len(names) or not all(map(_is_word, names)):
        raise ValueError(f"{variable} must be different words with numbers: a=1,b=2.")
    return {n: _positive_number(variable, number, Decimal) for n, _, number in pairs}


def _is_word(name: str) -> bool:
    return name.isascii() and name.isalpha() and name.islower()


def _positive_number[N: (int, float, Decimal)](
    variable: str, text: str, kind: type[N]
) -> N:
    # Python's own numbers may have blanks, underscores, signs and exponents, too.
    digits = text if kind is int else text.replace(".", "", 1)
    number = kind(text) if digits.isascii() and digits.isdigit() else kind(0)
    if not 0 < number < math.inf:
        word = "whole number" if kind is int else "number"
        raise ValueError(f"{variable} must be a positive {word}.")
    return number


class TelemetryConfig(Config):
    """Every function's; the template's Globals set it."""

    metrics_format: Literal["cloudwatch", "datadog"]


class StripeModeConfig(Config):
    """Whether the stack takes real payments."""

    stripe_mode: Literal["test", "live"]

    @property
    def livemode(self) -> bool:
        """The value of `livemode` in Stripe's objects: https://docs.stripe.com/keys."""
        return self.stripe_mode == "live"


class OperatorConfig(Config):
    """Which claim of a token makes its bearer an operator."""

    operator_claim: str
    operator_group: str


class WritersConfig(Config):
    """Whose token may write offers: a group, or a scope if there is one."""

    operator_claim: str
    writer_group: str
    writer_scope: str


class WriteOffersConfig(Config):
    offers_table: str
    payment_sessions_table: str
    audit_log_table: str
    payment_events_queue_url: str
    stripe_secret_key_name: str
    stripe_api_base: str


class RefundsConfig(Config):
    """What changing purchases and refunding them takes."""

    offers_table: str
    payment_sessions_table: str
    purchases_table: str
    audit_log_table: str
    stripe_secret_key_name: str
    stripe_api_base: str
    disputed_access: Literal["suspended", "kept"]

    @property
    def suspends_disputed(self) -> bool:
        """Whether a buyer has no access while a bank decides on a dispute."""
        return self.disputed_access == "suspended"


class CreateSessionConfig(Config):
    stack_id: str
    offers_table: str
    payment_sessions_table: str
    purchases_table: str
    audit_log_table: str
    payment_events_queue_url: str
    stripe_secret_key_name: str
    stripe_api_base: str
    frontend_url: str
    allowed_origins: tuple[str, ...]
    allow_loopback_origins: Literal["on", "off"]
    anonymous_requests_per_minute: int
    checkouts_per_buyer_per_minute: int
    edge: Literal["off", "trusted", "required"]
    edge_secret_name: str

    @property
    def allows_loopback(self) -> bool:
        """Whether return URLs may point to any port of the shopper's own machine."""
        return self.allow_loopback_origins == "on"


class StripeWebhookConfig(Config):
    payment_events_queue_url: str
    stripe_webhook_secret_name: str


class FulfillmentConfig(Config):
    stack_id: str
    payment_events_queue_url: str


class ReconcileConfig(Config):
    stack_id: str
    payment_events_queue_url: str
    reconcile_calls_per_second: float
    webhook_urls: tuple[str, ...]
    webhook_endpoint_check: Literal["on", "off"]
    window_reminder_hours: Literal["off", "1", "2", "3", "4", "6", "8", "12"]

    @property
    def window_reminder(self) -> timedelta | None:
        """How long before its end a window is announced, None if none is."""
        hours = self.window_reminder_hours
        return None if hours == "off" else timedelta(hours=int(hours))

    @property
    def watched_webhook_urls(self) -> tuple[str, ...]:
        """The addresses of which Stripe must have one; none if nobody watches."""
        return self.webhook_urls if self.webhook_endpoint_check == "on" else ()


class SessionStatusConfig(Config):
    payment_sessions_table: str
    purchases_table: str
    payment_events_queue_url: str
    stripe_secret_key_name: str
    stripe_api_base: str


class PurchasesConfig(Config):
    purchases_table: str


class CreatorsConfig(Config):
    purchases_table: str


class OffersConfig(Config):
    offers_table: str
    payment_sessions_table: str
    purchases_table: str
    frontend_url: str


class PublishEventsConfig(Config):
    event_bus_name: str
    usd_rates: dict[str, Decimal]


class SegmentConfig(Config):
    segment_write_key_name: str
    segment_api_base: str
