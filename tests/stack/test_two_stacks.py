"""A second stack beside the one that runs: nothing of it is the first one's."""

import json

import pytest
import yaml


def resources_of(cloudformation, stack_name):
    """Return the type and the physical name of everything that a stack has made."""
    listed = cloudformation.describe_stack_resources(StackName=stack_name)
    return {
        (each["ResourceType"], each["PhysicalResourceId"])
        for each in listed["StackResources"]
        # Its name is always the same: it belongs to one API.
        if each["ResourceType"] != "AWS::ApiGatewayV2::Stage"
    }


@pytest.fixture
def second_stack(stack):
    """Deploy the same build under another name, and remove it."""
    cloudformation = stack.aws("cloudformation")
    name = f"{stack.stack_name}-second"
    [first] = cloudformation.describe_stacks(StackName=stack.stack_name)["Stacks"]
    template = cloudformation.get_template(
        StackName=stack.stack_name, TemplateStage="Original"
    )["TemplateBody"]
    # `sam deploy` uploads the template, which may be longer then than a TemplateBody.
    compact = json.dumps(yaml.safe_load(template), separators=(",", ":"))
    cloudformation.create_stack(
        StackName=name,
        TemplateBody=compact,
        Parameters=first["Parameters"],
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
    )
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
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

    assert len(first) == len(second)
    assert first & second == set()
