"""The timeline of a payment: our audit entries and Stripe's events."""

from datetime import UTC, datetime

from checkout import clock
from cli.fields import Fields

WHOLE_SECONDS = len("2026-01-31T12:00:00")

# Fields of an audit entry that the report already has elsewhere; and the address of a
# page that anybody can pay on.
NOT_REPEATED = {
    *("payment_session_id", "entry_id", "at", "action"),
    *("kind", "offer_id", "buyer_id", "amount", "currency"),
    *("title", "creator_id", "metadata", "recovery_url"),
}


def in_order(timeline: list[Fields]) -> list[Fields]:
    """
    Sort by time.

    Stripe's times are whole seconds, ours have milliseconds: within one second, an
    event is placed right before the audit entry that it caused.
    """
    effects = {
        entry["details"]["event_id"]: entry["at"]
        for entry in timeline
        if entry["from"] == "us" and "event_id" in entry["details"]
    }

    def moment(entry: Fields) -> tuple[str, bool]:
        at, is_ours = str(entry["at"]), entry["from"] == "us"
        effect = effects.get(entry["details"].get("event_id"), "")
        in_the_same_second = effect[:WHOLE_SECONDS] == at[:WHOLE_SECONDS]
        return (effect if in_the_same_second and not is_ours else at), is_ours

    return sorted(timeline, key=moment)


def of_audit_entry(entry: Fields) -> Fields:
    rest = {name: value for name, value in entry.items() if name not in NOT_REPEATED}
    return {"at": entry["at"], "from": "us", "what": entry["action"], "details": rest}


def of_event(event: Fields) -> Fields:
    pending = event.get("pending_webhooks")
    rest = {"event_id": event.get("id"), "pending_webhooks": pending}
    at = iso(event.get("created"))
    return {"at": at, "from": "Stripe", "what": event.get("type"), "details": rest}


def iso(unix_seconds: int | None) -> str | None:
    if unix_seconds is None:
        return None
    return clock.iso(datetime.fromtimestamp(unix_seconds, UTC))
