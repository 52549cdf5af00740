"""Each function loads what its job needs: a cold start is paid in imports."""

import subprocess
import sys

import pytest

from tests.template_file import ROOT, environment_of, functions, module_of, references

# What a function must not have loaded when it is ready for its first request.
NEVER = {"aws_xray_sdk", "boto3", "jsonschema", "pydantic_settings"}
STRIPE = {"stripe", "requests"}
BODIES = {"pydantic", "checkout.api.body"}
# The registry of the kinds, and what each kind imports.
KINDS = {"annotated_types", "checkout.api.fields", "checkout.kinds"}
CREATE, FULFILL = "checkout.flows.create_session", "checkout.flows.fulfill"
REFUND = "checkout.flows.refund_purchase"
FORBIDDEN = {
    "CreateSessionFunction": {REFUND, "checkout.flows.change_purchase"},
    "StripeWebhookFunction": STRIPE | BODIES | KINDS | {"checkout.tables"},
    "ReconcileFunction": STRIPE | BODIES | KINDS | {CREATE, FULFILL},
    "FulfillmentFunction": STRIPE | BODIES | KINDS | {CREATE, "checkout.domain.terms"},
    "RefundPurchaseFunction": STRIPE | {"checkout.kinds", CREATE, FULFILL},
    "SessionStatusFunction": STRIPE | BODIES | KINDS | {CREATE, REFUND},
    "PurchasesFunction": STRIPE
    | BODIES
    | (KINDS - {"checkout.kinds"})
    | {CREATE, FULFILL},
    "CreatorsFunction": STRIPE | BODIES | KINDS | {CREATE, FULFILL},
    "WriteOffersFunction": STRIPE | {CREATE, FULFILL, REFUND},
    "OffersFunction": STRIPE | {CREATE, FULFILL},
    "OpenApiFunction": STRIPE | BODIES | KINDS | {"checkout", "botocore"},
    "PublishEventsFunction": STRIPE | BODIES | KINDS,
    "SegmentFunction": STRIPE | BODIES | KINDS | {"checkout.tables"},
}
POWERTOOLS_NEVER = {
    f"aws_lambda_powertools.{name}"
    for name in (
        "event_handler",
        "metrics.provider.datadog",
        "utilities.idempotency",
        "utilities.parameters",
        "utilities.parser",
        "utilities.validation",
    )
}


def test_every_function_has_a_list():
    assert set(FORBIDDEN) == set(functions())


@pytest.mark.parametrize("function", sorted(FORBIDDEN))
def test_a_function_loads_only_what_it_needs(function: str):
    properties = functions()[function]
    script = f"import sys, {module_of(properties)}; print(*sys.modules)"
    values = dict.fromkeys(references(), "INFO") | {
        "MetricsFormat": "cloudwatch",
        "AWS::StackName": "shop",
    }
    loaded = subprocess.run(
        [sys.executable, "-c", script],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment_of(properties, values)
        | {"PYTHONPATH": f"{ROOT}:{ROOT / 'layers/common'}"},
    ).stdout.split()

    assert not (NEVER | POWERTOOLS_NEVER | FORBIDDEN[function]) & set(loaded)
