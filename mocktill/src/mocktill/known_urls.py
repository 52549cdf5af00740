"""All calls of Stripe's API, as the SDK knows them."""

import re
from functools import cache
from pathlib import Path

import stripe

_CALL = re.compile(r'"(get|post|delete)",\s+"(/v[12]/[^"]*)"')
_VARIABLE = re.compile(r"\{\w+\}")


def is_known(method: str, path: str) -> bool:
    """Return whether Stripe has this call."""
    return any(
        method == known and pattern.fullmatch(path) for known, pattern in _patterns()
    )


@cache
def known() -> frozenset[tuple[str, str]]:
    """Return the method and the address of each call, as the SDK's services have it."""
    services = Path(stripe.__file__).parent.rglob("*_service.py")
    calls = {
        call for service in services for call in _CALL.findall(service.read_text())
    }
    return frozenset((method.upper(), address) for method, address in calls)


@cache
def _patterns() -> list[tuple[str, re.Pattern[str]]]:
    return [
        (method, re.compile("[^/]+".join(map(re.escape, _VARIABLE.split(address)))))
        for method, address in known()
    ]
