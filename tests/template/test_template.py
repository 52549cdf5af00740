"""The template keeps the promises that no single function can."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests import template_file
from tests.template.transformed import transformed
from tests.template_file import (
    ROOT,
    functions,
    needs_token,
    resources,
    routes,
    statements_of,
    unconditional,
)

WITHOUT_TOKEN = {
    "POST /api/checkout/embedded-session",
    "POST /api/checkout/quote",
    "GET /api/checkout/session-status",
    "GET /api/checkout/payment-status",
    "GET /api/offers/{kind}/{id}",
    "GET /openapi.json",
    "POST /api/webhooks/stripe",
    "POST /payments/webhooks/stripe",
    "POST /webhooks/stripe",
    "POST /webhook",
}
WITH_TOKEN = {
    "POST /api/checkout/create-session",
    "POST /payments/checkout/create",
    "POST /orders/{orderId}/checkout",
    "POST /api/checkout",
    "POST /api/checkout/{kind}",
    "GET /orders/{orderId}",
    "GET /api/rows/{rowId}",
    "GET /api/me/offers/{kind}/{id}",
    "GET /api/purchases",
    "GET /api/purchases/{id}",
    "POST /api/purchases/{id}/refund",
    "GET /api/access/{kind}/{id}",
    "GET /api/creators/{creatorId}/revenue",
    "GET /api/creators/{creatorId}/purchases",
    "GET /payments/sessions/{paymentSessionId}",
    "POST /payments/sessions/{paymentSessionId}/cancel",
    "PUT /api/offers/{kind}/{id}",
    "GET /api/offers/{kind}",
    "POST /api/offers/{kind}/{id}/withdraw",
}
MOST_EVENTS_IN_A_REQUEST = 10
STREAM_REMEMBERS_SECONDS = 24 * 3600


def statements() -> list[tuple[str, dict[str, Any]]]:
    return [
        (name, statement) for name in functions() for statement in statements_of(name)
    ]


def actions_on(function: str, resource: str) -> set[str]:
    """Return what a function may do to a resource, by the resource's logical id."""
    found: set[str] = set()
    for name, statement in statements():
        if name == function and resource in str(statement["Resource"]):
            actions = statement["Action"]
            found |= {actions} if isinstance(actions, str) else set(actions)
    return found


def test_the_routes_are_those_of_the_contract():
    assert set(routes()) == WITH_TOKEN | WITHOUT_TOKEN


def test_only_the_shop_window_and_stripe_come_without_a_token():
    assert {route for route in routes() if not needs_token(route)} == WITHOUT_TOKEN


def test_every_function_folder_is_deployed_and_the_other_way_round():
    folders = {
        f"functions/{path.parent.name}" for path in ROOT.glob("functions/*/app.py")
    }
    assert {function["CodeUri"] for function in functions().values()} == folders


def test_a_function_folder_holds_one_module():
    for path in ROOT.glob("functions/*/"):
        if path.name != "__pycache__":
            files = {p.name for p in Path(path).iterdir()} - {"__pycache__"}
            served = {"openapi.json"} if path.name == "openapi" else set()
            assert files == {"app.py"} | served, path.name


def test_no_policy_has_a_wildcard():
    for name, statement in statements():
        assert "*" not in str(statement), name


def everything_on() -> dict[str, Any]:
    """Return what is deployed when each part that may be left out is there."""
    return transformed("SegmentWriteKeyName=segment", "Tracing=Active")["resources"]


def test_a_function_has_a_role_of_its_own_and_no_policy_of_aws():
    """AWS's policies for functions allow every log group and queue of the account."""
    deployed = everything_on()
    roles = {
        name: resource["Properties"]["Role"]
        for name, resource in deployed.items()
        if resource["Type"] == "AWS::Lambda::Function"
    }

    assert roles.keys() == functions().keys()
    for function, role in roles.items():
        assert role == {"Fn::GetAtt": [f"{function}Role", "Arn"]}
        policies = deployed[f"{function}Role"]["Properties"]["ManagedPolicyArns"]
        assert policies == [{"Ref": "EveryFunctionPolicy"}], function


def test_what_every_function_may_do_is_to_write_its_logs():
    """Traces and the key of one's own are added only if they are asked for."""
    policy = resources("AWS::IAM::ManagedPolicy")["EveryFunctionPolicy"]
    always, *others = policy["PolicyDocument"]["Statement"]

    assert always["Action"] == ["logs:CreateLogStream", "logs:PutLogEvents"]
    assert always["Resource"] == {"Fn::GetAtt": ["Logs", "Arn"]}
    assert [each["Fn::If"][0] for each in others] == ["IsTraced", "HasKey"]
    everywhere = [s["Sid"] for s in map(unconditional, others) if s["Resource"] == "*"]
    assert everywhere == ["WriteTraces"]


def test_lambda_may_read_and_keep_what_it_reads_and_keeps_for_a_function():
    """It polls a queue or a stream, and keeps what failed, with the function's role."""
    reading = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}
    assert actions_on("FulfillmentFunction", "PaymentEventsQueue") >= reading
    for function in functions():
        may_read = actions_on(function, "Queue") & reading
        assert bool(may_read) == (function == "FulfillmentFunction"), function
    assert actions_on("SegmentFunction", "SegmentDeadLetterQueue") == {
        "sqs:SendMessage"
    }
    assert actions_on("PublishEventsFunction", "UnpublishedEventsQueue") == {
        "sqs:SendMessage"
    }


def test_nobody_may_change_or_remove_an_audit_entry():
    reading_its_stream = {
        "dynamodb:DescribeStream",
        "dynamodb:GetRecords",
        "dynamodb:GetShardIterator",
        "dynamodb:ListStreams",
    }
    for function in functions():
        may = actions_on(function, "AuditLogTable")
        assert may <= {"dynamodb:PutItem"} or may == reading_its_stream, function


def test_the_webhook_touches_the_queue_and_its_secret_only():
    """Invariant 9."""
    granted = {s["Sid"] for name, s in statements() if name == "StripeWebhookFunction"}
    assert granted == {"QueueEvents", "ReadWebhookSecret"}


@pytest.mark.parametrize(
    "function", ["PurchasesFunction", "CreatorsFunction", "OffersFunction"]
)
def test_a_function_that_answers_questions_writes_nothing(function: str):
    reads = {"dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query"}
    for table in resources("AWS::DynamoDB::Table"):
        assert actions_on(function, table) <= reads


def test_no_function_may_scan_a_table():
    assert not [name for name, s in statements() if "Scan" in str(s["Action"])]


def test_no_secret_passes_through_the_template():
    """A parameter or variable names a secret; its value is fetched at run time."""
    for name, parameter in template_file.template()["Parameters"].items():
        if "Secret" in name:
            assert name.endswith("Name"), name
            assert not str(parameter["Default"]).startswith(("sk_", "rk_", "whsec_"))


def test_the_console_shows_every_parameter_in_one_group():
    template = template_file.template()
    interface = template["Metadata"]["AWS::CloudFormation::Interface"]
    grouped = [
        name for group in interface["ParameterGroups"] for name in group["Parameters"]
    ]
    assert sorted(grouped) == sorted(template["Parameters"])


def test_cors_allows_what_the_frontends_send():
    cors = resources("AWS::Serverless::HttpApi")["HttpApi"]["CorsConfiguration"]
    assert cors["AllowOrigins"] == {"Ref": "AllowedOrigins"}
    assert cors["AllowHeaders"] == [
        "content-type",
        "authorization",
        "idempotency-key",
        "if-match",
    ]


def test_the_worker_may_hide_messages_of_its_queue_only():
    for function in functions():
        expected = function == "FulfillmentFunction"
        actions = actions_on(function, "PaymentEventsQueue")
        assert ("sqs:ChangeMessageVisibility" in actions) == expected, function
    assert actions_on("FulfillmentFunction", "PaymentEventsQueue") >= {
        "sqs:SendMessage"
    }


def test_the_worker_reports_failed_messages_one_by_one():
    event = functions()["FulfillmentFunction"]["Events"]["PaymentEvents"]
    assert event["Properties"]["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


@pytest.mark.parametrize("table", sorted(resources("AWS::DynamoDB::Table")))
def test_a_table_outlives_its_stack_and_can_be_restored(table: str):
    resource = template_file.template()["Resources"][table]
    properties = resource["Properties"]
    # Not those of a stack whose creation failed: they are empty, and the next try has
    # tables of its own.
    assert resource["DeletionPolicy"] == "RetainExceptOnCreate"
    assert resource["UpdateReplacePolicy"] == "Retain"
    assert properties["DeletionProtectionEnabled"] == {
        "Fn::If": ["ProtectTables", True, False]
    }
    assert properties["BillingMode"] == "PAY_PER_REQUEST"
    assert properties["PointInTimeRecoverySpecification"] == {
        "PointInTimeRecoveryEnabled": True
    }
    assert properties["SSESpecification"]["SSEEnabled"] is True


def test_what_could_not_be_applied_or_published_outlives_its_stack():
    """
    The other queue, the bus and the logs go with it.

    What waits on the queue Stripe's event log has as well, the bus keeps nothing, and
    a bus that stays would keep its name from the next stack.
    """
    kept = {
        name
        for name, resource in template_file.template()["Resources"].items()
        if resource.get("DeletionPolicy") == "RetainExceptOnCreate"
        and resource["UpdateReplacePolicy"] == "Retain"
    }
    dead_letters = resources("AWS::SQS::Queue").keys() - {"PaymentEventsQueue"}
    assert kept == {*resources("AWS::DynamoDB::Table"), "UserPool"} | dead_letters


def test_the_outbox_is_the_audit_log_and_what_is_added_to_it():
    table = resources("AWS::DynamoDB::Table")["AuditLogTable"]
    stream = resources("AWS::Lambda::EventSourceMapping")["AuditLogStream"]
    assert table["StreamSpecification"] == {"StreamViewType": "NEW_IMAGE"}
    assert stream["EventSourceArn"] == {"Fn::GetAtt": ["AuditLogTable", "StreamArn"]}
    [only] = stream["FilterCriteria"]["Filters"]
    assert json.loads(only["Pattern"]) == {"eventName": ["INSERT"]}
    assert stream["StartingPosition"] == "TRIM_HORIZON"


def test_a_batch_of_the_outbox_fits_into_one_request_to_the_bus():
    stream = resources("AWS::Lambda::EventSourceMapping")["AuditLogStream"]
    assert stream["BatchSize"] <= MOST_EVENTS_IN_A_REQUEST
    assert stream["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_what_is_given_up_is_kept_while_the_stream_still_has_it():
    stream = resources("AWS::Lambda::EventSourceMapping")["AuditLogStream"]
    given_up_to = stream["DestinationConfig"]["OnFailure"]["Destination"]
    assert given_up_to == {"Fn::GetAtt": ["UnpublishedEventsQueue", "Arn"]}
    assert stream["MaximumRecordAgeInSeconds"] <= STREAM_REMEMBERS_SECONDS / 2


def test_only_the_publisher_may_put_events_on_the_bus():
    for function in functions():
        expected = (
            {"events:PutEvents"} if function == "PublishEventsFunction" else set()
        )
        assert actions_on(function, "EventBus") == expected, function


def test_nothing_for_segment_is_made_unless_it_is_asked_for():
    template = template_file.template()
    assert template["Parameters"]["SegmentWriteKeyName"]["Default"] == ""
    for section in ("Resources", "Outputs"):
        for name, thing in template[section].items():
            if name.startswith("Segment"):
                assert thing["Condition"] == "SendToSegment", name
