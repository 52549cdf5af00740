"""
Says what a deployment lacks, before anything is built: `make deploy` begins with it.

Without a stage, SAM asks for the parameters and keeps the answers, in a file that git
ignores.
"""

from __future__ import annotations

import os
import shutil
import sys
import tomllib
from typing import TYPE_CHECKING, Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import Session

from local.settings import ROOT, StackError

if TYPE_CHECKING:
    from pathlib import Path

# The answers to SAM's questions; `make clean` forgets them.
GUIDED = ".local/guided.toml"
IMPATIENT = Config(
    connect_timeout=5, read_timeout=10, retries={"total_max_attempts": 2}
)


def main(stage: str = "") -> int:
    try:
        if stage:
            where = f"the stack {stack_of(stage)}"
        else:
            check_questions(terminal=sys.stdin.isatty())
            keep_answers(ROOT)
            where = "a stack of your choice"
        caller, region = check_account(Session(), stage)
    except StackError as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    sys.stdout.write(f"Deploying {where} in {region} as {caller}\n")
    return 0


def stack_of(stage: str) -> str:
    settings = tomllib.loads((ROOT / "samconfig.toml").read_text())
    return str(settings[stage]["deploy"]["parameters"]["stack_name"])


def check_questions(*, terminal: bool) -> None:
    if os.environ.get("WITH"):
        raise StackError("WITH changes the values of a stage: give STAGE as well.")
    if not terminal:
        raise StackError(
            "Without a stage, SAM asks for each parameter, and here is no terminal to "
            "answer: choose a stage of samconfig.toml, as `make deploy STAGE=dev`."
        )


def keep_answers(root: Path) -> None:
    """Let SAM write its answers beside samconfig.toml, which is tracked."""
    answers = root / GUIDED
    answers.parent.mkdir(exist_ok=True)
    if not answers.exists():
        shutil.copy(root / "samconfig.toml", answers)


def check_account(session: Session, stage: str) -> tuple[str, str]:
    """Return who deploys and where; raise StackError if AWS would not know."""
    region = session.get_config_variable("region")
    if not region and stage:
        raise StackError(
            "No AWS region is chosen: set AWS_DEFAULT_REGION (export "
            "AWS_DEFAULT_REGION=eu-central-1), or choose one with `aws configure`."
        )
    region = region or "us-east-1"  # SAM's own proposal, which its user may change
    try:
        if session.get_credentials() is None:
            raise StackError(
                "No AWS credentials were found: log in as for the AWS CLI, with `aws "
                "configure` or `aws sso login`; AWS_PROFILE chooses a profile."
            )
        sts: Any = session.create_client("sts", region_name=region, config=IMPATIENT)
        return str(sts.get_caller_identity()["Arn"]), region
    except ClientError as error:
        message = error.response["Error"].get("Message", error)
        raise StackError(f"AWS refuses your credentials: {message}") from error
    except BotoCoreError as error:
        raise StackError(f"AWS cannot be asked who you are: {error}") from error


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
