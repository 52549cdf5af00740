"""Stripe's webhook signature, checked over the exact bytes, without the SDK."""

import hashlib
import hmac

# The tolerance of Stripe's SDK. The SDK applies it to the past only; we also refuse a
# timestamp in the future.
TOLERANCE_SECONDS = 300


def is_valid(payload: bytes, header: str, secrets: str, now: float) -> bool:
    """
    Return whether one of *secrets* signed *payload* within five minutes of *now*.

    Commas or blanks separate the secrets. *now* is Unix time. While a secret is rolled,
    Stripe sends one v1 signature for each active secret.
    https://docs.stripe.com/webhooks#verify-manually
    """
    pairs = [part.strip().partition("=")[::2] for part in header.split(",")]
    timestamps = [value for name, value in pairs if name == "t"]
    if len(timestamps) != 1 or not _is_unix_time(timestamp := timestamps[0]):
        return False
    if abs(now - int(timestamp)) > TOLERANCE_SECONDS:
        return False
    signed = timestamp.encode() + b"." + payload
    expected = [
        hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest().encode()
        for secret in secrets.replace(",", " ").split()
    ]
    given = [value.encode(errors="replace") for name, value in pairs if name == "v1"]
    # Compare all, so that the time does not tell which secret matched.
    return any([hmac.compare_digest(e, g) for e in expected for g in given])  # noqa: C419


def _is_unix_time(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 12  # noqa: PLR2004
