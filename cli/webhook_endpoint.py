"""`webhook-endpoint`: create and replace the stack's webhook endpoint at Stripe."""

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from checkout.clients import aws
from checkout.clients.stripe_connection import api_version
from checkout.domain.stripe_events import FROM_STRIPE
from checkout.domain.stripe_object import word_of
from checkout.domain.webhook_endpoint import best_of, problems
from cli.console import (
    CommandError,
    Json,
    Yes,
    ask,
    counted,
    print_fields,
    print_json,
)
from cli.stack import Stack, stack_of

# The API's routes to the webhook, as in template.yaml.
WEBHOOK_PATHS = (
    "/api/webhooks/stripe",
    "/payments/webhooks/stripe",
    "/webhooks/stripe",
    "/webhook",
)

type Endpoint = dict[str, Any]


def create(
    ctx: typer.Context,
    replace: Annotated[
        bool,
        typer.Option("--replace", help="Create another endpoint beside the old one."),
    ] = False,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Create the stack's webhook endpoint at Stripe and store its secret."""
    stack = stack_of(ctx)
    url, kept_in = stack.output("WebhookUrl"), secret_name(stack)
    if (found := endpoints(stack)) and not replace:
        require(found[0], kept_in)
        print_endpoint(found[0], kept_in, as_json=as_json)
        return
    ask(
        f"Create an endpoint for {len(FROM_STRIPE)} types of events at {url}, "
        f"and store its secret in {kept_in}?",
        yes=yes,
    )
    endpoint = stack.stripe.create_webhook_endpoint(url, FROM_STRIPE)
    try:
        keep(secret_of(endpoint), kept_in)
    except Exception:
        # Stripe returns the secret only once; without it the endpoint is useless.
        stack.stripe.delete_webhook_endpoint(endpoint["id"])
        raise
    print_endpoint(endpoint, kept_in, as_json=as_json)


def check(ctx: typer.Context, as_json: Json = False) -> None:
    """Say whether Stripe's endpoint is what it must be; exit with 1 if not."""
    stack = stack_of(ctx)
    endpoint, found = best_of(
        stack.stripe.webhook_endpoints(), addresses(stack), api_version()
    )
    if not secrets_in(secret_name(stack)):
        found.append(f"{secret_name(stack)} has no secret")
    if as_json:
        print_json(
            {"webhook_endpoint": endpoint and shown(endpoint), "problems": found}
        )
    elif endpoint:
        print_fields("Webhook endpoint", shown(endpoint))
    if found:
        raise CommandError(f"The webhook endpoint is wrong: {'; '.join(found)}.")


def prune(ctx: typer.Context, yes: Yes = False, as_json: Json = False) -> None:
    """Delete replaced endpoints and their secrets."""
    stack = stack_of(ctx)
    found = endpoints(stack)
    if not found:
        raise CommandError(f"Stripe has no endpoint {stack.output('WebhookUrl')}.")
    newest, *replaced = found
    kept_in = secret_name(stack)
    require(newest, kept_in)
    ids = [endpoint["id"] for endpoint in replaced]
    ask(
        f"Delete {', '.join(ids) or 'no endpoint'}, and remove all secrets from "
        f"{kept_in} except the last, that of {newest['id']}?",
        yes=yes,
    )
    for endpoint_id in ids:
        stack.stripe.delete_webhook_endpoint(endpoint_id)
    store(secrets_in(kept_in)[-1:], kept_in)
    if as_json:
        print_json({"deleted": ids})
    else:
        typer.echo(f"{counted(len(ids), 'endpoint')} deleted.")


def endpoints(stack: Stack) -> list[Endpoint]:
    """Return the endpoints with the stack's URL, in Stripe's order: newest first."""
    url = stack.output("WebhookUrl")
    return [each for each in stack.stripe.webhook_endpoints() if each.get("url") == url]


def addresses(stack: Stack) -> tuple[str, ...]:
    """Return every URL that leads to the stack's webhook, as reconcile knows them."""
    api = stack.output("ApiUrl")
    others = stack.parameter("OtherWebhookUrls").split(",")
    return (
        stack.output("WebhookUrl"),
        *(f"{api}{path}" for path in WEBHOOK_PATHS),
        *(url.strip() for url in others if url.strip()),
    )


def secret_name(stack: Stack) -> str:
    return stack.parameter("StripeWebhookSecretName")


def require(endpoint: Endpoint, kept_in: str) -> None:
    """Raise CommandError if the endpoint differs from one that `create` creates."""
    if wrong := [*differences(endpoint, kept_in)]:
        raise CommandError(
            f"{endpoint['id']} exists, but {'; '.join(wrong)}. "
            "`create --replace` creates another; `prune` then deletes this one."
        )


def differences(endpoint: Endpoint, kept_in: str) -> Iterator[str]:
    yield from problems(endpoint, api_version())
    if unwanted := set(endpoint.get("enabled_events") or []) - FROM_STRIPE:
        yield f"it sends unhandled types: {', '.join(sorted(unwanted))}"
    if not secrets_in(kept_in):
        yield f"{kept_in} has no secret"


def secret_of(endpoint: Endpoint) -> str:
    if secret := word_of(endpoint, "secret"):
        return secret
    raise CommandError("Stripe has sent no secret; the endpoint is deleted.")


def keep(secret: str, name: str) -> None:
    """Append the secret; until `prune`, the earlier ones stay valid."""
    store([*secrets_in(name), secret], name)


def secrets_in(name: str) -> list[str]:
    manager = aws.client("secretsmanager")
    try:
        kept = manager.get_secret_value(SecretId=name)["SecretString"]
    except manager.exceptions.ResourceNotFoundException:
        return []
    return kept.replace(",", " ").split()


def store(secrets: list[str], name: str) -> None:
    manager = aws.client("secretsmanager")
    text = " ".join(secrets)
    try:
        manager.put_secret_value(SecretId=name, SecretString=text)
    except manager.exceptions.ResourceNotFoundException:
        manager.create_secret(Name=name, SecretString=text)


def print_endpoint(endpoint: Endpoint, kept_in: str, *, as_json: bool) -> None:
    fields = shown(endpoint) | {"secret_kept_in": kept_in}
    if as_json:
        print_json({"webhook_endpoint": fields})
    else:
        print_fields("Webhook endpoint", fields)


def shown(endpoint: Endpoint) -> dict[str, Any]:
    # An allow list, so that the secret is never printed.
    names = ("id", "url", "status", "api_version", "enabled_events")
    return {name: endpoint.get(name) for name in names}
