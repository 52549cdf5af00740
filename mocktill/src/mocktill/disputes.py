"""Disputes: the customer's bank holds the money until it closes the case."""

from stripe import Dispute
from stripe.params import DisputeCloseParams, DisputeUpdateParams

from . import balance, charges, fraud_warnings
from .errors import conflict_of_state
from .parameters import updated_metadata, validate
from .sandbox import Sandbox
from .shapes import Json, PathParams
from .store import new_id

KIND = "dispute"
SECONDS_PER_DAY = 24 * 60 * 60
ANSWER_WITHIN_DAYS = 8
# The codes of card networks for the most common reasons.
NETWORK_REASONS = {"fraudulent": "10.4", "product_not_received": "13.1"}
REASONS = (
    "bank_cannot_process", "check_returned", "credit_not_processed",
    "customer_initiated", "debit_not_authorized", "duplicate", "fraudulent", "general",
    "incorrect_account_details", "insufficient_funds", "noncompliant",
    "product_not_received", "product_unacceptable", "subscription_canceled",
    "unrecognized",
)  # fmt: skip
OUTCOMES = ("won", "lost")
# https://docs.stripe.com/testing, "Disputes"
DECISIVE_TEXTS = {"winning_evidence": "won", "losing_evidence": "lost"}
CLOSED = (*OUTCOMES, "warning_closed")
# What becomes of a dispute when the shop submits its evidence.
UNDER_REVIEW = {
    "warning_needs_response": "warning_under_review",
    "needs_response": "under_review",
    "appeal_needs_response": "appeal_under_review",
}


def create(
    sandbox: Sandbox,
    named: str,
    *,
    reason: str = "fraudulent",
    amount: int | None = None,
    inquiry: bool = False,
) -> Json:
    """
    Dispute the charge with the id *named*, or of the PaymentIntent *named*.

    The bank takes *amount*, or all that is not refunded. With *inquiry* it takes
    nothing. Several disputes may each be about a part of the charge.
    """
    if reason not in REASONS:
        raise ValueError(f"reason must be one of {', '.join(REASONS)}")
    with sandbox.lock:
        charge = charges.successful(sandbox, named, "dispute")
        taken = sum(other["amount"] for other in _unreturned(sandbox, charge))
        if charge["disputed"] and (amount is None or taken + amount > charge["amount"]):
            raise conflict_of_state(f"Charge {charge['id']} is disputed already.")
        remaining: int = charge["amount"] - charge["amount_refunded"]
        disputed = remaining if amount is None else amount
        if not 1 <= disputed <= charge["amount"]:
            raise conflict_of_state(
                f"Charge {charge['id']} cannot be disputed for {disputed}."
            )
        dispute = sandbox.store.add(_dispute(sandbox, charge, reason, disputed))
        charge["disputed"] = True
        if inquiry:
            dispute.update(status="warning_needs_response", is_charge_refundable=True)
            sandbox.emit("charge.dispute.created", dispute)
        else:
            entry = balance.record_withdrawal(sandbox, dispute)
            dispute["balance_transactions"].append(entry)
            sandbox.emit("charge.dispute.created", dispute)
            sandbox.emit("charge.dispute.funds_withdrawn", dispute)
        fraud_warnings.outdate(sandbox, charge)
        return dispute


def update(sandbox: Sandbox, raw: Json, path: PathParams) -> Json:
    """
    Store the shop's evidence, and submit it unless the shop stages it.

    As in Stripe's test mode, two texts decide the dispute at once. The sandbox does not
    judge any other evidence.
    """
    params = validate(raw, DisputeUpdateParams)
    dispute = sandbox.store.get(KIND, path["id"], KIND)
    if dispute["status"] in CLOSED:
        raise conflict_of_state("This dispute is already closed")
    changed = {**dispute}
    if "metadata" in raw:
        changed["metadata"] = updated_metadata(dispute["metadata"], raw["metadata"])
    evidence = params.get("evidence")
    # By default, evidence is submitted. A call without any submits what is staged.
    submits = params.get("submit", bool(evidence))
    if evidence:
        changed["evidence"] = dispute["evidence"] | evidence
    if evidence or submits:
        changed["evidence_details"] = _submitted(dispute, submits)
    if submits:
        changed["status"] = UNDER_REVIEW.get(dispute["status"], dispute["status"])
    answer = sandbox.store.expanded(changed, params.get("expand", []))
    before = {name: old for name, old in dispute.items() if old != changed[name]}
    dispute.update(changed)
    if before:
        sandbox.emit("charge.dispute.updated", dispute, before)
    text = dispute["evidence"]["uncategorized_text"]
    if submits and text in DECISIVE_TEXTS:
        close(sandbox, dispute["id"], DECISIVE_TEXTS[text])
    return answer


def _submitted(dispute: Json, submits: bool) -> Json:
    details: Json = dispute["evidence_details"]
    count = details["submission_count"] + submits
    return details | {"has_evidence": True, "submission_count": count}


def accept(sandbox: Sandbox, raw: Json, path: PathParams) -> Json:
    """Close the dispute as lost, because the shop accepts it."""
    expand = validate(raw, DisputeCloseParams).get("expand", [])
    dispute = sandbox.store.get(KIND, path["id"], KIND)
    # A wrong expansion must leave the dispute open.
    sandbox.store.expanded(dispute, expand)
    close(sandbox, dispute["id"], "lost")
    return sandbox.store.expanded(dispute, expand)


def close(sandbox: Sandbox, dispute_id: str, status: str) -> Json:
    """Decide the dispute. If the shop wins, it gets the money back."""
    if status not in OUTCOMES:
        raise ValueError(f"status must be one of {', '.join(OUTCOMES)}")
    with sandbox.lock:
        dispute = sandbox.store.get(KIND, dispute_id, KIND)
        if dispute["status"] in CLOSED:
            raise conflict_of_state("This dispute is already closed")
        inquiry = dispute["status"].startswith("warning_")
        dispute["status"] = "warning_closed" if inquiry else status
        if status == "won" and not inquiry:
            entry = balance.record_reinstatement(sandbox, dispute)
            dispute["balance_transactions"].append(entry)
            dispute["is_charge_refundable"] = True
            sandbox.emit("charge.dispute.funds_reinstated", dispute)
        sandbox.emit("charge.dispute.closed", dispute)
        return dispute


def appeal(sandbox: Sandbox, dispute_id: str) -> Json:
    """Let the shop contest a lost dispute; evidence, then a decision, may follow."""
    with sandbox.lock:
        dispute = sandbox.store.get(KIND, dispute_id, KIND)
        if dispute["status"] != "lost":
            raise conflict_of_state("Only a lost dispute can be appealed.")
        dispute["status"] = "appeal_needs_response"
        sandbox.emit("charge.dispute.updated", dispute, {"status": "lost"})
        return dispute


def forbids_refund(sandbox: Sandbox, charge: Json) -> bool:
    """Return whether a dispute keeps the shop from refunding the charge."""
    return any(not d["is_charge_refundable"] for d in _of_charge(sandbox, charge))


def _of_charge(sandbox: Sandbox, charge: Json) -> list[Json]:
    return [d for d in sandbox.store.all(KIND) if d["charge"] == charge["id"]]


def _unreturned(sandbox: Sandbox, charge: Json) -> list[Json]:
    """Return the disputes that took money and have not given it back."""
    kept = (d for d in _of_charge(sandbox, charge) if d["status"] != "won")
    return [d for d in kept if not d["status"].startswith("warning_")]


def _dispute(sandbox: Sandbox, charge: Json, reason: str, amount: int) -> Json:
    now = sandbox.now()
    due_day = now // SECONDS_PER_DAY + ANSWER_WITHIN_DAYS
    billing = charge["billing_details"]
    return {
        "id": new_id("du_1"),
        "object": KIND,
        "amount": amount,
        "balance_transactions": [],
        "charge": charge["id"],
        "created": now,
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": {
            **dict.fromkeys(Dispute.Evidence.__annotations__),
            "customer_email_address": billing["email"],
            "customer_name": billing["name"],
            "enhanced_evidence": {},
        },
        "evidence_details": {
            # The last second of that day.
            "due_by": (due_day + 1) * SECONDS_PER_DAY - 1,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
            "submission_method": "not_submitted",
        },
        "is_charge_refundable": False,
        "livemode": False,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "payment_method_details": _method_details(charge, reason),
        "reason": reason,
        "status": "needs_response",
    }


def _method_details(charge: Json, reason: str) -> Json | None:
    card = charge["payment_method_details"].get("card")
    if card is None:
        return None
    details = {
        "brand": card["brand"],
        "case_type": "chargeback",
        "network": card["brand"],
        "network_reason_code": NETWORK_REASONS.get(reason),
    }
    return {"type": "card", "card": details}
