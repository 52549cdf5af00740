"""Secrets from Secrets Manager: fetched on first use, cached for five minutes."""

import math
import time
from collections.abc import Callable

from checkout.clients import aws
from checkout.metric import Metric
from checkout.telemetry import count, logger

# A rotated secret takes effect within this time.
SECONDS_TO_KEEP = 300
# After a failed fetch, the cached secret is used for this long before the next fetch.
SECONDS_BETWEEN_TRIES = 30

# By name: the secret, and until when it is used, in seconds of a monotonic clock.
_kept: dict[str, tuple[str, float]] = {}


def secret(name: str, monotonic: Callable[[], float] = time.monotonic) -> str:
    """
    Return the text of the Secrets Manager secret *name*, at most five minutes old.

    If the fetch fails, log and count the failure and return the cached secret, however
    old: the webhook and checkout do not depend on Secrets Manager's availability.
    Without a cached secret, raises what the fetch raised.
    """
    known, fresh_until = _kept.get(name, ("", -math.inf))
    if monotonic() < fresh_until:
        return known
    try:
        value, seconds = _fetch(name, in_a_hurry=bool(known)), SECONDS_TO_KEEP
    except Exception:
        if not known:
            raise
        count(Metric.SECRETS_STALE)
        logger.exception("secret_not_fetched", secret_name=name)
        value, seconds = known, SECONDS_BETWEEN_TRIES
    _kept[name] = (value, monotonic() + seconds)
    return value


def _fetch(name: str, *, in_a_hurry: bool) -> str:
    client = aws.client("secretsmanager", aws.HURRIED if in_a_hurry else aws.CONFIG)
    value = client.get_secret_value(SecretId=name)["SecretString"].strip()
    if not value:
        raise ValueError(f"the secret {name} is empty")
    return value


def forget() -> None:
    """Clear the cache."""
    _kept.clear()
