"""
Run by the SAM CLI's own interpreter: print what AWS makes of a template, as JSON.

The arguments are the template's file, and `Name=value` for parameters; `--whole` prints
the template itself, as CloudFormation gets it.

Otherwise, `resources` and `outputs` are those of the template after SAM's transform,
and `strategies` CodeDeploy's, by the names that SAM knows. For each type of resource,
CloudFormation's schemas say its `identifiers`, what is unique in a region, and the
`permissions` that it takes to manage one.
"""

import json
import logging
import re
import sys
from pathlib import Path
from typing import Any

import boto3
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER
from samcli.yamlhelper import yaml_parse
from samtranslator.model.preferences.deployment_preference_collection import (
    CODEDEPLOY_PREDEFINED_CONFIGURATIONS_LIST,
)
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

REGION = "us-east-1"


def transformed(
    template: dict[str, Any], given: dict[str, str], region: str = REGION
) -> dict[str, Any]:
    for resource in template["Resources"].values():
        for name in {"CodeUri", "ContentUri"} & resource["Properties"].keys():
            resource["Properties"][name] = "s3://bucket/key"  # as when it is built
    parameters = {
        name: parameter.get("Default", "https://shop.example.test")
        for name, parameter in template["Parameters"].items()
    } | given
    session = boto3.Session(region_name=region)
    translator = Translator({}, Parser(), boto_session=session)
    found: dict[str, Any] = translator.translate(template, parameters)
    return found


def identifiers(kind: str) -> list[list[str]]:
    """Return each set of properties whose values only one resource may have."""
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, kind).schema
    found = [
        [pointer.rpartition("/")[2] for pointer in pointers]
        for pointers in (
            schema["primaryIdentifier"],
            *schema.get("additionalIdentifiers", []),
        )
    ]
    # Some unique names are no identifiers: a rule's, whose identifier is its ARN.
    names = [
        pointer.removeprefix("/properties/")
        for pointer in schema.get("createOnlyProperties", [])
        if re.fullmatch(r"/properties/\w*Name", pointer)
    ]
    # A name that is a part of an identifier need not be unique by itself.
    return found + [[name] for name in names if not any(name in one for one in found)]


def permissions(kind: str) -> list[str]:
    """Return what CloudFormation needs to create, change and delete a resource."""
    handlers = PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, kind).schema.get(
        "handlers", {}
    )
    return sorted(
        {
            permission
            for name, handler in handlers.items()
            if name != "list"
            for permission in handler["permissions"]
        }
    )


def described(template: dict[str, Any]) -> dict[str, Any]:
    kinds = sorted({each["Type"] for each in template["Resources"].values()})
    return {
        "resources": template["Resources"],
        "outputs": template["Outputs"],
        "strategies": CODEDEPLOY_PREDEFINED_CONFIGURATIONS_LIST,
        "identifiers": {kind: identifiers(kind) for kind in kinds},
        "permissions": {kind: permissions(kind) for kind in kinds},
    }


if __name__ == "__main__":
    logging.disable(logging.WARNING)  # SAM names features that it does not have yet
    file, *arguments = sys.argv[1:]
    given = dict(each.split("=", 1) for each in arguments if each != "--whole")
    template = transformed(yaml_parse(Path(file).read_text()), given)
    whole = "--whole" in arguments
    print(json.dumps(template if whole else described(template)))  # noqa: T201
