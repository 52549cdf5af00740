"""The document: every route with its schemas, errors and examples."""

import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

from aws_lambda_powertools.event_handler.openapi.models import (
    Components,
    Example,
    Header,
    HTTPBearer,
    Info,
    License,
    MediaType,
    OpenAPI,
    Operation,
    Parameter,
    PathItem,
    RequestBody,
    Response,
    Schema,
    Server,
    ServerVariable,
    Tag,
)

from checkout import errors
from checkout.errors import CheckoutError
from openapi.examples import example_of
from openapi.models import JsonSchema, described, schema_of, schemas_of, without
from openapi.routes import Caller, Route, all_routes, parameters

PYPROJECT = Path(__file__).parents[1] / "pyproject.toml"
TAGS = {
    "Paying": "Create a session, and send the buyer to Stripe's page.",
    "After the payment": "What became of a payment: status, access, revenue.",
    "Selling": "Write, list and withdraw offers.",
    "Webhooks": "Stripe's events.",
    "This document": "The API as an OpenAPI document.",
}
DESCRIPTION = """\
Bodies are JSON, times are ISO 8601 in UTC, amounts are integers in the currency's minor
unit. An answer may have more fields one day, and a kind of offer that is added to the
stack has routes, fields and statuses of its own.

API Gateway answers some requests itself, with the body `{"message": "…"}`: 401 without
a valid token, 403, 429 if there are too many requests in all, 500 and 503 if a function
cannot answer."""
SERVERS = [
    Server(url="/", description="The stack that serves this document."),
    Server(
        url="https://{api}.execute-api.{region}.amazonaws.com",
        description="The stack's output `ApiUrl`.",
        variables={
            "api": ServerVariable(default="api-id"),
            "region": ServerVariable(default="us-east-1"),
        },
    ),
]
TOKEN = HTTPBearer(
    bearerFormat="JWT", description="A token of the stack's issuer, for its audience."
)
# What API Gateway may answer to a request, beside the function.
GATEWAY_ALWAYS = {
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.SERVICE_UNAVAILABLE,
}
GATEWAY_WITH_TOKEN = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
WITH_RETRY_AFTER = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}
RETRY_AFTER = Header(
    description="Seconds after which to try again.",
    schema=Schema(type="integer", minimum=0),
)
AN_ID: JsonSchema = {"type": "string", "minLength": 1}
ETAG = Header(schema=Schema(type="string"))


def version() -> str:
    return str(tomllib.loads(PYPROJECT.read_text())["project"]["version"])


def document() -> dict[str, Any]:
    schemas = schemas_of(*described())
    paths: dict[str, dict[str, Operation]] = {}
    shared: dict[str, Response] = {}
    for route in all_routes():
        shared |= {each.name: each.response for each in refused(route)}
        paths.setdefault(route.url, {})[route.method] = operation(route, schemas)
    made = OpenAPI(
        openapi="3.1.0",
        info=Info(
            title="paidonce",
            version=version(),
            summary="One-off payments through Stripe Checkout.",
            description=DESCRIPTION,
            license=License(name="MIT", identifier="MIT"),
        ),
        servers=SERVERS,
        tags=[Tag(name=name, description=text) for name, text in TAGS.items()],
        paths={url: PathItem.model_validate(methods) for url, methods in paths.items()},
        components=Components(
            schemas={n: a_schema(s) for n, s in sorted(schemas.items())},
            responses=dict(sorted(shared.items())),
            securitySchemes={"token": TOKEN},
        ),
    )
    written = made.model_dump_json(by_alias=True, exclude_none=True)
    # Powertools has limits as floats, all of which are whole numbers.
    found: dict[str, Any] = json.loads(
        written, parse_float=lambda text: int(float(text))
    )
    return found


def a_schema(schema: JsonSchema) -> Schema:
    return Schema.model_validate(schema)


def component(name: str, of: str = "schemas") -> JsonSchema:
    return {"$ref": f"#/components/{of}/{name}"}


def in_json(schema: JsonSchema, example: Any = None) -> dict[str, MediaType]:  # noqa: ANN401
    content = MediaType(schema=a_schema(schema))
    if example is not None:
        content.examples = {"docs": Example(value=example)}
    return {"application/json": content}


def operation(route: Route, schemas: Mapping[str, JsonSchema]) -> Operation:
    sent, answer = None, component(route.answer)
    example = example_of(route.method, route.url)
    if route.body:
        given = {*parameters(route.url)} & {*schemas[route.body]["properties"]}
        body = without(schemas[route.body], given) if given else component(route.body)
        content = in_json(body, example and example.body)
        sent = RequestBody(required=route.needs_body, content=content)
    return Operation(
        operationId=route.name,
        tags=[route.tag],
        summary=route.summary,
        description=f"Called {route.caller.value}.",
        security=[{"token": []}] if route.caller.has_token else [],
        parameters=[*parameters_of(route)] or None,
        requestBody=sent,
        responses={
            **answered(route, in_json(answer, example and example.answer)),
            **{each.of: component(each.name, "responses") for each in refused(route)},
        },
    )


def parameters_of(route: Route) -> Iterator[Parameter]:
    in_path = {name: route.path.get(name, AN_ID) for name in parameters(route.url)}
    of_path: JsonSchema = {"properties": in_path, "required": [*in_path]}
    query, headers = map(schema_of, (route.query, route.headers))
    for where, whole in (("path", of_path), ("query", query), ("header", headers)):
        for name, schema in whole.get("properties", {}).items():
            described = {
                "name": name,
                "in": where,
                "required": name in whole.get("required", []),
                "description": schema.get("description"),
                "schema": {k: v for k, v in schema.items() if k != "description"},
            }
            yield Parameter.model_validate(described)


def answered(route: Route, content: dict[str, MediaType]) -> dict[int, Response]:
    found = {200: Response(description="OK", content=content)}
    if route.may_create:
        found[201] = Response(description="Created: the offer is new.", content=content)
    if route.is_static:
        found[200].headers = {"ETag": ETAG}
        found[304] = Response(description="Not modified", headers={"ETag": ETAG})
    return found


@dataclass(frozen=True)
class Refusal:
    """The answers of one status: of the function, of API Gateway, or of both."""

    of: HTTPStatus
    codes: tuple[str, ...]
    by_gateway: bool

    @property
    def name(self) -> str:
        phrase = self.of.phrase.replace(" ", "")
        return ".".join([phrase, *self.codes, *(["gateway"] * self.by_gateway)])

    @property
    def response(self) -> Response:
        codes = {"properties": {"code": {"enum": self.codes}}}
        bodies: list[JsonSchema] = [component("Error") | codes] if self.codes else []
        said = [f"`{code}`" for code in self.codes]
        if self.by_gateway:
            bodies.append(component("GatewayMessage"))
            said.append("API Gateway's own answer")
        has_time = self.codes and self.of in WITH_RETRY_AFTER
        return Response(
            description=f"{self.of.phrase}: {', '.join(said)}",
            headers={"Retry-After": RETRY_AFTER} if has_time else None,
            content=in_json(bodies[0] if len(bodies) == 1 else {"anyOf": bodies}),
        )


def refused(route: Route) -> list[Refusal]:
    """Return the answers to what is refused, one for each status."""
    always: set[type[CheckoutError]] = set() if route.is_static else {CheckoutError}
    if not route.is_static and route.caller is not Caller.STRIPE:
        always.add(errors.TryAgainError)
    if route.caller.has_token:
        always.add(errors.UnauthorizedError)
    codes: dict[HTTPStatus, set[str]] = {}
    for error in {*route.refused, *always}:
        codes.setdefault(error.status, set()).add(error.code)
    by_gateway = GATEWAY_ALWAYS | (
        GATEWAY_WITH_TOKEN if route.caller.has_token else set()
    )
    return [
        Refusal(status, tuple(sorted(codes.get(status, ()))), status in by_gateway)
        for status in sorted({*codes, *by_gateway})
    ]
