"""template.yaml as the tests read it: what is deployed is what is tested."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from local import template_yaml

ROOT = Path(__file__).parent.parent


@cache
def template(name: str = "template.yaml") -> dict[str, Any]:
    return template_yaml.read(ROOT / name)


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


def statements_of(function: str) -> list[dict[str, Any]]:
    """Return what a function's role allows it beyond what every function may do."""
    role = resources("AWS::IAM::Role")[f"{function}Role"]
    return [
        statement
        for policy in role.get("Policies", [])
        for statement in map(unconditional, policy["PolicyDocument"]["Statement"])
    ]


def unconditional(statement: dict[str, Any]) -> dict[str, Any]:
    """Return a statement as it is if its condition holds; without it there is none."""
    match statement:
        case {"Fn::If": [_, then, {"Ref": "AWS::NoValue"}]}:
            return dict(then)
    return statement


def own_alarms() -> dict[str, dict[str, Any]]:
    """Return the alarms on metrics that the functions count themselves."""
    return {
        name: alarm
        for name, alarm in resources("AWS::CloudWatch::Alarm").items()
        if alarm["Namespace"] == {"Fn::Sub": "Checkout/${AWS::StackName}"}
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
    match value:
        case {"Ref": name}:
            return values[name]
        case {"Fn::Sub": [text, own]}:
            known = {name: resolved(part, values) for name, part in own.items()}
            return resolved({"Fn::Sub": text}, values | known)
        case {"Fn::Sub": text}:
            return re.sub(r"\$\{(.+?)\}", lambda name: values[name[1]], text)
        case {"Fn::Join": [_, reference]}:
            return values[reference["Ref"]]
        case {"Fn::If": [condition, then, otherwise]}:
            chosen = then if holds(condition, values) else otherwise
            return resolved(chosen, values)
    return str(value)


def holds(condition: Any, values: dict[str, str]) -> bool:
    """Whether a condition of the template holds; the functions' variables use these."""
    match condition:
        case str(name) | {"Condition": name}:
            return holds(template()["Conditions"][name], values)
        case {"Fn::Not": [inner]}:
            return not holds(inner, values)
        case {"Fn::Equals": [left, right]}:
            return resolved(left, values) == resolved(right, values)
    raise ValueError(f"This condition is not read by the tests: {condition}")


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
