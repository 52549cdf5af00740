"""The checks of `smoke` that make one request for each route."""

from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from cli.console import CommandError
from cli.smoke_api import Answer, Api, said

# A session that Stripe does not have, and an id that no offer has: nothing is changed.
NO_SESSION = "cs_test_smoke"
NO_ID = "smoke-" + "0" * 32
# Refused before anything else: no request of these checks can start a payment.
NOT_JSON = "this is not JSON"
FOREIGN_ORIGIN = "https://smoke.example.com"


@dataclass(frozen=True, slots=True)
class Route:
    """A route of the API's own OpenAPI document, with values that name nothing."""

    method: str
    path: str
    statuses: frozenset[int]
    needs_token: bool
    has_body: bool

    def ask(self, api: Api, token: str | None = None) -> Answer:
        body = NOT_JSON if self.has_body else None
        return api.call(self.method, self.path, token, body)

    def problem(self, answer: Answer) -> str | None:
        """Say what is wrong with an answer that the document does not have, or 5xx."""
        is_right = (
            answer.status in self.statuses
            and answer.status < HTTPStatus.INTERNAL_SERVER_ERROR
            and not answer.is_of_no_route
        )
        return None if is_right else self.said(answer)

    def said(self, answer: Answer) -> str:
        return f"{self.method} {self.path} answered {said(answer)}"


def routes(api: Api) -> list[Route]:
    document = api.expect({200}, "GET", "/openapi.json")
    return [*_routes_of(document)]


def _routes_of(document: dict[str, Any]) -> Iterator[Route]:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if method in {"get", "post", "put"}:
                yield Route(
                    method.upper(),
                    _filled(path, operation.get("parameters", [])),
                    frozenset(int(status) for status in operation["responses"]),
                    bool(operation["security"]),
                    "requestBody" in operation,
                )


def _filled(path: str, parameters: list[dict[str, Any]]) -> str:
    query = []
    for parameter in parameters:
        name = parameter["name"]
        if parameter["in"] == "path":
            kinds = parameter["schema"].get("enum")
            path = path.replace(f"{{{name}}}", kinds[0] if kinds else NO_ID)
        elif parameter["in"] == "query" and parameter.get("required"):
            query.append(f"{name}={NO_SESSION}")
    return f"{path}?{'&'.join(query)}" if query else path


def raise_if_any(problems: list[str]) -> None:
    if problems:
        raise CommandError("; ".join(problems))


def open_routes(api: Api) -> str:
    tried = [route for route in routes(api) if not route.needs_token]
    raise_if_any([p for route in tried if (p := route.problem(route.ask(api)))])
    return f"{len(tried)} routes answer"


def with_token(api: Api, token: str) -> str:
    tried = [route for route in routes(api) if route.needs_token]
    problems = []
    for route in tried:
        answer = route.ask(api, token)
        if answer.status == HTTPStatus.UNAUTHORIZED:
            why = answer.headers.get("www-authenticate", "")
            problems.append(f"{route.said(answer)} {why}".strip())
        elif problem := route.problem(answer):
            problems.append(problem)
    raise_if_any(problems)
    return f"{len(tried)} routes answer"


def refuse_strangers(api: Api, token: str) -> str:
    """Try each route that needs a token without one, and with a forged one."""
    tried = [route for route in routes(api) if route.needs_token]
    raise_if_any(
        [
            route.said(answer)
            for route in tried
            for stranger in (None, forged(token))
            if (answer := route.ask(api, stranger)).status != HTTPStatus.UNAUTHORIZED
        ]
    )
    return f"{len(tried)} routes refuse no token, and a forged one"


def forged(token: str) -> str:
    """Return the token with another signature, in which no character is the same."""
    head, _, signature = token.rpartition(".")
    return f"{head}.{''.join('A' if c != 'A' else 'B' for c in signature)}"


def cors(api: Api, origin: str) -> str:
    """Send the preflight of a create request from the frontend, and from elsewhere."""
    allowed = _preflight(api, origin)
    if allowed.headers.get("access-control-allow-origin") != origin:
        raise CommandError(f"the preflight from {origin} is refused")
    named = allowed.headers.get("access-control-allow-headers", "").lower()
    if missing := [n for n in ("authorization", "content-type") if n not in named]:
        raise CommandError(f"the preflight does not allow {', '.join(missing)}")
    refused = _preflight(api, FOREIGN_ORIGIN)
    if "access-control-allow-origin" in refused.headers:
        raise CommandError(f"the preflight from {FOREIGN_ORIGIN} is allowed")
    return f"{origin} is allowed, another origin is not"


def _preflight(api: Api, origin: str) -> Answer:
    return api.call(
        "OPTIONS",
        "/api/checkout",
        headers={
            "origin": origin,
            "access-control-request-method": "POST",
            "access-control-request-headers": "authorization,content-type",
        },
    )


def unsigned_event(webhook_url: str) -> str:
    answer = Api(webhook_url).call("POST", "/", body={"id": "evt_smoke"})
    if answer.status != HTTPStatus.BAD_REQUEST:
        raise CommandError(f"it answered {said(answer)}")
    return "400"
