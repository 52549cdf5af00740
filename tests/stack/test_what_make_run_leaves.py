"""What `make run` promises to whoever uses the stack it leaves running."""

import boto3
import pytest
import requests
from botocore.exceptions import ClientError


def test_a_request_without_a_token_is_refused(stack):
    answer = requests.get(f"{stack.api_url}/api/purchases", timeout=30)

    assert answer.status_code == 401


def test_only_these_routes_are_open_to_everybody(stack):
    """Each of the others would answer a stranger if its authorizer were lost."""
    gateway = stack.aws("apigatewayv2")
    (api,) = gateway.get_apis()["Items"]
    routes = gateway.get_routes(ApiId=api["ApiId"])["Items"]

    assert {
        route["RouteKey"] for route in routes if route["AuthorizationType"] != "JWT"
    } == {
        "POST /api/checkout/embedded-session",
        "POST /api/checkout/quote",
        "GET /api/offers/{kind}/{id}",
        "GET /openapi.json",
        "GET /api/checkout/session-status",
        "GET /api/checkout/payment-status",
        "POST /api/webhooks/stripe",
        "POST /payments/webhooks/stripe",
        "POST /webhooks/stripe",
        "POST /webhook",
    }


def test_a_token_of_the_local_identity_provider_is_accepted(stack):
    answer = requests.get(
        f"{stack.api_url}/api/purchases",
        headers={"Authorization": f"Bearer {stack.token('nobody_yet')}"},
        timeout=30,
    )

    assert answer.status_code == 200
    assert answer.json()["data"] == []


def test_a_token_of_somebody_else_is_refused(stack):
    header, claims, signature = stack.token("user_1").split(".")
    forged = ".".join([header, claims, signature[::-1]])

    answer = requests.get(
        f"{stack.api_url}/api/purchases",
        headers={"Authorization": f"Bearer {forged}"},
        timeout=30,
    )

    assert answer.status_code == 401


def test_the_storefront_may_call_the_api_and_no_page_of_another_site_may(stack):
    def preflight(origin):
        return requests.options(
            f"{stack.api_url}/api/checkout",
            headers={
                "Origin": origin,
                "Access-Control-Request-Method": "POST",
                "Access-Control-Request-Headers": "authorization,idempotency-key",
            },
            timeout=30,
        )

    ours = preflight(stack.storefront_url)
    theirs = preflight("https://evil.example")

    assert stack.storefront_url == ours.headers["Access-Control-Allow-Origin"]
    assert "idempotency-key" in ours.headers["Access-Control-Allow-Headers"]
    assert "Access-Control-Allow-Origin" not in theirs.headers


def test_the_sample_offers_are_loaded(stack):
    item = stack.aws("dynamodb").get_item(
        TableName=stack.outputs["OffersTable"], Key={"id": {"S": "bid#42"}}
    )["Item"]

    assert item["price"]["M"]["amount"] == {"N": "12999"}


def test_the_storefront_learns_where_things_are_and_no_secret(stack):
    answer = requests.get(f"{stack.storefront_url}/config.json", timeout=10)

    assert stack.api_url == answer.json()["api_url"]
    assert stack.issuer_url == answer.json()["issuer_url"]
    assert stack.stripe_secret_key not in answer.text
    assert stack.stripe_webhook_secret not in answer.text


def test_a_function_may_do_no_more_than_its_policy_says(stack):
    """Were policies not enforced here, no test of the stack would notice a bad one."""
    functions = stack.aws("lambda").list_functions()["Functions"]
    webhook = next(f for f in functions if "StripeWebhook" in f["FunctionName"])
    role = stack.aws("sts").assume_role(RoleArn=webhook["Role"], RoleSessionName="test")
    as_webhook = boto3.client(
        "sqs",
        endpoint_url=stack.aws_endpoint_url,
        region_name=stack.region,
        aws_access_key_id=role["Credentials"]["AccessKeyId"],
        aws_secret_access_key=role["Credentials"]["SecretAccessKey"],
        aws_session_token=role["Credentials"]["SessionToken"],
    )

    with pytest.raises(ClientError, match="AccessDenied"):
        as_webhook.receive_message(QueueUrl=stack.outputs["PaymentEventsQueueUrl"])
