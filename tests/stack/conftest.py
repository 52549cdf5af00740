"""
The deployed stack, as `make run` starts it, for the tests that need all of it.

It starts once for a test run, on free ports and in a folder of its own.
With `CHECKOUT_STACK_JSON=.local/stack.json` the tests use the stack that runs already.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
import pytest
import requests

from local.embedded_aws import CREDENTIALS
from tests.stack.http_shop import HttpShop

ROOT = Path(__file__).resolve().parents[2]

# Types a command, and returns its JSON.
type Operator = Callable[..., Any]

START_WITHIN_SECONDS = 300
STOP_WITHIN_SECONDS = 60
FREE_PORTS = dict.fromkeys(
    ["AWS_PORT", "STRIPE_PORT", "ISSUER_PORT", "STOREFRONT_PORT"], "0"
)


@dataclass(frozen=True)
class Stack:
    """What `stack.json` says, and how to be somebody there."""

    api_url: str
    webhook_url: str
    storefront_url: str
    stripe_url: str
    stripe_secret_key: str
    stripe_webhook_secret: str
    issuer_url: str
    aws_endpoint_url: str
    container_host: str
    region: str
    stack_name: str
    outputs: dict
    sample: dict

    def token(self, sub, *, email=None, groups=()):
        """Log *sub* in: an access token of the local identity provider."""
        answer = requests.post(
            f"{self.issuer_url}/token",
            data={"sub": sub, "email": email, "groups": list(groups)},
            timeout=10,
        )
        answer.raise_for_status()
        return answer.json()["access_token"]

    def aws(self, service):
        """A boto3 client of the embedded AWS that may do everything."""
        return boto3.client(
            service,
            endpoint_url=self.aws_endpoint_url,
            region_name=self.region,
            aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        )


@pytest.fixture(scope="session")
def stack(tmp_path_factory):
    if running := os.environ.get("CHECKOUT_STACK_JSON"):
        yield Stack(**json.loads((ROOT / running).read_text()))
        return

    folder = tmp_path_factory.mktemp("stack")
    env = {"CHECKOUT_LOCAL_DIR": str(folder)}
    try:
        with started(ROOT, folder / "stack.json", logs=folder, env=env) as stack:
            yield stack
    finally:
        # The logs stay, for whoever looks for the reason; this is large and can go.
        shutil.rmtree(folder / "build", ignore_errors=True)


@contextmanager
def started(
    repository: Path, stack_file: Path, *, logs: Path, env: Mapping[str, str]
) -> Iterator[Stack]:
    """Start the stack of a repository, on free ports and with a Stripe of its own."""
    output = logs / "output.log"
    without_own_keys = {
        name: value for name, value in os.environ.items() if "STRIPE" not in name
    }
    with output.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "local"],
            cwd=repository,
            env=without_own_keys | FREE_PORTS | env,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    try:
        yield when_written(stack_file, process, output)
    finally:
        process.terminate()
        process.wait(STOP_WITHIN_SECONDS)


def when_written(stack_file, process, output):
    """Wait for the file that is written when everything answers."""
    deadline = time.monotonic() + START_WITHIN_SECONDS
    while not stack_file.exists():
        if process.poll() is not None:
            pytest.fail(f"The stack did not start:\n{output.read_text()}")
        if time.monotonic() > deadline:
            pytest.fail(f"The stack takes too long to start:\n{output.read_text()}")
        time.sleep(0.2)
    return Stack(**json.loads(stack_file.read_text()))


@pytest.fixture(scope="session")
def shop(stack: Any) -> HttpShop:
    return HttpShop(stack)


@pytest.fixture
def buyer() -> str:
    """Somebody who has bought nothing yet."""
    return f"buyer-{uuid4().hex[:8]}"


@pytest.fixture(scope="session")
def operators_credentials(stack: Any) -> Iterator[dict[str, str]]:
    """A user who may do what the stack's policy for operators says, and no more."""
    iam = stack.aws("iam")
    user, policy = f"operator-{uuid4().hex[:8]}", stack.outputs["OperatorPolicyArn"]
    iam.create_user(UserName=user)
    iam.attach_user_policy(UserName=user, PolicyArn=policy)
    key = iam.create_access_key(UserName=user)["AccessKey"]
    yield {
        "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
    }
    iam.delete_access_key(UserName=user, AccessKeyId=key["AccessKeyId"])
    iam.detach_user_policy(UserName=user, PolicyArn=policy)
    iam.delete_user(UserName=user)


def typed(arguments: list[str], cwd: Path, env: dict[str, str]) -> Any:
    """Type a command in a folder that is not the project's; return its JSON."""
    done = subprocess.run(
        [ROOT / "checkout", *arguments, "--json"],
        cwd=cwd,
        env=os.environ | env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def operator(
    stack: Any, tmp_path: Path, operators_credentials: dict[str, str]
) -> Operator:
    """Work on the stack as on one at AWS, with an operator's credentials."""
    env = {
        "AWS_ENDPOINT_URL": stack.aws_endpoint_url,
        "AWS_DEFAULT_REGION": stack.region,
        "CHECKOUT_STACK": stack.stack_name,
        **operators_credentials,
    }
    return lambda *arguments: typed(list(arguments), tmp_path, env)


@pytest.fixture
def developer(stack: Any, tmp_path: Path) -> Operator:
    """Work on the local stack, whose addresses are those of this machine."""
    described = tmp_path / "stack.json"
    described.write_text(json.dumps(asdict(stack)))
    # A profile of the developer's own must not matter.
    env = {"CHECKOUT_STACK_JSON": str(described), "AWS_PROFILE": "mine"}
    return lambda *arguments: typed(["--local", *arguments], tmp_path, env)
