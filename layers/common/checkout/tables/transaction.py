"""Several conditional writes, all or none, that say which condition failed."""

import random
import time
from collections.abc import Mapping
from typing import Any

from checkout.clients import aws
from checkout.errors import TryAgainError
from checkout.tables.item import from_item

type Action = dict[str, Any]

ATTEMPTS = 6
FIRST_PAUSE_SECONDS = 0.02
# Two transactions met on one item. Nothing was written; the next try may win.
PASSING = frozenset(["TransactionConflict", "ThrottlingError"])


def write(actions: Mapping[str, Action]) -> dict[str, dict[str, Any]]:
    """
    Write all of the named *actions* or none; return those whose condition failed.

    An empty answer means written. Otherwise each name that failed comes with the
    item that stood in its way (empty if there was none). Raises TryAgainError when
    other transactions were faster again and again.
    """
    client = aws.client("dynamodb")
    items: list[Any] = list(actions.values())
    for attempt in range(ATTEMPTS):
        try:
            client.transact_write_items(TransactItems=items)
        except client.exceptions.TransactionCanceledException as error:
            reasons = dict(
                zip(actions, error.response["CancellationReasons"], strict=True)
            )
        except client.exceptions.TransactionInProgressException:
            reasons = {}
        else:
            return {}
        failed = {
            name: from_item(reason.get("Item", {}))
            for name, reason in reasons.items()
            if reason["Code"] == "ConditionalCheckFailed"
        }
        if failed:
            return failed
        if unexpected := {r["Code"] for r in reasons.values()} - PASSING - {"None"}:
            raise RuntimeError(f"transaction refused: {', '.join(sorted(unexpected))}")
        # Jitter, so that those who met here do not meet again.
        time.sleep(random.uniform(0.5, 1.5) * FIRST_PAUSE_SECONDS * 2**attempt)  # noqa: S311
    raise TryAgainError("Please try again in a moment.")
