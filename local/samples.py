"""Loads the sample offers, so that a fresh stack has something to sell."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from boto3.dynamodb.types import TypeSerializer

OFFERS = Path(__file__).with_name("sample_offers.json")

# The samples that the storefront shows and the documentation names.
SAMPLE = {
    "shoppers": [
        {
            "sub": "user_1",
            "name": "Ada",
            "row_id": "7",
            "auction_id": "auction_1",
            "order_id": "order_1",
        },
        {
            "sub": "user_2",
            "name": "Ben",
            "row_id": "8",
            "auction_id": "auction_2",
            "order_id": "order_2",
        },
    ],
    "product_id": "hero-me-feelings",
    "contents": {
        "published": "5f0c2b1e-6c1d-4b57-9f5e-2a3d8c7e9b10",
        "free": "8a4d7c3f-1b2e-4f60-a9c8-6d5e4f3a2b11",
        "unpublished": "c3e1f5a7-9d8b-4c26-b7a4-1f0e2d3c4b12",
    },
}


def sample_offers(now: datetime) -> list[dict[str, Any]]:
    """Read the sample offers; the accepted auctions were accepted *now*."""
    offers: list[dict[str, Any]] = json.loads(OFFERS.read_text())
    accepted_at = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return [
        # The payment window counts from here: in a file it would have closed long ago.
        offer | {"accepted_at": accepted_at}
        if offer.get("status") == "accepted"
        else offer
        for offer in offers
    ]


def load_samples(dynamodb: Any, table_name: str) -> int:  # noqa: ANN401 - a client
    """Write the sample offers into the table; answer how many there are."""
    to_attribute = TypeSerializer().serialize
    offers = sample_offers(datetime.now(UTC))
    for offer in offers:
        dynamodb.put_item(
            TableName=table_name,
            Item={name: to_attribute(value) for name, value in offer.items()},
        )
    return len(offers)


def reset_shop(dynamodb: Any, outputs: dict[str, str]) -> None:  # noqa: ANN401 - a client
    """
    Forget every purchase of the local shop, and sell the samples anew.

    What counts a sale key's attempts stays: Stripe remembers the idempotency keys that
    were made of them, and would refuse one that comes with another request.
    """
    forget(dynamodb, outputs["PurchasesTable"])
    forget(dynamodb, outputs["AuditLogTable"])
    forget(dynamodb, outputs["PaymentSessionsTable"], but="live#")
    load_samples(dynamodb, outputs["OffersTable"])


def forget(dynamodb: Any, table_name: str, but: str | None = None) -> None:  # noqa: ANN401
    schema = dynamodb.describe_table(TableName=table_name)["Table"]["KeySchema"]
    names = [part["AttributeName"] for part in schema]
    for page in dynamodb.get_paginator("scan").paginate(TableName=table_name):
        for item in page["Items"]:
            if but and item["id"]["S"].startswith(but):
                continue
            key = {name: item[name] for name in names}
            dynamodb.delete_item(TableName=table_name, Key=key)
