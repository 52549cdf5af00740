"""What is true at Stripe, and what buyers and banks do there."""

from contextlib import suppress
from typing import Any

from checkout.domain import stripe_events
from mocktill import (
    Sandbox,
    disputes,
    fraud_warnings,
    payment_methods,
    payments,
    refunds,
)
from mocktill.checkouts import Checkout
from mocktill.errors import ApiError
from tests.stripe_side import CARD, DECLINED_CARD

CARDS = {
    "card": CARD,
    "declined card": DECLINED_CARD,
    "card with slow refunds": "4000000000007726",
    "card of a fraud": "4000000000000259",  # disputes at once what it pays
}
METHODS = (*CARDS, "bank debit")
CLOSED = ("won", "lost")

type Json = dict[str, Any]


class AtStripe:
    """
    Payments by the id of their Checkout Session, with no word to the shop.

    The truth that both worlds of a history share, and that ours must agree with.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._events_seen = 0

    def pay(self, method: str, stripe_id: str) -> None:
        """Pay on Stripe's page; a card may be declined, a bank debit takes days."""
        wanted: Json = {"type": "us_bank_account"}
        if method in CARDS:
            card = {"number": CARDS[method], "exp_month": "12", "exp_year": "2044"}
            wanted = {"type": "card", "card": card}
        made = payment_methods.create(self._sandbox, wanted)
        with suppress(ApiError):  # declined
            payments.confirm(self._sandbox, self.checkout(stripe_id), made)

    def decide(self, stripe_id: str, *, pays: bool) -> None:
        """Let the bank decide about a debit."""
        payments.settle(self._sandbox, self.intent(stripe_id)["id"], succeeds=pays)

    def refund(self, stripe_id: str, part: str) -> bool:
        """Refund in Stripe's dashboard; say whether Stripe would."""
        amount = {"amount": str(self.paid_amount(stripe_id) // 3)}
        wanted = {"payment_intent": self.intent(stripe_id)["id"]}
        with suppress(ApiError):
            refunds.create(
                self._sandbox, wanted | (amount if part == "some" else {}), {}
            )
            return True
        return False

    def settle_refunds(self, stripe_id: str) -> None:
        """Let the refunds arrive that the buyer's bank has been slow with."""
        for refund in self.refunds(stripe_id):
            if refund["status"] == "pending":
                refunds.settle(self._sandbox, refund["id"])

    def fail_refund(self, stripe_id: str) -> None:
        """Let the bank send back the latest refund."""
        alive = [r for r in self.refunds(stripe_id) if r["status"] != "failed"]
        refunds.fail(self._sandbox, alive[-1]["id"])

    def dispute(self, stripe_id: str) -> bool:
        """Let the buyer dispute the payment; say whether the bank would."""
        with suppress(ApiError):
            disputes.create(self._sandbox, self.intent(stripe_id)["id"])
            return True
        return False

    def close_disputes(self, stripe_id: str, status: str) -> None:
        """Let the bank decide."""
        for dispute in self.disputes(stripe_id):
            if dispute["status"] not in CLOSED:
                disputes.close(self._sandbox, dispute["id"], status)

    def warn_of_fraud(self, stripe_id: str) -> None:
        fraud_warnings.create(self._sandbox, self.intent(stripe_id)["id"])

    # --------------------------------------------------------------------- the facts

    def sessions(self) -> list[str]:
        return list(self._sandbox.checkouts)

    def checkout(self, stripe_id: str) -> Checkout:
        return self._sandbox.checkouts[stripe_id]

    def intent(self, stripe_id: str) -> Json:
        intent = self.checkout(stripe_id).session["payment_intent"]
        return self._sandbox.store.get("payment_intent", intent) if intent else {}

    def refunds(self, stripe_id: str) -> list[Json]:
        return self._of_payment("refund", stripe_id)

    def disputes(self, stripe_id: str) -> list[Json]:
        return self._of_payment("dispute", stripe_id)

    def _of_payment(self, kind: str, stripe_id: str) -> list[Json]:
        intent = self.intent(stripe_id).get("id")
        return [
            o for o in self._sandbox.store.all(kind) if o["payment_intent"] == intent
        ]

    def is_open(self, stripe_id: str) -> bool:
        return bool(self.checkout(stripe_id).session["status"] == "open")

    def is_processing(self, stripe_id: str) -> bool:
        return self.intent(stripe_id).get("status") == "processing"

    def is_paid(self, stripe_id: str) -> bool:
        return self.intent(stripe_id).get("status") == "succeeded"

    def paid_amount(self, stripe_id: str) -> int:
        return int(self.checkout(stripe_id).session["amount_total"])

    def sale_key(self, stripe_id: str) -> str | None:
        """Return what the session sells only once; by what the buyer asked for."""
        facts = self.checkout(stripe_id).session["metadata"]
        match facts["kind"]:
            case "bid":
                return f"row#{facts['row_id']}"
            case "auction":
                return f"auction#{facts['auction_id']}"
            case "order":
                return f"order#{facts['orderId']}"
            case "content":
                return f"content#{facts['contentId']}#{facts['customerId']}"
        return None

    def of_sale_key(self, sale_key: str | None) -> list[str]:
        """Return the sessions that sell *sale_key*, the oldest first."""
        found = [i for i in self._sandbox.checkouts if self.sale_key(i) == sale_key]
        return found if sale_key else []

    def is_latest_of_its_claim(self, stripe_id: str) -> bool:
        return self.of_sale_key(self.sale_key(stripe_id))[-1:] in ([], [stripe_id])

    def is_disputed(self, stripe_id: str) -> bool:
        return any(d["status"] not in CLOSED for d in self.disputes(stripe_id))

    def has_refund(self, stripe_id: str) -> bool:
        return any(r["status"] != "failed" for r in self.refunds(stripe_id))

    def has_slow_refunds(self, stripe_id: str) -> bool:
        return any(r["status"] == "pending" for r in self.refunds(stripe_id))

    def happened(self) -> list[Json]:
        """Return the events since the last time, of the types that we act on."""
        events = self._sandbox.store.all("event")[self._events_seen :]
        self._events_seen += len(events)
        return [e for e in events if e["type"] in stripe_events.FROM_STRIPE]
