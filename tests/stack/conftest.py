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
from dataclasses import dataclass
from pathlib import Path

import boto3
import pytest
import requests

from local.embedded_aws import CREDENTIALS

ROOT = Path(__file__).resolve().parents[2]
START_WITHIN_SECONDS = 180
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
    output = folder / "output.log"
    without_own_keys = {
        name: value for name, value in os.environ.items() if "STRIPE" not in name
    }
    with output.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "local"],
            cwd=ROOT,
            env=without_own_keys | FREE_PORTS | {"CHECKOUT_LOCAL_DIR": str(folder)},
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    try:
        yield when_written(folder / "stack.json", process, output)
    finally:
        process.terminate()
        process.wait(STOP_WITHIN_SECONDS)
        # The logs stay, for whoever looks for the reason; this is large and can go.
        shutil.rmtree(folder / "build", ignore_errors=True)


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
