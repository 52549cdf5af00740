"""The checks of `smoke` on functions that no other check makes do something."""

from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from urllib.parse import quote

from checkout import clock
from checkout.tables.item import read
from checkout.tables.reconcile_state import STATE
from cli.console import CommandError
from cli.smoke_api import Api, said
from cli.smoke_callers import Callers
from cli.stack import Stack

# It runs every five minutes, and reads no event of the last one.
LONGEST_SINCE_RECONCILE = timedelta(minutes=15)
# Purchases have the ids of payment sessions, which this is none of.
NO_PURCHASE = "pur_smoke"

NOT_TRIED = (
    "a payment: no money is taken, so nothing is fulfilled or given back",
    "PublishEvents and Segment: no event comes back here; their alarms tell",
)


def revenue(api: Api, callers: Callers) -> str:
    """Ask for the buyer's own revenue, as of a creator: nobody is refused that."""
    path = f"/api/creators/{quote(callers.buyer_id, safe='')}/revenue"
    api.expect({200}, "GET", path, callers.buyer)
    return "a creator's revenue is computed"


def refund(api: Api, operator: str) -> str:
    """Refund a purchase that is not there, as somebody who may."""
    path = f"/api/purchases/{NO_PURCHASE}/refund"
    answer = api.call("POST", path, operator, {})
    if answer.status != HTTPStatus.NOT_FOUND or answer.is_of_no_route:
        raise CommandError(f"POST {path} answered {said(answer)}")
    return "an operator is let in, and there is no such purchase"


def reconcile(stack: Stack) -> str:
    """Return until when reconcile has read Stripe's events; raise if long ago."""
    state = read(stack.output("PaymentSessionsTable"), STATE) or {}
    cursors = [each for each in state.values() if isinstance(each, dict)]
    # One list may be long after an outage; a run continues with each of them.
    read_until = max((each.get("until", 0) for each in cursors), default=0)
    if not read_until:
        raise CommandError("it has not run yet; it runs every five minutes")
    when = clock.iso(datetime.fromtimestamp(read_until, UTC))
    if clock.now() - LONGEST_SINCE_RECONCILE > clock.from_iso(when):
        raise CommandError(f"it has read no event of Stripe's since {when}")
    return f"events are read until {when}"
