"""
The audit log, and what a test may say of it.

A test names the actions that it is about. What else is written down is none of its
business, so that one more entry breaks no test; `consists_of` is for the few tests that
pin a whole history on purpose. An assertion that fails shows the log:

    assert shop.audit.has("checkout_created", "checkout_completed")
    assert shop.audit.has_exactly("purchase_refunded")  # once
    assert shop.audit.has_none_of("purchase_quarantined")
"""

from typing import Any

type Entry = dict[str, Any]


class AuditLog:
    def __init__(self, entries: list[Entry]) -> None:
        self.entries = sorted(entries, key=lambda entry: entry["entry_id"])

    def __repr__(self) -> str:
        return f"<audit log: {', '.join(self.actions) or 'nothing'}>"

    @property
    def actions(self) -> list[str]:
        """What has happened, without the events that changed nothing."""
        actions = [entry["action"] for entry in self.entries]
        return [action for action in actions if action != "event_had_no_effect"]

    def of(self, *actions: str) -> list[Entry]:
        """Return the entries of some actions, in order of time."""
        return [entry for entry in self.entries if entry["action"] in actions]

    def count(self, action: str) -> int:
        return len(self.of(action))

    def has(self, *actions: str) -> bool:
        """Whether *actions* happened in this order, whatever else there was."""
        left = iter(self.actions)
        return all(action in left for action in actions)

    def has_exactly(self, *actions: str) -> bool:
        """Whether, of the kinds that are named, these happened and in this order."""
        return [entry["action"] for entry in self.of(*actions)] == list(actions)

    def has_none_of(self, *actions: str) -> bool:
        return not self.of(*actions)

    def consists_of(self, *actions: str) -> bool:
        """Whether these, and no other, are all that happened, in this order."""
        return self.actions == list(actions)
