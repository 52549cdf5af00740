"""`make run`: deploys the template to an embedded AWS, beside mocktill."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import time
import urllib.request
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from typing import Any

from local import MOCKTILL, sam
from local.console import exit_code_of, say
from local.deploy import (
    SECRET_KEY_NAME,
    WEBHOOK_SECRET_NAME,
    deploy,
    store_stripe_keys,
)
from local.deployments import SavedDeployment
from local.embedded_aws import EmbeddedAws
from local.identity import AUDIENCE
from local.keep import NOT_KEPT, Kept, move_webhook_endpoint
from local.live import LiveCode
from local.lock import Lock
from local.phases import Phases
from local.processes import Processes
from local.samples import load_samples, sample_offers
from local.settings import ROOT, Settings, folder
from local.stack_file import describe, storefront_config, write
from local.trial import Tryout


def run() -> None:
    began = time.monotonic()
    with ExitStack() as at_exit:  # callbacks run in reverse order
        lock = at_exit.enter_context(closing(Lock.take(folder())))
        settings = Settings.from_env()
        kept = Kept.from_env(settings)
        settings = kept.with_keys(settings)
        lock.describe(pid=os.getpid(), storefront_url=settings.storefront_url)
        remove_files(settings)
        at_exit.callback(remove_files, settings)
        logs = settings.folder / "logs"
        processes = at_exit.enter_context(Processes(logs))
        at_exit.callback(kept.finish, EmbeddedAws.of(settings))
        at_exit.callback(begin_stopping, settings)

        with Phases(logs) as phase:
            stack = start(settings, processes, phase, kept)
        write(settings.stack_file, stack)
        say(f"Ready after {time.monotonic() - began:.0f} seconds.")
        print_summary(settings, stack)
        processes.watch()


def begin_stopping(settings: Settings) -> None:
    # A second signal would interrupt the cleanup and leave servers running.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    say("Stopping everything")
    settings.stack_file.unlink(missing_ok=True)


def remove_files(settings: Settings) -> None:
    """Remove the files that describe a running stack, and temporary files."""
    settings.stack_file.unlink(missing_ok=True)
    settings.storefront_config.unlink(missing_ok=True)
    # The functions' unpacked code and layers: about fifty megabytes for each worker.
    shutil.rmtree(settings.folder / "tmp", ignore_errors=True)
    shutil.rmtree(settings.folder / "live", ignore_errors=True)


def start(
    settings: Settings, processes: Processes, phase: Phases, kept: Kept
) -> dict[str, Any]:
    """Start and deploy everything, each step after those that it depends on."""
    aws = EmbeddedAws.of(settings)
    live = LiveCode.from_now_on(aws)
    parameters = template_parameters(settings)
    saved = SavedDeployment.of(aws, parameters)
    restorable = saved.outputs()

    phase("Starting the embedded AWS, the login service, the storefront")
    aws.start(processes, saved.folder if restorable else None)
    start_identity(settings, processes, kept)
    start_storefront(settings, processes)
    if settings.sandbox and not kept.has_data:
        phase("Starting mocktill, which imitates Stripe")
        start_mocktill(settings, processes, kept)

    if restorable and sam.is_deployed(processes, aws):
        phase("Restoring the last deployment: nothing has changed")
        outputs = restorable
    else:
        outputs = deploy(settings, processes, aws, parameters, phase)
        saved.save(aws, outputs)
    store_stripe_keys(settings, aws)

    if kept.has_data:
        phase("Putting the kept data back (KEEP=1)")
        kept.put_back(aws)
        if settings.sandbox:
            # Not before: it sends at once what the functions had not received.
            start_mocktill(settings, processes, kept)
            processes.wait_until_answers(f"{settings.stripe_url}/sandbox/account")
            move_webhook_endpoint(settings, outputs["WebhookUrl"])
    else:
        phase("Loading the sample offers")
        shop = settings.storefront_url
        load_samples(aws.client("dynamodb"), outputs["OffersTable"], shop)
    kept.begin(aws)

    stack = describe(settings, aws, outputs)
    write(settings.storefront_config, storefront_config(settings, stack))
    if settings.sandbox:
        set_webhook_endpoint(settings, stack["webhook_url"])

    phase("Trying a checkout of each kind, and every function")
    wait_until_ready(processes, settings, stack)
    Tryout(aws, stack, settings.folder / "logs").run(sample_offers(datetime.now(UTC)))
    live.watch()
    return stack


def start_identity(
    settings: Settings, processes: Processes, kept: Kept = NOT_KEPT
) -> None:
    processes.start(
        "identity",
        [
            sys.executable,
            *("-m", "local.identity"),
            f"--port={settings.issuer_port}",
            *kept.identity_options,
            *settings.allow_origins,
        ],
        os.environ,
    )


def start_storefront(settings: Settings, processes: Processes) -> None:
    processes.start(
        "storefront",
        [
            sys.executable,
            *("-m", "local.serve_storefront"),
            f"--port={settings.storefront_port}",
            f"--config={settings.storefront_config}",
            f"--stack={settings.stack_file}",
            *settings.allow_origins,
        ],
        os.environ,
    )


def start_mocktill(
    settings: Settings, processes: Processes, kept: Kept = NOT_KEPT
) -> None:
    processes.start(
        "mocktill",
        [
            sys.executable,
            "-m",
            "mocktill",
            f"--port={settings.stripe_port}",
            f"--container-host={settings.container_host}",
            *kept.mocktill_options,
            *settings.allow_origins,
        ],
        {
            **os.environ,
            "PYTHONPATH": MOCKTILL,
            "STRIPE_SECRET_KEY": settings.keys.secret_key,
            "STRIPE_WEBHOOK_SECRET": settings.keys.webhook_secret,
            "STRIPE_PUBLISHABLE_KEY": settings.keys.publishable_key,
        },
    )


def template_parameters(settings: Settings) -> dict[str, str]:
    return {
        "Architecture": sam.this_architecture(),
        "FrontendUrl": settings.storefront_url,
        "AllowedOrigins": ",".join(settings.allowed_origins),
        "AllowLoopbackOrigins": "on",
        "JwtIssuer": settings.issuer_url,
        "JwtAudience": AUDIENCE,
        "StripeSecretKeyName": SECRET_KEY_NAME,
        "StripeWebhookSecretName": WEBHOOK_SECRET_NAME,
        "StripeApiBase": settings.stripe_url,
        "StripeMode": "test",
        # A developer is one buyer all day, and so are the tests of the stack.
        "CheckoutsPerBuyerPerMinute": "200",
        # With Stripe itself, `stripe listen` delivers the events: there is no endpoint.
        "WebhookEndpointCheck": "on" if settings.sandbox else "off",
        # Nothing of it outlives `make run`.
        "DeletionProtection": "off",
    }


def set_webhook_endpoint(settings: Settings, webhook_url: str) -> None:
    """Set the sandbox's webhook endpoint, as in Stripe's dashboard."""
    account = _ask_sandbox(settings, "GET", "account")
    version = account["default_api_version"]
    endpoint = {"url": webhook_url, "api_version": version}
    _ask_sandbox(settings, "PUT", "webhook_endpoint", endpoint)


def _ask_sandbox(
    settings: Settings, method: str, path: str, body: dict[str, Any] | None = None
) -> dict[str, Any]:
    request = urllib.request.Request(  # noqa: S310 - our own sandbox
        f"{settings.stripe_url}/sandbox/{path}",
        json.dumps(body).encode() if body else None,
        {"Content-Type": "application/json"},
        method=method,
    )
    with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310
        answer: dict[str, Any] = json.load(response)
    return answer


def wait_until_ready(
    processes: Processes, settings: Settings, stack: dict[str, Any]
) -> None:
    api_url, webhook_url = stack["api_url"], stack["webhook_url"]
    processes.wait_until_answers(f"{stack['issuer_url']}/.well-known/jwks.json")
    processes.wait_until_answers(f"{settings.storefront_url}/config.json")
    # The authorizer works: it refuses a request without a token.
    processes.wait_until_answers(f"{api_url}/api/purchases", 401)
    # The function runs and reads its secret: it refuses a request without a signature.
    processes.wait_until_answers(webhook_url, 400, data=b"{}")


def print_summary(settings: Settings, stack: dict[str, Any]) -> None:
    logs = os.path.relpath(settings.folder / "logs", ROOT)
    pages = ", ".join(["any port of localhost", *settings.more_origins])
    say(f"""
  storefront     {stack["storefront_url"]}
  API            {stack["api_url"]}
  to read it     {stack["storefront_url"]}/api-docs
  webhook        {stack["webhook_url"]}
  Stripe         {stack["stripe_url"]}
  frontends      {pages}
  identity       {stack["issuer_url"]}
  embedded AWS   {stack["aws_endpoint_url"]}
  description    {os.path.relpath(settings.stack_file, ROOT)}
  logs           {logs}

A token for any user (email and groups are optional; docs/local-stack.md#log-in):
  curl {stack["issuer_url"]}/token -d sub=user_1 -d email=ada@example.com \\
    -d groups=payments-admin,offers-admin
""")
    if settings.sandbox:
        say(f"Control Stripe and inject faults: {settings.stripe_url}/sandbox\n")
    else:
        say(
            "Stripe cannot reach this machine. Forward its events with:\n"
            f"  stripe listen --forward-to '{stack['webhook_url']}'\n"
        )
    say("Press Ctrl-C to stop everything.")


if __name__ == "__main__":
    sys.exit(exit_code_of(run))
