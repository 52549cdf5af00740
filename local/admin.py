"""
The admin routes of the local storefront: the records of each payment, and a reset.

They have no authentication and are never deployed. E-mail addresses and secrets are
masked in every response.
"""

from __future__ import annotations

import json
import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from local.follow import Follower
from local.samples import reset_shop

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from starlette.requests import Request

# Patterns of sensitive text, and their replacements.
MASKS = (
    (re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+"), "…@…"),
    (re.compile(r"_secret_\w+"), "_secret_…"),
    (re.compile(r"\b(sk_test|rk_test|whsec)_\w+"), r"\1_…"),
    (re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]+"), "eyJ…"),
)


def routes(stack_file: Path) -> list[BaseRoute]:
    follower = Follower(stack_file)

    def payments(_request: Request) -> Response:
        return respond({"data": follower.payments()})

    def payment(request: Request) -> Response:
        found = follower.payment(request.path_params["id"])
        if found is None:
            return respond({"error": "There is no such payment."}, HTTPStatus.NOT_FOUND)
        return respond(found)

    def reset(request: Request) -> Response:
        # A page of another origin can submit a form, but cannot add this header.
        if request.headers.get("X-Admin") != "reset":
            error = "The shop can be reset from its own page only."
            return respond({"error": error}, HTTPStatus.FORBIDDEN)
        outputs, shop = follower.stack["outputs"], follower.stack["storefront_url"]
        reset_shop(follower.aws("dynamodb"), outputs, shop)
        return respond({})

    def once_started(answer: Callable[[Request], Response]) -> Callable[..., Response]:
        def endpoint(request: Request) -> Response:
            if not stack_file.exists():
                error = "The stack is still starting."
                return respond({"error": error}, HTTPStatus.SERVICE_UNAVAILABLE)
            return answer(request)

        return endpoint

    return [
        Route("/payments", once_started(payments)),
        Route("/payments/{id}", once_started(payment)),
        Route("/reset", once_started(reset), methods=["POST"]),
    ]


def respond(content: dict[str, Any], status: HTTPStatus = HTTPStatus.OK) -> Response:
    return Response(
        masked(json.dumps(content)),
        status,
        {"Cache-Control": "no-store"},
        "application/json",
    )


def masked(text: str) -> str:
    for pattern, replacement in MASKS:
        text = pattern.sub(replacement, text)
    return text
