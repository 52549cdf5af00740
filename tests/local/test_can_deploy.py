"""A deployment says what it lacks before anything is built."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from local.can_deploy import GUIDED, check_questions, keep_answers
from local.settings import ROOT, StackError

ANSWER = b"""<GetCallerIdentityResponse><GetCallerIdentityResult>
<Arn>arn:aws:iam::123456789012:user/ada</Arn></GetCallerIdentityResult>
</GetCallerIdentityResponse>"""
EXPIRED = b"""<ErrorResponse><Error><Code>ExpiredToken</Code>
<Message>The security token included in the request is expired</Message></Error>
</ErrorResponse>"""
KEYS = {"AWS_ACCESS_KEY_ID": "AKIA1", "AWS_SECRET_ACCESS_KEY": "secret"}
REGION = {"AWS_DEFAULT_REGION": "eu-central-1"}


class Sts(BaseHTTPRequestHandler):
    status, answer = 200, ANSWER

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(self.answer)))
        self.end_headers()
        self.wfile.write(self.answer)

    def log_message(self, *_: Any) -> None:
        """Write nothing."""


@pytest.fixture
def sts() -> Iterator[HTTPServer]:
    server = HTTPServer(("127.0.0.1", 0), type("Handler", (Sts,), {}))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def can_deploy(stage: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Ask as a person whose machine knows no more of AWS than the *environment*."""
    nowhere = {
        "PATH": os.environ["PATH"],
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }
    return subprocess.run(
        [sys.executable, "-m", "local.can_deploy", stage],
        cwd=ROOT,
        env=nowhere | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        (KEYS, "No AWS region is chosen: set AWS_DEFAULT_REGION"),
        (REGION, "No AWS credentials were found: log in as for the AWS CLI"),
        (REGION | {"AWS_PROFILE": "ada"}, "The config profile (ada) could not be"),
    ],
)
def test_what_is_missing_is_a_sentence(
    environment: dict[str, str], sentence: str
) -> None:
    answer = can_deploy("dev", **environment)

    assert answer.returncode == 1
    assert sentence in answer.stderr
    assert "Traceback" not in answer.stderr


def test_who_deploys_what_and_where_is_said(sts: HTTPServer) -> None:
    url = f"http://127.0.0.1:{sts.server_port}"

    answer = can_deploy("dev", **KEYS, **REGION, AWS_ENDPOINT_URL=url)

    assert answer.returncode == 0, answer.stderr
    assert answer.stdout == (
        "Deploying the stack checkout-dev in eu-central-1 as "
        "arn:aws:iam::123456789012:user/ada\n"
    )


def test_credentials_that_aws_refuses_are_found_at_once(sts: HTTPServer) -> None:
    sts.RequestHandlerClass.status = 403  # type: ignore[attr-defined]
    sts.RequestHandlerClass.answer = EXPIRED  # type: ignore[attr-defined]
    url = f"http://127.0.0.1:{sts.server_port}"

    answer = can_deploy("dev", **KEYS, **REGION, AWS_ENDPOINT_URL=url)

    assert answer.returncode == 1
    assert "AWS refuses your credentials: The security token" in answer.stderr


def test_without_a_terminal_nobody_can_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WITH", raising=False)

    check_questions(terminal=True)
    with pytest.raises(StackError, match="make deploy STAGE=dev"):
        check_questions(terminal=False)


def test_other_values_are_those_of_a_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WITH", "Release=2")

    with pytest.raises(StackError, match="give STAGE as well"):
        check_questions(terminal=True)


def test_answers_are_kept_apart_from_what_is_tracked(tmp_path: Path) -> None:
    (tmp_path / "samconfig.toml").write_text("version = 0.1\n")

    keep_answers(tmp_path)
    (tmp_path / GUIDED).write_text("version = 0.1\n[default]\n")
    keep_answers(tmp_path)

    assert (tmp_path / GUIDED).read_text() == "version = 0.1\n[default]\n"
    assert (tmp_path / "samconfig.toml").read_text() == "version = 0.1\n"
