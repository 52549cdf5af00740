"""Builds and deploys the template to the embedded AWS, which is empty before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local import builds, event_subscriber, sam
from local.http_api import open_http_api

if TYPE_CHECKING:
    from local.embedded_aws import EmbeddedAws
    from local.phases import Phases
    from local.processes import Processes
    from local.settings import Settings

SECRET_KEY_NAME = "stripe/secret-key"  # noqa: S105 - names, not values
WEBHOOK_SECRET_NAME = "stripe/webhook-secret"  # noqa: S105


def deploy(
    settings: Settings,
    processes: Processes,
    aws: EmbeddedAws,
    parameters: dict[str, str],
    phase: Phases,
) -> dict[str, str]:
    """Deploy what the sources are now; return the stack's outputs."""
    if builds.is_built():
        phase("Using the last build: no source has changed")
    else:
        phase("Building the functions and their layer (sam build)", "sam-build")
    builds.build(processes, settings.folder)

    phase("Deploying the template (sam deploy)", "sam-deploy")
    processes.wait_until_answers(f"{aws.url}/_ministack/health")
    create_stripe_secrets(aws)
    outputs = sam.deploy(processes, aws, settings.folder, parameters)
    outputs["ApiUrl"] = aws.api_url(open_http_api(aws, sam.STACK_NAME))
    outputs["WebhookUrl"] = aws.function_url(outputs["WebhookUrl"])
    event_subscriber.subscribe(aws, outputs["EventBusName"])
    if settings.sandbox:
        tell_reconcile_the_address(aws, outputs["WebhookUrl"])
    return outputs


def create_stripe_secrets(aws: EmbeddedAws) -> None:
    """Create the two secrets that a deployment to AWS requires beforehand."""
    for name in (SECRET_KEY_NAME, WEBHOOK_SECRET_NAME):
        # Without the keys: the deployment is saved, and a person's keys never are.
        aws.client("secretsmanager").create_secret(Name=name, SecretString="-")


def store_stripe_keys(settings: Settings, aws: EmbeddedAws) -> None:
    secrets_manager = aws.client("secretsmanager")
    secrets_manager.put_secret_value(
        SecretId=SECRET_KEY_NAME, SecretString=settings.keys.secret_key
    )
    secrets_manager.put_secret_value(
        SecretId=WEBHOOK_SECRET_NAME, SecretString=settings.keys.webhook_secret
    )


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
