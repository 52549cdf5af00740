"""Stripe's webhook signature, checked over the exact bytes, without the SDK."""

import hashlib
import hmac

# The tolerance of Stripe's SDK. The SDK applies it to the past only; we also refuse a
# timestamp in the future.
TOLERANCE_SECONDS = 300


def is_fresh(header: str, now: float) -> bool:
    """Return whether *header* is of Stripe's form and of the last five minutes."""
    pairs = _pairs(header)
    return _fresh_timestamp(pairs, now) is not None and "v1" in dict(pairs)


def is_valid(payload: bytes, header: str, secrets: str, now: float) -> bool:
    """
    Return whether one of *secrets* signed *payload* within five minutes of *now*.

    Commas or blanks separate the secrets. *now* is Unix time. While a secret is rolled,
    Stripe sends one v1 signature for each active secret.
    https://docs.stripe.com/webhooks#verify-manually
    """
    pairs = _pairs(header)
    timestamp = _fresh_timestamp(pairs, now)
    if timestamp is None:
        return False
    signed = timestamp.encode() + b"." + payload
    expected = [
        hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest().encode()
        for secret in secrets.replace(",", " ").split()
    ]
    given = [value.encode(errors="replace") for name, value in pairs if name == "v1"]
    # Compare all, so that the time does not tell which secret matched.
    return any([hmac.compare_digest(e, g) for e in expected for g in given])  # noqa: C419


def _pairs(header: str) -> list[tuple[str, str]]:
    parts = (part.strip().partition("=") for part in header.split(","))
    return [(name, value) for name, _, value in parts]


def _fresh_timestamp(pairs: list[tuple[str, str]], now: float) -> str | None:
    """Return the one timestamp, None if it is not of about *now*."""
    timestamps = [value for name, value in pairs if name == "t"]
    if len(timestamps) != 1 or not _is_unix_time(timestamp := timestamps[0]):
        return None
    return timestamp if abs(now - int(timestamp)) <= TOLERANCE_SECONDS else None


def _is_unix_time(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 12  # noqa: PLR2004
