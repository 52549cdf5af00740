"""Quarantined money, decided on by a person."""

from checkout import clock
from checkout.domain.purchase import Purchase, PurchaseStatus
from checkout.errors import NotFoundError, NotQuarantinedError
from checkout.flows.change_purchase import PurchaseChanges
from checkout.telemetry import logger


def accept(changes: PurchaseChanges, purchase_id: str, accepted_by: str) -> Purchase:
    """
    Let a quarantined purchase stand: its buyer gets what was paid for.

    Raises NotFoundError, and NotQuarantinedError if nothing waits for a person, or if
    another purchase holds the sale key.
    """
    found = _quarantined(changes, purchase_id)
    purchase, _ = changes.apply(
        purchase_id,
        lambda before: before.accepted(clock.iso(clock.now())),
        "quarantine_accepted",
        accepted_by=accepted_by,
        reason=found.quarantine_reason,
    )
    logger.info("quarantine_accepted", purchase_id=purchase_id)
    return purchase


def dismiss(
    changes: PurchaseChanges, purchase_id: str, dismissed_by: str, note: str
) -> Purchase:
    """
    Let nothing come of a quarantined purchase: its money needs no refund from here.

    It was another purchase's, say, or went back by other means, as the *note* tells
    whoever asks later. Raises NotFoundError and NotQuarantinedError.
    """
    found = _quarantined(changes, purchase_id)
    purchase, _ = changes.apply(
        purchase_id,
        lambda before: before.dismissed(clock.iso(clock.now())),
        "quarantine_dismissed",
        dismissed_by=dismissed_by,
        note=note,
        reason=found.quarantine_reason,
    )
    logger.info("quarantine_dismissed", purchase_id=purchase_id)
    return purchase


def _quarantined(changes: PurchaseChanges, purchase_id: str) -> Purchase:
    found = changes.purchases.get(purchase_id)
    if found is None:
        raise NotFoundError("There is no such purchase.")
    if found.status is not PurchaseStatus.QUARANTINED:
        raise NotQuarantinedError(f"The purchase is {found.status}.")
    return found
