"""`make run`: deploys the template to an embedded AWS, beside mocktill."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import time
import urllib.request
from contextlib import ExitStack
from typing import Any

from local import MOCKTILL, event_subscriber, sam
from local.console import exit_code_of, say
from local.embedded_aws import EmbeddedAws
from local.http_api import open_http_api
from local.identity import AUDIENCE
from local.processes import Processes
from local.samples import load_samples
from local.settings import ROOT, Settings
from local.stack_file import describe, storefront_config, write

SECRET_KEY_NAME = "stripe/secret-key"  # noqa: S105 - names, not values
WEBHOOK_SECRET_NAME = "stripe/webhook-secret"  # noqa: S105


def run() -> None:
    settings = Settings.from_env()
    began = time.monotonic()
    remove_files(settings)
    with ExitStack() as at_exit:  # callbacks run in reverse order
        at_exit.callback(remove_files, settings)
        processes = at_exit.enter_context(Processes(settings.folder / "logs"))
        at_exit.callback(begin_stopping, settings)

        stack = start(settings, processes)
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


def start(settings: Settings, processes: Processes) -> dict[str, Any]:
    """Start and deploy everything, each step after those that it depends on."""
    aws = EmbeddedAws.of(settings)

    say("Starting the embedded AWS, the identity provider and the storefront")
    aws.start(processes)
    start_identity(settings, processes)
    start_storefront(settings, processes)
    if settings.sandbox:
        say("Starting mocktill, which imitates Stripe")
        start_mocktill(settings, processes)

    say("Building the functions and their layer: sam build")
    sam.build(processes, settings.folder)

    say("Deploying the template: sam deploy")
    processes.wait_until_answers(f"{aws.url}/_ministack/health")
    create_stripe_secrets(settings, aws)
    outputs = sam.deploy(processes, aws, settings.folder, template_parameters(settings))
    outputs["ApiUrl"] = aws.api_url(open_http_api(aws, sam.STACK_NAME))
    outputs["WebhookUrl"] = aws.function_url(outputs["WebhookUrl"])

    say("Loading the sample offers")
    load_samples(aws.client("dynamodb"), outputs["OffersTable"])
    event_subscriber.subscribe(aws, outputs["EventBusName"])

    stack = describe(settings, aws, outputs)
    write(settings.storefront_config, storefront_config(settings, stack))
    if settings.sandbox:
        set_webhook_endpoint(settings, stack["webhook_url"])
        tell_reconcile_the_address(aws, stack["webhook_url"])

    say("Waiting until everything answers")
    wait_until_ready(processes, settings, stack)
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


def start_mocktill(settings: Settings, processes: Processes) -> None:
    processes.start(
        "mocktill",
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


def create_stripe_secrets(settings: Settings, aws: EmbeddedAws) -> None:
    """Create the two secrets that a deployment to AWS requires beforehand."""
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
        # A developer is one buyer all day, and so are the tests of the stack.
        "CheckoutsPerBuyerPerMinute": "200",
        # With Stripe itself, `stripe listen` delivers the events: there is no endpoint.
        "WebhookEndpointCheck": "on" if settings.sandbox else "off",
        # Nothing of it outlives `make run`.
        "DeletionProtection": "off",
    }


def tell_reconcile_the_address(aws: EmbeddedAws, webhook_url: str) -> None:
    """
    Replace the webhook's address of AWS by the one that it has on this machine.

    The schedule runs a published version, whose variables cannot change: publish one
    more, and point the alias to it.
    """
    functions = aws.client("lambda")
    found = aws.client("cloudformation").describe_stack_resource(
        StackName=sam.STACK_NAME, LogicalResourceId="ReconcileFunction"
    )
    name = found["StackResourceDetail"]["PhysicalResourceId"]
    variables = functions.get_function_configuration(FunctionName=name)["Environment"][
        "Variables"
    ]
    functions.update_function_configuration(
        FunctionName=name,
        Environment={"Variables": variables | {"WEBHOOK_URLS": webhook_url}},
    )
    version = functions.publish_version(FunctionName=name)["Version"]
    functions.update_alias(FunctionName=name, Name=sam.ALIAS, FunctionVersion=version)


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
    say(f"""
  storefront     {stack["storefront_url"]}
  API            {stack["api_url"]}
  to read it     {stack["storefront_url"]}/api-docs
  webhook        {stack["webhook_url"]}
  Stripe         {stack["stripe_url"]}
  identity       {stack["issuer_url"]}  (POST /token, form field sub=user_1)
  embedded AWS   {stack["aws_endpoint_url"]}
  description    {os.path.relpath(settings.stack_file, ROOT)}
  logs           {logs}
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
