"""
Serves MiniStack, refuses web pages of other sites, and changes three of its answers.

It runs in the embedded AWS's Python environment. Functions run in other processes,
which cannot import this module.
"""

from __future__ import annotations

import logging
import os
import re
import sys
from pathlib import Path
from typing import Any

from ministack import app as ministack  # type: ignore[import-not-found]
from ministack.core import iam_actions  # type: ignore[import-not-found]
from ministack.services import (  # type: ignore[import-not-found]
    apigateway,
    lambda_svc,
)

from local import aws_state
from local.aws_control import Control
from local.aws_workers import unpack_each_layer_once
from mocktill.loopback_only import LoopbackOnly

logger = logging.getLogger("local")

# The paths that a frontend calls: an HTTP API by its id and stage, and a function by
# the id of its URL. For a shorter path, MiniStack chooses the service by the headers,
# so it could reach every service. No segment is empty, `.` or `..`.
BROWSER_PATHS = re.compile(
    r"/_aws/(?:execute-api/[0-9a-z]+(?=/[^/])|lambda-url/[0-9a-z-]+)"
    r"(?:/(?!\.{1,2}(?:/|\Z))[^/\\]+)*/?"
)


def permit_batches_of_sqs() -> None:
    """
    Let a batch need the permission of a single message, as at AWS.

    MiniStack asks for `sqs:SendMessageBatch` and the like, which IAM does not have:
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-api-permissions-reference.html
    """
    as_called = iam_actions.extract_iam_action

    def as_permitted(*request: Any) -> Any:  # noqa: ANN401 - MiniStack's own
        action = as_called(*request)
        of_sqs = action is not None and action.startswith("sqs:")
        return action.removesuffix("Batch") if of_sqs else action

    # MiniStack imports it anew for each request.
    iam_actions.extract_iam_action = as_permitted


def read_concurrency_as_a_number() -> None:
    """
    Let a parameter hold the maximum concurrency of an event source mapping, as at AWS.

    CloudFormation's parameters are text, which MiniStack compares with a number: then
    the mapping receives nothing.
    """
    as_given = lambda_svc._sqs_esm_concurrency  # noqa: SLF001 - no public name

    def as_number(mapping: dict[str, Any], *others: Any) -> Any:  # noqa: ANN401 - MiniStack's own
        scaling = mapping.get("ScalingConfig") or {}
        if most := scaling.get("MaximumConcurrency"):
            scaling = scaling | {"MaximumConcurrency": int(most)}
        return as_given(mapping | {"ScalingConfig": scaling}, *others)

    lambda_svc._sqs_esm_concurrency = as_number  # noqa: SLF001


def name_the_origin_that_is_allowed() -> None:
    """
    Answer a page with its own origin, as API Gateway does to one of its list.

    `make run` allows every port of this machine, which MiniStack can only write as `*`
    (http_api.py). Other pages do not come this far: LoopbackOnly has refused them.
    """
    as_configured = apigateway._cors_response_headers  # noqa: SLF001 - no public name

    def as_listed(cors: dict[str, Any], origin: str) -> dict[str, str]:
        allowed: dict[str, Any] = cors | {"allowOrigins": [origin]}
        of_any = cors.get("allowOrigins") == ["*"] and origin
        found: dict[str, str] = as_configured(allowed if of_any else cors, origin)
        return found

    apigateway._cors_response_headers = as_listed  # noqa: SLF001


def main() -> None:
    container_host, folder, deployment, *origins = sys.argv[1:]
    if deployment:
        restore(Path(deployment))
    del sys.argv[1:]  # MiniStack reads it too
    # What MiniStack starts a function's process with, looked up each time.
    sys.executable = str(Path(__file__).with_name("function_python"))
    permit_batches_of_sqs()
    read_concurrency_as_a_number()
    unpack_each_layer_once()
    name_the_origin_that_is_allowed()
    control = Control(ministack.app, Path(folder))
    # ministack.main() serves `ministack.app`, and opens no other port.
    ministack.app = LoopbackOnly(
        control,
        browser_paths=BROWSER_PATHS,
        origins=frozenset(origins),
        container_host=container_host,
    )
    try:
        ministack.main()
    finally:
        control.save_data()


def restore(deployment: Path) -> None:
    """Restore a deployment, or start again without it: half of it would be worse."""
    try:
        aws_state.restore(deployment)
    except Exception:
        logger.exception("The deployment in %s cannot be restored", deployment)
        without = ["" if each == str(deployment) else each for each in sys.argv[1:]]
        os.execv(sys.executable, [sys.executable, "-m", "local.serve_aws", *without])  # noqa: S606 - this very program


if __name__ == "__main__":
    main()
