"""The embedded AWS: MiniStack, in an environment of its own."""

from __future__ import annotations

import json
import os
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import boto3

from local.settings import HOST, ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from local.processes import Processes
    from local.settings import Settings

REGION = "us-east-1"
# The identity that MiniStack treats as the account's root, which may do everything.
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",  # pragma: allowlist secret
}


def client(service: str, url: str) -> Any:  # noqa: ANN401 - a boto3 client
    """Create a client of the AWS at *url* with the root identity."""
    return boto3.client(  # type: ignore[call-overload]
        service,
        endpoint_url=url,
        region_name=REGION,
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
    )


@dataclass(frozen=True)
class EmbeddedAws:
    port: int
    folder: Path
    container_host: str
    more_origins: tuple[str, ...] = ()

    @classmethod
    def of(cls, settings: Settings) -> Self:
        return cls(
            settings.aws_port,
            settings.folder,
            settings.container_host,
            settings.more_origins,
        )

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def start(self, processes: Processes, deployment: Path | None = None) -> None:
        """Start it, with what a saved deployment has made, if one is given."""
        scratch = self.folder / "tmp"
        scratch.mkdir(parents=True, exist_ok=True)
        processes.start(
            "embedded-aws",
            [
                ROOT / ".venvs/embedded-aws/bin/python",
                *("-m", "local.serve_aws", self.container_host, self.folder),
                *(deployment or "", *self.more_origins),
            ],
            # Functions inherit this environment. Variables of the application are not
            # here: they must come from the template, as in AWS.
            {
                "PATH": os.defpath,
                "TMPDIR": str(scratch),
                "BIND_HOST": HOST,
                "MINISTACK_HOST": HOST,
                "GATEWAY_PORT": str(self.port),
                "MINISTACK_REGION": REGION,
                "AUTH": "true",  # enforce the policies of the functions
                # Stop idle workers early: a burst of requests starts one for each.
                "LAMBDA_WARM_TTL_SECONDS": "60",
                # Services that are not used and would occupy ports.
                "IOT_MTLS_ENABLED": "0",
                "SFTP_ENABLED": "0",
                **CREDENTIALS,
            },
        )

    def ask(self, action: str, body: object = None) -> Any:  # noqa: ANN401 - JSON
        """Ask for one of the actions of `aws_control.py`."""
        request = urllib.request.Request(  # noqa: S310 - our own server
            f"{self.url}/_local/{action}", json.dumps(body).encode(), method="POST"
        )
        with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310
            return json.load(response)

    def client(self, service: str) -> Any:  # noqa: ANN401 - a boto3 client
        return client(service, self.url)

    def cli_environment(self, env: Mapping[str, str] = os.environ) -> dict[str, str]:
        """Return *env* changed so that a tool uses this AWS only."""
        return {
            **{name: value for name, value in env.items() if name[:4] != "AWS_"},
            "AWS_ENDPOINT_URL": self.url,
            "AWS_DEFAULT_REGION": REGION,
            # Ignore the user's own profiles and credentials.
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            **CREDENTIALS,
        }

    def api_url(self, api_id: str) -> str:
        # Subdomains of `localhost` do not resolve everywhere, so use the path form.
        return f"{self.url}/_aws/execute-api/{api_id}/$default"

    def function_url(self, output: str) -> str:
        """Return the local address of the function URL in a stack's output."""
        url_id = output.removeprefix("https://").partition(".")[0]
        return f"{self.url}/_aws/lambda-url/{url_id}/"
