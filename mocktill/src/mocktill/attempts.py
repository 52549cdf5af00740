"""Attempt to pay a PaymentIntent: at once, after a challenge, or after days."""

from . import cards, charges, disputes, payment_methods
from .cards import Decline, Outcome
from .errors import ApiError, conflict_of_state
from .payment_methods import DELAYED
from .sandbox import Sandbox
from .shapes import Json


def start(sandbox: Sandbox, intent: Json, method: Json, challenge: str) -> None:
    """
    Take the money, or raise the decline.

    If the bank asks the customer to authenticate, the customer does so at the address
    *challenge*.
    """
    payment_methods.check_offered(method, intent["payment_method_types"])
    outcome = _outcome(sandbox, method)
    if outcome.authenticate:
        _ask_to_authenticate(sandbox, intent, method, challenge)
    elif outcome.decline:
        raise _declined(sandbox, intent, method, outcome.decline)
    elif method["type"] in DELAYED:
        _start_processing(sandbox, intent, method)
    else:
        _succeed(sandbox, intent, method)


def authenticate(sandbox: Sandbox, intent: Json, *, passed: bool) -> None:
    """Record the customer's answer to the bank's challenge, or raise the decline."""
    if intent["status"] != "requires_action":
        raise conflict_of_state("No payment is waiting for authentication.")
    method = sandbox.store.get("payment_method", intent["payment_method"])
    if not passed:
        raise _declined(sandbox, intent, method, cards.AUTHENTICATION_FAILED)
    if decline := _outcome(sandbox, method).decline:
        raise _declined(sandbox, intent, method, decline)
    _succeed(sandbox, intent, method)


def settle(sandbox: Sandbox, intent: Json, *, succeeds: bool) -> None:
    """Record the late answer of the bank."""
    if intent["status"] != "processing":
        raise conflict_of_state(
            f"This PaymentIntent is {intent['status']}, not processing.",
            "payment_intent_unexpected_state",
        )
    method = sandbox.store.get("payment_method", intent["payment_method"])
    if succeeds:
        _succeed(sandbox, intent, method)
    else:
        refusal = Decline("payment_method_provider_decline", "The bank refused.")
        _declined(sandbox, intent, method, refusal)


def answer_of_the_bank(sandbox: Sandbox, intent: Json) -> bool | None:
    """Return whether the bank pays a pending payment, or None if a test decides."""
    if intent["status"] != "processing":
        return None
    method = sandbox.store.get("payment_method", intent["payment_method"])
    return _outcome(sandbox, method).settles


def _outcome(sandbox: Sandbox, method: Json) -> Outcome:
    return sandbox.outcomes.get(method["id"], cards.OK)


def _ask_to_authenticate(
    sandbox: Sandbox, intent: Json, method: Json, challenge: str
) -> None:
    intent.update(
        status="requires_action",
        payment_method=method["id"],
        next_action={
            "type": "redirect_to_url",
            "redirect_to_url": {"url": challenge, "return_url": None},
        },
    )
    sandbox.emit("payment_intent.requires_action", intent)


def _start_processing(sandbox: Sandbox, intent: Json, method: Json) -> None:
    charge = _charge(sandbox, intent, method, status="pending")
    intent["status"] = "processing"
    _keep(sandbox, intent, method)
    sandbox.emit("charge.pending", charge)
    sandbox.emit("payment_intent.processing", intent)


def _succeed(sandbox: Sandbox, intent: Json, method: Json) -> None:
    charge = _charge(sandbox, intent, method, status="succeeded")
    intent.update(status="succeeded", amount_received=intent["amount"])
    _keep(sandbox, intent, method)
    sandbox.emit("charge.succeeded", charge)
    # Stripe also sends this event before the session is complete.
    outcome = _outcome(sandbox, method)
    if outcome.disputes or outcome.inquires:
        disputes.create(sandbox, charge["id"], inquiry=outcome.inquires)
    sandbox.emit("payment_intent.succeeded", intent)


def _charge(sandbox: Sandbox, intent: Json, method: Json, *, status: str) -> Json:
    """Make the charge of an accepted attempt, and set the intent's fields for it."""
    charge = charges.of_attempt(sandbox, intent, method, status=status)
    intent.update(
        payment_method=method["id"],
        latest_charge=charge["id"],
        last_payment_error=None,
        next_action=None,
    )
    return charge


def _keep(sandbox: Sandbox, intent: Json, method: Json) -> None:
    """Attach the method to the customer, if the shop may use the method again."""
    if not intent["setup_future_usage"] or method["customer"] == intent["customer"]:
        return
    method["customer"] = intent["customer"]
    sandbox.emit("payment_method.attached", method)


def _declined(
    sandbox: Sandbox, intent: Json, method: Json, decline: Decline
) -> ApiError:
    """Record the decline. The session of the intent stays as it is."""
    charge = charges.of_attempt(
        sandbox, intent, method, status="failed", decline=decline
    )
    error = cards.refused(decline, charge=charge["id"])
    shown = sandbox.store.expanded(method, ())
    intent.update(
        status="requires_payment_method",
        payment_method=None,
        latest_charge=charge["id"],
        last_payment_error={**error.error, "payment_method": shown},
        next_action=None,
    )
    sandbox.emit("charge.failed", charge)
    sandbox.emit("payment_intent.payment_failed", intent)
    error.error["payment_intent"] = sandbox.store.expanded(intent, ())
    return error
