"""How two states differ, for tests that compare what two runs have left."""

from typing import Any


def differences(actual: Any, expected: Any, where: str = "") -> list[str]:
    """Say where two states differ, one line for each place."""
    if actual == expected:
        return []
    if not (isinstance(actual, dict) and isinstance(expected, dict)):
        return [f"{where}: {actual!r} instead of {expected!r}"]
    return [
        difference
        for name in sorted(actual.keys() | expected.keys())
        for difference in differences(
            actual.get(name), expected.get(name), f"{where} / {name}"
        )
    ]
