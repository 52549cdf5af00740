"""`sam local`, prepared by `make sam-local`: real containers, the stack that runs."""

import json
import os
import platform
import shutil
import socket
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from local.sam import SAM, this_architecture
from tests.template_file import ROOT

IMAGE = f"public.ecr.aws/lambda/python:3.13-{this_architecture()}"
WITHIN_SECONDS = 120
# The image that is here is taken: nothing is asked of a registry.
OFFLINE = "--skip-pull-image"
ENVIRONMENT = os.environ | {"SAM_CLI_TELEMETRY": "0"}


def missing() -> str | None:
    """Say what `sam local` lacks on this machine."""
    if platform.system() != "Linux":
        return "the engine's network is reached as on Linux"
    if not shutil.which("docker"):
        return "there is no docker"
    inspected = subprocess.run(
        ["docker", "image", "inspect", IMAGE],
        capture_output=True,
        text=True,
        check=False,
    )
    return inspected.stderr.strip() if inspected.returncode else None


MISSING = missing()
pytestmark = pytest.mark.skipif(
    MISSING is not None, reason=f"SAM LOCAL IS NOT TESTED HERE: {MISSING}"
)


@dataclass(frozen=True)
class SamLocal:
    folder: Path

    @property
    def options(self) -> list[str]:
        return [f"--config-file={self.folder / 'samconfig.toml'}", OFFLINE]

    def invoke(self, event: str) -> Any:
        """Run a function in a container on one of the events that were written."""
        function = event.partition("/")[0]
        file = self.folder / f"events/{event}.json"
        done = subprocess.run(
            [SAM, "local", "invoke", *self.options, function, "-e", file],
            cwd=ROOT,
            env=ENVIRONMENT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def sam_local(
    stack: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SamLocal]:
    folder = tmp_path_factory.mktemp("sam-local")
    (folder / "stack.json").write_text(json.dumps(asdict(stack)))
    with subprocess.Popen(
        [sys.executable, "-m", "local.sam_local"],
        cwd=ROOT,
        env=ENVIRONMENT | {"CHECKOUT_LOCAL_DIR": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            assert process.stdout
            said = []
            for line in process.stdout:
                said.append(line)
                if line.startswith("docs/sam-local.md"):  # the last that it says
                    break
            else:
                pytest.fail("".join(said))
            yield SamLocal(folder / "sam-local")
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def api(sam_local: SamLocal) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    log = sam_local.folder / "start-api.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [SAM, "local", "start-api", *sam_local.options, f"--port={port}"],
            cwd=ROOT,
            env=ENVIRONMENT,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        deadline = time.monotonic() + WITHIN_SECONDS
        while f"Running on http://127.0.0.1:{port}" not in log.read_text():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.2)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()  # it takes its containers along
        process.wait(60)


def get(
    api: str, path: str, token: str | None = None, **headers: str
) -> requests.Response:
    if token:
        headers["Authorization"] = f"Bearer {token}"
    return requests.get(f"{api}{path}", headers=headers, timeout=WITHIN_SECONDS)


def test_a_purchase_of_the_stack_is_read_in_a_container(sam_local: SamLocal) -> None:
    answer = sam_local.invoke("PurchasesFunction/purchase")

    assert answer["statusCode"] == 200
    assert json.loads(answer["body"])["status"] == "completed"


def test_a_session_is_created_at_the_sandbox(sam_local: SamLocal, stack: Any) -> None:
    answer = sam_local.invoke("CreateSessionFunction/bid")

    assert answer["statusCode"] == 200
    address = json.loads(answer["body"])["checkout_url"]
    assert address.startswith(stack.stripe_url)  # where the buyer's browser is, too
    assert requests.get(address, timeout=10).status_code == 200


def test_stripes_event_is_taken(sam_local: SamLocal) -> None:
    answer = sam_local.invoke("StripeWebhookFunction/lambda-url")

    assert json.loads(answer["body"]) == {"received": True}


def test_the_api_knows_who_asks_by_the_token(sam_local: SamLocal, api: str) -> None:
    token = (sam_local.folder / "token").read_text()

    answer = get(api, "/api/purchases", token)

    assert answer.status_code == 200
    [purchase] = answer.json()["data"]
    assert purchase["status"] == "completed"


def test_the_api_refuses_whoever_is_nobody(api: str) -> None:
    assert get(api, "/api/purchases").status_code == 401


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://evil.example"}, {"Host": "evil.example"}]
)
def test_the_api_refuses_pages_of_other_sites(
    sam_local: SamLocal, api: str, headers: dict[str, str]
) -> None:
    token = (sam_local.folder / "token").read_text()

    assert get(api, "/api/purchases", token, **headers).status_code == 403


PYTHON = ["--entrypoint=python3", IMAGE, "-c"]
ASK = """
import sys, urllib.error, urllib.request
try:
    print(urllib.request.urlopen(sys.argv[1], timeout=10).status)
except urllib.error.HTTPError as refused:
    print(refused.code)
except OSError:
    print("closed")
"""


@pytest.mark.parametrize("server", ["aws_endpoint_url", "stripe_url"])
@pytest.mark.parametrize(
    ("network", "name", "answer"),
    [
        ("bridge", "container_host", "200"),
        ("bridge", "host.docker.internal", "403"),
        # This machine itself, as a program or a browser of it would ask.
        ("host", "container_host", "closed"),
    ],
)
def test_only_containers_reach_the_stack_by_the_name_that_they_are_given(
    sam_local: SamLocal, stack: Any, server: str, network: str, name: str, answer: str
) -> None:
    config = tomllib.loads((sam_local.folder / "samconfig.toml").read_text())
    known = config["default"]["local_invoke"]["parameters"]["add_host"]
    machine, _, address = known.partition(":")
    host = machine if name == "container_host" else name
    path = {"aws_endpoint_url": "/_ministack/health", "stripe_url": "/sandbox/account"}
    url = f"http://{host}:{urlsplit(getattr(stack, server)).port}{path[server]}"

    container = [f"--network={network}", f"--add-host={host}:{address}"]
    asked = subprocess.run(
        ["docker", "run", "--rm", *container, *PYTHON, ASK, url],
        capture_output=True,
        text=True,
        check=False,
    )

    assert asked.stdout.strip() == answer, asked.stderr
