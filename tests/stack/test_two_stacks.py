"""A second stack beside the one that runs: nothing of it is the first one's."""

import subprocess
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from local.embedded_aws import EmbeddedAws
from local.sam import ALIAS, SAM
from local.settings import ROOT

# Their names are the same in each stack, since they belong to a resource of its own: a
# stage to its API, a version to its configuration profile.
NAMED_WITHIN = {
    "AWS::ApiGatewayV2::Stage",
    "AWS::AppConfig::HostedConfigurationVersion",
}


def resources_of(cloudformation, stack_name):
    """Return the type and the physical name of everything that a stack has made."""
    listed = cloudformation.describe_stack_resources(StackName=stack_name)
    return {
        (each["ResourceType"], each["PhysicalResourceId"])
        for each in listed["StackResources"]
        if each["ResourceType"] not in NAMED_WITHIN
    }


@pytest.fixture
def second_stack(stack, tmp_path):
    """Deploy the same build as the stage `dev`, as `make deploy STAGE=dev` does."""
    cloudformation = stack.aws("cloudformation")
    name = "checkout-dev"
    template = tmp_path / "template.yaml"
    template.write_text(
        cloudformation.get_template(
            StackName=stack.stack_name, TemplateStage="Original"
        )["TemplateBody"]
    )
    aws = EmbeddedAws(urlsplit(stack.aws_endpoint_url).port, Path(), "")
    subprocess.run(
        [
            *(SAM, "deploy", "--config-env", "dev"),
            *("--config-file", ROOT / "samconfig.toml", "--template-file", template),
        ],
        check=True,
        cwd=ROOT,
        env=aws.cli_environment() | {"SAM_CLI_TELEMETRY": "0"},
        stdin=subprocess.DEVNULL,  # nobody is there to answer a question
    )
    made = resources_of(cloudformation, name)
    yield name
    cloudformation.delete_stack(StackName=name)
    for kind, table in made:  # a stack leaves its tables behind
        if kind == "AWS::DynamoDB::Table":
            stack.aws("dynamodb").delete_table(TableName=table)


def test_two_stacks_have_nothing_in_common(stack, second_stack):
    cloudformation = stack.aws("cloudformation")

    first = resources_of(cloudformation, stack.stack_name)
    second = resources_of(cloudformation, second_stack)

    # The stage has no issuer, so it has a user pool as well.
    assert Counter(kind for kind, _ in first) < Counter(kind for kind, _ in second)
    assert first & second == set()


def test_another_value_of_a_parameter_reaches_every_alias(stack, second_stack):
    """An alias points to a version, whose variables can never change."""
    cloudformation, functions = stack.aws("cloudformation"), stack.aws("lambda")
    [deployed] = cloudformation.describe_stacks(StackName=second_stack)["Stacks"]
    changed = {"ParameterKey": "LogLevel", "ParameterValue": "ERROR"}
    others = [p for p in deployed["Parameters"] if p["ParameterKey"] != "LogLevel"]

    cloudformation.update_stack(
        StackName=second_stack,
        UsePreviousTemplate=True,
        Parameters=[*others, changed],
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
    )
    cloudformation.get_waiter("stack_update_complete").wait(
        StackName=second_stack, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )

    names = [
        name
        for kind, name in resources_of(cloudformation, second_stack)
        if kind == "AWS::Lambda::Function"
    ]
    called = [
        functions.get_function_configuration(FunctionName=name, Qualifier=ALIAS)
        for name in names
    ]
    levels = {
        each["Environment"]["Variables"]["POWERTOOLS_LOG_LEVEL"] for each in called
    }
    assert levels == {"ERROR"}
    assert {each["Version"] for each in called} == {"2"}
