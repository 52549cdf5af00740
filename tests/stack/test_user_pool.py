"""The user pool that the template makes without an issuer, on the embedded AWS."""

import base64
import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from cli.smoke_callers import OwnPool
from tests.template_file import template


def only_the_pool() -> str:
    """Return the template without what has nothing to do with the pool."""
    whole = template()
    pool = {
        name: resource
        for name, resource in whole["Resources"].items()
        if resource["Type"].startswith("AWS::Cognito::")
    }
    outputs = {
        name: whole["Outputs"][name]
        for name in ("UserPoolId", "UserPoolClientId", "LoginUrl")
    }
    parts = {name: whole[name] for name in ("Parameters", "Conditions")}
    return json.dumps(parts | {"Resources": pool, "Outputs": outputs})


@pytest.fixture
def outputs(stack: Any) -> Iterator[dict[str, str]]:
    cloudformation = stack.aws("cloudformation")
    name = f"pool-{uuid4().hex[:8]}"
    shop = "https://shop.example.test"
    cloudformation.create_stack(
        StackName=name,
        TemplateBody=only_the_pool(),
        Parameters=[
            {"ParameterKey": "FrontendUrl", "ParameterValue": shop},
            {"ParameterKey": "AllowedOrigins", "ParameterValue": shop},
        ],
    )
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName=name, WaiterConfig={"Delay": 1}
    )
    [made] = cloudformation.describe_stacks(StackName=name)["Stacks"]
    found = {each["OutputKey"]: each["OutputValue"] for each in made["Outputs"]}
    yield found
    cognito = stack.aws("cognito-idp")
    cognito.update_user_pool(
        UserPoolId=found["UserPoolId"], DeletionProtection="INACTIVE"
    )
    cloudformation.delete_stack(StackName=name)


def claims_of(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = json.loads(
        base64.urlsafe_b64decode(token.split(".")[1] + "==")
    )
    return claims


def test_a_user_of_the_pool_gets_a_token_for_the_api_and_a_writer_its_group(
    stack: Any, outputs: dict[str, str]
) -> None:
    cognito = stack.aws("cognito-idp")
    pool_id, client_id = outputs["UserPoolId"], outputs["UserPoolClientId"]
    # CloudFormation hands a parameter over as text. Cognito takes it for a number;
    # the embedded AWS compares it as it is, and fails.
    policy = {"PasswordPolicy": {"MinimumLength": 12}}
    cognito.update_user_pool(UserPoolId=pool_id, Policies=policy)

    own = OwnPool(cognito, pool_id, client_id)
    with own.callers("offers-admin", "payments-admin") as callers:
        assert callers.operator
        operator = claims_of(callers.operator)
        buyer, writer = claims_of(callers.buyer), claims_of(callers.writer)
        users = cognito.list_users(UserPoolId=pool_id)["Users"]

    assert buyer["client_id"] == writer["client_id"] == client_id
    assert buyer["sub"] == callers.buyer_id != writer["sub"]
    assert "cognito:groups" not in buyer
    assert writer["cognito:groups"] == ["offers-admin"]
    assert operator["cognito:groups"] == ["payments-admin"]
    assert len(users) == 3
    assert cognito.list_users(UserPoolId=pool_id)["Users"] == []


def test_the_pool_has_the_groups_and_a_login_page_of_its_own(
    stack: Any, outputs: dict[str, str]
) -> None:
    cognito = stack.aws("cognito-idp")
    pool_id = outputs["UserPoolId"]
    pool = cognito.describe_user_pool(UserPoolId=pool_id)["UserPool"]
    groups = cognito.list_groups(UserPoolId=pool_id)["Groups"]

    assert {each["GroupName"] for each in groups} == {"offers-admin", "payments-admin"}
    assert pool["UserPoolTier"] == "LITE"
    assert outputs["LoginUrl"] == (
        f"https://{pool['Domain']}.auth.{stack.region}.amazoncognito.com"
    )
