"""Offer terms to a buyer: what can be bought now, or what is under way already."""

from typing import Any

from checkout.domain.buyer import Buyer
from checkout.domain.terms import Terms
from checkout.errors import (
    BrokenOfferError,
    CheckoutError,
    OwnerlessOfferError,
    PaymentInProgressError,
)
from checkout.flows.check_buyable import BuyableCheck
from checkout.kinds import kind_named
from checkout.metric import Metric
from checkout.tables.offers import Offers
from checkout.telemetry import report


def terms_offered(  # noqa: PLR0913 - who asks, for what, and the stack's settings
    kind_name: str,
    request: Any,  # noqa: ANN401 - the kind's own Request
    buyer: Buyer | None,
    offers: Offers,
    check: BuyableCheck,
    *,
    frontend_url: str,
    request_key: str | None,
) -> Terms:
    """
    Return the terms on which *buyer* can buy now; raises the kind's refusals.

    Raises PaymentInProgressError instead of a refusal, with that as its cause, if the
    buyer has a payment under way: the offer may have changed since. A mistake in the
    offer is counted: nobody can buy it until that is mended.
    """
    kind = kind_named(kind_name)
    try:
        terms = Terms.for_offer(
            kind_name,
            kind.find_offer(request, buyer, offers),
            buyer=buyer,
            frontend_url=frontend_url,
            request_key=request_key,
        )
    except CheckoutError as error:
        mistake = error.mistake if isinstance(error, OwnerlessOfferError) else error
        if isinstance(mistake, BrokenOfferError):
            _report_mistake(kind_name, mistake)
        if buyer and (sale_key := kind.requested_key(request, buyer)):
            try:
                check.check_under_way(sale_key, buyer.id)
            except PaymentInProgressError as under_way:
                raise under_way from error
        raise
    # An anonymous buyer could not be informed when the money arrives.
    return terms.without_delayed_methods() if kind.ANONYMOUS else terms


def _report_mistake(kind_name: str, mistake: BrokenOfferError) -> None:
    report(
        "offer_refused",
        Metric.CHECKOUT_REFUSED,
        level="error",
        kind=kind_name,
        offer=mistake.offer,
        field=mistake.field,
        problem=mistake.problem,
    )
