"""Decode Stripe's form encoding: `line_items[0][price_data][currency]=usd`."""

import re
from typing import Any
from urllib.parse import parse_qsl

from .errors import invalid

_NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")


def decode(encoded: str) -> dict[str, Any]:
    """
    Decode a query or a form into nested dictionaries.

    A list becomes a dictionary with the keys "0", "1" and so on, because only the
    schema tells the list `x[0]` from a dictionary with the key "0".
    """
    decoded: dict[str, Any] = {}
    for name, value in parse_qsl(encoded, keep_blank_values=True):
        match = _NAME.fullmatch(name)
        if match is None:
            raise invalid(name, f"Invalid parameter name: {name}")
        head, brackets = match.groups()
        _put(decoded, [head, *re.findall(r"\[([^\[\]]*)\]", brackets)], name, value)
    return decoded


def _put(target: dict[str, Any], path: list[str], name: str, value: str) -> None:
    for segment, following in zip(path, [*path[1:], None], strict=True):
        key = segment or str(len(target))
        if following is None:
            if isinstance(target.get(key), dict):
                raise invalid(name, f"Invalid parameter: {name}")
            target[key] = value
            return
        target = target.setdefault(key, {})
        if not isinstance(target, dict):
            raise invalid(name, f"Invalid parameter: {name}")
