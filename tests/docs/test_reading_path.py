"""
Following one payment takes no more files than the architecture page says.

The test follows a purchase of content from its creation to its refund through the
running code, and collects the files in which a function of ours is called.
"""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from tests.shop import Shop
from tests.template_file import ROOT

PACKAGE = ROOT / "layers/common/checkout"
PAGE = ROOT / "docs/architecture.md"
MOST_FILES = 32
# Of CPython: the code of a function, unlike that of a class or module, has this flag.
CO_OPTIMIZED = 1


def files_in(section: str) -> set[str]:
    return set(re.findall(r"`([\w/]+\.py)`", section))


def sections() -> tuple[str, str]:
    """Return the page's table of the path, and its list of helpers."""
    after = PAGE.read_text().split("## One payment, file by file")[1]
    table, rest = after.split("\nThese are ")
    return table, rest.split("\n\n")[0]


@contextmanager
def followed() -> Iterator[set[str]]:
    """Collect the files whose functions are called meanwhile, as the page has them."""
    called: set[str] = set()

    def note(frame: FrameType, event: str, _: Any) -> None:
        path = Path(frame.f_code.co_filename)
        if event == "call" and frame.f_code.co_flags & CO_OPTIMIZED:
            if path.is_relative_to(PACKAGE):
                called.add(str(path.relative_to(PACKAGE)))
            elif path.is_relative_to(ROOT / "functions"):
                called.add(str(path.relative_to(ROOT)))

    sys.setprofile(note)
    try:
        yield called
    finally:
        sys.setprofile(None)


@pytest.fixture
def called(shop: Shop) -> set[str]:
    # What a module calls while it is imported is no part of the path.
    import_module("checkout.api.checkout_options")
    with followed() as called:
        assert shop.create("content").status == 200
    session_id = shop.stripe.sessions()[0]["id"]
    shop.stripe.pay(session_id)
    with followed() as of_events:
        shop.deliver()
    with followed() as of_status:
        shop.call("GET /api/checkout/session-status", query={"session_id": session_id})
    [purchase] = shop.purchases()
    with followed() as of_refund:
        answer = shop.call(
            "POST /api/purchases/{id}/refund",
            {},
            buyer="operator_1",
            groups="[payments-admin]",
            path={"id": purchase["id"]},
        )
    assert answer.status == 200
    return called | of_events | of_status | of_refund


def test_the_path_is_short() -> None:
    table, helpers = sections()

    assert len(files_in(table)) <= MOST_FILES
    assert f"{len(files_in(table))} files" in f"{helpers.split(';')[0]}"


def test_the_path_and_its_helpers_are_the_files_that_are_called(
    called: set[str],
) -> None:
    table, helpers = map(files_in, sections())

    assert called - table - helpers == set()
    assert table - called == set()
    assert table & helpers == set()
