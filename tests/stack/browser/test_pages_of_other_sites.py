"""
A page of another site, in a real browser, on the machine on which the stack runs.

Its name leads to this machine, as that of an attacker may: the browser takes its
requests for those of one port of the loopback to another and lets
them through, as the first test shows. What comes back is the servers' own doing.
"""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
import requests
from playwright.sync_api import Browser, Page

from local.browser import ARGUMENTS, find_browser

WITHIN_SECONDS = 20
FOREIGN = "evil.test"
ROLE = "arn:aws:iam::000000000000:role/any"

# Tries everything that a page can do with an address; says what came back.
ATTACK = """
async ({ url, method = "GET", headers = {}, body = null, mode = "cors" }) => {
  try {
    const answer = await fetch(url, { method, headers, body, mode });
    return { type: answer.type, status: answer.status, text: await answer.text() };
  } catch (error) {
    return { type: "error", status: 0, text: "" };
  }
}
"""
LOAD = """
({ tag, url }) => new Promise((resolve) => {
  const element = document.createElement(tag);
  element.onload = () => resolve("loaded");
  element.onerror = () => resolve("failed");
  element.src = url;
  document.body.append(element);
})
"""
SUBMIT = """
({ url, fields, type }) => {
  const frame = document.createElement("iframe");
  frame.name = `frame-${Math.random()}`;
  document.body.append(frame);
  const form = document.createElement("form");
  Object.assign(form, { action: url, method: "POST", target: frame.name });
  form.enctype = type;
  for (const [name, value] of Object.entries(fields)) {
    const field = document.createElement("input");
    Object.assign(field, { type: "hidden", name, value });
    form.append(field);
  }
  document.body.append(form);
  form.submit();
}
"""
OPEN_WEBSOCKET = """
(url) => new Promise((resolve) => {
  const socket = new WebSocket(url);
  socket.onopen = () => resolve("open");
  socket.onerror = () => resolve("failed");
})
"""


def signed_by_anybody(service: str) -> str:
    """Return a header that names the known credentials; MiniStack checks no more."""
    return (
        f"AWS4-HMAC-SHA256 Credential=test/20261127/us-east-1/{service}/aws4_request, "
        "SignedHeaders=host, Signature=0"
    )


# ---------------------------------------------------------------- the pages


class PageServer(BaseHTTPRequestHandler):
    """An empty page, and a server without a guard."""

    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(f"{self.command} {self.path}")
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>A page</title><body></body>")

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def page_server() -> Iterator[Any]:
    PageServer.asked = []
    with ThreadingHTTPServer(("127.0.0.1", 0), PageServer) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        yield server
        server.shutdown()


@pytest.fixture(scope="module")
def rebinding_browser(browser: Browser) -> Iterator[Browser]:
    """A browser for which the foreign name leads to this machine."""
    arguments = [*ARGUMENTS, f"--host-resolver-rules=MAP {FOREIGN} 127.0.0.1"]
    launched = browser.browser_type.launch(
        executable_path=find_browser(), args=arguments
    )
    yield launched
    launched.close()


class Network:
    """
    What came back to a page, seen from below it.

    The page and Playwright's own events see no status of an answer that the browser
    keeps from the page; DevTools' extra information does.
    """

    def __init__(self, page: Page) -> None:
        self._page = page
        self._urls: dict[str, str] = {}
        self._statuses: list[tuple[str, int]] = []
        session = page.context.new_cdp_session(page)
        session.on("Network.requestWillBeSent", self._sent)
        session.on("Network.responseReceivedExtraInfo", self._answered)
        session.send("Network.enable")

    def _sent(self, event: dict[str, Any]) -> None:
        self._urls[event["requestId"]] = event["request"]["url"]

    def _answered(self, event: dict[str, Any]) -> None:
        self._statuses.append((event["requestId"], event["statusCode"]))

    def statuses(self, url: str) -> list[int]:
        return [code for name, code in self._statuses if self._urls.get(name) == url]

    @contextmanager
    def refuses(self, url: str) -> Iterator[None]:
        """See to it that what the block asks for is answered, and only refused."""
        before = len(self.statuses(url))
        yield
        deadline = time.monotonic() + WITHIN_SECONDS
        while not (answers := self.statuses(url)[before:]):
            assert time.monotonic() < deadline, f"nothing came back of {url}"
            self._page.evaluate("1")  # lets the events in
        assert set(answers) == {403}, url


@dataclass
class Attacker:
    page: Page
    network: Network

    def fetch(self, url: str, **options: Any) -> Any:
        return self.page.evaluate(ATTACK, {"url": url, **options})

    def load(self, tag: str, url: str) -> str:
        loaded: str = self.page.evaluate(LOAD, {"tag": tag, "url": url})
        return loaded

    def submit(
        self,
        url: str,
        fields: dict[str, str],
        kind: str = "application/x-www-form-urlencoded",
    ) -> int:
        form = {"url": url, "fields": fields, "type": kind}
        with self.page.expect_response(url) as answer:
            self.page.evaluate(SUBMIT, form)
        status: int = answer.value.status
        return status


@pytest.fixture
def open_page(
    rebinding_browser: Browser, page_server: Any
) -> Iterator[Callable[[str], Attacker]]:
    context = rebinding_browser.new_context()
    context.set_default_timeout(WITHIN_SECONDS * 1000)

    def opened(host: str) -> Attacker:
        page = context.new_page()
        page.goto(f"http://{host}:{page_server.server_port}/")
        return Attacker(page, Network(page))

    yield opened
    context.close()


@pytest.fixture
def attacker(open_page: Callable[[str], Attacker]) -> Attacker:
    return open_page(FOREIGN)


@pytest.fixture
def frontend(open_page: Callable[[str], Attacker]) -> Attacker:
    """A developer's own frontend, which listens somewhere on this machine."""
    return open_page("localhost")


# ---------------------------------------------------------------- what must not change


def state_of(stack: Any) -> dict[str, Any]:
    """Read what the attacks are after, as a command-line tool does."""
    sandbox = f"{stack.stripe_url}/sandbox"
    offers = stack.aws("dynamodb").scan(TableName=stack.outputs["OffersTable"])
    functions = stack.aws("lambda").list_functions()["Functions"]
    secrets = stack.aws("secretsmanager").list_secrets()["SecretList"]
    return {
        "queues": sorted(stack.aws("sqs").list_queues()["QueueUrls"]),
        "functions": sorted(each["FunctionName"] for each in functions),
        "secrets": sorted((s["Name"], str(s["LastChangedDate"])) for s in secrets),
        "buckets": [b["Name"] for b in stack.aws("s3").list_buckets()["Buckets"]],
        "offers": sorted(json.dumps(each, sort_keys=True) for each in offers["Items"]),
        "sandbox": [
            requests.get(f"{sandbox}/{name}", timeout=10).json()
            for name in ("account", "faults", "webhooks")
        ],
    }


@pytest.fixture
def unchanged(stack: Any) -> Iterator[None]:
    before = state_of(stack)
    yield
    assert state_of(stack) == before


pytestmark = pytest.mark.usefixtures("unchanged")


# ---------------------------------------------------------------- the attacks


def test_the_browser_itself_lets_a_page_reach_this_machine(
    attacker: Attacker, page_server: Any
) -> None:
    """Otherwise these tests would show nothing of the servers."""
    unguarded = f"http://127.0.0.1:{page_server.server_port}"

    attacker.fetch(f"{unguarded}/fetch", method="POST", mode="no-cors", body="{}")
    attacker.load("img", f"{unguarded}/img")
    attacker.load("iframe", f"{unguarded}/iframe")
    attacker.submit(f"{unguarded}/form", {"a": "b"})

    assert set(PageServer.asked) >= {
        "POST /fetch",
        "GET /img",
        "GET /iframe",
        "POST /form",
    }


def services(stack: Any) -> list[dict[str, Any]]:
    """Return calls of AWS's services, with what somebody writes who has read this."""
    aws = stack.aws_endpoint_url
    create_queue = urlencode(
        {
            "Action": "CreateQueue",
            "QueueName": "evil",
            "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
            "X-Amz-Credential": "test/20261127/us-east-1/sqs/aws4_request",
            "X-Amz-Date": "20261127T000000Z",
            "X-Amz-SignedHeaders": "host",
            "X-Amz-Signature": "0",
        }
    )
    function = {
        "FunctionName": "evil",
        "Runtime": "python3.13",
        "Role": ROLE,
        "Handler": "app.handler",
        "Code": {"ZipFile": "UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA=="},
    }
    return [
        {
            "url": f"{aws}/",
            "method": "POST",
            "headers": {
                "Authorization": signed_by_anybody("secretsmanager"),
                "Content-Type": "application/x-amz-json-1.1",
                "X-Amz-Target": "secretsmanager.GetSecretValue",
            },
            "body": json.dumps({"SecretId": "stripe/secret-key"}),
        },
        {
            "url": f"{aws}/2015-03-31/functions",
            "method": "POST",
            "headers": {"Authorization": signed_by_anybody("lambda")},
            "body": json.dumps(function),
        },
        {"url": f"{aws}/2015-03-31/functions", "method": "POST", "body": "{}"},
        {"url": f"{aws}/?{create_queue}"},
        {"url": f"{aws}/?{create_queue}", "method": "POST", "body": ""},
        {
            "url": f"{aws}/evil-bucket",
            "method": "PUT",
            "headers": {"Authorization": signed_by_anybody("s3")},
        },
        {"url": f"{aws}/_ministack/reset", "method": "POST"},
        {"url": f"{aws}/_ministack/config", "method": "POST", "body": "{}"},
        {"url": f"{aws}/_ministack/health"},
        {
            "url": f"{aws}/_aws/execute-api/x",
            "method": "POST",
            "headers": {"X-Amz-Target": "secretsmanager.ListSecrets"},
            "body": "{}",
        },
    ]


def servers(stack: Any) -> list[dict[str, Any]]:
    """Return calls of what else `make run` starts."""
    fault = json.dumps({"status": 500, "path_prefix": "/", "method": "POST"})
    token = urlencode({"sub": "op", "groups": "payments-admin"})
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    return [
        {"url": f"{stack.stripe_url}/sandbox/faults", "method": "POST", "body": fault},
        {
            "url": f"{stack.stripe_url}/sandbox/account",
            "method": "PUT",
            "body": json.dumps({"default_api_version": "2026-08-26.dahlia"}),
        },
        {"url": f"{stack.stripe_url}/sandbox/requests"},
        {"url": f"{stack.stripe_url}/sandbox/requests", "method": "DELETE"},
        {"url": f"{stack.stripe_url}/v1/events"},
        {
            "url": f"{stack.issuer_url}/token",
            "method": "POST",
            "headers": form,
            "body": token,
        },
        {"url": f"{stack.issuer_url}/.well-known/jwks.json"},
        {"url": f"{stack.storefront_url}/config.json"},
        {"url": f"{stack.storefront_url}/admin/payments"},
        {
            "url": f"{stack.storefront_url}/admin/reset",
            "method": "POST",
            "headers": {"X-Admin": "reset"},
        },
        {"url": f"{stack.storefront_url}/admin/reset", "method": "POST"},
        {"url": f"{stack.api_url}/api/purchases"},
        {"url": stack.webhook_url, "method": "POST", "body": "{}"},
    ]


@pytest.mark.parametrize("calls", [services, servers])
def test_a_foreign_page_reads_nothing(
    attacker: Attacker, stack: Any, calls: Callable[[Any], list[dict[str, Any]]]
) -> None:
    for call in calls(stack):
        with attacker.network.refuses(call["url"]):
            read = attacker.fetch(**call)

        assert read == {"type": "error", "status": 0, "text": ""}, call


@pytest.mark.parametrize("calls", [services, servers])
def test_a_foreign_page_changes_nothing_by_what_needs_no_preflight(
    attacker: Attacker, stack: Any, calls: Callable[[Any], list[dict[str, Any]]]
) -> None:
    for call in calls(stack):
        if call.get("method", "GET") in {"GET", "POST"}:
            with attacker.network.refuses(call["url"]):
                read = attacker.fetch(**call, mode="no-cors")

            assert read["text"] == "", call


@pytest.mark.parametrize("tag", ["img", "script", "iframe", "video", "embed"])
def test_a_foreign_page_loads_nothing(attacker: Attacker, stack: Any, tag: str) -> None:
    readable = [c for c in [*services(stack), *servers(stack)] if "method" not in c]
    urls = [
        *(call["url"] for call in readable),
        f"{stack.stripe_url}/stripe.js",
        f"{stack.stripe_url}/sandbox",
        f"{stack.storefront_url}/",
        f"{stack.storefront_url}/icon.svg",
    ]
    for url in urls:
        with attacker.network.refuses(url):
            attacker.load(tag, url)


def test_a_foreign_page_sends_no_form(attacker: Attacker, stack: Any) -> None:
    text = "text/plain"
    sent = [
        attacker.submit(f"{stack.aws_endpoint_url}/_ministack/reset", {}),
        attacker.submit(f"{stack.aws_endpoint_url}/", {"Action": "ListQueues"}),
        attacker.submit(f"{stack.issuer_url}/token", {"sub": "op"}),
        attacker.submit(f"{stack.storefront_url}/admin/reset", {}),
        attacker.submit(
            f"{stack.stripe_url}/sandbox/panel",
            {"action": "account", "default_api_version": "2026-08-26.dahlia"},
        ),
        attacker.submit(
            f"{stack.stripe_url}/sandbox/webhooks",
            {'{"mode": "drop", "x': '": 1}'},
            text,
        ),
    ]

    assert sent == [403] * len(sent)


def test_a_foreign_page_opens_no_websocket(attacker: Attacker, stack: Any) -> None:
    for url in (stack.aws_endpoint_url, stack.api_url, stack.stripe_url):
        address = url.replace("http://", "ws://") + "/"

        assert attacker.page.evaluate(OPEN_WEBSOCKET, address) == "failed"


def test_a_name_that_leads_to_this_machine_opens_no_door(
    attacker: Attacker, stack: Any
) -> None:
    """DNS rebinding: to the browser, the page and the server are of one origin."""
    for call in [*services(stack), *servers(stack)]:
        url = urlsplit(call["url"])
        there = f"http://{FOREIGN}:{url.port}"
        attacker.page.goto(there)
        rebound = f"{there}{url.path}{'?' if url.query else ''}{url.query}"

        read = attacker.fetch(**call | {"url": rebound})

        assert read["type"] == "basic"  # the page could read it
        assert read["status"] == 403
        assert "answers only its own machine" in read["text"]


def test_a_link_of_a_foreign_page_leads_to_pages_and_nothing_else(
    attacker: Attacker, stack: Any
) -> None:
    def follow(url: str) -> int:
        with (
            attacker.page.context.expect_page() as opened,
            attacker.page.context.expect_event(
                "response", lambda answer: answer.url == url
            ) as answer,
        ):
            attacker.page.evaluate("(url) => { window.open(url); }", url)
        opened.value.close()
        status: int = answer.value.status
        return status

    assert follow(f"{stack.storefront_url}/") == 200
    assert follow(f"{stack.stripe_url}/sandbox") == 200
    for url in (
        f"{stack.storefront_url}/admin/payments",
        f"{stack.stripe_url}/sandbox/requests",
        f"{stack.issuer_url}/.well-known/jwks.json",
        f"{stack.aws_endpoint_url}/_ministack/health",
        f"{stack.api_url}/api/purchases",
    ):
        assert follow(url) == 403, url


# ---------------------------------------------------------------- a frontend of ours


def log_in(page: Attacker, stack: Any) -> str:
    answer = page.fetch(
        f"{stack.issuer_url}/token",
        method="POST",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        body="sub=nobody_yet",
    )
    token: str = json.loads(answer["text"])["access_token"]
    return token


def test_a_frontend_on_another_port_logs_in_and_loads_stripes_script(
    frontend: Attacker, stack: Any
) -> None:
    assert log_in(frontend, stack)
    assert frontend.load("script", f"{stack.stripe_url}/stripe.js") == "loaded"


def test_it_calls_the_api(frontend: Attacker, stack: Any) -> None:
    """Without being named to `make run`, as on its own port of this machine."""
    token = {"Authorization": f"Bearer {log_in(frontend, stack)}"}

    answer = frontend.fetch(f"{stack.api_url}/api/purchases", headers=token)

    assert (answer["type"], answer["status"]) == ("cors", 200)


def test_the_storefront_calls_it(
    open_page: Callable[[str], Attacker], stack: Any
) -> None:
    shop = open_page("localhost")
    shop.page.goto(stack.storefront_url)
    token = {"Authorization": f"Bearer {log_in(shop, stack)}"}

    answer = shop.fetch(f"{stack.api_url}/api/purchases", headers=token)

    assert json.loads(answer["text"])["data"] == []


def test_no_page_of_this_machine_reaches_a_service_of_aws(
    frontend: Attacker, stack: Any
) -> None:
    for call in services(stack):
        with frontend.network.refuses(call["url"]):
            assert frontend.fetch(**call)["type"] == "error", call
