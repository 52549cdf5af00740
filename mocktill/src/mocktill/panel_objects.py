"""What the panel shows of an object: what was bought, by whom, and its JSON."""

import json
import re
from http import HTTPStatus

from . import versions
from .errors import ApiError
from .sandbox import Sandbox
from .shapes import Json

# The objects of one payment, in the order in which they are made, with short words.
OF_PAYMENT = {
    "checkout.session": "Session",
    "payment_intent": "Payment",
    "charge": "Charge",
    "refund": "Refund",
    "dispute": "Dispute",
    "radar.early_fraud_warning": "Fraud warning",
}
# Whoever knows these can pay or sign; an object's page is for reading.
SECRETS = ("client_secret", "secret")
HIDDEN = "(hidden)"
_WORD = re.compile(r"(\w+)")


class Payments:
    """The objects of each payment, by its PaymentIntent."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._of_intent: dict[str, list[Json]] = {}
        for kind in OF_PAYMENT:
            for each in sandbox.store.all(kind):
                if intent_id := _intent_of(each):
                    self._of_intent.setdefault(intent_id, []).append(each)

    def of(self, subject: Json) -> list[Json]:
        """Return the objects of the payment that the *subject* belongs to."""
        if subject["object"] not in OF_PAYMENT:
            return []
        return self._of_intent.get(_intent_of(subject) or "", [subject])


def find(sandbox: Sandbox, object_id: str) -> Json:
    found = sandbox.store.find(object_id)
    if found is None:
        raise ApiError(HTTPStatus.NOT_FOUND, f"There is no object {object_id}.")
    return found


def described(sandbox: Sandbox, payments: Payments, subject: Json) -> Json:
    """Return the title, the buyer and the other objects of the subject's payment."""
    payment = payments.of(subject)
    session = next((o for o in payment if o["object"] == "checkout.session"), {})
    details = session.get("customer_details") or {}
    intent = next((o for o in payment if o["object"] == "payment_intent"), {})
    emails = (
        details.get("email"),
        session.get("customer_email"),
        intent.get("receipt_email"),
    )
    return {
        "title": _title(sandbox, session) or intent.get("description"),
        "email": next(filter(None, emails), None),
        "others": [
            {"id": each["id"], "word": OF_PAYMENT[each["object"]]}
            for each in payment
            if each["id"] != subject["id"]
        ],
    }


def events_of(sandbox: Sandbox, payments: Payments, subject: Json) -> list[Json]:
    """Return the events about the subject and the objects of its payment."""
    ids = {subject["id"], *(each["id"] for each in payments.of(subject))}
    return [
        event
        for event in sandbox.store.all("event")
        if event["data"]["object"].get("id") in ids
    ]


def shown(sandbox: Sandbox, subject: Json) -> Json:
    """Return the object as the API shows it, without its secrets."""
    copy = sandbox.store.expanded(subject, ())
    if copy["object"] == "event":
        about = versions.shown(copy["data"]["object"], copy["api_version"])
        copy["data"]["object"] = about
    return _without_secrets(copy)


def as_json(sandbox: Sandbox, shown: Json) -> list[tuple[str, bool]]:
    """Write the JSON in pieces, each with whether it is the id of another object."""
    text = json.dumps(shown, indent=2, ensure_ascii=False)
    return [
        (piece, piece != shown["id"] and sandbox.store.find(piece) is not None)
        for piece in _WORD.split(text)
    ]


def _title(sandbox: Sandbox, session: Json) -> str | None:
    checkout = sandbox.checkouts.get(session.get("id", ""))
    if checkout is None:
        return None
    first, *more = [str(line["description"]) for line in checkout.line_items]
    return f"{first} and {len(more)} more" if more else first


def _intent_of(subject: Json) -> str | None:
    if subject["object"] == "payment_intent":
        return str(subject["id"])
    return subject.get("payment_intent")


def _without_secrets(value: Json) -> Json:
    cleaned: Json = {}
    for name, inner in value.items():
        if name in SECRETS and inner is not None:
            cleaned[name] = HIDDEN
        elif isinstance(inner, dict):
            cleaned[name] = _without_secrets(inner)
        elif isinstance(inner, list):
            cleaned[name] = [
                _without_secrets(each) if isinstance(each, dict) else each
                for each in inner
            ]
        else:
            cleaned[name] = inner
    return cleaned
