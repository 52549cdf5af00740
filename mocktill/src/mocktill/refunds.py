"""Refunds: made at once, or pending, or refused by the customer's bank later."""

from http import HTTPStatus

from stripe.params import RefundCancelParams, RefundCreateParams, RefundUpdateParams

from . import balance, cards, charges, disputes, fraud_warnings, parameters
from .errors import ApiError, conflict_of_state, invalid, refuse_unsupported
from .money import check_amount, format_amount
from .parameters import validate
from .sandbox import Sandbox
from .shapes import Json, PathParams
from .store import new_id

KIND = "refund"
UNSUPPORTED = (
    "currency", "customer", "origin", "refund_application_fee", "reverse_transfer",
)  # fmt: skip
FAILURE_REASONS = (
    "charge_for_pending_refund_disputed", "declined", "expired_or_canceled_card",
    "insufficient_funds", "lost_or_stolen_card", "merchant_request", "unknown",
)  # fmt: skip


def create(sandbox: Sandbox, raw: Json, _: PathParams) -> Json:
    params = validate(raw, RefundCreateParams)
    refuse_unsupported(params, UNSUPPORTED)
    charge = _charge(sandbox, params)
    if disputes.forbids_refund(sandbox, charge):
        raise conflict_of_state(
            f"Charge {charge['id']} has been charged back; cannot issue a refund.",
            "charge_disputed",
        )
    amount = _amount(charge, params)
    expand = params.get("expand", [])
    refund = _refund(sandbox, charge, amount, params)
    # A wrong expansion must leave no refund. The refund has no balance transaction yet,
    # so the expansion is checked with the charge's.
    entry = charge["balance_transaction"]
    sandbox.store.expanded({**refund, "balance_transaction": entry}, expand)
    entry = balance.record_refund(sandbox, charge, refund)
    refund["balance_transaction"] = entry["id"]
    sandbox.store.add(refund)
    sandbox.emit("refund.created", refund)
    charges.give_back(sandbox, charge, amount)
    fraud_warnings.outdate(sandbox, charge)
    return sandbox.store.expanded(refund, expand)


def update(sandbox: Sandbox, raw: Json, path: PathParams) -> Json:
    params = validate(raw, RefundUpdateParams)
    refund = sandbox.store.get(KIND, path["id"], KIND)
    before = refund["metadata"]
    after = parameters.updated_metadata(before, raw.get("metadata", {}))
    shown = sandbox.store.expanded(
        {**refund, "metadata": after}, params.get("expand", [])
    )
    if after != before:
        refund["metadata"] = after
        changed = {name: before.get(name) for name in before.keys() | after.keys()}
        changed = {k: v for k, v in changed.items() if v != after.get(k)}
        sandbox.emit("refund.updated", refund, {"metadata": changed})
    return shown


def cancel(sandbox: Sandbox, raw: Json, path: PathParams) -> Json:
    """Refuse to cancel. Stripe cancels only a refund that waits for its customer."""
    validate(raw, RefundCancelParams)
    sandbox.store.get(KIND, path["id"], KIND)
    raise conflict_of_state("Canceling this refund is unsupported.")


def settle(sandbox: Sandbox, refund_id: str) -> Json:
    """Let a pending refund arrive."""
    with sandbox.lock:
        refund = sandbox.store.get(KIND, refund_id, KIND)
        if refund["status"] != "pending":
            raise conflict_of_state(f"This refund is {refund['status']}, not pending.")
        _change(sandbox, refund, status="succeeded", pending_reason=None)
        return refund


def fail(
    sandbox: Sandbox,
    refund_id: str,
    failure_reason: str = "expired_or_canceled_card",
) -> Json:
    """Let the customer's bank refuse the refund, also if it had succeeded."""
    if failure_reason not in FAILURE_REASONS:
        raise ValueError(f"failure_reason must be one of {', '.join(FAILURE_REASONS)}")
    with sandbox.lock:
        refund = sandbox.store.get(KIND, refund_id, KIND)
        if refund["status"] == "failed":
            raise conflict_of_state("This refund has failed already.")
        charge = sandbox.store.get("charge", refund["charge"])
        entry = balance.record_failed_refund(sandbox, refund)
        charges.give_back(sandbox, charge, -refund["amount"])
        _change(
            sandbox,
            refund,
            status="failed",
            pending_reason=None,
            failure_reason=failure_reason,
            failure_balance_transaction=entry["id"],
        )
        sandbox.emit("refund.failed", refund)
        return refund


def _change(sandbox: Sandbox, refund: Json, **changes: str | None) -> None:
    before = {name: refund.get(name) for name in changes}
    refund.update(changes)
    changed = {name: old for name, old in before.items() if old != changes[name]}
    sandbox.emit("refund.updated", refund, changed)


def _charge(sandbox: Sandbox, params: Json) -> Json:
    sources = [name for name in ("charge", "payment_intent") if name in params]
    if not sources:
        raise invalid(
            None,
            "One of the following params should be provided for this request: "
            "payment_intent or charge.",
        )
    if len(sources) > 1:
        raise invalid(
            sources[0],
            "You may only specify one of these parameters: charge, payment_intent.",
        )
    kind, named = sources[0], params[sources[0]]
    sandbox.store.get(kind, named, "id" if kind == "charge" else kind)
    return charges.successful(sandbox, named, "refund")


def _amount(charge: Json, params: Json) -> int:
    if charge["refunded"]:
        raise conflict_of_state(
            f"Charge {charge['id']} has already been refunded.",
            "charge_already_refunded",
        )
    remaining: int = charge["amount"] - charge["amount_refunded"]
    amount: int = params.get("amount", remaining)
    check_amount(amount, charge["currency"], "amount")
    if amount < 1:
        raise invalid(
            "amount",
            "This value must be greater than or equal to 1.",
            "parameter_invalid_integer",
        )
    if amount > remaining:
        currency = charge["currency"]
        raise ApiError(
            HTTPStatus.BAD_REQUEST,
            f"Refund amount ({format_amount(amount, currency)}) is greater than "
            f"unrefunded amount on charge ({format_amount(remaining, currency)})",
            param="amount",
        )
    return amount


def _refund(sandbox: Sandbox, charge: Json, amount: int, params: Json) -> Json:
    pending = sandbox.outcomes.get(charge["payment_method"], cards.OK).refund_waits
    details = {
        "card": {
            "reference_status": "pending",
            "reference_type": "acquirer_reference_number",
            "type": "pending" if pending else "refund",
        },
        "type": "card",
    }
    by_card = charge["payment_method_details"]["type"] == "card"
    refund = {
        "id": new_id("re_3" if by_card else "pyr_"),
        "object": KIND,
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": sandbox.now(),
        "currency": charge["currency"],
        "destination_details": details if by_card else None,
        "failure_reason": None,
        "metadata": params.get("metadata") or {},
        "next_action": None,
        "payment_intent": charge["payment_intent"],
        "payment_method": charge["payment_method"],
        "pending_reason": "processing" if pending else None,
        "reason": params.get("reason"),
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "pending" if pending else "succeeded",
        "transfer_reversal": None,
    }
    if "instructions_email" in params:
        refund["instructions_email"] = params["instructions_email"]
    return refund
