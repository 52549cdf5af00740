"""Send each event of the bus to Segment; Lambda repeats what fails."""

from functools import cache
from typing import TYPE_CHECKING, Any

from checkout.clients import credentials
from checkout.clients.segment import Segment
from checkout.config import SegmentConfig
from checkout.metric import Metric
from checkout.telemetry import count, logger, metrics

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@cache
def segment() -> Segment:
    config = SegmentConfig()
    return Segment(
        lambda: credentials.secret(config.segment_write_key_name),
        config.segment_api_base,
    )


@logger.inject_lambda_context
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: "LambdaContext") -> None:
    name, detail = event["detail-type"], event["detail"]
    try:
        segment().track(name, detail)
    except Exception:
        count(Metric.SEGMENT_FAILED)
        logger.exception("segment_failed", id=detail["id"])
        raise
    count(Metric.SEGMENT_TRACKED)
