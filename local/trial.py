"""
The last phase of `make run`: starts a checkout of each kind, and calls each function.

Only reconcile is left to its schedule: nobody waits for it, and its first run reads
Stripe's events of three days.

The offers are copies of the samples for a buyer of their own, and are removed with all
that they have led to: the sample buyers find the shop as it was loaded.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from boto3.dynamodb.types import TypeSerializer
from botocore.exceptions import BotoCoreError

from local.follow import from_item
from local.http_json import Answer, ask, basic
from local.settings import StackError
from local.trial_offers import ANONYMOUS, BUYER, Trial, trials

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from local.embedded_aws import EmbeddedAws

type Json = dict[str, Any]

GROUPS = "payments-admin,offers-admin"
# On a busy machine, a function's first request can take as long as it may.
WITHIN_SECONDS = 90
POLL_SECONDS = 0.1
BUSY = range(500, 505)


class Tryout:
    """Tries a stack that has been deployed, described as in `stack.json`."""

    def __init__(self, aws: EmbeddedAws, stack: Json, logs: Path) -> None:
        self.stack = stack
        self.logs = logs
        self.api_url = stack["api_url"]
        self.dynamodb = aws.client("dynamodb")
        self.aws = aws
        self.token = ""

    def run(self, samples: list[Json]) -> None:
        """Raise StackError, which names the log, if something does not work."""
        try:
            self.run_trials([*trials(samples, self.stack["storefront_url"])])
        except BotoCoreError as problem:
            log = self.logs / "embedded-aws.log"
            raise StackError(
                f"The embedded AWS does not answer: {problem}. Its log is {log}."
            ) from problem

    def run_trials(self, found: list[Trial]) -> None:
        try:
            self.token = self.log_in()
            for trial in found:
                self.put(trial)
            self.call_all(found)
            self.expire(found)
        except StackError as problem:
            raise StackError(f"{problem}\n{self.saved_log()}") from None
        finally:
            self.remove(found)

    def log_in(self) -> str:
        form = urlencode({"sub": BUYER, "groups": GROUPS}).encode()
        url = f"{self.stack['issuer_url']}/token"
        return str(expected(ask("POST", url, {}, form), url)["access_token"])

    # ------------------------------------------------------------ the functions

    def call_all(self, found: list[Trial]) -> None:
        """Send a request to each function at the same time; start the checkouts."""
        [product] = [trial for trial in found if trial.kind == "product"]
        path = f"/api/offers/product/{product.offer_id}"
        calls = [*CALLS, ("GET", path, HTTPStatus.OK, None)]
        pool = ThreadPoolExecutor(len(calls) + 1)
        try:
            jobs = [pool.submit(self.start_all, found)]
            jobs += [pool.submit(self.call, *each) for each in calls]
            for job in jobs:
                job.result()
        finally:
            # After Ctrl-C nobody waits for the others.
            pool.shutdown(wait=False, cancel_futures=True)

    def call(self, method: str, path: str, status: int, body: Json | None) -> None:
        """Send a request that changes nothing, so that its function is running."""
        headers = {"Authorization": f"Bearer {self.token}"}
        url = self.api_url + path
        expected(patiently(lambda: ask(method, url, headers, body)), url, status)

    # ------------------------------------------------------------ the checkouts

    def put(self, trial: Trial) -> None:
        serialize = TypeSerializer().serialize
        for item in trial.items:
            self.dynamodb.put_item(
                TableName=self.stack["outputs"]["OffersTable"],
                Item={name: serialize(value) for name, value in item.items()},
            )

    def start_all(self, found: list[Trial]) -> None:
        """Start one after the other: each would have a new worker of the function."""
        for trial in found:
            self.start(trial)

    def start(self, trial: Trial) -> None:
        headers = {"Authorization": f"Bearer {self.token}"}
        url = self.api_url + trial.path
        who = {} if trial.kind in ANONYMOUS else headers
        answer = patiently(lambda: ask("POST", url, who, trial.body))
        if answer.status != HTTPStatus.OK:
            raise StackError(
                f"No checkout of the kind {trial.kind} can be started: POST "
                f"{trial.path} answered {answer.status} {answer.text}"
            )

    def expire(self, found: list[Trial]) -> None:
        """
        Let the checkouts expire at the sandbox, and wait for what its events change.

        With Stripe itself nobody forwards its events yet: the offers are withdrawn,
        which expires their checkouts too.
        """
        if not self.stack["stripe_secret_key"]:
            for trial in found:
                path = f"/api/offers/{trial.kind}/{trial.offer_id}/withdraw"
                self.call("POST", path, HTTPStatus.OK, {})
            return
        key = basic(self.stack["stripe_secret_key"])
        for session in self.sessions(found):
            at_stripe = f"/v1/checkout/sessions/{session['stripe_session_id']}/expire"
            url = self.stack["stripe_url"] + at_stripe
            expected(ask("POST", url, key, b""), url)
            # One after the other: each event at once would have a worker of its own.
            self.wait_until_expired(found, session)

    def wait_until_expired(self, found: list[Trial], session: Json) -> None:
        deadline = time.monotonic() + WITHIN_SECONDS
        while session["id"] in {s["id"] for s in self.sessions(found) if is_open(s)}:
            if time.monotonic() > deadline:
                raise StackError(
                    f"Stripe's events do not arrive: a checkout of the kind "
                    f"{session['kind']} has expired there and is still open here."
                )
            time.sleep(POLL_SECONDS)

    # ------------------------------------------------------------ what stays

    def sessions(self, found: list[Trial]) -> list[Json]:
        ids = {trial.offer_id for trial in found}
        items = self.items("PaymentSessionsTable")
        return [item for item in items if item.get("offer_id") in ids]

    def items(self, table: str) -> list[Json]:
        pages = self.dynamodb.get_paginator("scan")
        found = pages.paginate(TableName=self.stack["outputs"][table])
        return [from_item(item) for page in found for item in page["Items"]]

    def remove(self, found: list[Trial]) -> None:
        """Delete the offers, their sessions, and the log of these."""
        sessions = {session["id"] for session in self.sessions(found)}
        offers = {item["id"] for trial in found for item in trial.items}
        self.delete("OffersTable", offers)
        self.delete("PaymentSessionsTable", sessions)
        self.delete("AuditLogTable", sessions)

    def delete(self, table: str, ids: set[str]) -> None:
        """
        Delete the items of these ids, and those that name one as their session.

        Nobody else has sent a request yet: what the limits have counted is the trial's.
        """
        name = self.stack["outputs"][table]
        schema = self.dynamodb.describe_table(TableName=name)["Table"]["KeySchema"]
        for item in self.items(table):
            of_a_limit = str(item.get("id", "")).startswith("rate#")
            if of_a_limit or ids & {item.get("id"), item.get("payment_session_id")}:
                key = {part["AttributeName"] for part in schema}
                self.dynamodb.delete_item(
                    TableName=name, Key={each: {"S": item[each]} for each in key}
                )

    def saved_log(self) -> str:
        """Write the functions' log into a file, since it ends with the stack."""
        group = self.aws.client("cloudformation").describe_stack_resource(
            StackName=self.stack["stack_name"], LogicalResourceId="Logs"
        )["StackResourceDetail"]["PhysicalResourceId"]
        pages = self.aws.client("logs").get_paginator("filter_log_events")
        lines = [
            f"{line['logStreamName']} {line['message'].rstrip()}\n"
            for page in pages.paginate(logGroupName=group)
            for line in page["events"]
        ]
        file = self.logs / "functions.log"
        file.write_text("".join(lines))
        return f"The functions' log is {file}."


# A request to each function that no checkout and no event of one reaches.
CALLS: list[tuple[str, str, int, Json | None]] = [
    ("GET", "/openapi.json", HTTPStatus.OK, None),
    ("GET", "/api/purchases", HTTPStatus.OK, None),
    ("GET", f"/api/creators/{BUYER}/revenue", HTTPStatus.OK, None),
    ("GET", "/api/offers/product?limit=1", HTTPStatus.OK, None),
    ("POST", "/api/purchases/pur_none/refund", HTTPStatus.NOT_FOUND, {}),
    (
        "GET",
        "/api/checkout/session-status?session_id=cs_test_none",
        HTTPStatus.NOT_FOUND,
        None,
    ),
]


def is_open(session: Json) -> bool:
    return str(session["status"]) != "expired"


def patiently(send: Callable[[], Answer]) -> Answer:
    """Repeat what fails as functions do that start on a busy machine."""
    deadline = time.monotonic() + WITHIN_SECONDS
    while is_busy(answer := send()) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
    return answer


def is_busy(answer: Answer) -> bool:
    """Whether the function did not answer in time: its own errors have a code."""
    return answer.status in BUSY and '"code"' not in answer.text


def expected(answer: Answer, url: str, status: int = HTTPStatus.OK) -> Json:
    if answer.status != status:
        raise StackError(f"{url} answered {answer.status}: {answer.text}")
    return answer.json
