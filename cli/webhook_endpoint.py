"""A stack's webhook endpoint at Stripe: made, compared, replaced, its secret kept."""

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from checkout.clients import aws
from checkout.clients.stripe_api import api_version
from checkout.domain.stripe_events import FROM_STRIPE
from cli.console import CommandError, Json, Yes, ask, print_facts, print_json
from cli.stack import Stack, stack_of

app = typer.Typer(no_args_is_help=True, help="Where Stripe sends its events.")

type Endpoint = dict[str, Any]


@app.command()
def create(
    ctx: typer.Context,
    replace: Annotated[
        bool,
        typer.Option("--replace", help="Make another beside one that is there."),
    ] = False,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Make the stack's endpoint at Stripe, and keep its secret for the functions."""
    stack = stack_of(ctx)
    url, kept_in = stack.output("WebhookUrl"), secret_name(stack)
    if (found := endpoints(stack)) and not replace:
        check(found[0], kept_in)
        print_endpoint(found[0], kept_in, as_json=as_json)
        return
    ask(
        f"Let Stripe send {len(FROM_STRIPE)} types of events to {url}, "
        f"and keep the secret in {kept_in}?",
        yes=yes,
    )
    endpoint = stack.stripe.create_webhook_endpoint(url, FROM_STRIPE)
    try:
        keep(endpoint["secret"], kept_in)
    except Exception:
        # Stripe shows the secret this once: without it the endpoint is of no use.
        stack.stripe.delete_webhook_endpoint(endpoint["id"])
        raise
    print_endpoint(endpoint, kept_in, as_json=as_json)


@app.command()
def prune(ctx: typer.Context, yes: Yes = False, as_json: Json = False) -> None:
    """Delete the endpoints that were replaced, and forget their secrets."""
    stack = stack_of(ctx)
    found = endpoints(stack)
    if not found:
        raise CommandError(f"Stripe has no endpoint {stack.output('WebhookUrl')}.")
    newest, *replaced = found
    kept_in = secret_name(stack)
    check(newest, kept_in)
    ids = [endpoint["id"] for endpoint in replaced]
    ask(
        f"Delete {', '.join(ids) or 'no endpoint'}, and keep of {kept_in} only the "
        f"last secret, that of {newest['id']}?",
        yes=yes,
    )
    for endpoint_id in ids:
        stack.stripe.delete_webhook_endpoint(endpoint_id)
    store(secrets_in(kept_in)[-1:], kept_in)
    if as_json:
        print_json({"deleted": ids})
    else:
        typer.echo(f"{len(ids)} deleted.")


def endpoints(stack: Stack) -> list[Endpoint]:
    """Return the endpoints of the stack's address; Stripe lists the newest first."""
    url = stack.output("WebhookUrl")
    return [each for each in stack.stripe.webhook_endpoints() if each["url"] == url]


def secret_name(stack: Stack) -> str:
    return stack.parameter("StripeWebhookSecretName")


def check(endpoint: Endpoint, kept_in: str) -> None:
    """Raise CommandError unless the endpoint is as one that we would make."""
    if wrong := [*differences(endpoint, kept_in)]:
        raise CommandError(
            f"{endpoint['id']} is there already, but {'; '.join(wrong)}. "
            "`--replace` makes another beside it, `prune` then deletes this one."
        )


def differences(endpoint: Endpoint, kept_in: str) -> Iterator[str]:
    sent = set(endpoint["enabled_events"])
    if endpoint["status"] != "enabled":
        yield f"it is {endpoint['status']}"
    if (version := endpoint["api_version"]) != api_version():
        yield f"its API version is {version or 'the default'}, not {api_version()}"
    if "*" not in sent and (missing := FROM_STRIPE - sent):
        yield f"it does not send {', '.join(sorted(missing))}"
    if unwanted := sent - FROM_STRIPE:
        yield f"it sends {', '.join(sorted(unwanted))} in vain"
    if not secrets_in(kept_in):
        yield f"no secret is kept in {kept_in}"


def keep(secret: str, name: str) -> None:
    """Add the secret as the last one: until `prune`, those before it are good too."""
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
    # Named one by one: the secret is never shown.
    shown = {
        name: endpoint[name] for name in ("id", "url", "api_version", "enabled_events")
    } | {"secret_kept_in": kept_in}
    if as_json:
        print_json({"webhook_endpoint": shown})
    else:
        print_facts("Webhook endpoint", shown)
