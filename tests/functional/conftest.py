"""What several tests of the functions ask for."""

import pytest

from checkout.clients import stripe_sdk


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stripe_sdk, "READ_SECONDS", 0.2)
