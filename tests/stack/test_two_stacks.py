"""A second stack beside the one that runs: nothing of it is the first one's."""

import subprocess
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from local.embedded_aws import EmbeddedAws
from local.sam import SAM
from local.settings import ROOT


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
