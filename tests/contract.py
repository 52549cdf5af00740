"""
Whether what the functions answer is as `functions/openapi/openapi.json` says.

`Shop.invoke` checks every answer of every test that calls a function by HTTP, and the
body of every request that was accepted. A route, a status, a code or a field that the
document does not have is an error here.
"""

import base64
import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from tests.template_file import ROOT

DOCUMENT = ROOT / "functions/openapi/openapi.json"
METHODS = ("get", "post", "put")

type Json = Any


class Contract:
    """The document, with a validator for each body, made when it is first needed."""

    def __init__(self, document: Mapping[str, Json]) -> None:
        self.document = document
        self._validators: dict[tuple[str, ...], Draft202012Validator | None] = {}
        self.kinds = set(kinds_of_offers(document["paths"]))

    def check(self, event: Mapping[str, Json], answer: Mapping[str, Json]) -> None:
        """Raise AssertionError unless *answer* to *event* is as described."""
        method, _, template_path = event["routeKey"].partition(" ")
        kind = (event.get("pathParameters") or {}).get("kind")
        path = self._path(method.lower(), template_path, kind)
        status = str(answer["statusCode"])
        if path is None or status == "304":
            return
        body = json.loads(answer["body"])
        # Kinds that tests add are in no document that was written before.
        is_closed = self.kinds.issuperset(kinds_in(body))
        where = (method.lower(), path, status, "closed" if is_closed else "open")
        validator = self._validator(where)
        assert validator, f"{method} {path} answers {status}, which is not described"
        fail_unless_valid(validator, body, f"{method} {path} answers {status}")
        if int(status) < 400:
            self._check_request(method.lower(), path, event)

    def _check_request(self, method: str, path: str, event: Mapping[str, Json]) -> None:
        sent = event.get("body") or ""
        if event.get("isBase64Encoded"):
            sent = base64.b64decode(sent)
        validator = self._validator((method, path, "request"))
        if sent and validator:
            fail_unless_valid(validator, json.loads(sent), f"{method} {path} takes")

    def _path(self, method: str, template_path: str, kind: str | None) -> str | None:
        """Return the described path of a route; None for an unknown kind's."""
        found = [template_path.replace("{kind}", str(kind)), template_path]
        for path in found:
            if method in self.document["paths"].get(path, {}):
                return path
        if kind is not None and kind not in self.kinds:
            return None
        raise AssertionError(f"{method} {template_path} is not described")

    def _validator(self, where: tuple[str, ...]) -> Draft202012Validator | None:
        if where not in self._validators:
            schema = self._schema(*where)
            made = None if schema is None else Draft202012Validator(schema)
            self._validators[where] = made
        return self._validators[where]

    def _schema(
        self, method: str, path: str, part: str, how: str = "open"
    ) -> Json | None:
        operation = self.document["paths"][path][method]
        if part == "request":
            described = operation.get("requestBody")
        else:
            described = self.inlined(operation["responses"].get(part))
        if described is None:
            return None
        schema = self.inlined(described["content"]["application/json"]["schema"])
        return closed(schema) if how == "closed" else schema

    def inlined(self, part: Json) -> Json:
        """Return *part* with what its references name, which is faster to check."""
        match part:
            case {"$ref": str(ref), **more}:
                target: Json = self.document
                for step in ref.removeprefix("#/").split("/"):
                    target = target[step]
                inner = self.inlined(target)
                if "properties" in more:
                    own = self.inlined(more["properties"])
                    return inner | {"properties": inner["properties"] | own}
                return inner
            case dict():
                return {name: self.inlined(each) for name, each in part.items()}
            case list():
                return [self.inlined(each) for each in part]
        return part


def closed(schema: Json) -> Json:
    """Refuse fields that are not described, though a client has to ignore them."""
    match schema:
        case dict():
            inner = {name: closed(each) for name, each in schema.items()}
            # Not what only narrows an object that is described elsewhere.
            if schema.get("type") == "object" and "properties" in schema:
                inner.setdefault("additionalProperties", False)
            return inner
        case list():
            return [closed(each) for each in schema]
    return schema


def kinds_of_offers(paths: Json) -> Iterator[str]:
    """Yield the kinds that the document knows, those of a kind's items included."""
    for methods in paths.values():
        for operation in methods.values():
            for parameter in operation.get("parameters", ()):
                if parameter["name"] == "kind":
                    yield from parameter["schema"]["enum"]


def kinds_in(body: Json) -> Iterator[str]:
    """Yield the kinds of the offers and purchases in an answer."""
    match body:
        case dict():
            if isinstance(body.get("kind"), str):
                yield body["kind"]
            for each in body.values():
                yield from kinds_in(each)
        case list():
            for each in body:
                yield from kinds_in(each)


def fail_unless_valid(validator: Draft202012Validator, body: Json, what: str) -> None:
    if validator.is_valid(body):
        return
    found = "; ".join(
        f"{error.json_path}: {error.message}" for error in validator.iter_errors(body)
    )
    raise AssertionError(f"{what} what the document does not describe: {found}")


@cache
def contract() -> Contract:
    return Contract(json.loads(DOCUMENT.read_text()))
