"""The sample offers: loading them into a stack, and resetting the local shop."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from boto3.dynamodb.types import TypeSerializer

OFFERS = Path(__file__).with_name("sample_offers.json")

QUOTED_FOR = timedelta(days=30)

# The storefront's pictures of the sample offers, `storefront/pictures/<name>.svg`.
PICTURES = {
    "bid#42": "hush-300",
    "bid#43": "repair",
    "bid#44": "hush-200",
    "bid#51": "upright-oak",
    "bid#52": "upright-pine",
    "auction#auction_1": "record-player",
    "auction#auction_2": "film-posters",
    "content#5f0c2b1e-6c1d-4b57-9f5e-2a3d8c7e9b10": "calm-mornings",
    "content#7b1f4e92-3c5d-4a86-b0e7-9d8c2f6a5e14": "workbook",
    "product#hero-me-feelings": "feelings-board",
    "product#feelings-poster": "feelings-poster",
}

# The samples that the storefront shows and the documentation uses.
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
    "quote_id": "q7Zt1mXc0Yk4uVb9sLh2RwEaNfDgPj5oTi8KxQ3yMBU",
    "contents": {
        "published": "5f0c2b1e-6c1d-4b57-9f5e-2a3d8c7e9b10",
        "free": "8a4d7c3f-1b2e-4f60-a9c8-6d5e4f3a2b11",
        "unpublished": "c3e1f5a7-9d8b-4c26-b7a4-1f0e2d3c4b12",
    },
    # Checkout's options: codes, tax and shipping.
    "with_options": {
        "content_id": "7b1f4e92-3c5d-4a86-b0e7-9d8c2f6a5e14",
        "product_id": "feelings-poster",
    },
}


def sample_offers(now: datetime) -> list[dict[str, Any]]:
    """Read the sample offers; what is paid in time can be, from *now* on."""
    offers: list[dict[str, Any]] = json.loads(OFFERS.read_text())
    # A fixed time would be in the past.
    accepted, expires = {"accepted_at": now}, {"expires_at": now + QUOTED_FOR}
    return [
        offer
        | {
            name: moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            for name, moment in (accepted | expires).items()
            if name in offer
        }
        for offer in offers
    ]


def with_pictures(
    offers: list[dict[str, Any]], storefront_url: str
) -> list[dict[str, Any]]:
    """
    Add the addresses of the pictures, which the storefront of this machine serves.

    They are not in the file: an offer that is to be valid has a picture of https. To
    Stripe, which fetches pictures itself, these are not sent.
    """
    return [
        offer | {"image_url": f"{storefront_url}/pictures/{PICTURES[offer['id']]}.svg"}
        if offer["id"] in PICTURES
        else offer
        for offer in offers
    ]


def load_samples(
    dynamodb: Any,  # noqa: ANN401 - a client
    table_name: str,
    storefront_url: str,
) -> int:
    """Write the sample offers into the table; return their number."""
    to_attribute = TypeSerializer().serialize
    offers = with_pictures(sample_offers(datetime.now(UTC)), storefront_url)
    for offer in offers:
        dynamodb.put_item(
            TableName=table_name,
            Item={name: to_attribute(value) for name, value in offer.items()},
        )
    return len(offers)


def reset_shop(
    dynamodb: Any,  # noqa: ANN401 - a client
    outputs: dict[str, str],
    storefront_url: str,
) -> None:
    """
    Delete all purchases and sessions of the local shop, and load the samples again.

    The items that count the attempts of a sale key stay. Idempotency keys contain the
    attempt's number: Stripe would refuse a known key with a different request.
    """
    delete_items(dynamodb, outputs["PurchasesTable"])
    delete_items(dynamodb, outputs["AuditLogTable"])
    delete_items(dynamodb, outputs["PaymentSessionsTable"], except_prefix="live#")
    load_samples(dynamodb, outputs["OffersTable"], storefront_url)


def delete_items(
    dynamodb: Any,  # noqa: ANN401 - a client
    table_name: str,
    except_prefix: str | None = None,
) -> None:
    schema = dynamodb.describe_table(TableName=table_name)["Table"]["KeySchema"]
    names = [part["AttributeName"] for part in schema]
    for page in dynamodb.get_paginator("scan").paginate(TableName=table_name):
        for item in page["Items"]:
            if except_prefix and item["id"]["S"].startswith(except_prefix):
                continue
            key = {name: item[name] for name in names}
            dynamodb.delete_item(TableName=table_name, Key=key)
