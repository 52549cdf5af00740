"""The whole account in a file of JSON: `--state FILE`."""

import contextlib
import json
import os
import threading
from base64 import b64decode, b64encode
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from .cards import Decline, Outcome
from .checkouts import Checkout
from .destinations import Destination
from .faults import Fault
from .idempotency import Answer, Entry
from .permissions import Key
from .sandbox import Sandbox
from .shapes import Json
from .webhooks import Delivery

VERSION = 1
SAVE_EVERY_SECONDS = 5.0
# What is saved of the account, by the part that has it. The rest are the settings of a
# start, or locks and threads.
STATE: dict[str, tuple[str, ...]] = {
    "": (
        "_clock_offset", "account_id", "base_url", "checkouts", "created",
        "default_api_version", "default_tax_behavior", "event_lag_seconds",
        "late_fees", "outcomes", "publishable_key", "requests", "secret_key",
        "terms_of_service_url", "webhook_secret",
    ),
    "faults": ("_pending",),
    "idempotency": ("_entries",),
    "rate_limit": ("per_second",),
    "store": ("_tables",),
    "store.fields": ("_hidden",),
    "webhooks": (
        "_addressees", "_held", "_undelivered", "api_version", "attempts",
        "configured", "copies", "delay_seconds", "mode", "registered",
    ),
}  # fmt: skip
CLASSES = {
    each.__name__: each
    for each in (
        Answer, Checkout, Decline, Delivery, Destination, Entry, Fault, Outcome
    )
}  # fmt: skip
SEQUENCES = {each.__name__: each for each in (list, tuple, set)}


class StateError(Exception):
    """The file is not the state of an account; the message is for a person."""


@contextlib.contextmanager
def saved_in(
    file: Path, sandbox: Sandbox, every_seconds: float = SAVE_EVERY_SECONDS
) -> Iterator[None]:
    """Continue with the file's account if there is one; save now and then, and last."""
    if file.exists():
        load(file, sandbox)
    ended = threading.Event()

    def save_regularly() -> None:
        while not ended.wait(every_seconds):
            with contextlib.suppress(OSError):  # the last save shows the problem
                save(file, sandbox)

    save(file, sandbox)
    saving = threading.Thread(target=save_regularly, name="state", daemon=True)
    saving.start()
    try:
        yield
    finally:
        ended.set()
        saving.join()
        save(file, sandbox)


def save(file: Path, sandbox: Sandbox) -> None:
    """Write the file whole, for its owner only: it has the account's keys."""
    with sandbox.lock, sandbox.webhooks.lock:
        text = json.dumps({"mocktill": VERSION, **_Graph.of(_state(sandbox))})
    if file.exists() and file.read_text() == text:
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(f"{file.name}.tmp")
    temporary.unlink(missing_ok=True)
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT, 0o600), "w") as opened:
        opened.write(text)
    temporary.replace(file)


def load(file: Path, sandbox: Sandbox) -> None:
    """Make *sandbox* the account of the file, and send what it still had to send."""
    try:
        read = json.loads(file.read_text())
        if read["mocktill"] != VERSION:
            raise ValueError(f"version {read['mocktill']}")  # noqa: TRY301 - as others
        state = _Graph(read["nodes"]).decoded(read["root"])
        restricted = state.pop("restricted_keys")
        for part, names in STATE.items():
            if state[part].keys() != set(names):
                raise ValueError(f"other fields of {part or 'the account'}")  # noqa: TRY301
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise StateError(
            f"{file} is not an account of this version of mocktill ({error}). Remove "
            "it to start with a new account."
        ) from error
    at = sandbox.base_url
    for part, values in state.items():
        for name, value in values.items():
            setattr(_part(sandbox, part), name, value)
    sandbox.restricted_keys = {
        key: Key(key, sandbox.account_id, named) for key, named in restricted.items()
    }
    sandbox.store.index()
    _move_pages(sandbox, at)
    sandbox.webhooks.resume()


def _state(sandbox: Sandbox) -> Json:
    state = {
        part: {name: getattr(_part(sandbox, part), name) for name in names}
        for part, names in STATE.items()
    }
    # A call that has no answer yet holds its key only as long as it runs.
    entries = state["idempotency"]["_entries"]
    state["idempotency"]["_entries"] = {
        key: entry for key, entry in entries.items() if entry.answer
    }
    named = {key: each.named for key, each in sandbox.restricted_keys.items()}
    return {
        **state,
        "restricted_keys": {key: list(each) for key, each in named.items()},
    }


def _part(sandbox: Sandbox, path: str) -> Any:  # noqa: ANN401 - any part
    part: Any = sandbox
    for name in path.split(".") if path else ():
        part = getattr(part, name)
    return part


def _move_pages(sandbox: Sandbox, to: str | None) -> None:
    """Serve the payment pages where this start serves them."""
    before, sandbox.base_url = sandbox.base_url, to or sandbox.base_url
    for checkout in sandbox.checkouts.values():
        url = checkout.session.get("url")
        if url and before and to and url.startswith(f"{before}/"):
            checkout.session["url"] = to + url.removeprefix(before)


class _Graph:
    """
    Objects as JSON, each of them once.

    A session is in the store and in its checkout, and a change of one is a change of
    the other: two copies would go separate ways.
    """

    def __init__(self, nodes: list[Any] | None = None) -> None:
        self._nodes: list[Any] = nodes or []
        self._places: dict[int, int] = {}
        self._made: dict[int, Any] = {}

    @classmethod
    def of(cls, value: object) -> Json:
        graph = cls()
        root = graph._encoded(value)
        return {"root": root, "nodes": graph._nodes}

    def _encoded(self, value: Any) -> Any:  # noqa: ANN401 - JSON
        if value is None or isinstance(value, bool | int | float | str):
            return value
        if isinstance(value, bytes):
            return {"bytes": b64encode(value).decode()}
        if id(value) not in self._places:
            self._places[id(value)] = len(self._nodes)
            self._nodes.append(None)
            self._nodes[self._places[id(value)]] = self._node(value)
        return {"node": self._places[id(value)]}

    def _node(self, value: Any) -> list[Any]:  # noqa: ANN401 - any container
        kind = type(value).__name__
        if isinstance(value, dict):
            items = [[self._encoded(k), self._encoded(v)] for k, v in value.items()]
            return ["dict", items]
        if kind in SEQUENCES:
            return [kind, [self._encoded(each) for each in value]]
        if not is_dataclass(value) or kind not in CLASSES:
            raise TypeError(f"mocktill cannot save a {kind}")
        parts = {f.name: self._encoded(getattr(value, f.name)) for f in fields(value)}
        return [kind, parts]

    def decoded(self, value: Any) -> Any:  # noqa: ANN401 - any value
        if not isinstance(value, dict):
            return value
        if "bytes" in value:
            return b64decode(value["bytes"])
        place = value["node"]
        if place not in self._made:
            self._make(place)
        return self._made[place]

    def _make(self, place: int) -> None:
        kind, content = self._nodes[place]
        if kind == "dict":
            # Known before its contents, which may lead back to it.
            made: Any = self._made.setdefault(place, {})
            for key, value in content:
                made[self.decoded(key)] = self.decoded(value)
        elif kind == "list":
            made = self._made.setdefault(place, [])
            made.extend(map(self.decoded, content))
        elif kind in SEQUENCES:
            self._made[place] = SEQUENCES[kind](map(self.decoded, content))
        else:
            parts = {name: self.decoded(value) for name, value in content.items()}
            self._made[place] = CLASSES[kind](**parts)
