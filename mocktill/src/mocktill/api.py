"""Serve Stripe's API over HTTP: check keys and versions, and repeat saved answers."""

import base64
import binascii
import json
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from http import HTTPStatus

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from . import forms, known_urls, permissions, versions
from .errors import ApiError, invalid
from .faults import Fault, When, failure
from .idempotency import Answer
from .sandbox import Sandbox, current_request
from .shapes import Json
from .store import new_id

FORM = "application/x-www-form-urlencoded"

type Handler = Callable[[Sandbox, Json, dict[str, str]], Json]

current_path: ContextVar[str] = ContextVar("current_path", default="")


@dataclass
class Call:
    """One API call."""

    method: str
    path: str
    headers: dict[str, str]
    encoded: str
    path_params: dict[str, str]
    request_id: str = field(default_factory=lambda: new_id("req_", 14))
    # The API version of the call. The default stands until the call is checked.
    version: str = versions.API_VERSION
    replayed: bool = False
    fault: Fault | None = None
    restricted_key: permissions.Key | None = None

    @property
    def idempotency_key(self) -> str | None:
        return self.headers.get("idempotency-key") if self.method == "POST" else None


class ApiRoute(Route):
    """A route of Stripe's API. The payment page may use the publishable key."""

    def __init__(
        self, method: str, path: str, handler: Handler, *, publishable: bool
    ) -> None:
        self._handler = handler
        self._publishable = publishable
        super().__init__(path, self._serve, methods=[method])

    async def _serve(self, request: Request) -> Response:
        form = request.method == "POST"
        call = Call(
            request.method,
            request.url.path,
            {name.lower(): value for name, value in request.headers.items()},
            (await request.body()).decode(errors="replace")
            if form
            else request.url.query,
            {key: str(value) for key, value in request.path_params.items()},
        )
        return await run_in_threadpool(self.answer, request.app.state.sandbox, call)

    def answer(self, sandbox: Sandbox, call: Call) -> Response:
        return _respond(sandbox, call, self._handler, publishable=self._publishable)


def route(
    method: str, path: str, handler: Handler, *, publishable: bool = False
) -> ApiRoute:
    return ApiRoute(method, path, handler, publishable=publishable)


def searches() -> list[ApiRoute]:
    """Refuse Stripe's searches, which would otherwise be taken for ids."""
    return [
        route(method, address, _refusal(method))
        for method, address in known_urls.known()
        if address.endswith("/search")
    ]


def not_answered() -> list[ApiRoute]:
    """Refuse all calls that no other route answers."""
    return [
        route(method, f"/{version}/{{path:path}}", _refusal(method))
        for version in ("v1", "v2")
        for method in ("GET", "POST", "DELETE")
    ]


def _refusal(method: str) -> Handler:
    """Refuse a call of Stripe's by name, and any other call in Stripe's words."""

    def refuse(_: Sandbox, __: Json, ___: dict[str, str]) -> Json:
        path = current_path.get()
        if known_urls.is_known(method, path):
            raise invalid(None, f"mocktill does not implement `{method} {path}`.")
        raise ApiError(
            HTTPStatus.NOT_FOUND,
            f"Unrecognized request URL ({method}: {path}). Please see "
            "https://stripe.com/docs or we can help at https://support.stripe.com/.",
        )

    return refuse


def _respond(
    sandbox: Sandbox, call: Call, handler: Handler, *, publishable: bool
) -> Response:
    log: Json = {
        "request_id": call.request_id,
        "method": call.method,
        "path": call.path,
        "idempotency_key": call.idempotency_key,
        "status": None,
    }
    sandbox.requests.append(log)
    try:
        answer = _execute(sandbox, call, handler, publishable=publishable)
    except ApiError as error:
        answer = _error(call, error)
    # The idempotency key has saved the answer by now. Only the client loses it.
    if call.fault and call.fault.when == "after":
        sandbox.faults.hang(call.fault)
    log["status"] = answer.status
    headers = {"Request-Id": call.request_id, "Stripe-Version": call.version}
    if call.idempotency_key:
        headers["Idempotency-Key"] = call.idempotency_key
        headers["Original-Request"] = answer.request_id
    if call.replayed:
        headers["Idempotent-Replayed"] = "true"
    if answer.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Basic realm="Stripe"'
    headers |= answer.headers
    return Response(answer.body, answer.status, headers, "application/json")


def _execute(
    sandbox: Sandbox, call: Call, handler: Handler, *, publishable: bool
) -> Answer:
    api_key = _authenticate(sandbox, call, publishable=publishable)
    named = call.headers.get("stripe-version", sandbox.default_api_version)
    call.version = versions.check(named)
    call.restricted_key = sandbox.restricted_keys.get(api_key)
    if call.restricted_key:
        call.restricted_key.check_call(call.method, call.path)
    if not sandbox.rate_limit.admits():
        raise failure(HTTPStatus.TOO_MANY_REQUESTS)
    call.fault = sandbox.faults.take(call.method, call.path)
    _strike(sandbox, call, "before")
    params = _params(call)
    key = call.idempotency_key
    if key is None:
        return _run(sandbox, call, handler, params)
    fingerprint = f"{call.path} {json.dumps(params, sort_keys=True)}"
    saved = sandbox.idempotency.begin(api_key, key, fingerprint)
    if saved:
        call.replayed = True
        return saved
    answer = None
    try:
        answer = _run(sandbox, call, handler, params)
    except ApiError as error:
        if not error.saved:
            raise
        answer = _error(call, error)
    finally:
        sandbox.idempotency.finish(api_key, key, answer)
    return answer


def _run(sandbox: Sandbox, call: Call, handler: Handler, params: Json) -> Answer:
    cause = {"id": call.request_id, "idempotency_key": call.idempotency_key}
    token = current_request.set(cause)
    version = versions.current_version.set(call.version)
    key = permissions.current_key.set(call.restricted_key)
    path = current_path.set(call.path)
    try:
        _strike(sandbox, call, "during")
        with sandbox.lock:
            body = _json(handler(sandbox, params, call.path_params))
        if call.fault and call.fault.when == "after" and call.fault.status:
            raise failure(call.fault.status, call.fault.reason)
    finally:
        current_path.reset(path)
        permissions.current_key.reset(key)
        versions.current_version.reset(version)
        current_request.reset(token)
    return Answer(HTTPStatus.OK, body, call.request_id)


def _strike(sandbox: Sandbox, call: Call, when: When) -> None:
    fault = call.fault
    if fault and fault.when == when:
        sandbox.faults.hang(fault)
        if fault.status:
            raise failure(fault.status, fault.reason)


def _error(call: Call, error: ApiError) -> Answer:
    log_url = f"https://dashboard.stripe.com/test/logs/{call.request_id}"
    body = _json({"error": {**error.error, "request_log_url": log_url}})
    return Answer(error.status, body, call.request_id, error.headers)


def _json(value: Json) -> bytes:
    return json.dumps(value, indent=2).encode()


def _authenticate(sandbox: Sandbox, call: Call, *, publishable: bool) -> str:
    scheme, _, credentials = call.headers.get("authorization", "").partition(" ")
    api_key = credentials
    if scheme.lower() == "basic":
        try:
            api_key = base64.b64decode(credentials).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            api_key = ""
    if not api_key:
        raise ApiError(
            HTTPStatus.UNAUTHORIZED,
            "You did not provide an API key. You need to provide your API key in the "
            "Authorization header, using Bearer auth.",
        )
    if api_key == sandbox.publishable_key:
        if publishable:
            return api_key
        raise ApiError(
            HTTPStatus.UNAUTHORIZED,
            "This API call cannot be made with a publishable API key. "
            "Please use a secret API key.",
            code="secret_key_required",
        )
    if api_key not in (sandbox.secret_key, *sandbox.restricted_keys):
        raise ApiError(
            HTTPStatus.UNAUTHORIZED,
            f"Invalid API Key provided: {api_key[:8]}{'*' * 8}{api_key[-4:]}",
        )
    return api_key


def _params(call: Call) -> Json:
    if call.path.startswith("/v2/"):
        return {}  # mocktill refuses these calls, whose bodies are JSON
    content_type = call.headers.get("content-type", FORM).partition(";")[0].strip()
    if call.method == "POST" and call.encoded and content_type != FORM:
        raise invalid(
            None,
            f"Invalid request (check that your POST content type is {FORM}).",
        )
    return forms.decode(call.encoded)
