"""Early fraud warnings: the customer's bank suspects fraud before any dispute."""

from . import charges
from .sandbox import Sandbox
from .shapes import Json
from .store import new_id

KIND = "radar.early_fraud_warning"
FRAUD_TYPES = (
    "card_never_received", "fraudulent_card_application", "made_with_counterfeit_card",
    "made_with_lost_card", "made_with_stolen_card", "misc",
    "unauthorized_use_of_card",
)  # fmt: skip


def create(
    sandbox: Sandbox, named: str, *, fraud_type: str = "made_with_stolen_card"
) -> Json:
    """Warn of the charge with the id *named*, or of the PaymentIntent *named*."""
    if fraud_type not in FRAUD_TYPES:
        raise ValueError(f"fraud_type must be one of {', '.join(FRAUD_TYPES)}")
    with sandbox.lock:
        charge = charges.successful(sandbox, named, "warn of")
        warning = {
            "id": new_id("issfr_1"),
            "object": KIND,
            "actionable": _actionable(charge),
            "charge": charge["id"],
            "created": sandbox.now(),
            "fraud_type": fraud_type,
            "livemode": False,
            "payment_intent": charge["payment_intent"],
        }
        sandbox.store.add(warning)
        sandbox.emit("radar.early_fraud_warning.created", warning)
        return warning


def outdate(sandbox: Sandbox, charge: Json) -> None:
    """Mark the warnings of a refunded or disputed charge as not actionable."""
    for warning in sandbox.store.all(KIND):
        concerned = warning["charge"] == charge["id"] and warning["actionable"]
        if concerned and not _actionable(charge):
            warning["actionable"] = False
            before = {"actionable": True}
            sandbox.emit("radar.early_fraud_warning.updated", warning, before)


def _actionable(charge: Json) -> bool:
    return not charge["refunded"] and not charge["disputed"]
