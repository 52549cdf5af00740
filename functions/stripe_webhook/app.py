"""Stripe calls: verify the signature over the exact bytes, enqueue, answer 200."""

import json
import time
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from checkout import credentials, http, webhook_signature
from checkout.config import StripeWebhookConfig
from checkout.payment_events import FROM_STRIPE, PaymentEvents
from checkout.telemetry import count, logger, metrics

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@cache
def config() -> StripeWebhookConfig:
    return StripeWebhookConfig.from_env()


@cache
def payment_events() -> PaymentEvents:
    return PaymentEvents(config().payment_events_queue_url)


@logger.inject_lambda_context
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: "LambdaContext") -> http.Response:
    """
    Answer 2xx only once the event is safe on the queue.

    Anything that we did not expect raises, and Stripe tries again for three days.
    Nothing is remembered here: a repeated event is the purchase's concern.
    """
    request_id = context.aws_request_id
    try:
        payload = http.Request(event).body
    except ValueError:
        return refuse("unreadable_body", "The body cannot be read.", request_id)
    signature = http.Request(event).header("stripe-signature") or ""
    secrets = credentials.secret(config().stripe_webhook_secret_name)
    if not webhook_signature.is_valid(
        payload, signature, secrets.replace(",", " ").split(), time.time()
    ):
        return refuse("invalid_signature", "The signature is not valid.", request_id)
    try:
        body = payload.decode()
        stripe_event = json.loads(body)
        facts = {
            "event_id": str(stripe_event["id"]),
            "event_type": str(stripe_event["type"]),
        }
        livemode = stripe_event["livemode"]
    except (ValueError, KeyError, TypeError):
        return refuse("unreadable_body", "The body is not a Stripe event.", request_id)
    if livemode != (config().stripe_mode == "live"):
        count("payments.events.other_mode")
        logger.warning("event_of_other_mode", extra=facts)
    elif facts["event_type"] not in FROM_STRIPE:
        logger.info("event_ignored", extra=facts)
    else:
        payment_events().send(body)
        logger.info("event_enqueued", extra=facts)
    return http.respond(HTTPStatus.OK, {"received": True})


def refuse(code: str, sentence: str, request_id: str) -> http.Response:
    count("payments.events.refused")
    logger.warning("event_refused", code=code)
    return http.respond(
        HTTPStatus.BAD_REQUEST,
        {"error": sentence, "code": code, "request_id": request_id},
    )
