"""What the proof says when it fails, and when it is done."""

from typing import Any

import pytest

# So that a failure in the proof's own helpers says what was not as expected.
pytest.register_assert_rewrite("tests.prove.history", "tests.prove.state")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say how many histories were told."""
    told = sum(
        value
        for report in terminalreporter.stats.get("passed", [])
        for name, value in report.user_properties
        if name == "histories"
    )
    if told:
        terminalreporter.write_line(f"{told} histories were told, and nothing was lost")
