"""Parses the functions' log as the embedded AWS stores it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

type Json = dict[str, Any]


def invocations(lines: Iterable[Json]) -> list[Json]:
    """Group the log by invocation, each with its log lines and its metrics."""
    found: dict[str, Json] = {}
    current: dict[str, Json] = {}  # by log stream
    for line in lines:
        text, stream = line["message"].strip(), line["logStreamName"]
        if match := re.match(r"START RequestId: (\S+)", text):
            current[stream] = found.setdefault(
                match[1], {"request_id": match[1], "lines": [], "metrics": {}}
            )
        elif stream in current:
            _add(current[stream], text)
    return [each for each in found.values() if "ended_at" in each]


def _add(invocation: Json, text: str) -> None:
    if match := re.search(r"\sDuration: ([\d.]+) ms", text):
        invocation["milliseconds"] = float(match[1])
    if not text.startswith("{"):
        return
    line = json.loads(text)
    if "_aws" in line:
        directives = line["_aws"]["CloudWatchMetrics"]
        names = [metric["Name"] for each in directives for metric in each["Metrics"]]
        invocation["metrics"] |= {name: int(sum(line[name])) for name in names}
    else:
        at = f"{line['timestamp'][:23].replace(' ', 'T').replace(',', '.')}Z"
        invocation |= {
            "function": line["service"],
            "cold_start": line["cold_start"],
            "ended_at": at,
        }
        kept = {name: line[name] for name in line if name not in ABOUT_THE_FUNCTION}
        invocation["lines"].append({"at": at, **kept})


ABOUT_THE_FUNCTION = {
    *("timestamp", "service", "cold_start", "function_name", "function_arn"),
    *("function_memory_size", "function_request_id", "xray_trace_id"),
}
