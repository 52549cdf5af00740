"""
Creates the routes of the deployed template's HTTP API in the embedded AWS.

SAM writes an HTTP API's routes, authorizers and CORS as an OpenAPI document, which
CloudFormation imports. MiniStack 1.5 creates the API but ignores the document. This
module reads the document from the processed template and makes the calls of the import.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from local.embedded_aws import REGION

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.embedded_aws import EmbeddedAws

# A part of a template or of an OpenAPI document.
type Json = Any


@dataclass(frozen=True)
class Route:
    """One method and path, the function behind it, and its authorizer."""

    key: str
    function_arn: str
    authorizer: str | None


@dataclass(frozen=True)
class Deployed:
    """Resolves the template's `!Ref`, `!Sub`, `!If` and `!Split`."""

    references: dict[str, str]
    conditions: dict[str, Json]

    def resolve(self, value: Json) -> Json:  # noqa: PLR0911 - one for each function
        match value:
            case {"Ref": name}:
                return self.references[name]
            case {"Fn::Sub": str(text)}:
                return re.sub(r"\$\{([^}]+)\}", lambda m: self.references[m[1]], text)
            case {"Fn::If": [condition, then, otherwise]}:
                return self.resolve(then if self.holds(condition) else otherwise)
            case {"Fn::Split": [separator, text]}:
                return self.resolve(text).split(separator)
            case dict():
                return {key: self.resolve(inner) for key, inner in value.items()}
            case list():
                return [self.resolve(inner) for inner in value]
        return value

    def holds(self, condition: Json) -> bool:
        match condition:
            case str(name) | {"Condition": str(name)}:
                return self.holds(self.conditions[name])
            case {"Fn::Equals": [left, right]}:
                return bool(self.resolve(left) == self.resolve(right))
            case {"Fn::Not": [inner]}:
                return not self.holds(inner)
            case {"Fn::And": inner}:
                return all(self.holds(each) for each in inner)
            case {"Fn::Or": inner}:
                return any(self.holds(each) for each in inner)
        raise ValueError(
            f"This condition of the template is not supported: {condition}"
        )


def open_http_api(aws: EmbeddedAws, stack_name: str) -> str:
    """Create the routes, authorizers and CORS of the HTTP API; return the API's id."""
    gateway = aws.client("apigatewayv2")
    original = read_template(aws, stack_name, "Original")
    template = read_template(aws, stack_name, "Processed")
    deployed = read_names(aws, stack_name, template.get("Conditions", {}))
    logical_id, document = next(
        (name, deployed.resolve(resource["Properties"]["Body"]))
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::ApiGatewayV2::Api"
    )
    api_id = deployed.references[logical_id]

    # The processed template has no CORS if its origins come from a parameter.
    of_any_port = deployed.references.get("AllowLoopbackOrigins") == "on"
    api = deployed.resolve(original["Resources"][logical_id])
    if configuration := cors(api, of_any_port=of_any_port):
        gateway.update_api(ApiId=api_id, CorsConfiguration=configuration)
    authorizer_ids = {
        name: gateway.create_authorizer(
            ApiId=api_id,
            Name=name,
            AuthorizerType="JWT",
            IdentitySource=[scheme["identitySource"]],
            JwtConfiguration={
                "Issuer": scheme["jwtConfiguration"]["issuer"],
                "Audience": scheme["jwtConfiguration"]["audience"],
            },
        )["AuthorizerId"]
        for name, scheme in authorizers(document).items()
    }
    found = list(routes(document))
    integrations = {
        arn: gateway.create_integration(
            ApiId=api_id,
            IntegrationType="AWS_PROXY",
            IntegrationUri=arn,
            PayloadFormatVersion="2.0",
        )["IntegrationId"]
        for arn in {route.function_arn for route in found}
    }
    for route in found:
        authorization: Json = {}
        if route.authorizer:
            authorization = {
                "AuthorizationType": "JWT",
                "AuthorizerId": authorizer_ids[route.authorizer],
            }
        gateway.create_route(
            ApiId=api_id,
            RouteKey=route.key,
            Target=f"integrations/{integrations[route.function_arn]}",
            **authorization,
        )
    return api_id


def read_template(aws: EmbeddedAws, stack_name: str, stage: str) -> Json:
    template = aws.client("cloudformation").get_template(
        StackName=stack_name, TemplateStage=stage
    )["TemplateBody"]
    # The original is the text that SAM uploaded, without YAML's short tags.
    return yaml.safe_load(template) if isinstance(template, str) else template


def read_names(aws: EmbeddedAws, stack_name: str, conditions: Json) -> Deployed:
    """Read the values of the stack's parameters and the ids of its resources."""
    cloudformation = aws.client("cloudformation")
    stack: Json = cloudformation.describe_stacks(StackName=stack_name)["Stacks"][0]
    resources: Json = cloudformation.describe_stack_resources(StackName=stack_name)
    account = stack["StackId"].split(":")[4]

    references = {
        "AWS::Partition": "aws",
        "AWS::Region": REGION,
        "AWS::AccountId": account,
        "AWS::URLSuffix": "amazonaws.com",
        "AWS::StackName": stack_name,
    }
    references |= {
        each["ParameterKey"]: each["ParameterValue"]
        for each in stack.get("Parameters", [])
    }
    for each in resources["StackResources"]:
        name, physical_id = each["LogicalResourceId"], each["PhysicalResourceId"]
        references[name] = physical_id
        if each["ResourceType"] == "AWS::Lambda::Function":
            references[f"{name}.Arn"] = (
                f"arn:aws:lambda:{REGION}:{account}:function:{physical_id}"
            )
    return Deployed(references, conditions)


def routes(document: Json) -> Iterator[Route]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            uri = operation["x-amazon-apigateway-integration"]["uri"]
            schemes = [name for rule in operation["security"] for name in rule]
            yield Route(
                key=f"{method.upper()} {path}",
                function_arn=uri.partition("/functions/")[2].removesuffix(
                    "/invocations"
                ),
                # SAM gives a route without an authorizer the scheme "NONE".
                authorizer=next((name for name in schemes if name != "NONE"), None),
            )


def authorizers(document: Json) -> dict[str, Json]:
    schemes = document.get("components", {}).get("securitySchemes", {})
    return {
        name: scheme["x-amazon-apigateway-authorizer"]
        for name, scheme in schemes.items()
    }


def cors(api: Json, *, of_any_port: bool = False) -> Json:
    """
    Return the CORS configuration of the template's *api* resource.

    MiniStack compares an origin with each of a list, so every port of this machine can
    only be allowed as `*`. It never sees the request of another page: the server around
    it answers the pages of this machine and of ALLOWED_ORIGINS alone, and names their
    own origin to them (serve_aws.py).
    """
    configuration = api["Properties"].get("CorsConfiguration", {})
    if of_any_port and configuration:
        return configuration | {"AllowOrigins": ["*"]}
    # The value of a list parameter is still a comma-separated text here.
    if isinstance(origins := configuration.get("AllowOrigins"), str):
        return configuration | {"AllowOrigins": origins.split(",")}
    return configuration
