"""Render templates as HTML."""

from functools import cache
from http import HTTPStatus
from pathlib import Path

import jinja2
from starlette.responses import HTMLResponse

from .money import format_amount

TEMPLATES = Path(__file__).parent / "templates"


def render(
    template: str, status: HTTPStatus = HTTPStatus.OK, **values: object
) -> HTMLResponse:
    return HTMLResponse(_templates().get_template(template).render(values), status)


@cache
def _templates() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["money"] = format_amount
    return environment
