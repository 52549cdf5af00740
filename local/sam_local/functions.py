"""Prepares the built functions, and their environment variables, for `sam local`."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import boto3
import yaml

from local import sam
from local.embedded_aws import CREDENTIALS
from mocktill import loopback_only

if TYPE_CHECKING:
    from collections.abc import Mapping

HERE = Path(__file__).parent
# The modules that are copied beside each function's own.
COPIED = (HERE / "api_gateway.py", Path(loopback_only.__file__))

type Stack = Mapping[str, Any]


def ports(stack: Stack) -> list[int]:
    """Return the ports of the servers that the functions call."""
    return [
        port
        for name in ("aws_endpoint_url", "stripe_url")
        if (port := urlsplit(stack[name]).port)
    ]


def from_containers(text: str, stack: Stack) -> str:
    """Replace the servers' addresses in *text* by those that containers use."""
    machine = stack["container_host"]
    for port in ports(stack):
        text = text.replace(f"http://127.0.0.1:{port}", f"http://{machine}:{port}")
    return text


def of_the_local_aws(stack: Stack) -> dict[str, str]:
    """Return the variables that direct a function to the embedded AWS only."""
    return {
        **CREDENTIALS,
        # Otherwise SAM passes on the value from the user's shell.
        "AWS_SESSION_TOKEN": "",
        "AWS_DEFAULT_REGION": stack["region"],
        "AWS_REGION": stack["region"],
        "AWS_ENDPOINT_URL": from_containers(stack["aws_endpoint_url"], stack),
    }


def environment(stack: Stack) -> dict[str, dict[str, str]]:
    """Return the deployed environment of each function, by its logical id."""
    aws = {
        "endpoint_url": stack["aws_endpoint_url"],
        "region_name": stack["region"],
        "aws_access_key_id": CREDENTIALS["AWS_ACCESS_KEY_ID"],
        "aws_secret_access_key": CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
    }
    resources: Any = boto3.client("cloudformation", **aws).describe_stack_resources(
        StackName=stack["stack_name"]
    )
    functions: Any = boto3.client("lambda", **aws)
    return {
        each["LogicalResourceId"]: {
            name: from_containers(value, stack)
            for name, value in functions.get_function_configuration(
                FunctionName=each["PhysicalResourceId"], Qualifier=sam.ALIAS
            )["Environment"]["Variables"].items()
        }
        | of_the_local_aws(stack)
        for each in resources["StackResources"]
        if each["ResourceType"] == "AWS::Lambda::Function"
    }


def adapt(build: Path, stack: Stack) -> None:
    """
    Adapt the output of `sam build`; the project's own template is not changed.

    SAM passes only those variables to a function that the template declares. Its local
    API differs from API Gateway: `api_gateway.py` adds what is missing.
    """
    file = build / "template.yaml"
    template = yaml.safe_load(file.read_text())
    template["Parameters"]["Architecture"]["Default"] = sam.this_architecture()
    everywhere = template["Globals"]["Function"]
    everywhere["Handler"] = "api_gateway.lambda_handler"
    everywhere["Environment"]["Variables"] |= of_the_local_aws(stack)
    file.write_text(yaml.safe_dump(template, sort_keys=False))
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            for module in COPIED:
                shutil.copy(module, build / resource["Properties"]["CodeUri"])
