"""The stack that a command works on: its outputs, parameters and clients."""

import json
import math
import os
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from checkout.clients import aws, credentials
from checkout.clients.payment_events_queue import PaymentEventsQueue
from checkout.config import RefundsConfig, StripeModeConfig, WriteOffersConfig
from checkout.tables.audit_log import AuditLog
from checkout.tables.buyer_records import BuyerRecords
from checkout.tables.offers import Offers
from checkout.tables.ownerships import Ownerships
from checkout.tables.payment_sessions import PaymentSessions
from checkout.tables.purchases import Purchases
from cli.console import CommandError
from cli.desk_stripe import DeskStripe

if TYPE_CHECKING:
    from checkout.flows.change_purchase import PurchaseChanges
    from checkout.flows.refund_purchase import Refunds
    from checkout.flows.write_offer import OfferWriter

# Installed as a package, the command has no repository around it: it looks for the
# local stack in the folder that it is called in.
ROOT = Path(__file__).resolve().parent.parent
REPOSITORY = ROOT if (ROOT / "template.yaml").exists() else Path.cwd()

# What the embedded AWS takes for the account's root, and for this machine only.
LOCAL = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",  # pragma: allowlist secret
    "NO_PROXY": "127.0.0.1,localhost",
    "no_proxy": "127.0.0.1,localhost",
}


def local_stack() -> "Stack":
    """Configure this process for the local stack only; return the stack."""
    file = REPOSITORY / os.environ.get("CHECKOUT_STACK_JSON", ".local/stack.json")
    try:
        described = json.loads(file.read_text())
    except (OSError, ValueError) as error:
        raise CommandError(
            f"No local stack is running ({file} is missing); `make run` starts one."
        ) from error
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ |= {
        "AWS_ENDPOINT_URL": described["aws_endpoint_url"],
        "AWS_DEFAULT_REGION": described["region"],
        # Ignore the operator's own profiles.
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        **LOCAL,
    }
    return Stack(described["stack_name"], described["outputs"], described["issuer_url"])


def stack_of(ctx: typer.Context) -> "Stack":
    """Return the stack that the global options select."""
    chosen = ctx.find_root().params
    return local_stack() if chosen["local"] else Stack(chosen["name"])


class Stack:
    """A deployed stack; AWS is called when a value is first needed."""

    def __init__(
        self,
        name: str,
        outputs: Mapping[str, str] | None = None,
        issuer_url: str | None = None,
    ) -> None:
        """
        Use *outputs* instead of the deployed ones: local URLs differ from AWS's.

        *issuer_url* is that of the local identity provider.
        """
        self.name = name
        self.issuer_url = issuer_url
        self._outputs = outputs or {}

    @cached_property
    def _described(self) -> dict[str, Any]:
        cloudformation = aws.client("cloudformation")
        [found] = cloudformation.describe_stacks(StackName=self.name)["Stacks"]
        return dict(found)

    def output(self, name: str) -> str:
        return self._outputs.get(name) or self._value_of("Output", name)

    def parameter(self, name: str) -> str:
        return self._value_of("Parameter", name)

    def _value_of(self, sort: str, name: str) -> str:
        for entry in self._described.get(f"{sort}s", []):
            if entry[f"{sort}Key"] == name:
                return str(entry[f"{sort}Value"])
        raise CommandError(
            f"The stack {self.name} has no {sort.lower()} {name}: "
            "was it deployed from this version of the template?"
        )

    def resource(self, logical_id: str) -> str:
        """Return the physical name of a resource."""
        answer = aws.client("cloudformation").describe_stack_resource(
            StackName=self.name, LogicalResourceId=logical_id
        )
        return answer["StackResourceDetail"]["PhysicalResourceId"]

    def resources(self, kind: str) -> list[str]:
        """Return the physical names of all resources of one type."""
        # DescribeStackResources leaves out what is beyond the hundredth resource.
        pages = aws.client("cloudformation").get_paginator("list_stack_resources")
        return [
            resource["PhysicalResourceId"]
            for page in pages.paginate(StackName=self.name)
            for resource in page["StackResourceSummaries"]
            if resource["ResourceType"] == kind
        ]

    def function(self, logical_id: str) -> str:
        """Return the ARN of a function's alias, to which its events go too."""
        return self.resource(f"{logical_id}Aliascurrent")  # AutoPublishAlias: current

    @property
    def livemode(self) -> bool:
        return StripeModeConfig({"STRIPE_MODE": self.parameter("StripeMode")}).livemode

    @cached_property
    def stripe(self) -> DeskStripe:
        key_name = self.parameter("StripeSecretKeyName")
        return DeskStripe(
            lambda: credentials.secret(key_name), self.parameter("StripeApiBase")
        )

    @property
    def _variables(self) -> dict[str, str]:
        """What the template gives the functions as environment variables."""
        return {
            "OFFERS_TABLE": self.output("OffersTable"),
            "PAYMENT_SESSIONS_TABLE": self.output("PaymentSessionsTable"),
            "AUDIT_LOG_TABLE": self.output("AuditLogTable"),
            "STRIPE_SECRET_KEY_NAME": self.parameter("StripeSecretKeyName"),
            "STRIPE_API_BASE": self.parameter("StripeApiBase"),
        }

    @cached_property
    def _config(self) -> RefundsConfig:
        return RefundsConfig(
            {
                **self._variables,
                "PURCHASES_TABLE": self.output("PurchasesTable"),
                "DISPUTED_ACCESS": self.parameter("DisputedAccess"),
            }
        )

    @cached_property
    def purchase_changes(self) -> "PurchaseChanges":
        from checkout.wiring.refunds import purchase_changes  # noqa: PLC0415 - slow to import

        return purchase_changes(self._config)

    @cached_property
    def refunds(self) -> "Refunds":
        from checkout.wiring.refunds import refunds  # noqa: PLC0415 - slow to import

        return refunds(self._config, self.purchase_changes, self.stripe)

    @cached_property
    def operator(self) -> str:
        """The caller's ARN, as it is written to the audit log."""
        return aws.client("sts").get_caller_identity()["Arn"]

    @cached_property
    def payment_events(self) -> PaymentEventsQueue:
        return PaymentEventsQueue(self.output("PaymentEventsQueueUrl"))

    @cached_property
    def offers(self) -> Offers:
        return Offers(self.output("OffersTable"))

    @cached_property
    def offer_writer(self) -> "OfferWriter":
        from checkout.flows.write_offer import OfferWriter  # noqa: PLC0415 - slow to import
        from checkout.wiring.sessions import stripe_checkout  # noqa: PLC0415 - slow to import

        queue_url = self.output("PaymentEventsQueueUrl")
        config = WriteOffersConfig(
            self._variables | {"PAYMENT_EVENTS_QUEUE_URL": queue_url}
        )
        return OfferWriter(
            offers=self.offers,
            sessions=self.sessions,
            # Not wiring.offers, whose Stripe obeys no proxy.
            stripe_checkout=stripe_checkout(config, self.payment_events, self.stripe),
            expiring_seconds=math.inf,
        )

    @cached_property
    def sessions(self) -> PaymentSessions:
        return PaymentSessions(self.output("PaymentSessionsTable"))

    @cached_property
    def purchases(self) -> Purchases:
        return Purchases(self.output("PurchasesTable"))

    @cached_property
    def audit_log(self) -> AuditLog:
        return AuditLog(self.output("AuditLogTable"))

    @cached_property
    def ownerships(self) -> Ownerships:
        return Ownerships(self.output("PurchasesTable"))

    @cached_property
    def buyer_records(self) -> BuyerRecords:
        return BuyerRecords(
            sessions=self.output("PaymentSessionsTable"),
            purchases=self.output("PurchasesTable"),
            audit_log=self.output("AuditLogTable"),
        )
