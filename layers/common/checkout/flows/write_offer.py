"""Write, list and withdraw offers for those who sell."""

import time
from collections.abc import Iterator, Mapping
from itertools import takewhile
from typing import Any

from checkout import clock
from checkout.api.written_offer import checked
from checkout.domain.offer_item import OfferItem
from checkout.domain.payment_session import PaymentSession, Status
from checkout.domain.unpaid_end import OFFER_WITHDRAWN
from checkout.errors import (
    AlreadyPurchasedError,
    InvalidRequestError,
    NotFoundError,
    PaymentInProgressError,
    VersionConflictError,
)
from checkout.flows import flow
from checkout.flows.open_checkout import OPEN_AT_MOST, StripeCheckout
from checkout.flows.show_stored_offer import shown, version_of
from checkout.kinds import model_of
from checkout.stripe_errors import StripeError
from checkout.tables import transaction
from checkout.tables.closing_offers import MARK, mark
from checkout.tables.item import Value
from checkout.tables.offers import Offers
from checkout.tables.payment_sessions import PaymentSessions
from checkout.telemetry import logger

# How long one call expires sessions. Stripe's answer to the last may take twelve more
# (clients/stripe_sdk.py), which is within API Gateway's thirty.
EXPIRING_SECONDS = 12.0
NONE_OPEN = {"expired_sessions": 0, "open_sessions": False}
# DynamoDB's own limit for the key of an index.
LONGEST_KEY_BYTES = 1024
CAN_BE_PAID = frozenset([Status.PREPARED, Status.OPEN])
# Written by checkout itself when it sells the offer.
OF_SALES = ("purchase_id", "purchased_bid_id")
# What checkout adds to the fields that a writer sends.
KEPT = ("item_type", "version", "created_at", "updated_at", *OF_SALES, *MARK)


@flow
class OfferWriter:
    """
    Writes offers whole: what is invalid is refused, and what was sold stays.

    A payment that has begun keeps its terms. If the offer is not for sale to its buyer
    any more, its open Checkout Sessions are expired, for *expiring_seconds* at most:
    the result says whether there are more, and the same call continues.
    """

    offers: Offers
    sessions: PaymentSessions
    stripe_checkout: StripeCheckout
    expiring_seconds: float = EXPIRING_SECONDS

    def put(
        self,
        item_type: str,
        item_id: str,
        fields: Mapping[str, Any],
        version: int | None = None,
    ) -> tuple[dict[str, Any], bool]:
        """
        Write the offer; return it as it is shown, and whether it is new.

        Raises InvalidRequestError, which names every problem, AlreadyPurchasedError,
        and VersionConflictError if *version* is not that of the stored offer, or if
        somebody else writes it at the same moment.
        """
        _, model = model_of(item_type)
        if problem := model.id_problem(item_id):
            raise InvalidRequestError("The id is refused.", id=problem)
        body = checked(model, fields)
        if problems := body.reference_problems(self.offers.get):
            raise InvalidRequestError("The offer is not valid.", **problems)
        before = self._unsold(item_type, item_id, version)
        closing = mark(f"{item_type}#{item_id}", body.deadline, model.STATUSES.for_sale)
        written = self._write(item_type, item_id, body.to_item() | closing, before)
        return written, before is None

    def page(
        self, item_type: str, limit: int, cursor: str | None
    ) -> tuple[list[dict[str, Any]], str | None]:
        """
        Return a page of the offers of a type, and the cursor of the next page.

        Raises NotFoundError for an unknown type. An offer that the host application
        wrote into the table itself is not listed until it is written again.
        """
        model_of(item_type)
        after = f"{item_type}#{cursor}" if cursor else None
        if after and len(after.encode(errors="replace")) > LONGEST_KEY_BYTES:
            raise InvalidRequestError("The cursor is refused.", cursor="is too long")
        items, last = self.offers.of_type(item_type, limit, after)
        following = last.partition("#")[2] if last else None
        return [shown(item) for item in items], following

    def withdraw(self, item_type: str, item_id: str) -> dict[str, Any]:
        """
        Take the offer back; return it, with how many sessions were expired.

        Raises NotFoundError, and AlreadyPurchasedError if it was sold.
        """
        _, model = model_of(item_type)
        before = self._unsold(item_type, item_id, None)
        if before is None:
            raise NotFoundError("There is no such offer.")
        taken_back: dict[str, Value] = {
            "status": model.STATUSES.withdrawn,
            "version": version_of(before) + 1,
            "updated_at": clock.iso(clock.now()),
        }
        if transaction.execute({"offer": self.offers.changed(before, taken_back)}):
            raise VersionConflictError("Somebody else has just changed the offer.")
        logger.info("offer_withdrawn", offer=before["id"])
        expired = self._expire_sessions(before)
        return shown(OfferItem(before | taken_back)) | expired

    def _unsold(
        self, item_type: str, item_id: str, version: int | None
    ) -> OfferItem | None:
        _, model = model_of(item_type)
        stored = self.offers.get(item_type, item_id)
        current = version_of(stored) if stored else None
        if version is not None and version != current:
            raise VersionConflictError(
                f"The offer has the version {current}."
                if stored
                else "There is no such offer."
            )
        sold = model.STATUSES.sold
        if stored and sold and stored.get("status") == sold:
            raise AlreadyPurchasedError(f"The offer has been sold: it is {sold}.")
        return stored

    def _write(
        self,
        item_type: str,
        item_id: str,
        fields: Mapping[str, Value],
        before: OfferItem | None,
    ) -> dict[str, Any]:
        now = clock.iso(clock.now())
        stored: Mapping[str, Any] = before or {}
        item: dict[str, Value] = {
            **fields,
            **{name: stored[name] for name in OF_SALES if name in stored},
            f"{item_type}_id": item_id,
            "id": f"{item_type}#{item_id}",
            "item_type": item_type,
            "version": version_of(stored) + 1,
            "created_at": stored.get("created_at", now),
            "updated_at": now,
        }
        if transaction.execute({"offer": self.offers.written(item, before)}):
            raise VersionConflictError("Somebody else has just changed the offer.")
        logger.info("offer_written", offer=item["id"], version=item["version"])
        expired = self._expire_sessions(before) if before else NONE_OPEN
        return shown(OfferItem(item)) | expired

    def _expire_sessions(self, item: OfferItem) -> dict[str, Any]:
        """
        Expire the sessions of what is not for sale any more without the item.

        Return how many were expired, and whether others are open because the time was
        over.

        Raises StripeError if Stripe has not expired one of them: the offer is written,
        and the same request expires the rest.
        """
        until = time.monotonic() + self.expiring_seconds
        expired, has_more, failures = 0, False, []
        for session in self._withdrawn_sessions(item, until):
            if session is None:
                has_more = True
                break
            try:
                self.stripe_checkout.expire(session, OFFER_WITHDRAWN)
                expired += 1
            except (AlreadyPurchasedError, PaymentInProgressError):
                # The money has just come: it is refunded when it is recorded.
                logger.info("fulfillment_queued", payment_session_id=session.id)
            except StripeError as error:
                failures.append(error)
        if failures:
            raise failures[0]
        return {"expired_sessions": expired, "open_sessions": has_more}

    def _withdrawn_sessions(
        self, item: OfferItem, until: float
    ) -> Iterator[PaymentSession | None]:
        """
        Yield the sessions that can be paid, though the offer is not for sale.

        The last is None if the search was not over *until* then.
        """
        for_sale: dict[str, bool] = {}
        for session in self._sessions(item):
            if time.monotonic() > until:
                yield None
                return
            if session is None or session.status not in CAN_BE_PAID:
                continue
            if session.sale is None:
                continue
            # Thousands of sessions may have the same sale.
            sale = repr(session.sale)
            if sale not in for_sale:
                for_sale[sale] = self.offers.is_for_sale(session.sale)
            if not for_sale[sale]:
                yield session

    def _sessions(self, item: OfferItem) -> Iterator[PaymentSession | None]:
        """Yield the recent sessions, and None after those of each offer."""
        since = clock.iso(clock.now() - OPEN_AT_MOST)
        for offer in self._sold_with(item):
            newest_first = self.sessions.of_offer(offer.item_type, offer.item_id)
            yield from takewhile(lambda each: each.created_at >= since, newest_first)
            yield None

    def _sold_with(self, item: OfferItem) -> list[OfferItem]:
        """Return the offers whose sale needs the item; a row is sold by its offers."""
        match item.item_type:
            case "row":
                bids, quotes = self.offers.of_row(item.item_id)
                return bids + quotes
            case "bid" if row_id := item.decoration("row_id"):
                quotes = self.offers.of_row(row_id).quotes
                return [item, *(q for q in quotes if q.get("bid_id") == item.item_id)]
        return [item]
