"""What several tests of the functions ask for."""

import pytest

from checkout import stripe_gateway


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stripe_gateway, "READ_SECONDS", 0.2)
