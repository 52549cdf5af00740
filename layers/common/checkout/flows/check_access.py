"""Check whether a buyer has access; other Lambdas that mount the layer call it too."""

from checkout.kinds import check_kind
from checkout.tables.ownerships import Ownerships


def has_access(kind: str, offer_id: str, buyer_id: str, ownerships: Ownerships) -> bool:
    """
    Return whether *buyer_id* owns the offer now: paid, not refunded, not suspended.

    Raises NotFoundError for an unknown kind. Unknown offers return False, so callers
    cannot probe for existence.
    """
    check_kind(kind)
    ownership = ownerships.of_offer(kind, offer_id, buyer_id)
    return ownership is not None and not ownership.suspended
