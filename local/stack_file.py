"""The files that describe a running stack, for the storefront and other programs."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from local import sam
from local.embedded_aws import REGION
from local.samples import SAMPLE
from local.settings import StackError

if TYPE_CHECKING:
    from pathlib import Path

    from local.embedded_aws import EmbeddedAws
    from local.settings import Settings


def describe(
    settings: Settings, aws: EmbeddedAws, outputs: dict[str, str]
) -> dict[str, Any]:
    """Describe the stack for `stack.json`, without keys of a real Stripe account."""
    keys = settings.keys if settings.sandbox else None
    return {
        "api_url": outputs["ApiUrl"],
        "webhook_url": outputs["WebhookUrl"],
        "storefront_url": settings.storefront_url,
        "stripe_url": settings.stripe_url,
        "stripe_secret_key": keys and keys.secret_key,
        "stripe_webhook_secret": keys and keys.webhook_secret,
        "issuer_url": settings.issuer_url,
        "aws_endpoint_url": aws.url,
        "container_host": settings.container_host,
        "region": REGION,
        "stack_name": sam.STACK_NAME,
        "outputs": outputs,
        "sample": {
            name: SAMPLE[name] for name in ("contents", "quote_id", "with_options")
        },
    }


def storefront_config(settings: Settings, stack: dict[str, Any]) -> dict[str, Any]:
    return {
        "api_url": stack["api_url"],
        "issuer_url": stack["issuer_url"],
        "stripe_js_url": settings.stripe_js_url,
        "stripe_publishable_key": settings.keys.publishable_key,
        "sandbox_url": f"{settings.stripe_url}/sandbox" if settings.sandbox else None,
        "sample": SAMPLE,
    }


def write(path: Path, content: dict[str, Any]) -> None:
    """Write the file atomically: other processes wait for it to appear."""
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(content, indent=2) + "\n")
    temporary.replace(path)


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    temporary = path.with_name(f"{path.name}.tmp")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    temporary.replace(path)


def running_stack(stack_folder: Path) -> dict[str, Any]:
    """Return the description of the running stack; raise StackError without one."""
    try:
        stack: dict[str, Any] = json.loads((stack_folder / "stack.json").read_text())
    except OSError as error:
        raise StackError(
            "No stack is running: start `make run` in another terminal."
        ) from error
    return stack
