"""
What only a desk may have: looking behind a payment, and a fresh start.

The storefront's server has it below /desk. It is never deployed: it asks nobody who
they are. E-mail addresses and secrets are masked in whatever it tells.
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

# What may not be shown, and what is shown in its place.
MASKS = (
    (re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+"), "…@…"),
    (re.compile(r"_secret_\w+"), "_secret_…"),
    (re.compile(r"\b(sk_test|rk_test|whsec)_\w+"), r"\1_…"),
    (re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]+"), "eyJ…"),
)


def routes(stack_file: Path) -> list[BaseRoute]:
    follower = Follower(stack_file)

    def payments(_request: Request) -> Response:
        return told({"data": follower.payments()})

    def story(request: Request) -> Response:
        found = follower.story(request.path_params["id"])
        return told(
            found or {"error": "There is no such payment."}, 200 if found else 404
        )

    def reset(request: Request) -> Response:
        # A page of another origin may send a form here; it cannot add this header.
        if request.headers.get("X-Desk") != "reset":
            return told({"error": "The shop is reset from its own page only."}, 403)
        reset_shop(follower.aws("dynamodb"), follower.stack["outputs"])
        return told({})

    def when_open(answer: Callable[[Request], Response]) -> Callable[..., Response]:
        def endpoint(request: Request) -> Response:
            if not stack_file.exists():
                return told({"error": "The stack is still starting."}, 503)
            return answer(request)

        return endpoint

    return [
        Route("/payments", when_open(payments)),
        Route("/payments/{id}", when_open(story)),
        Route("/reset", when_open(reset), methods=["POST"]),
    ]


def told(content: dict[str, Any], status: int = HTTPStatus.OK) -> Response:
    return Response(
        masked(json.dumps(content)),
        status,
        {"Cache-Control": "no-store"},
        "application/json",
    )


def masked(text: str) -> str:
    for pattern, instead in MASKS:
        text = pattern.sub(instead, text)
    return text
