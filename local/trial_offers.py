"""The offers of `make run`'s trial: a copy of the samples for each kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

if TYPE_CHECKING:
    from collections.abc import Iterator

type Json = dict[str, Any]

BUYER = "make-run"

# The samples that a kind needs, its own last, and the create route that its frontend
# calls; "{order}" stands for the copy's id.
SAMPLES = {
    "bid": (["row#7", "bid#42"], "/api/checkout/create-session"),
    "quote": (
        ["row#7", "bid#43", "quote#q7Zt1mXc0Yk4uVb9sLh2RwEaNfDgPj5oTi8KxQ3yMBU"],
        "/api/checkout/quote",
    ),
    "auction": (["auction#auction_1"], "/payments/checkout/create"),
    "order": (["order#order_1"], "/orders/{order}/checkout"),
    "product": (["product#hero-me-feelings"], "/api/checkout/embedded-session"),
    "content": (["content#5f0c2b1e-6c1d-4b57-9f5e-2a3d8c7e9b10"], "/api/checkout"),
}
ANONYMOUS = {"quote", "product"}


@dataclass(frozen=True)
class Trial:
    """One kind's copied offer, and the request that starts its checkout."""

    kind: str
    items: list[Json]
    path: str
    body: Json

    @property
    def offer_id(self) -> str:
        return str(self.items[-1]["id"]).partition("#")[2]


def trials(samples: list[Json], home: str) -> Iterator[Trial]:
    """Yield a trial of each kind; *home* is where Stripe sends the buyer back."""
    by_id = {item["id"]: item for item in samples}
    for kind, (names, path) in SAMPLES.items():
        new = {name: str(uuid4()) for name in names}
        ids = {name.partition("#")[0]: each for name, each in new.items()}
        renamed = {
            "user_1": BUYER,
            **{name.partition("#")[2]: each for name, each in new.items()},
            **{name: name.replace(name.partition("#")[2], new[name]) for name in names},
        }
        items = [
            {
                field: renamed.get(value, value) if isinstance(value, str) else value
                for field, value in by_id[name].items()
            }
            for name in names
        ]
        yield Trial(kind, items, path.format(**ids), body_of(kind, ids, home))


def body_of(kind: str, ids: dict[str, str], home: str) -> Json:
    urls = {"success_url": f"{home}/", "cancel_url": f"{home}/"}
    match kind:
        case "bid":
            return {"bid_id": ids["bid"], "row_id": ids["row"], **urls}
        case "quote":
            return {"quote_id": ids["quote"], **urls}
        case "order":
            return {}
        case "content":
            return {
                "contentId": ids["content"],
                "successUrl": urls["success_url"],
                "cancelUrl": urls["cancel_url"],
            }
    return {f"{kind}_id": ids[kind]}
