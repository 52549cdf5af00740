"""The payment of `smoke`: an order that is written, started, expired and removed."""

import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

from checkout.clients import aws
from checkout.domain.payment_session import PaymentSession, Status
from cli.console import CommandError
from cli.smoke_api import Api
from cli.smoke_callers import Callers
from cli.smoke_report import FAILURES, Check, sentence_of
from cli.stack import Stack

PAUSE_SECONDS = 1


class Payment:
    """One order of the buyer; `remove` takes back whatever has been made so far."""

    def __init__(self, stack: Stack, api: Api, callers: Callers, within: int) -> None:
        self.stack = stack
        self.api = api
        self.callers = callers
        self.within = within
        self.order_id = f"smoke-{uuid4().hex}"
        self.was_written = self.is_withdrawn = False
        self.session_id: str | None = None
        self.stripe_session_id: str | None = None

    @property
    def offer_path(self) -> str:
        return f"/api/offers/order/{self.order_id}"

    def steps(self) -> Iterator[tuple[str, Check]]:
        """Yield the checks; each needs the one before."""
        yield "offer written by a writer only", self.write
        yield "offer shown to its buyer", self.look
        yield "Checkout Session created", self.start
        yield "Stripe's event changes our record", self.expire
        yield "offer withdrawn", self.withdraw

    def write(self) -> str:
        order = {
            "owner_id": self.callers.buyer_id,
            "status": "CREATED",
            "currency": "usd",
            "items": [{"name": "Smoke test", "quantity": 1, "unit_price_cents": 100}],
        }
        self.was_written = True  # also if an answer is wrong, or lost
        self.api.expect({403}, "PUT", self.offer_path, self.callers.buyer, order)
        self.api.expect({201}, "PUT", self.offer_path, self.callers.writer, order)
        return f"order#{self.order_id}"

    def look(self) -> str:
        path = f"/api/me/offers/order/{self.order_id}"
        offer = self.api.expect({200}, "GET", path, self.callers.buyer)
        if not offer.get("buyable"):
            raise CommandError("the buyer cannot buy it")
        return "the buyer can buy it"

    def start(self) -> str:
        path = f"/orders/{self.order_id}/checkout"
        started = self.api.expect({200}, "POST", path, self.callers.buyer, {})
        self.session_id = str(started["payment_session_id"])
        self.stripe_session_id = self._stored().stripe_session_id
        if not (self.stripe_session_id or "").startswith("cs_test_"):
            raise CommandError(
                f"{self.session_id} has no Checkout Session of test mode"
            )
        asked = f"/api/checkout/session-status?session_id={self.stripe_session_id}"
        status = self.api.expect({200}, "GET", asked).get("status")
        if status != "open":
            raise CommandError(f"the new Checkout Session is {status}")
        return f"{self.session_id}, {self.stripe_session_id}"

    def expire(self) -> str:
        """Expire the session at Stripe, and wait for what its event changes here."""
        self._expire_at_stripe()
        began = time.monotonic()
        while (status := self._shown()["status"]) != Status.EXPIRED:
            if time.monotonic() - began > self.within:
                raise CommandError(
                    f"{self.session_id} is still {status} {self.within} seconds after "
                    "it was expired at Stripe: the webhook or the queue does not work"
                )
            time.sleep(PAUSE_SECONDS)
        return f"expired within {time.monotonic() - began:.0f} seconds"

    def withdraw(self) -> str:
        path = f"{self.offer_path}/withdraw"
        answer = self.api.expect({200}, "POST", path, self.callers.writer)
        self.is_withdrawn = True
        return str(answer["status"])

    def remove(self) -> str:
        """End what is open, and delete the order's item; try each, whatever fails."""
        if not self.was_written:
            return "nothing was made"
        problems = []
        for step in (self._withdraw_rest, self._expire_rest, self._delete):
            try:
                step()
            except FAILURES as error:
                problems.append(sentence_of(error))
        if problems:
            raise CommandError("; ".join(problems))
        return "the order and what points to it are deleted, no page can be paid"

    def _withdraw_rest(self) -> None:
        if not self.is_withdrawn:
            # Expires a Checkout Session whose id never arrived here, too. An order that
            # was not written is 404.
            path = f"{self.offer_path}/withdraw"
            self.api.expect({200, 404}, "POST", path, self.callers.writer)

    def _expire_rest(self) -> None:
        if self.stripe_session_id:
            stripe_session = self.stack.stripe.session(self.stripe_session_id)
            if stripe_session.get("status") == "open":
                self._expire_at_stripe()

    def _delete(self) -> None:
        """Delete the order, and what leads to its payment session."""
        order = f"order#{self.order_id}"
        pointers = [f"live#{order}", *filter(None, [self.stripe_session_id])]
        for table, ids in (
            ("OffersTable", [order]),
            ("PaymentSessionsTable", pointers),
        ):
            for each in ids:
                aws.client("dynamodb").delete_item(
                    TableName=self.stack.output(table), Key={"id": {"S": each}}
                )

    def leftovers(self) -> Iterator[str]:
        """Name what cannot be removed, or must not."""
        if self.session_id:
            yield f"the payment session {self.session_id}, for 45 days"
            yield "its audit entries"
        if self.stripe_session_id:
            yield f"at Stripe, the expired {self.stripe_session_id}"

    def _expire_at_stripe(self) -> None:
        if self.stripe_session_id:
            self.stack.stripe.expire_session(self.stripe_session_id)

    def _stored(self) -> PaymentSession:
        session = self.stack.sessions.get(str(self.session_id))
        if session is None:
            raise CommandError(f"{self.session_id} is not in the table")
        return session

    def _shown(self) -> dict[str, Any]:
        path = f"/payments/sessions/{self.session_id}"
        shown: dict[str, Any] = self.api.expect({200}, "GET", path, self.callers.buyer)
        return shown
