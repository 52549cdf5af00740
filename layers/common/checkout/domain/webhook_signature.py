"""Stripe's webhook signature, checked over the exact bytes, without the SDK."""

import hashlib
import hmac

# Stripe's own tolerance. Theirs bounds the past only; a timestamp from the future is
# no more of ours than a stale one.
TOLERANCE_SECONDS = 300


def is_valid(payload: bytes, header: str, secrets: str, now: float) -> bool:
    """
    Return whether one of *secrets* signed *payload* within five minutes of *now*.

    Commas or blanks separate the secrets. *now* is Unix time.

    While a secret is rolled, Stripe sends one v1 signature for each that is active.
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
    # No early exit: the time taken says nothing about which of them matched.
    return any([hmac.compare_digest(e, g) for e in expected for g in given])  # noqa: C419


def _is_unix_time(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 12  # noqa: PLR2004
