"""Stripe is reached over a company's network: its proxy, and its certificates."""

import os
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import stripe

from checkout.stripe_errors import StripeError
from cli.desk_stripe import DeskStripe

CHARGE = b'{"id": "ch_1", "object": "charge", "payment_intent": "pi_1"}'
NETWORK = (
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
    *("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"),
)


class Answers(BaseHTTPRequestHandler):
    """A Stripe that knows one charge; as a proxy, it answers for any address."""

    seen: list[str]

    def do_GET(self) -> None:
        self.seen.append(self.path)
        self.send_response(200)
        self.send_header("Content-Length", str(len(CHARGE)))
        self.end_headers()
        self.wfile.write(CHARGE)

    def do_CONNECT(self) -> None:
        self.seen.append(f"CONNECT {self.path}")
        self.send_error(403, "Not for you")

    def log_message(self, *_: Any) -> None:
        """Write nothing."""


@contextmanager
def serving(certificate: Path | None = None) -> Iterator[tuple[str, list[str]]]:
    seen: list[str] = []
    handler = type("Handler", (Answers,), {"seen": seen})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    scheme = "http"
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        scheme = "https"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"{scheme}://127.0.0.1:{server.server_port}", seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(autouse=True)
def desk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start without this machine's own proxy and certificates."""
    for name in NETWORK:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setattr(stripe, "ca_bundle_path", stripe.ca_bundle_path)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the certificate of a company, for 127.0.0.1."""
    file = tmp_path_factory.mktemp("company") / "company.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=company", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", file, "-out", file.with_suffix(".crt")),
        ],
        check=True,
        capture_output=True,
    )
    file.write_text(file.read_text() + file.with_suffix(".crt").read_text())
    return file


def at(url: str) -> DeskStripe:
    return DeskStripe(lambda: "sk_test_1", url, retries=0)


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_requests_go_through_the_proxy(
    monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    with serving() as (proxy, seen):
        monkeypatch.setenv(variable, proxy)

        found = at("http://stripe.example.test").charge("ch_1")

    assert found["payment_intent"] == "pi_1"
    assert seen == ["http://stripe.example.test/v1/charges/ch_1"]


def test_stripe_itself_is_asked_for_through_a_tunnel(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with serving() as (proxy, seen):
        monkeypatch.setenv("HTTPS_PROXY", proxy)

        with pytest.raises(StripeError) as refused:
            at("https://stripe.example.test").charge("ch_1")

    assert seen == ["CONNECT stripe.example.test:443"]
    assert "403" in str(refused.value.__cause__)


def test_what_no_proxy_names_is_reached_directly(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with serving() as (proxy, through_proxy), serving() as (url, direct):
        monkeypatch.setenv("HTTP_PROXY", proxy)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")

        at(url).charge("ch_1")

    assert (through_proxy, direct) == ([], ["/v1/charges/ch_1"])


@pytest.mark.parametrize(
    "variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"]
)
def test_a_certificate_of_the_company_is_trusted(
    monkeypatch: pytest.MonkeyPatch, certificate: Path, variable: str
) -> None:
    with serving(certificate) as (url, _):
        with pytest.raises(StripeError) as refused:
            at(url).charge("ch_1")
        monkeypatch.setenv(variable, str(certificate.with_suffix(".crt")))

        assert at(url).charge("ch_1")["id"] == "ch_1"

    assert "certificate" in str(refused.value.__cause__).lower()


def test_the_local_stack_is_reached_without_the_proxy(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from cli.stack import local_stack  # noqa: PLC0415 - once the environment is set

    described = tmp_path / "stack.json"
    described.write_text(
        '{"aws_endpoint_url": "http://127.0.0.1:1", "region": "us-east-1", '
        '"stack_name": "local", "outputs": {}, "issuer_url": ""}'
    )
    with monkeypatch.context() as patched, serving() as (proxy, through_proxy):
        patched.setenv("CHECKOUT_STACK_JSON", str(described))
        patched.setenv("HTTP_PROXY", proxy)
        with serving() as (url, direct), restored_environment():
            local_stack()
            at(url).charge("ch_1")

    assert (through_proxy, direct) == ([], ["/v1/charges/ch_1"])


@contextmanager
def restored_environment() -> Iterator[None]:
    before = dict(os.environ)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
