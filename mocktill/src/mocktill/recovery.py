"""Recover an expired session: its address makes a new session that is a copy."""

from http import HTTPStatus

from . import new_sessions, sessions
from .checkouts import Checkout
from .errors import ApiError, conflict_of_state, no_such
from .sandbox import Sandbox
from .session_object import KIND
from .shapes import Json

# The copy has a day to be paid, whatever the original had.
NOT_COPIED = ("expand", "expires_at")


def recover(sandbox: Sandbox, token: str) -> Checkout:
    """
    Make the session for the end of a recovery address.

    Each time, it is another session.
    """
    with sandbox.lock:
        for checkout in list(sandbox.checkouts.values()):
            if checkout.recovery_token == token:
                return _copy(sandbox, checkout)
    raise no_such(KIND, token, "session")


def recover_session(sandbox: Sandbox, session_id: str) -> Json:
    """Open the recovery address of an expired session without a browser."""
    checkout = sessions.find(sandbox, session_id)
    if checkout.recovery_token is None:
        raise conflict_of_state("This Checkout Session has no recovery URL.")
    return recover(sandbox, checkout.recovery_token).session


def _copy(sandbox: Sandbox, original: Checkout) -> Checkout:
    recovery = original.session["after_expiration"]["recovery"]
    if recovery["expires_at"] <= sandbox.now():
        raise ApiError(HTTPStatus.GONE, "This recovery URL has expired.")
    params = {
        name: value for name, value in original.params.items() if name not in NOT_COPIED
    }
    # The setting of the recovery decides, unless the shop gives a discount.
    if "discounts" not in params:
        params["allow_promotion_codes"] = recovery["allow_promotion_codes"]
    # The shop may have changed the metadata since.
    params["metadata"] = dict(original.session["metadata"])
    copied = new_sessions.make(sandbox, params)
    copied.session["recovered_from"] = original.session["id"]
    new_sessions.add(sandbox, copied)
    return copied
