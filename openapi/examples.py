"""The examples of docs/api.md and docs/mobile.md, which come from a running stack."""

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parents[1] / "docs"
# A request, and the answer below it.
EXAMPLE = re.compile(
    r"^```http\n(?P<method>GET|POST|PUT) (?P<path>/[^\s?]+)(?P<rest>.*?)```"
    r"(?:(?!^```|^#).)*^```json\n(?P<answer>.*?)```",
    re.DOTALL | re.MULTILINE,
)


@dataclass(frozen=True)
class Example:
    method: str
    path: str
    body: Any
    answer: Any


@cache
def examples(page: str = "api.md") -> tuple[Example, ...]:
    return tuple(
        Example(
            found["method"],
            found["path"],
            _body(found["rest"]),
            json.loads(found["answer"]),
        )
        for found in EXAMPLE.finditer((DOCS / page).read_text())
    )


def _body(rest: str) -> Any:  # noqa: ANN401 - any JSON
    _, _, body = rest.partition("\n\n")
    return json.loads(body) if body.strip() else None


def example_of(method: str, url: str) -> Example | None:
    """Return the page's example of a route, whose path may have parameters."""
    pattern = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(url))
    for example in examples():
        if example.method == method.upper() and re.fullmatch(pattern, example.path):
            return example
    return None
