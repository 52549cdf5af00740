"""Whether a buyer has what was bought; also for other Lambdas that mount the layer."""

from checkout.kinds import kind_named
from checkout.tables.offers import Offers
from checkout.tables.purchases import Purchases


def has_access(
    kind: str, offer_id: str, buyer_id: str, offers: Offers, purchases: Purchases
) -> bool:
    """
    Whether *buyer_id* holds the offer now: paid for, not given back nor disputed.

    Raises NotFoundError for an unknown kind. An offer that does not exist is held by
    nobody, so nothing is learned about it.
    """
    sale_key = kind_named(kind).sale_key(offer_id, buyer_id, offers)
    ownership = purchases.ownership(sale_key) if sale_key else None
    return (
        ownership is not None
        and ownership.buyer_id == buyer_id
        and not ownership.suspended
        and (ownership.kind, ownership.offer_id) == (kind, offer_id)
    )
