"""Builds the template with the SAM CLI and deploys it to the embedded AWS."""

from __future__ import annotations

import os
import platform
from typing import TYPE_CHECKING

from local.settings import ROOT, StackError

if TYPE_CHECKING:
    from pathlib import Path

    from local.embedded_aws import EmbeddedAws
    from local.processes import Processes

STACK_NAME = "checkout-local"
# The alias that requests, events and the schedule go to: AutoPublishAlias.
ALIAS = "current"
SAM = ROOT / ".venvs/sam/bin/sam"
# What local/function_python runs.
FUNCTION_PYTHON = ROOT / ".venvs/embedded-aws/bin/python"

# From platform.machine() to Lambda's names.
ARCHITECTURES = {
    "x86_64": "x86_64",
    "amd64": "x86_64",
    "aarch64": "arm64",
    "arm64": "arm64",
}


def this_architecture() -> str:
    machine = platform.machine().lower()
    if machine not in ARCHITECTURES:
        raise StackError(f"Lambda does not support this architecture: {machine}.")
    return ARCHITECTURES[machine]


def build(
    processes: Processes, folder: Path, *, for_this_machine: bool = False
) -> None:
    """Build for Lambda, or a layer that only the embedded AWS can load."""
    here = {"LAYER_PYTHON": str(FUNCTION_PYTHON)} if for_this_machine else {}
    processes.run(
        "sam-build",
        [SAM, "build", "--build-dir", folder / "build"],
        # The layer's build expects uv on the path.
        {
            **os.environ,
            "PATH": f"{ROOT / '.venvs/uv/bin'}:{os.environ['PATH']}",
            "SAM_CLI_TELEMETRY": "0",
            **here,
        },
    )


def is_deployed(processes: Processes, aws: EmbeddedAws) -> bool:
    """Return whether the stack is in this AWS, as soon as it answers."""
    processes.wait_until_answers(f"{aws.url}/_ministack/health")
    stacks = aws.client("cloudformation").list_stacks()["StackSummaries"]
    return any(stack["StackName"] == STACK_NAME for stack in stacks)


def deploy(
    processes: Processes, aws: EmbeddedAws, folder: Path, parameters: dict[str, str]
) -> dict[str, str]:
    """Deploy the build; return the stack's outputs."""
    processes.run(
        "sam-deploy",
        [
            SAM,
            "deploy",
            *("--template-file", folder / "build" / "template.yaml"),
            *("--resolve-s3", "--capabilities", "CAPABILITY_IAM"),
            *("--no-confirm-changeset", "--no-progressbar"),
            *("--stack-name", STACK_NAME),
            "--parameter-overrides",
            *(f"{name}={value}" for name, value in parameters.items()),
        ],
        {**aws.cli_environment(), "SAM_CLI_TELEMETRY": "0"},
    )
    stacks = aws.client("cloudformation").describe_stacks(StackName=STACK_NAME)
    return {
        output["OutputKey"]: output["OutputValue"]
        for output in stacks["Stacks"][0]["Outputs"]
    }
