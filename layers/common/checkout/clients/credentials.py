"""Keys and signing secrets, fetched when first needed and kept for a while."""

import math
import time
from collections.abc import Callable

from checkout.clients import aws
from checkout.metric import Metric
from checkout.telemetry import count, logger

# A rotated secret is in use everywhere after this long at most.
SECONDS_TO_KEEP = 300
# While a secret cannot be fetched anew, requests wait for a try once in so long.
SECONDS_BETWEEN_TRIES = 30

# By name: the secret, and until when it is used without asking for it.
_kept: dict[str, tuple[str, float]] = {}


def secret(name: str, monotonic: Callable[[], float] = time.monotonic) -> str:
    """
    Return the text of the Secrets Manager secret *name*, at most minutes old.

    One that cannot be fetched anew stays in use, counted and logged: a failing Secrets
    Manager stops neither the webhook nor a checkout. Raises if there is none to use.
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
    """Fetch anew next time: a rotation is under way, or a test begins."""
    _kept.clear()
