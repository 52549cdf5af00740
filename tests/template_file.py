"""template.yaml as the tests read it: what is deployed is what is tested."""

import re
from typing import Any

from monitoring.template_file import ROOT, Loader, template

__all__ = ["ROOT", "Loader", "template"]


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
