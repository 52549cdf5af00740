"""Check whether a buyer has access; other Lambdas that mount the layer call it too."""

from checkout.kinds import kind_named
from checkout.tables.offers import Offers
from checkout.tables.ownerships import Ownerships


def has_access(
    kind: str, offer_id: str, buyer_id: str, offers: Offers, ownerships: Ownerships
) -> bool:
    """
    Return whether *buyer_id* owns the offer now: paid, not refunded, not suspended.

    Raises NotFoundError for an unknown kind. Unknown offers return False, so callers
    cannot probe for existence.
    """

    def is_owned(sale_key: str | None) -> bool:
        ownership = ownerships.get(sale_key) if sale_key else None
        return (
            ownership is not None
            and ownership.buyer_id == buyer_id
            and not ownership.suspended
            and (ownership.kind, ownership.offer_id) == (kind, offer_id)
        )

    sale_key = kind_named(kind).sale_key(offer_id, buyer_id, offers)
    if is_owned(sale_key):
        return True
    if sale_key and sale_key.startswith(f"{kind}#"):
        return False
    # The offer may have been deleted or changed since it was paid.
    return is_owned(ownerships.recorded_sale_key(kind, offer_id, buyer_id))
