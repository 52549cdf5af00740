"""`make run KEEP=1`: the next start continues with the data of this one."""

from __future__ import annotations

import json
import os
import time
import urllib.request
from base64 import b64encode
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlencode

from local import sam
from local.console import say
from local.settings import ROOT, Settings, StackError, StripeKeys
from local.stack_file import write_private

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from local.embedded_aws import EmbeddedAws

PUBLISHED_WITHIN_SECONDS = 5.0
POLL_SECONDS = 0.1


@dataclass(frozen=True)
class Kept:
    """The folder with the data that are kept, if they are."""

    folder: Path | None

    @classmethod
    def from_env(cls, settings: Settings, env: Mapping[str, str] = os.environ) -> Self:
        """Read whether to keep the data; refuse to mix them with another account's."""
        if env.get("KEEP", "0") in ("", "0"):
            return cls(None)
        kept = settings.folder / "kept"
        kept.mkdir(parents=True, exist_ok=True, mode=0o700)
        owner = kept / "stripe-account"
        account = "mocktill" if settings.sandbox else "a Stripe account of your own"
        if owner.exists() and owner.read_text() != account:
            raise StackError(
                f"The data that KEEP=1 has kept belong to {owner.read_text()}, and "
                f"this start would use {account}. Start without KEEP=1, or remove "
                f"{os.path.relpath(kept, ROOT)} to keep new data."
            )
        owner.write_text(account)
        return cls(kept)

    @property
    def has_data(self) -> bool:
        return self.folder is not None and (self.folder / "data.json").exists()

    @property
    def identity_options(self) -> list[str]:
        return [f"--key-file={self.folder / 'identity.pem'}"] if self.folder else []

    @property
    def mocktill_options(self) -> list[str]:
        return [f"--state={self.folder / 'mocktill.json'}"] if self.folder else []

    def with_keys(self, settings: Settings) -> Settings:
        """Return the settings with the keys of the kept account of mocktill."""
        if self.folder is None or not settings.sandbox:
            return settings
        file = self.folder / "stripe-keys.json"
        if not file.exists():
            write_private(file, json.dumps(asdict(settings.keys)).encode())
        return replace(settings, keys=StripeKeys(**json.loads(file.read_text())))

    def put_back(self, aws: EmbeddedAws) -> None:
        """Fill the tables and queues with what was in those of the same names."""
        aws.ask("put-data", names_in_the_template(aws))

    def begin(self, aws: EmbeddedAws) -> None:
        """Keep the data from now on."""
        if self.folder:
            aws.ask("keep-data", names_in_the_template(aws))

    def finish(self, aws: EmbeddedAws) -> None:
        """Let what was written be published: the streams of the tables are not kept."""
        if self.folder is None:
            return
        deadline = time.monotonic() + PUBLISHED_WITHIN_SECONDS
        with suppress(OSError):  # it has ended, or was never started
            while not aws.ask("is-published") and time.monotonic() < deadline:
                time.sleep(POLL_SECONDS)
        say(f"The data are kept in {os.path.relpath(self.folder, ROOT)}: start with")
        say("KEEP=1 to continue, or without it to begin anew.")


NOT_KEPT = Kept(None)


def names_in_the_template(aws: EmbeddedAws) -> dict[str, str]:
    """Return the logical id of each table and queue by its name, new at each deploy."""
    found = aws.client("cloudformation").describe_stack_resources(
        StackName=sam.STACK_NAME
    )["StackResources"]
    return {
        # The id of a queue is its address.
        each["PhysicalResourceId"].rpartition("/")[2]: each["LogicalResourceId"]
        for each in found
        if each["ResourceType"] in ("AWS::DynamoDB::Table", "AWS::SQS::Queue")
    }


def move_webhook_endpoint(settings: Settings, url: str) -> None:
    """
    Give the kept endpoint of mocktill its address of this deployment.

    It stays the same endpoint: what was not delivered to it is delivered now.
    """
    for endpoint in _stripe(settings, "webhook_endpoints")["data"]:
        if endpoint["url"] != url:
            _stripe(settings, f"webhook_endpoints/{endpoint['id']}", url=url)
        return


def _stripe(settings: Settings, path: str, **form: str) -> Any:  # noqa: ANN401 - JSON
    credentials = b64encode(f"{settings.keys.secret_key}:".encode()).decode()
    request = urllib.request.Request(  # noqa: S310 - our own sandbox
        f"{settings.stripe_url}/v1/{path}",
        urlencode(form).encode() if form else None,
        {"Authorization": f"Basic {credentials}"},
    )
    with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310
        return json.load(response)
