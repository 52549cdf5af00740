"""Keys and signing secrets, fetched when first needed and kept for a while."""

import time
from collections.abc import Callable

from checkout import aws

# A rotated secret is in use everywhere after this long at most.
SECONDS_TO_KEEP = 300

_kept: dict[str, tuple[float, str]] = {}


def secret(name: str, monotonic: Callable[[], float] = time.monotonic) -> str:
    """Return the text of the Secrets Manager secret *name*, at most minutes old."""
    fetched_at, value = _kept.get(name, (float("-inf"), ""))
    if monotonic() - fetched_at < SECONDS_TO_KEEP:
        return value
    answer = aws.client("secretsmanager").get_secret_value(SecretId=name)
    value = str(answer["SecretString"]).strip()
    _kept[name] = (monotonic(), value)
    return value


def forget() -> None:
    """Fetch anew next time: a rotation is under way, or a test begins."""
    _kept.clear()
