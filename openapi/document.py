"""The document: every route with its schemas, errors and examples."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

from checkout import errors
from checkout.errors import CheckoutError
from openapi.answers import ANSWERS, created, purchases, shown_offers, stored_offers
from openapi.examples import example_of
from openapi.models import item_types, kind_names, nested, schema_of
from openapi.routes import Caller, Route, all_routes, create_schemas, parameters
from openapi.schema import COUNT, TEXT, Schema, component, fields, list_of, one_of

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
    {"url": "/", "description": "The stack that serves this document."},
    {
        "url": "https://{api}.execute-api.{region}.amazonaws.com",
        "description": "The stack's output `ApiUrl`.",
        "variables": {"api": {"default": "api-id"}, "region": {"default": "us-east-1"}},
    },
]
GATEWAY = "GatewayMessage"
# What API Gateway may answer to a request, beside the function.
GATEWAY_ALWAYS = {
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.SERVICE_UNAVAILABLE,
}
GATEWAY_WITH_TOKEN = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
RETRY_AFTER = {
    "Retry-After": {"schema": COUNT, "description": "Seconds after which to try again."}
}
WITH_RETRY_AFTER = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}


def version() -> str:
    return str(tomllib.loads(PYPROJECT.read_text())["project"]["version"])


def document() -> dict[str, Any]:
    routes = all_routes()
    paths: dict[str, dict[str, Any]] = {}
    shared: dict[str, Any] = {}
    for route in routes:
        shared |= {each.name: each.response for each in refused(route)}
        paths.setdefault(route.url, {})[route.method] = operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "paidonce",
            "version": version(),
            "summary": "One-off payments through Stripe Checkout.",
            "description": DESCRIPTION,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": SERVERS,
        "tags": [{"name": name, "description": text} for name, text in TAGS.items()],
        "paths": paths,
        "components": {
            "schemas": schemas(),
            "responses": dict(sorted(shared.items())),
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "A token of the stack's issuer, for its audience.",
                }
            },
        },
    }


def operation(route: Route) -> dict[str, Any]:
    example = example_of(route.method, route.url)
    described: dict[str, Any] = {
        "operationId": route.name,
        "tags": [route.tag],
        "summary": route.summary,
        "description": f"Called {route.caller.value}.",
        "security": [{"token": []}] if route.caller.has_token else [],
    }
    if given := list(parameters_of(route)):
        described["parameters"] = given
    if route.body is not None:
        content: dict[str, Any] = {"schema": route.body}
        if example and example.body is not None:
            content["example"] = example.body
        described["requestBody"] = {
            "required": route.needs_body,
            "content": {"application/json": content},
        }
    answer: dict[str, Any] = {"schema": route.answer}
    if example:
        answer["example"] = example.answer
    described["responses"] = {
        **answered(route, {"application/json": answer}),
        **{each.status: each.reference for each in refused(route)},
    }
    return described


def parameters_of(route: Route) -> Iterable[dict[str, Any]]:
    for name in parameters(route.url):
        schema = route.path.get(name, {**TEXT, "minLength": 1})
        yield parameter(name, "path", schema, required=True)
    for name, schema in route.query.items():
        # The only one that must be given.
        yield parameter(name, "query", schema, required=name == "session_id")
    for name, schema in route.headers.items():
        yield parameter(name, "header", schema, required=name == "Stripe-Signature")


def parameter(
    name: str, where: str, schema: Schema, *, required: bool
) -> dict[str, Any]:
    limits = {k: v for k, v in schema.items() if k != "description"}
    text = {"description": schema["description"]} if "description" in schema else {}
    return {"name": name, "in": where, "required": required, **text, "schema": limits}


def answered(route: Route, content: dict[str, Any]) -> dict[str, Any]:
    found = {"200": {"description": "OK", "content": content}}
    if route.may_create:
        created = {"description": "Created: the offer is new.", "content": content}
        found["201"] = created
    if route.is_static:
        headers = {"ETag": {"schema": TEXT}}
        found["200"] = {**found["200"], "headers": headers}
        found["304"] = {"description": "Not modified", "headers": headers}
    return found


@dataclass(frozen=True)
class Refusal:
    """The answers of one status: of the function, of API Gateway, or of both."""

    of: HTTPStatus
    codes: tuple[str, ...]
    by_gateway: bool

    @property
    def status(self) -> str:
        return str(self.of.value)

    @property
    def name(self) -> str:
        phrase = self.of.phrase.replace(" ", "")
        return ".".join(
            [phrase, *self.codes, *(["gateway"] if self.by_gateway else [])]
        )

    @property
    def reference(self) -> Schema:
        return {"$ref": f"#/components/responses/{self.name}"}

    @property
    def response(self) -> dict[str, Any]:
        codes = {"properties": {"code": {"enum": list(self.codes)}}}
        bodies = [component("Error") | codes] if self.codes else []
        said = [f"`{code}`" for code in self.codes]
        if self.by_gateway:
            bodies.append(component(GATEWAY))
            said.append("API Gateway's own answer")
        schema = bodies[0] if len(bodies) == 1 else {"anyOf": bodies}
        found: dict[str, Any] = {
            "description": f"{self.of.phrase}: {', '.join(said)}",
            "content": {"application/json": {"schema": schema}},
        }
        if self.codes and self.of in WITH_RETRY_AFTER:
            found["headers"] = RETRY_AFTER
        return found


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


def error_codes(of: type[CheckoutError] = CheckoutError) -> set[str]:
    """Return the codes of all errors."""
    own = {of.code} if of is not errors.RefusedEventError else set()
    return own.union(*(error_codes(each) for each in of.__subclasses__()))


def schemas() -> dict[str, Schema]:
    items = item_types()
    found = {
        **create_schemas(),
        **{f"Created{name.title()}": created(name) for name in kind_names()},
        **{f"{item.title}Offer": schema_of(item.model) for item in items},
        **{n: s for item in items for n, s in nested(item.model).items()},
        **stored_offers(),
        **purchases(),
        **shown_offers(),
        **ANSWERS,
        "Kind": one_of(sorted({*kind_names(), *(item.name for item in items)})),
        "Error": fields(
            {
                "error": {
                    **TEXT,
                    "description": "A sentence for people; it may change.",
                },
                "code": one_of(sorted(error_codes())),
                "request_id": TEXT,
            },
            {
                "fields": {
                    **list_of(fields({"field": TEXT, "problem": TEXT})),
                    "description": "What is refused, field by field.",
                }
            },
        ),
        GATEWAY: {
            **fields({"message": TEXT}),
            "description": "An answer of API Gateway itself.",
        },
    }
    return dict(sorted(found.items()))
