"""
What schemathesis checks beside its own rules; schemathesis.toml names this module.

It is loaded in the environment `.venvs/contract`, and imports nothing of the project.
"""

import json
import os
import re

import schemathesis

# Why a request that is as described may still be refused, as no schema can say it. A
# problem of a field that is not here is a limit that the document lacks.
REASONS = [
    # What the stack was deployed with, and what is in its tables.
    r"is not a URL of an allowed origin",
    r"must be a row",
    r"must be a service provider's bid on this row",
    # Rules of one currency: a smallest amount, a step, the sum of the lines.
    r"cannot be charged: .*",
    r"of .* is below .*, the least that Stripe charges",
    r"must be a multiple of .*",
    # Of two fields, each of which is as described.
    r"must be at most 10000 together with platform_fee_bps",
    r"must be given together with bid_id, or neither",
    r"must be `to` or at most 365 days before it",
    r"or shipping_rate must be given, and not both",
    r"is not for a field of the type .*",
    r"must be at least minimum_length",
    r"must be the value of one of the options",
    r"must have different (keys|values)",
    r"has terms_of_service_acceptance, which needs .*",
    r"is missing",  # a status or a type demands it
    # The document says it beside a reference, where schemathesis does not look.
    r"must be above zero",
    # Sizes in bytes, and texts that only their own parser can judge.
    r"must have at most [0-9]+ bytes as JSON",
    r"must have 1 to 128 printable characters",
    r"is not a cursor.*",
    r"must be after 1970 and before 9000",
]
# Codes that are about the state of what is named, or about a secret.
STATES = {"not_purchasable", "invalid_signature", "unreadable_event"}


@schemathesis.check
def refused_for_a_reason(ctx, response, case):  # noqa: ARG001 - as all checks
    """Valid data may be answered with 400 only for a reason that no schema can say."""
    if response.status_code != 400 or not case.meta.generation.mode.is_positive:
        return
    body = response.json()
    if body["code"] in STATES:
        return
    problems = [each["problem"] for each in body.get("fields", ())]
    unknown = [each for each in problems if not re.fullmatch("|".join(REASONS), each)]
    assert problems, f"Refused without a field: {body['error']}"
    assert not unknown, f"The document does not say this: {json.dumps(body['fields'])}"


@schemathesis.hook
def before_call(context, case, kwargs):  # noqa: ARG001 - its hooks have these
    """Let the examples' redirects lead to the origin that the stack allows."""
    if isinstance(case.body, dict):
        for name, value in case.body.items():
            if isinstance(value, str):
                case.body[name] = value.replace(
                    "http://localhost:3000", os.environ["STOREFRONT"]
                )
