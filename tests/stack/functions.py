"""The deployed functions: their log, and versions with another configuration."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from local.sam import ALIAS


class Functions:
    def __init__(self, stack: Any) -> None:
        self._lambda, self._logs = stack.aws("lambda"), stack.aws("logs")
        resources = stack.aws("cloudformation").describe_stack_resources(
            StackName=stack.stack_name
        )["StackResources"]
        self._names = {
            r["LogicalResourceId"]: r["PhysicalResourceId"] for r in resources
        }

    def logged(self, message: str, **keys: Any) -> list[dict[str, Any]]:
        """Return the log's lines with this message and these keys."""
        pages = self._logs.get_paginator("filter_log_events").paginate(
            logGroupName=self._names["Logs"], filterPattern=f'"{message}"'
        )
        lines = [
            json.loads(event["message"])
            for page in pages
            for event in page["events"]
            if event["message"].startswith("{")
        ]
        return [
            line
            for line in lines
            if line.items() >= {"message": message, **keys}.items()
        ]

    def has_ended(self, request_id: str) -> bool:
        pages = self._logs.get_paginator("filter_log_events").paginate(
            logGroupName=self._names["Logs"], filterPattern=f'"{request_id}"'
        )
        return any(
            event["message"].startswith("END")
            for page in pages
            for event in page["events"]
        )

    def make_cold(self, function: str) -> None:
        """Let the next request start a process, which has nothing in memory."""
        self._publish(function)

    @contextmanager
    def with_timeout(self, function: str, seconds: int) -> Iterator[None]:
        """Let a version work that has another timeout."""
        before = self._configuration(function)["Timeout"]
        self._publish(function, Timeout=seconds)
        try:
            yield
        finally:
            self._publish(function, Timeout=before)

    @contextmanager
    def with_variables(
        self, function: str, variables: Mapping[str, str]
    ) -> Iterator[None]:
        """Let a version work that has other variables of its environment."""
        before = self._configuration(function)["Environment"]["Variables"]
        self._publish(function, Environment={"Variables": before | dict(variables)})
        try:
            yield
        finally:
            self._publish(function, Environment={"Variables": before})

    def _configuration(self, function: str) -> dict[str, Any]:
        name = self._names[function]
        found: dict[str, Any] = self._lambda.get_function_configuration(
            FunctionName=name
        )
        return found

    def _publish(self, function: str, **changes: Any) -> None:
        """Publish a version, which is never equal to the newest one."""
        found = self._configuration(function)
        number = int(found["Environment"]["Variables"].get("PUBLISHED_BY_A_TEST", "0"))
        variables = changes.pop("Environment", found["Environment"])["Variables"]
        name = found["FunctionName"]
        self._lambda.update_function_configuration(
            FunctionName=name,
            Environment={
                "Variables": variables | {"PUBLISHED_BY_A_TEST": str(number + 1)}
            },
            **changes,
        )
        version = self._lambda.publish_version(FunctionName=name)["Version"]
        self._lambda.update_alias(
            FunctionName=name, Name=ALIAS, FunctionVersion=version
        )
