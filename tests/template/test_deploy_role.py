"""A workflow at GitHub can deploy the template, and nothing but its stack."""

import re
from fnmatch import fnmatch
from typing import Any

from tests.template.transformed import transformed
from tests.template_file import ROOT, template

# What CloudFormation's schemas name for properties that the template does not use.
NOT_USED = (
    "cloudfront:*",  # an API's domain that is not regional
    "ec2:*",  # a function in a VPC
    "elasticfilesystem:*",
    "firehose:*",
    "iam:*GroupPolicy",  # whoever manages people attaches the policy for operators
    "iam:*UserPolicy",
    "iam:DeleteRolePermissionsBoundary",  # nobody removes it
    "kinesis:*",
    "kms:ListAliases",  # the key is given by its ARN
    "kms:ReEncrypt",  # no such action: it is two, from and to
    "s3:GetObjectMetadata",  # a table that is imported
    "s3:ListBucket",
    "s3:REST.PUT.OBJECT",
    "s3files:*",
)

# What these would do is not bounded by the stack's name.
BROAD = ("iam:*", "sts:*", "s3:*", "secretsmanager:*", "cloudformation:*")


def role(name: str) -> dict[str, Any]:
    properties: dict[str, Any] = template("stacks/deploy-role.yaml")["Resources"][name][
        "Properties"
    ]
    return properties


def statements(name: str) -> list[dict[str, Any]]:
    [policy] = role(name)["Policies"]
    found: list[dict[str, Any]] = policy["PolicyDocument"]["Statement"]
    return [each.get("Fn::If", [None, each])[1] for each in found]


def actions(statement: dict[str, Any]) -> list[str]:
    action = statement["Action"]
    return [action] if isinstance(action, str) else action


def resources(statement: dict[str, Any]) -> list[str]:
    resource = statement["Resource"]
    return [
        str(each) for each in (resource if isinstance(resource, list) else [resource])
    ]


def test_cloudformation_may_do_what_every_resource_of_the_template_needs() -> None:
    found = transformed("DeploymentStrategy=Canary10Percent5Minutes")
    allowed = [
        action.lower()
        for statement in statements("ExecutionRole")
        for action in actions(statement)
    ]
    missing = {
        permission
        for permissions in found["permissions"].values()
        for permission in permissions
        if not any(fnmatch(permission.lower(), action) for action in allowed)
        and not any(fnmatch(permission, one) for one in NOT_USED)
    }
    assert missing == set()


def test_what_may_be_done_with_a_name_is_done_under_the_stacks_name() -> None:
    by_name = [
        (resource, statement)
        for statement in statements("ExecutionRole")
        if statement["Sid"] in {"ResourcesByName", "MakeRoles", "ManageRoles"}
        for resource in resources(statement)
    ]
    assert by_name
    for resource, statement in by_name:
        assert "${StackName}" in resource, statement["Sid"]


def test_no_service_that_knows_no_stack_is_open_as_a_whole() -> None:
    for name in ("WorkflowRole", "ExecutionRole", "SmokeRole"):
        for statement in statements(name):
            assert not set(actions(statement)) & {*BROAD, "*"}, statement["Sid"]
            if statement["Resource"] == "*" and "Condition" not in statement:
                assert not any("*" in action for action in actions(statement))


def test_only_the_environment_of_the_repository_assumes_the_role() -> None:
    """A branch or a pull request runs outside of it: GitHub names another subject."""
    [trust] = role("WorkflowRole")["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Condition"] == {
        "StringEquals": {
            "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
            "token.actions.githubusercontent.com:sub": {
                "Fn::Sub": "repo:${GitHubRepository}:environment:${GitHubEnvironment}"
            },
        }
    }


def test_the_nightly_test_may_do_what_its_section_says_and_no_more() -> None:
    page = (ROOT / "docs/operations.md").read_text()
    section = page.partition("**Permissions.**")[2].partition("**Each night.**")[0]
    said = set(re.findall(r"`([a-z-]+:[A-Z]\w+)`", section))
    allowed = {a for each in statements("SmokeRole") for a in actions(each)}
    with_a_key = {"kms:Decrypt", "kms:DescribeKey"}
    assert allowed == said | with_a_key
    items = "dynamodb:DeleteItem", "dynamodb:GetItem"
    tables = {
        action: re.findall(r"-(\w+)Table-\*", str(each["Resource"]))
        for each in statements("SmokeRole")
        for action in actions(each)
        if action in items
    }
    assert tables == {
        "dynamodb:DeleteItem": ["Offers", "PaymentSessions"],
        "dynamodb:GetItem": ["PaymentSessions"],
    }
    [trust] = role("SmokeRole")["AssumeRolePolicyDocument"]["Statement"]
    subject = trust["Condition"]["StringEquals"][
        "token.actions.githubusercontent.com:sub"
    ]
    # A job without an environment, on the main branch: a pull request is another one.
    assert subject == {"Fn::Sub": "repo:${GitHubRepository}:ref:refs/heads/main"}


def test_the_workflow_changes_nothing_itself() -> None:
    """It starts a deployment, uploads the code, and CloudFormation does the rest."""
    changes = {
        action
        for statement in statements("WorkflowRole")
        for action in actions(statement)
        if not action.startswith("cloudformation:")
    }
    assert changes == {"iam:PassRole", "s3:GetObject", "s3:PutObject"}


def test_a_role_is_made_with_the_boundary_that_the_company_demands() -> None:
    [made] = [s for s in statements("ExecutionRole") if "iam:CreateRole" in actions(s)]
    condition = made["Condition"]["Fn::If"]
    assert condition[1] == {
        "StringEquals": {"iam:PermissionsBoundary": {"Ref": "PermissionsBoundaryArn"}}
    }
    assert "iam:PutRolePolicy" in actions(made)
