"""Show an offer of the Offers table to its writer."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from checkout.domain.offer_item import OfferItem
from checkout.tables.closing_offers import MARK


def shown(item: OfferItem) -> dict[str, Any]:
    """Show an offer to its writer: the fields as written, its keys and its version."""
    item_type, _, item_id = item["id"].partition("#")
    hidden = {"id", "item_type", f"{item_type}_id", *MARK}
    fields = {name: value for name, value in item.items() if name not in hidden}
    plain: dict[str, Any] = json.loads(json.dumps(fields, default=_plain))
    return {"kind": item_type, "id": item_id, **plain}


def version_of(stored: Mapping[str, Any]) -> int:
    """Return the version of an offer, 0 if the host application wrote it itself."""
    version = stored.get("version")
    return version if type(version) is int and version > 0 else 0


def _plain(value: object) -> float | str:
    """Return as JSON what the host application may have written itself."""
    return float(value) if isinstance(value, Decimal) else str(value)
