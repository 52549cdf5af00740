"""`make run`: the whole system on this machine, from the template that goes to AWS."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import time
import urllib.request
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from local import MOCKTILL, event_listener, sam
from local.embedded_aws import REGION, EmbeddedAws
from local.http_api import open_http_api
from local.identity import AUDIENCE
from local.processes import Processes
from local.samples import SAMPLE, load_samples
from local.settings import ROOT, Settings, StackError

if TYPE_CHECKING:
    from pathlib import Path
    from types import FrameType

SECRET_KEY_NAME = "stripe/secret-key"  # noqa: S105 - the names, not the values
WEBHOOK_SECRET_NAME = "stripe/webhook-secret"  # noqa: S105


def main() -> int:
    # Whoever sends these, from a terminal or a script, wants the same as Ctrl-C.
    signal.signal(signal.SIGTERM, interrupt)
    signal.signal(signal.SIGHUP, interrupt)
    try:
        run(Settings.from_env())
    except StackError as problem:
        sys.stderr.write(f"\n{problem}\n")
        return 1
    except KeyboardInterrupt:
        say("Stopped.")
    return 0


def interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def run(settings: Settings) -> None:
    began = time.monotonic()
    forget_a_run(settings)
    with ExitStack() as at_the_end:  # the last one named is the first one done
        at_the_end.callback(forget_a_run, settings)
        processes = at_the_end.enter_context(Processes(settings.folder / "logs"))
        at_the_end.callback(close_the_shop, settings)

        stack = start(settings, processes)
        write(settings.stack_file, stack)
        say(f"Open for business after {time.monotonic() - began:.0f} seconds.")
        print_summary(settings, stack)
        processes.watch()


def close_the_shop(settings: Settings) -> None:
    # Asked to stop twice, we would leave servers behind: once is enough.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    say("Stopping everything")
    settings.stack_file.unlink(missing_ok=True)


def forget_a_run(settings: Settings) -> None:
    """Leave nothing that a reader could take for a stack that runs."""
    settings.stack_file.unlink(missing_ok=True)
    settings.storefront_config.unlink(missing_ok=True)
    # The functions' unpacked code and layers: some fifty megabytes for each worker.
    shutil.rmtree(settings.folder / "tmp", ignore_errors=True)


def start(settings: Settings, processes: Processes) -> dict[str, Any]:
    """Start everything, in the order in which one thing needs another."""
    aws = EmbeddedAws.of(settings)

    say("Starting the embedded AWS, the identity provider and the storefront")
    aws.start(processes)
    start_identity(settings, processes)
    start_storefront(settings, processes)
    if settings.sandbox:
        say("Starting the Stripe sandbox")
        start_stripe_sandbox(settings, processes)

    say("Building the functions and their layer: sam build")
    sam.build(processes, settings.folder)

    say("Deploying the template: sam deploy")
    processes.wait_until_answers(f"{aws.url}/_ministack/health")
    keep_stripe_secrets(settings, aws)
    outputs = sam.deploy(processes, aws, settings.folder, template_parameters(settings))
    outputs["ApiUrl"] = aws.api_url(open_http_api(aws, sam.STACK_NAME))
    outputs["WebhookUrl"] = aws.function_url(outputs["WebhookUrl"])

    say("Loading the sample offers")
    load_samples(aws.client("dynamodb"), outputs["OffersTable"])
    event_listener.listen(aws, outputs["EventBusName"])

    stack = describe(settings, aws, outputs)
    write(settings.storefront_config, storefront_config(settings, stack))
    if settings.sandbox:
        send_events_to(settings, stack["webhook_url"])

    say("Waiting until everything answers")
    wait_until_open(processes, settings, stack)
    return stack


def start_identity(settings: Settings, processes: Processes) -> None:
    processes.start(
        "identity",
        [sys.executable, "-m", "local.identity", f"--port={settings.issuer_port}"],
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
        ],
        os.environ,
    )


def start_stripe_sandbox(settings: Settings, processes: Processes) -> None:
    processes.start(
        "stripe-sandbox",
        [
            sys.executable,
            "-m",
            "mocktill",
            f"--port={settings.stripe_port}",
            f"--container-host={settings.container_host}",
        ],
        {
            **os.environ,
            "PYTHONPATH": MOCKTILL,
            "STRIPE_SECRET_KEY": settings.keys.secret_key,
            "STRIPE_WEBHOOK_SECRET": settings.keys.webhook_secret,
            "STRIPE_PUBLISHABLE_KEY": settings.keys.publishable_key,
        },
    )


def keep_stripe_secrets(settings: Settings, aws: EmbeddedAws) -> None:
    """Make the two secrets that a person makes by hand before deploying to AWS."""
    secrets_manager = aws.client("secretsmanager")
    secrets_manager.create_secret(
        Name=SECRET_KEY_NAME, SecretString=settings.keys.secret_key
    )
    secrets_manager.create_secret(
        Name=WEBHOOK_SECRET_NAME, SecretString=settings.keys.webhook_secret
    )


def template_parameters(settings: Settings) -> dict[str, str]:
    return {
        "Architecture": sam.this_architecture(),
        "FrontendUrl": settings.storefront_url,
        "AllowedOrigins": settings.storefront_url,
        "JwtIssuer": settings.issuer_url,
        "JwtAudience": AUDIENCE,
        "StripeSecretKeyName": SECRET_KEY_NAME,
        "StripeWebhookSecretName": WEBHOOK_SECRET_NAME,
        "StripeApiBase": settings.stripe_url,
        "StripeMode": "test",
    }


def describe(
    settings: Settings, aws: EmbeddedAws, outputs: dict[str, str]
) -> dict[str, Any]:
    """Describe the stack for `stack.json`; Stripe's own keys are not ours to write."""
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
        "sample": {"contents": SAMPLE["contents"]},
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


def send_events_to(settings: Settings, webhook_url: str) -> None:
    """Tell the sandbox what a person tells Stripe's dashboard."""
    request = urllib.request.Request(  # noqa: S310 - our own sandbox
        f"{settings.stripe_url}/sandbox/webhook_endpoint",
        json.dumps({"url": webhook_url}).encode(),
        {"Content-Type": "application/json"},
        method="PUT",
    )
    with urllib.request.urlopen(request, timeout=10):  # noqa: S310
        pass


def wait_until_open(
    processes: Processes, settings: Settings, stack: dict[str, Any]
) -> None:
    api_url, webhook_url = stack["api_url"], stack["webhook_url"]
    processes.wait_until_answers(f"{stack['issuer_url']}/.well-known/jwks.json")
    processes.wait_until_answers(f"{settings.storefront_url}/config.json")
    # Nobody has logged in: the authorizer is at its post.
    processes.wait_until_answers(f"{api_url}/api/purchases", 401)
    # Nobody has signed: the function runs, reads its secret and refuses.
    processes.wait_until_answers(webhook_url, 400, data=b"{}")


def write(path: Path, content: dict[str, Any]) -> None:
    """Write the file whole or not at all: others wait for it to appear."""
    unfinished = path.with_suffix(".tmp")
    unfinished.write_text(json.dumps(content, indent=2) + "\n")
    unfinished.replace(path)


def say(what: str) -> None:
    print(what, flush=True)  # noqa: T201 - this is the program's output


def print_summary(settings: Settings, stack: dict[str, Any]) -> None:
    logs = os.path.relpath(settings.folder / "logs", ROOT)
    say(f"""
  storefront     {stack["storefront_url"]}
  API            {stack["api_url"]}
  webhook        {stack["webhook_url"]}
  Stripe         {stack["stripe_url"]}
  identity       {stack["issuer_url"]}  (POST /token, form field sub=user_1)
  embedded AWS   {stack["aws_endpoint_url"]}
  all of this    {os.path.relpath(settings.stack_file, ROOT)}
  logs           {logs}
""")
    if settings.sandbox:
        say(f"Play Stripe, the banks and bad luck: {settings.stripe_url}/sandbox\n")
    else:
        say(
            "Stripe's test mode cannot reach this machine by itself. Let it:\n"
            f"  stripe listen --forward-to '{stack['webhook_url']}'\n"
        )
    say("Ctrl-C stops everything.")


if __name__ == "__main__":
    sys.exit(main())
