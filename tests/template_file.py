"""template.yaml as the tests read it: what is deployed is what is tested."""

import json
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent
SAM_PYTHON = ROOT / ".venvs/sam/bin/python"


class _Loader(yaml.SafeLoader):
    """Reads CloudFormation's short forms as their long ones."""


def _short_form(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}"
    match node:
        case yaml.ScalarNode():
            value = loader.construct_scalar(node)
            return {name: value.split(".", 1) if suffix == "GetAtt" else value}
        case yaml.SequenceNode():
            return {name: loader.construct_sequence(node, deep=True)}
    return {name: loader.construct_mapping(node, deep=True)}


_Loader.add_multi_constructor("!", _short_form)


@cache
def template() -> dict[str, Any]:
    return yaml.load((ROOT / "template.yaml").read_text(), Loader=_Loader)  # noqa: S506


@cache
def transformed(*overrides: str, path: Path = ROOT / "template.yaml") -> dict[str, Any]:
    """
    Return what CloudFormation gets: a template after SAM's own transform.

    An override is a parameter's `Name=value`. The result is as transform.py prints it.
    """
    if not SAM_PYTHON.exists():
        pytest.skip("needs the SAM CLI: `make .venvs/sam/ready` installs it")
    script = ROOT / "tests/template/transform.py"
    command = [SAM_PYTHON, script, path, *overrides]
    printed = subprocess.run(command, check=True, capture_output=True).stdout
    found: dict[str, Any] = json.loads(printed)
    return found


def referred_to(value: Any) -> Iterator[str]:
    """Yield each parameter, resource and condition that *value* refers to."""
    match value:
        case {"Ref": name}:
            yield name
        case {"Fn::GetAtt": [name, *_]}:
            yield name
        case {"Fn::Sub": str(text)}:
            yield from (name.split(".")[0] for name in re.findall(r"\$\{(.+?)\}", text))
        case {"Fn::Sub": [str(text), dict(variables)]}:
            named = set(referred_to({"Fn::Sub": text})) - variables.keys()
            yield from named
            yield from referred_to(variables)
        case {"Fn::If": [condition, *branches]}:
            yield condition
            yield from referred_to(branches)
        case dict():
            yield from referred_to([*value.values()])
        case list():
            for inner in value:
                yield from referred_to(inner)


def resources(kind: str) -> dict[str, dict[str, Any]]:
    """Return the properties of all resources of one type, by logical id."""
    return {
        name: resource["Properties"]
        for name, resource in template()["Resources"].items()
        if resource["Type"] == kind
    }


def functions() -> dict[str, dict[str, Any]]:
    return resources("AWS::Serverless::Function")


def own_alarms() -> dict[str, dict[str, Any]]:
    """Return the alarms on metrics that the functions count themselves."""
    return {
        name: alarm
        for name, alarm in resources("AWS::CloudWatch::Alarm").items()
        if not str(alarm["Namespace"]).startswith("AWS/")
    }


def module_of(function: dict[str, Any]) -> str:
    """Return the module that Lambda runs for a function, as the tests import it."""
    handler = function.get("Handler", template()["Globals"]["Function"]["Handler"])
    return f"{function['CodeUri']}/{handler.split('.')[0]}".replace("/", ".")


def environment_of(function: dict[str, Any], values: dict[str, str]) -> dict[str, str]:
    """Return a function's variables, with each reference looked up in *values*."""
    return {
        name: resolved(value, values) for name, value in variables_of(function).items()
    }


def variables_of(function: dict[str, Any]) -> dict[str, Any]:
    """Return a function's variables as the template has them, references unresolved."""
    everywhere = template()["Globals"]["Function"]["Environment"]["Variables"]
    return {**everywhere, **function["Environment"]["Variables"]}


def resolved(value: Any, values: dict[str, str]) -> str:
    """Return what CloudFormation makes of *value*."""
    if not isinstance(value, dict):
        return str(value)
    if "Fn::Sub" in value:
        return re.sub(r"\$\{(.+?)\}", lambda name: values[name[1]], value["Fn::Sub"])
    if "Fn::Join" in value:
        _, reference = value["Fn::Join"]
        return values[reference["Ref"]]
    return values[value["Ref"]]


def references() -> set[str]:
    """Return every name that a function's variables may refer to."""
    names = {*template()["Parameters"], *template()["Resources"]}
    names |= {"StripeWebhookFunctionUrl.FunctionUrl", "HttpApi"}
    return names | {
        f"AWS::{name}" for name in ("StackId", "StackName", "Region", "URLSuffix")
    }


def routes() -> dict[str, str]:
    """Return the logical id of the function behind each route of the API."""
    return {
        f"{event['Properties']['Method']} {event['Properties']['Path']}": name
        for name, function in functions().items()
        for event in function.get("Events", {}).values()
        if event["Type"] == "HttpApi"
    }


def needs_token(route: str) -> bool:
    function = functions()[routes()[route]]
    for event in function["Events"].values():
        properties = event["Properties"]
        if f"{properties.get('Method')} {properties.get('Path')}" == route:
            return properties.get("Auth", {}).get("Authorizer") != "NONE"
    raise KeyError(route)
