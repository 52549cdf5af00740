"""`./checkout smoke` on the deployed stack: it names what fails, and leaves nothing."""

import json
import os
import re
import signal
import subprocess
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from tests.stack.http_shop import HttpShop
from tests.template_file import ROOT, resources

WEBHOOK = "Stripe's event changes our record"

type Smoke = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def smoke(stack: Any, tmp_path: Path, shop: HttpShop) -> Smoke:
    described = tmp_path / "stack.json"
    described.write_text(json.dumps(asdict(stack)))
    shop.reconcile()  # the schedule of the stack has perhaps not come yet

    def run(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [ROOT / "checkout", "--local", "smoke", *arguments],
            env=os.environ | {"CHECKOUT_STACK_JSON": str(described)} | env,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.fixture
def start(stack: Any, tmp_path: Path) -> Callable[..., subprocess.Popen[str]]:
    described = tmp_path / "stack.json"
    described.write_text(json.dumps(asdict(stack)))

    def begin() -> subprocess.Popen[str]:
        return subprocess.Popen(
            [ROOT / "checkout", "--local", "smoke"],
            env=os.environ
            | {"CHECKOUT_STACK_JSON": str(described), "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            text=True,
        )

    return begin


def results(told: dict[str, Any]) -> dict[str, str]:
    return {each["check"]: each["result"] for each in told["checks"]}


def details(told: dict[str, Any]) -> dict[str, str]:
    return {each["check"]: each["detail"] for each in told["checks"]}


def ids_in(text: str) -> tuple[str, str]:
    """Return the payment session's id and the Checkout Session's."""
    found = re.search(r"(ps_\w+), (cs_test_\w+)", text)
    assert found, text
    return found[1], found[2]


def orders_left(shop: HttpShop) -> list[str]:
    items = shop.aws.items("OffersTable")
    return [item["id"] for item in items if "smoke-" in item["id"]]


def test_a_stack_that_works_passes_and_is_left_as_it_was(
    smoke: Smoke, shop: HttpShop, stack: Any
) -> None:
    done = smoke("--json")

    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout)
    assert told["stack"] == stack.stack_name
    assert set(results(told).values()) == {"passed"}
    assert {"revenue", "refunds", "reconcile"} <= results(told).keys()
    alarms = len(resources("AWS::CloudWatch::Alarm"))
    assert int(details(told)["alarms"].split()[0]) > alarms / 2
    session_id, stripe_id = ids_in(details(told)["Checkout Session created"])
    assert shop.aws.item("PaymentSessionsTable", session_id)["status"] == "expired"
    assert shop.stripe.get(f"/v1/checkout/sessions/{stripe_id}")["status"] == "expired"
    assert orders_left(shop) == []
    assert told["stays"] == [
        f"the payment session {session_id}, for 45 days",
        "its audit entries",
        f"at Stripe, the expired {stripe_id}",
    ]
    left = [item["id"] for item in shop.aws.items("PaymentSessionsTable")]
    assert [each for each in left if each == stripe_id or "smoke-" in each] == []
    assert any("PublishEvents" in each for each in told["not_tried"])


def test_a_stopped_command_removes_what_it_made(
    start: Callable[..., subprocess.Popen[str]], shop: HttpShop
) -> None:
    with shop.webhook_dead():
        running = start()
        assert running.stdout
        for line in running.stdout:
            if "Checkout Session created" in line:
                break
        running.send_signal(signal.SIGTERM)
        said, _ = running.communicate()

    assert running.returncode == 1
    assert "passed   everything removed:" in said
    assert orders_left(shop) == []


def test_the_api_can_be_called_at_another_address(smoke: Smoke) -> None:
    done = smoke("--json", SMOKE_API_URL="http://127.0.0.1:1/edge")

    failed = details(json.loads(done.stdout))["routes without a token"]
    assert "/edge/openapi.json" in failed


def test_a_dead_webhook_is_named_and_everything_is_removed_all_the_same(
    smoke: Smoke, shop: HttpShop, stack: Any
) -> None:
    with shop.webhook_dead():
        done = smoke("--within", "1")

    assert done.returncode == 1
    assert re.search(
        rf"^FAILED   {WEBHOOK}: ps_\w+ is still open 1 seconds after",
        done.stdout,
        re.MULTILINE,
    )
    assert "skipped  offer withdrawn:" in done.stdout
    assert "passed   everything removed:" in done.stdout
    assert re.fullmatch(
        rf"{stack.stack_name} failed 1 of \d+ checks: {WEBHOOK}\.\n", done.stderr
    )
    _, stripe_id = ids_in(done.stdout)
    assert shop.stripe.get(f"/v1/checkout/sessions/{stripe_id}")["status"] == "expired"
    assert orders_left(shop) == []


def test_a_failing_stripe_is_named_and_the_offer_is_removed_all_the_same(
    smoke: Smoke, shop: HttpShop
) -> None:
    where = {"method": "POST", "path_prefix": "/v1/checkout/sessions"}
    try:
        shop.stripe.control("faults", status=500, times=20, **where)
        done = smoke("--json")
    finally:
        shop.stripe.delete("/sandbox/faults")

    assert done.returncode == 1
    told = json.loads(done.stdout)
    assert results(told)["Checkout Session created"] == "failed"
    assert "502" in details(told)["Checkout Session created"]
    assert results(told)[WEBHOOK] == "skipped"
    assert orders_left(shop) == []


def test_a_token_that_may_not_write_is_found_out(smoke: Smoke, stack: Any) -> None:
    buyer, other = stack.token("smoke-buyer"), stack.token("smoke-no-writer")

    done = smoke(SMOKE_TOKEN=buyer, SMOKE_WRITER_TOKEN=other)

    assert done.returncode == 1
    assert re.search(
        r"^FAILED   offer written by a writer only: PUT .* answered 403",
        done.stdout,
        re.MULTILINE,
    )
    assert buyer not in done.stdout + done.stderr


def test_a_writer_who_is_given_as_the_buyer_is_found_out(
    smoke: Smoke, shop: HttpShop, stack: Any
) -> None:
    """An order that anybody may write is a hole; the one that was written goes."""
    writer = stack.token("smoke-writer", groups=["offers-admin"])

    done = smoke(SMOKE_TOKEN=writer, SMOKE_WRITER_TOKEN=writer)

    assert done.returncode == 1
    assert re.search(
        r"^FAILED   offer written by a writer only: PUT .* answered 201",
        done.stdout,
        re.MULTILINE,
    )
    assert orders_left(shop) == []
