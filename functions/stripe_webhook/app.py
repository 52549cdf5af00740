"""Stripe's webhook: verify the signature over the exact bytes, enqueue, answer 200."""

import json
import time
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from checkout.api.request import Request
from checkout.api.response import Response, refuse, respond
from checkout.clients import credentials
from checkout.clients.payment_events_queue import PaymentEventsQueue
from checkout.config import StripeModeConfig, StripeWebhookConfig
from checkout.domain import webhook_signature
from checkout.domain.stripe_events import FROM_STRIPE, is_live, is_thin
from checkout.errors import (
    CheckoutError,
    InvalidSignatureError,
    RefusedEventError,
    UnreadableEventError,
)
from checkout.metric import Metric
from checkout.telemetry import count, logger, metrics, report

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@cache
def config() -> StripeWebhookConfig:
    return StripeWebhookConfig()


@cache
def mode() -> StripeModeConfig:
    return StripeModeConfig()


@cache
def payment_events() -> PaymentEventsQueue:
    return PaymentEventsQueue(config().payment_events_queue_url)


@logger.inject_lambda_context
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: "LambdaContext") -> Response:
    """
    Answer 200 only once the event is on the queue.

    Any unexpected failure is a 500, and Stripe repeats the event for three days.
    Repeated events are queued again; fulfillment makes them harmless.
    """
    try:
        receive(Request(event))
    except RefusedEventError as refusal:
        refused = Metric.EVENTS_REFUSED
        report("event_refused", refused, level="warning", code=refusal.code)
        return refuse(refusal, context.aws_request_id)
    except Exception:  # noqa: BLE001 - the outermost edge: Stripe gets an answer
        count(Metric.EVENTS_NOT_ENQUEUED)
        logger.exception("event_not_enqueued")
        failure = CheckoutError("The event could not be taken.")
        return refuse(failure, context.aws_request_id)
    return respond(HTTPStatus.OK, {"received": True})


def receive(request: Request) -> None:
    """Put the event on the queue if its signature is valid and we act on its type."""
    payload = verified(request)
    try:
        stripe_event = json.loads(payload.decode())
        if is_thin(stripe_event):  # it has no object to apply
            report("thin_event", Metric.EVENTS_THIN, level="error")
            raise UnreadableEventError("This is a thin event; we need a `snapshot`.")
        event_id, event_type = stripe_event["id"], stripe_event["type"]
        livemode = is_live(stripe_event)
        known = event_type in FROM_STRIPE
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise UnreadableEventError("The body is not a Stripe event.") from error
    ids = {"event_id": event_id, "event_type": event_type}
    if livemode != mode().livemode:
        other_mode = Metric.EVENTS_OF_OTHER_MODE
        report("event_of_other_mode", other_mode, level="warning", **ids)
    elif not known:
        report("event_ignored", Metric.EVENTS_IGNORED, **ids)
    else:
        payment_events().send(stripe_event)
        report("event_enqueued", Metric.EVENTS_ENQUEUED, **ids)


def verified(request: Request) -> bytes:
    """Return the exact bytes that Stripe signed; raises RefusedEventError if not."""
    try:
        payload = request.body
    except ValueError as error:
        raise UnreadableEventError("The body cannot be read.") from error
    signature = request.header("stripe-signature") or ""
    secrets = credentials.secret(config().stripe_webhook_secret_name)
    now = time.time()
    if not webhook_signature.is_valid(payload, signature, secrets, now):
        if webhook_signature.is_fresh(signature, now):
            # Not a scanner: somebody signs as Stripe does, with a secret that we lack.
            count(Metric.EVENTS_SIGNED_BY_ANOTHER)
        raise InvalidSignatureError("The signature is not valid.")
    return payload
