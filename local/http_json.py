"""A small HTTP client for the stack's own addresses, whose answers are JSON."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from base64 import b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

TIMEOUT_SECONDS = 60


@dataclass(frozen=True)
class Answer:
    """Status 599 stands for no answer; the text says why there is none."""

    status: int
    text: str

    @property
    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.text)
        return found


def ask(
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: Mapping[str, Any] | bytes | None = None,
) -> Answer:
    """Send a request; *body* is sent as JSON unless it is a form's bytes."""
    data = json.dumps(body).encode() if isinstance(body, dict) else body
    request = urllib.request.Request(url, data, dict(headers), method=method)  # type: ignore[arg-type]  # noqa: S310
    if isinstance(body, dict):
        request.add_header("Content-Type", "application/json")
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310
            return Answer(answer.status, answer.read().decode())
    except urllib.error.HTTPError as error:
        return Answer(error.code, error.read().decode(errors="replace"))
    except OSError as error:
        return Answer(599, str(error))


def basic(key: str) -> dict[str, str]:
    """Return the header by which Stripe knows the caller."""
    return {"Authorization": f"Basic {b64encode(f'{key}:'.encode()).decode()}"}
