"""The terms of a payment, and the payment session that is prepared from them."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Self
from urllib.parse import quote

from checkout import clock
from checkout.domain import stripe_limits, stripe_request
from checkout.domain.buyer import Buyer
from checkout.domain.offer import Offer
from checkout.domain.payment_session import (
    EMAIL,
    PaymentSession,
    Status,
    as_text,
    new_id,
)
from checkout.domain.stack import stack_name

# Stripe allows thirty minutes to twenty-four hours, measured by its own clock. Both
# ends leave room for a difference of the clocks.
SHORTEST_SESSION = timedelta(minutes=31)
LONGEST_SESSION = timedelta(hours=23)

# A plain key can be sent in a header unchanged, and no two pairs give the same key.
# With the attempt it stays below 255 characters, Stripe's limit.
PLAIN_KEY = re.compile(r"[A-Za-z0-9._|-]{1,120}:[A-Za-z0-9._|-]{1,120}")
NOT_PLAIN = re.compile(r"[^A-Za-z0-9._|:-]")
LONGEST_PREFIX = 100
SESSION_ID = "{CHECKOUT_SESSION_ID}"
# What every Checkout Session has, whatever its offer.
OUR_METADATA = frozenset(["kind", "payment_session_id", "stack"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """
    What this buyer is offered now.

    *request* is the part of Stripe's request that all attempts share. *redirects* maps
    the caller's field names to URLs. *request_key* is the caller's Idempotency-Key; it
    is used only for offers without a sale key. *left_out* is the decoration that Stripe
    has refused: the terms are the same without it. *is_key_taken* says that another
    request has used their idempotency key.
    """

    kind_name: str
    offer: Offer
    buyer_id: str | None
    request: dict[str, Any] = field(repr=False)
    redirects: dict[str, str]
    request_key: str | None
    left_out: frozenset[str] = frozenset()
    is_key_taken: bool = False

    @classmethod
    def for_offer(
        cls,
        kind_name: str,
        offer: Offer,
        *,
        buyer: Buyer | None,
        frontend_url: str,
        request_key: str | None = None,
    ) -> Self:
        """Raises BrokenOfferError for an offer that Stripe would not accept."""
        stripe_request.check(offer, kind_name)
        home = frontend_url.rstrip("/") + offer.return_path.format(
            id=quote(offer.id, safe="")
        )
        success = offer.return_urls.success or f"{home}?session_id={SESSION_ID}"
        cancel = offer.return_urls.cancel or f"{home}?checkout=cancel"
        redirects = (
            {"return_url": success}
            if offer.ui_mode == "embedded_page"
            else {"success_url": success, "cancel_url": cancel}
        )
        request: dict[str, Any] = {
            "mode": "payment",
            "ui_mode": offer.ui_mode,
            "line_items": [
                stripe_request.line_item(line, offer.options) for line in offer.lines
            ],
            **stripe_request.session_options(offer.options),
            # Ours come last, so that a caller cannot override them.
            "metadata": dict(offer.metadata) | {"kind": kind_name},
            **redirects,
        }
        if offer.ui_mode == "embedded_page":
            # The buyer stays on the page unless the payment method redirects.
            request["redirect_on_completion"] = "if_required"
        if offer.email and stripe_limits.can_be_email(offer.email):
            request[EMAIL] = offer.email
        return cls(
            kind_name=kind_name,
            offer=offer,
            buyer_id=offer.buyer_id or (buyer.id if buyer else None),
            request=stripe_request.fitting(request, offer.id),
            # Under the caller's field names, for error messages.
            redirects=dict(
                zip(offer.return_urls.names, redirects.values(), strict=False)
            ),
            request_key=None if offer.sale_key else request_key,
        )

    def without_delayed_methods(self) -> Self:
        excluded = {
            "excluded_payment_method_types": list(stripe_limits.DELAYED_METHODS)
        }
        return replace(self, request=self.request | excluded)

    @property
    def digest(self) -> str:
        """The fingerprint of the terms, their buyer, and who gets which share."""
        offer = self.offer
        fees = offer.platform_fee_bps, offer.organization_fee_bps
        recorded = {
            "buyer": self.buyer_id,
            "creator": [offer.creator_id, *fees],
            "details": dict(offer.details),
        }
        return _digest(self.request | recorded)

    @property
    def asked_by(self) -> str | None:
        """The buyer, if it is the one who asks: a quote may be paid by anybody."""
        return None if self.offer.buyer_id else self.buyer_id

    @property
    def live_id(self) -> str | None:
        """The key of the live session; None if each request creates a new one."""
        if self.request_key:
            whose = _digest([self.buyer_id, self.request_key])
            return f"{self.kind_name}#{self.offer.id}#{whose}"
        return self.offer.sale_key

    def under_a_fresh_key(self) -> Self:
        """
        Return the same terms, with an idempotency key that nobody can have used.

        Another stack may have used the key, or this one, before its tables were
        restored to an earlier time.
        """
        return replace(self, is_key_taken=True)

    def without(self, refused: str) -> Self | None:
        """
        Return the terms without the decoration that the parameter *refused* names.

        Return None if it names none.
        """
        name = stripe_request.decoration_named(refused)
        if name is None:
            return None
        return replace(self, left_out=self.left_out | {name})

    def prepare(self, attempt: int, *, livemode: bool, stack_id: str) -> PaymentSession:
        """Return the prepared session, with all that Stripe gets in this attempt."""
        payment_session_id = new_id()
        now = clock.now()
        pay_by = self.offer.pay_by
        expires_at = _session_end(now, pay_by)
        metadata = self.request["metadata"] | {
            "payment_session_id": payment_session_id,
            "stack": stack_name(stack_id),
        }
        whole = stripe_request.undecorated(self.request, self.left_out) | {
            "client_reference_id": payment_session_id,
            "metadata": metadata,
            "expires_at": int(expires_at.timestamp()),
        }
        total = self.offer.total
        return PaymentSession(
            id=payment_session_id,
            kind=self.kind_name,
            offer_id=self.offer.id,
            buyer_id=self.buyer_id,
            sale_key=self.offer.sale_key,
            attempt=attempt,
            status=Status.PREPARED,
            payment_status="unpaid",
            amount=total.amount,
            currency=total.currency,
            title=self.offer.recorded_title,
            terms_digest=self.digest,
            idempotency_key=self._idempotency_key(
                attempt, payment_session_id, stack_id
            ),
            stripe_request=as_text(whole),
            livemode=livemode,
            created_at=clock.iso(now),
            expires_at=clock.iso(min(expires_at, pay_by or expires_at)),
            creator_id=self.offer.creator_id,
            platform_fee_bps=self.offer.platform_fee_bps,
            organization_fee_bps=self.offer.organization_fee_bps,
            sale=self.offer.sale,
            details=dict(self.offer.details),
            metadata=self._callers_metadata(),
            shown=_json(self.offer.shown),
        )

    def _callers_metadata(self) -> dict[str, str]:
        """Return what Stripe gets of the caller's own: ours take precedence."""
        sent = self.offer.caller_metadata
        return {n: text for n, text in sent.items() if n not in OUR_METADATA}

    def _idempotency_key(
        self, attempt: int, payment_session_id: str, stack_id: str
    ) -> str:
        """
        Return Stripe's idempotency key: printable ASCII, at most 255 characters.

        It is unique to stack, kind, offer, buyer and request. The exception is the
        readable pair of an auction's contract: two stacks of one Stripe account may
        share it, and then the second stack's next attempt has a fresh key.
        """
        name = ":".join(self.offer.readable_key)
        if self.is_key_taken or not PLAIN_KEY.fullmatch(name):
            # Without a sale key a buyer can buy the offer any number of times.
            request = None if self.offer.sale_key else self.request_key
            if self.is_key_taken or not (self.offer.sale_key or request):
                request = payment_session_id
            whole = {
                "stack": stack_id,
                "kind": self.kind_name,
                "offer": self.offer.id,
                "buyer": self.buyer_id,
                "request": request,
            }
            prefix = NOT_PLAIN.sub("_", f"{self.kind_name}:{self.offer.id}")
            name = f"{prefix[:LONGEST_PREFIX]}:{_digest(whole)}"
        return name if attempt == 1 else f"{name}:{attempt}"


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(dict(value), ensure_ascii=False, separators=(",", ":"))


def _session_end(now: datetime, pay_by: datetime | None) -> datetime:
    latest = now + LONGEST_SESSION
    return max(now + SHORTEST_SESSION, min(latest, pay_by or latest))


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
