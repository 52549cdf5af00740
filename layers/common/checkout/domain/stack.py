"""Which stack a payment belongs to: several may share one Stripe account."""

import hashlib
from collections.abc import Mapping
from typing import Any

from checkout.domain.stripe_object import metadata_of

LENGTH = 12


def stack_name(stack_id: str) -> str:
    """Return the value of `stack` in Stripe's metadata: a short hash of the id."""
    return hashlib.sha256(stack_id.encode()).hexdigest()[:LENGTH]


def is_of_stack(stripe_object: Mapping[str, Any], stack_id: str) -> bool:
    """Return whether the metadata of a Checkout Session or payment names the stack."""
    return metadata_of(stripe_object, "stack") == stack_name(stack_id)
