"""What is true at Stripe, and what buyers, banks and other shops do there."""

from contextlib import suppress
from http import HTTPStatus
from typing import Any

from checkout.domain import stripe_events
from checkout.domain.sale import sale_key as key
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
from tests.stripe_side import CARD, DECLINED_CARD, StripeInProcess

CARDS = {
    "card": CARD,
    "declined card": DECLINED_CARD,
    "card with slow refunds": "4000000000007726",
    "card of a fraud": "4000000000000259",  # disputes at once what it pays
}
METHODS = (*CARDS, "bank debit")
# What a buyer enters as a promotion code, and what it takes off the price in percent.
CODES = {"FIFTH": 20, "ALL": 100}
ADDRESS = {"line1": "1 Mill Road", "city": "Cambridge", "country": "GB"}
ADDRESS |= {"postal_code": "CB1 2AD"}
CLOSED = ("won", "lost")
PARTS = ("all", "some")
# Of Stripe's own words, and none at all.
WORDS = ("needs_an_answer_of_2033", None)

# Checkout Sessions that this stack did not make, by what their metadata says.
OTHERS = ("another stack", "no stack", "no record", "a copy")
# Of these, the money may be ours: a person must decide.
QUARANTINED = ("no record", "a copy")

type Json = dict[str, Any]


class AtStripe:
    """
    Payments by the id of their Checkout Session, with no word to the shop.

    The truth that both worlds of a history share, and that ours must agree with.
    """

    def __init__(self, stripe: StripeInProcess, stack: str) -> None:
        self._stripe = stripe
        self._sandbox: Sandbox = stripe.sandbox
        self._stack = stack
        self._events_seen = 0
        # The sessions to which the shop has sent buyers, in that order.
        self.handed_out: list[str] = []
        # The sessions that the shop has not made, with what their metadata says.
        self.of_others: dict[str, str] = {}

    def offer_codes(self) -> None:
        for code, percent in CODES.items():
            coupon = self._stripe.post(
                "/v1/coupons", duration="once", percent_off=percent
            )
            promotion = {"promotion[type]": "coupon", "promotion[coupon]": coupon["id"]}
            self._stripe.post("/v1/promotion_codes", code=code, **promotion)

    def enter(self, code: str, stripe_id: str) -> None:
        """Fill in what the options ask for; nothing is asked for without them."""
        checkout = self.checkout(stripe_id)
        if not checkout.session["allow_promotion_codes"]:
            return
        payments.enter(
            self._sandbox,
            checkout,
            {
                "promotion_code": code,
                "customer_details": {"address": ADDRESS},
                "shipping_details": {"name": "Ada", "address": ADDRESS},
            },
        )

    def pay(self, method: str, stripe_id: str) -> None:
        """Pay on Stripe's page; a card may be declined, a bank debit takes days."""
        wanted: Json = {"type": "us_bank_account"}
        if method in CARDS:
            card = {"number": CARDS[method], "exp_month": "12", "exp_year": "2044"}
            wanted = {"type": "card", "card": card}
        made = payment_methods.create(self._sandbox, wanted)
        try:
            payments.confirm(self._sandbox, self.checkout(stripe_id), made)
        except ApiError as error:
            if error.status != HTTPStatus.PAYMENT_REQUIRED:
                raise  # nothing but a decline is part of a history

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

    def dispute(self, stripe_id: str, part: str = "all", currency: str = "") -> bool:
        """Let the buyer dispute the payment; say whether the bank would."""
        amount = self.paid_amount(stripe_id) // 3 if part == "some" else None
        intent = self.intent(stripe_id)
        charge = self._sandbox.store.get("charge", intent["latest_charge"])
        ours = charge["currency"]
        charge["currency"] = currency or ours
        try:
            with suppress(ApiError):
                disputes.create(self._sandbox, intent["id"], amount=amount)
                return True
        finally:
            charge["currency"] = ours
        return False

    def close_dispute(self, stripe_id: str, status: str) -> None:
        """Let the bank decide about the oldest dispute that it has not decided."""
        undecided = [d for d in self.disputes(stripe_id) if d["status"] not in CLOSED]
        disputes.close(self._sandbox, undecided[0]["id"], status)

    def appeal(self, stripe_id: str) -> None:
        """Let the shop contest the latest dispute that it has lost."""
        lost = [d for d in self.disputes(stripe_id) if d["status"] == "lost"]
        disputes.appeal(self._sandbox, lost[-1]["id"])

    def warn_of_fraud(self, stripe_id: str) -> None:
        fraud_warnings.create(self._sandbox, self.intent(stripe_id)["id"])

    def other_session(self, what: str, copied: str | None, then: str) -> None:
        """
        Let somebody else with the same account make a session, and sell by it.

        Its metadata is like ours: of *another stack*, of one with *no stack*, of this
        one though there is *no record*, or *a copy* of that of the session *copied*,
        whose price is the same.
        """
        number = len(self.of_others)
        amount = 7700 + number
        facts = {"payment_session_id": f"ps_{number:032x}", "kind": "content"}
        if what == "another stack":
            facts |= {"stack": "0123456789ab"}
        elif what == "no record":
            facts |= {"stack": self._stack}
        elif what == "a copy" and copied:
            facts = self.facts(copied)
            amount = self.checkout(copied).session["amount_subtotal"]
        made = self._stripe.post(
            "/v1/checkout/sessions",
            mode="payment",
            success_url="https://another.example.test/",
            client_reference_id=facts["payment_session_id"],
            **{f"metadata[{name}]": value for name, value in facts.items()},
            **{
                "line_items[0][quantity]": 1,
                "line_items[0][price_data][currency]": "usd",
                "line_items[0][price_data][unit_amount]": amount,
                "line_items[0][price_data][product_data][name]": "Something else",
            },
        )
        self.of_others[made["id"]] = what
        self.pay("card", made["id"])
        if then == "dispute":
            self.dispute(made["id"])
        elif then in PARTS:
            self.refund(made["id"], then)

    # --------------------------------------------------------------------- the facts

    def all_sessions(self) -> list[str]:
        return list(self._sandbox.checkouts)

    def sessions(self) -> list[str]:
        """Return the sessions that the shop has made."""
        return [i for i in self._sandbox.checkouts if i not in self.of_others]

    def checkout(self, stripe_id: str) -> Checkout:
        return self._sandbox.checkouts[stripe_id]

    def intent(self, stripe_id: str) -> Json:
        intent = self.checkout(stripe_id).session["payment_intent"]
        return self._sandbox.store.get("payment_intent", intent) if intent else {}

    def taken_at(self, stripe_id: str) -> int:
        """Return when Stripe booked the payment."""
        charge = self._sandbox.store.get(
            "charge", self.intent(stripe_id)["latest_charge"]
        )
        booked = charge["balance_transaction"]
        at: int = self._sandbox.store.get("balance_transaction", booked)["created"]
        return at

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

    def is_complete(self, stripe_id: str) -> bool:
        """Return whether the buyer is done, whatever the bank has done since then."""
        return bool(self.checkout(stripe_id).session["status"] == "complete")

    def is_processing(self, stripe_id: str) -> bool:
        return self.intent(stripe_id).get("status") == "processing"

    def is_paid(self, stripe_id: str) -> bool:
        """Return whether the money has come, or a code took off the whole price."""
        intent = self.intent(stripe_id)
        return intent.get("status") == "succeeded" or self.is_free(stripe_id)

    def is_free(self, stripe_id: str) -> bool:
        session = self.checkout(stripe_id).session
        return bool(session["payment_status"] == "no_payment_required")

    def paid_amount(self, stripe_id: str) -> int:
        return int(self.checkout(stripe_id).session["amount_total"])

    def facts(self, stripe_id: str) -> dict[str, str]:
        """Return what the session says of the offer and its buyer."""
        facts: dict[str, str] = self.checkout(stripe_id).session["metadata"]
        return facts

    def sale_key(self, stripe_id: str) -> str | None:
        """Return what the session sells only once; by what the buyer asked for."""
        facts = self.facts(stripe_id)
        match facts["kind"]:
            case "bid":
                return f"row#{facts['row_id']}"
            case "quote":
                row_id = facts.get("row_id")
                return f"row#{row_id}" if row_id else key("quote", facts["quote_id"])
            case "auction":
                return key("auction", facts["auction_id"])
            case "order":
                return key("order", facts["orderId"])
            case "content":
                return key("content", facts["contentId"], facts["customerId"])
        return None

    def of_sale_key(self, sale_key: str | None) -> list[str]:
        """Return the sessions that sell *sale_key*, the oldest first."""
        found = [i for i in self.handed_out if self.sale_key(i) == sale_key]
        return found if sale_key else []

    def is_copied(self, sale_key: str | None) -> bool:
        """Return whether somebody else has sold it: a person must decide first."""
        copies = [i for i, what in self.of_others.items() if what == "a copy"]
        return sale_key is not None and sale_key in map(self.sale_key, copies)

    def is_latest_of_its_sale_key(self, stripe_id: str) -> bool:
        return self.of_sale_key(self.sale_key(stripe_id))[-1:] in ([], [stripe_id])

    def is_disputed(self, stripe_id: str) -> bool:
        return any(d["status"] not in CLOSED for d in self.disputes(stripe_id))

    def has_lost(self, stripe_id: str) -> bool:
        return any(d["status"] == "lost" for d in self.disputes(stripe_id))

    def is_appealed(self, stripe_id: str) -> bool:
        return any(d["status"].startswith("appeal_") for d in self.disputes(stripe_id))

    def has_refund(self, stripe_id: str) -> bool:
        return any(r["status"] != "failed" for r in self.refunds(stripe_id))

    def has_slow_refunds(self, stripe_id: str) -> bool:
        return any(r["status"] == "pending" for r in self.refunds(stripe_id))

    def refunded(self, stripe_id: str) -> int:
        succeeded = (r for r in self.refunds(stripe_id) if r["status"] == "succeeded")
        return sum(refund["amount"] for refund in succeeded)

    def lost(self, stripe_id: str) -> int:
        return sum(dispute["amount"] for dispute in self.lost_disputes(stripe_id))

    def lost_disputes(self, stripe_id: str) -> list[Json]:
        """Return the disputes that have cost money of the payment's own currency."""
        # While the shop appeals, the bank keeps the money.
        currency = self.checkout(stripe_id).session["currency"]
        return [
            dispute
            for dispute in self.disputes(stripe_id)
            if dispute["status"] == "lost" or dispute["status"].startswith("appeal_")
            if dispute["currency"] == currency
        ]

    def is_kept(self, stripe_id: str) -> bool:
        """Return whether some of the money is still with the shop, or may be."""
        gone = self.refunded(stripe_id) + self.lost(stripe_id)
        return gone < self.paid_amount(stripe_id) or self.is_free(stripe_id)

    def happened(self) -> list[Json]:
        """Return the events since the last time, of the types that we act on."""
        events = self._sandbox.store.all("event")[self._events_seen :]
        self._events_seen += len(events)
        return [e for e in events if e["type"] in stripe_events.FROM_STRIPE]


def with_unknown_word(event: Json, word: str | None) -> Json:
    """Return the event as Stripe may send it one day: with a status we do not know."""
    changed = event["data"]["object"] | {"status": word}
    return event | {"id": f"{event['id']}x", "data": {"object": changed}}
