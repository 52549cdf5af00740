"""What `make sam-local` prepares: files that SAM reads, a bridge, what SAM lacks."""

import asyncio
import base64
import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Interface
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from urllib.request import urlopen

import pytest
import yaml
from stripe import WebhookSignature

from local.sam import this_architecture
from local.sam_local import api_gateway
from local.sam_local.__main__ import print_commands, write_config, write_events
from local.sam_local.bridge import gateway, gateway_of, open_bridge
from local.sam_local.events import sample_events
from local.sam_local.functions import adapt, from_containers, ports
from local.settings import StackError
from mocktill import loopback_only
from tests import template_file

STACK = {
    "aws_endpoint_url": "http://127.0.0.1:4566",
    "stripe_url": "http://127.0.0.1:4242",
    "storefront_url": "http://localhost:3000",
    "region": "us-east-1",
    "container_host": "checkout-0123",
}
# The whole of 127.0.0.0/8 is loopback on Linux: a second address for this machine.
ANOTHER_ADDRESS = IPv4Interface("127.0.0.2/24")
NOT_HERE_YET = IPv4Interface("192.0.2.1/24")


# ---------------------------------------------------------------- what SAM is told


def test_functions_reach_the_stacks_servers_by_the_name_that_containers_know():
    def seen(text):
        return from_containers(text, STACK)

    assert seen("http://127.0.0.1:4566/0/queue") == (
        "http://checkout-0123:4566/0/queue"
    )
    assert seen("http://127.0.0.1:4242") == "http://checkout-0123:4242"


@pytest.mark.parametrize(
    "text", ["http://localhost:3000", "https://api.stripe.com", "http://127.0.0.1:1"]
)
def test_what_is_no_server_of_the_stack_keeps_its_address(text):
    assert from_containers(text, STACK) == text


def test_stripes_own_api_needs_no_bridge():
    assert ports(STACK | {"stripe_url": "https://api.stripe.com"}) == [4566]


@pytest.fixture
def build(tmp_path):
    """What `sam build` leaves: the template in long form, a folder to a function."""
    globals_ = template_file.template()["Globals"]
    for name in template_file.functions():
        (tmp_path / name).mkdir()
    resources = {
        name: {
            "Type": "AWS::Serverless::Function",
            "Properties": {**properties, "CodeUri": name},
        }
        for name, properties in template_file.functions().items()
    }
    template = {
        "Parameters": template_file.template()["Parameters"],
        "Globals": globals_,
        "Resources": resources,
    }
    (tmp_path / "template.yaml").write_text(yaml.safe_dump(template))
    return tmp_path


def adapted(build):
    adapt(build, STACK)
    return yaml.safe_load((build / "template.yaml").read_text())


def test_a_function_declares_what_keeps_it_on_the_local_aws(build):
    variables = adapted(build)["Globals"]["Function"]["Environment"]["Variables"]

    assert variables["AWS_ENDPOINT_URL"] == "http://checkout-0123:4566"
    assert (variables["AWS_ACCESS_KEY_ID"], variables["AWS_SESSION_TOKEN"]) == (
        "test",
        "",
    )
    assert variables["POWERTOOLS_LOG_LEVEL"] == {"Ref": "LogLevel"}  # as it was


def test_functions_run_on_this_machines_processor(build):
    assert (
        adapted(build)["Parameters"]["Architecture"]["Default"] == this_architecture()
    )


def test_each_function_is_called_as_api_gateway_would(build):
    template = adapted(build)

    assert template["Globals"]["Function"]["Handler"] == "api_gateway.lambda_handler"
    for name, properties in template_file.functions().items():
        assert "Handler" not in properties  # it would not be called that way
        assert (build / name / "api_gateway.py").exists()
        assert (build / name / "loopback_only.py").exists()


@pytest.mark.parametrize("command", ["local_invoke", "local_start_api"])
def test_the_options_are_in_a_file_that_sam_reads(tmp_path, command):
    write_config(tmp_path, "checkout-0123", "172.17.0.1")

    config = tomllib.loads((tmp_path / "samconfig.toml").read_text())
    options = config["default"][command]["parameters"]
    assert options["template_file"] == str(tmp_path / "build/template.yaml")
    assert options["env_vars"] == str(tmp_path / "env.json")
    assert options["add_host"] == "checkout-0123:172.17.0.1"


def test_the_commands_name_what_is_deployed_and_no_more(tmp_path, capsys):
    (tmp_path / "env.json").write_text('{"OffersFunction": {}}')

    print_commands(tmp_path)

    printed = capsys.readouterr().out
    assert "OffersFunction -e $EVENTS/OffersFunction/row.json\n" in printed
    assert "SegmentFunction" not in printed


# ---------------------------------------------------------------- the events


def test_the_events_speak_of_the_stacks_own_payment(tmp_path):
    write_events(tmp_path, {"purchase_id": "pur_7"}, "whsec_1")

    written = {file.relative_to(tmp_path) for file in tmp_path.glob("*/*")}
    assert written == {Path(f.parent.name, f.name) for f in sample_events()}
    event = json.loads((tmp_path / "PurchasesFunction/purchase.json").read_text())
    assert event["pathParameters"] == {"id": "pur_7"}


@pytest.mark.parametrize("name", ["lambda-url", "http-api"])
def test_stripes_event_is_signed_just_now(tmp_path, name):
    write_events(tmp_path, {}, "whsec_1")

    event = json.loads((tmp_path / f"StripeWebhookFunction/{name}.json").read_text())
    assert WebhookSignature.verify_header(
        event["body"], event["headers"]["stripe-signature"], "whsec_1", tolerance=60
    )


def test_with_keys_that_are_not_ours_nothing_is_signed(tmp_path):
    write_events(tmp_path, {}, None)

    file = tmp_path / "StripeWebhookFunction/lambda-url.json"
    assert "signed-by-make-sam-local" in file.read_text()


# ---------------------------------------------------------------- the bridge


@pytest.mark.parametrize(
    "network",
    [
        {"IPAM": {"Config": [{"Subnet": "172.17.0.0/16", "Gateway": "172.17.0.1"}]}},
        {"IPAM": {"Config": [{"Subnet": "172.17.0.0/16"}]}},
        {
            "IPAM": {
                "Config": [{"Subnet": "fd00::/64"}, {"Subnet": "172.17.0.0/16"}],
            }
        },
        {"subnets": [{"subnet": "172.17.0.0/16", "gateway": "172.17.0.1"}]},
    ],
    ids=["docker", "docker, unnamed", "docker, two", "podman"],
)
def test_the_address_of_this_machine_is_read_from_the_network(network):
    assert str(gateway_of(network)) == "172.17.0.1/16"


def test_a_network_without_an_address_is_never_taken_for_every_address():
    with pytest.raises(StackError, match="no IPv4 address"):
        gateway_of({"IPAM": {"Config": [{"Subnet": "fd00::/64"}]}})


def engine(folder, script):
    """Put a docker on the path that does what *script* says, and nothing else."""
    docker = folder / "docker"
    docker.write_text(f"#!/bin/sh\n{script}\n")
    docker.chmod(0o755)


NETWORK = json.dumps([{"IPAM": {"Config": [{"Subnet": "172.17.0.0/16"}]}}])


@pytest.mark.parametrize(
    ("system", "address"),
    [("Debian", IPv4Interface("172.17.0.1/16")), ("Docker Desktop", None)],
)
@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere it is always virtual")
def test_a_virtual_machine_of_the_engines_needs_no_address(
    tmp_path, monkeypatch, system, address
):
    engine(tmp_path, f"[ $1 = info ] && echo '{system}' || echo '{NETWORK}'")
    monkeypatch.setenv("PATH", str(tmp_path))

    assert gateway() == address


@pytest.mark.parametrize("installed", [True, False])
def test_without_an_engine_that_answers_it_says_what_is_missing(
    tmp_path, monkeypatch, installed
):
    if installed:
        engine(tmp_path, "exit 1")
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(StackError, match="neither Docker nor Podman answers"):
        gateway()


@pytest.fixture
def port() -> Iterator[int]:
    """A server on the loopback, which tells what it was sent."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(self.path.encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


linux = pytest.mark.skipif(
    sys.platform != "linux", reason="elsewhere there is nothing to bridge"
)


@linux
def test_what_is_sent_to_the_bridge_arrives_and_is_answered(port):
    async def through_the_bridge():
        [server] = await open_bridge(ANOTHER_ADDRESS, [port])
        url = f"http://{ANOTHER_ADDRESS.ip}:{port}/a"
        async with server:
            bound = [listener.getsockname() for listener in server.sockets]
            return bound, await asyncio.to_thread(lambda: urlopen(url).read())

    bound, answer = asyncio.run(through_the_bridge())

    assert bound == [(str(ANOTHER_ADDRESS.ip), port)]
    assert answer == b"/a"


@linux
@pytest.mark.parametrize(
    ("address", "peer"),
    [("127.0.0.2/24", "127.0.0.2"), ("127.0.0.2/24", "127.0.1.1")],
    ids=["a program of this machine, such as a browser", "another network"],
)
def test_only_containers_are_led_through_the_bridge(port, address, peer):
    async def through_the_bridge():
        bridge = IPv4Interface(address)
        [server] = await open_bridge(bridge, [port])
        async with server:
            reader, writer = await asyncio.open_connection(
                str(bridge.ip), port, local_addr=(peer, 0)
            )
            writer.write(b"GET /a HTTP/1.0\r\n\r\n")
            try:
                return await reader.read()
            except ConnectionResetError:  # closed before the request was read
                return b""
            finally:
                writer.close()

    assert asyncio.run(through_the_bridge()) == b""


@linux
def test_an_address_may_come_with_the_first_container(port):
    async def listening():
        [server] = await open_bridge(NOT_HERE_YET, [port])
        async with server:
            return [listener.getsockname() for listener in server.sockets]

    assert asyncio.run(listening()) == [(str(NOT_HERE_YET.ip), port)]


@linux
def test_a_taken_port_is_said(port):
    with pytest.raises(StackError, match=f"Cannot listen .* on 127.0.0.1:{port}"):
        asyncio.run(open_bridge(IPv4Interface("127.0.0.1/8"), [port]))


# ---------------------------------------------------------------- what SAM lacks


def token(claims):
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode()
    return f"e30.{payload.rstrip('=')}.signature"


def request(**headers):
    """Make a request as `sam local start-api` hands it on."""
    return {
        "routeKey": "GET /api/purchases",
        "headers": {"Host": "127.0.0.1:3001"} | headers,
        "requestContext": {"requestId": "1", "domainName": "localhost"},
    }


def seen_by(event, monkeypatch):
    """Return what a function is called with."""
    function = SimpleNamespace(lambda_handler=lambda event, _context: event)
    monkeypatch.setitem(sys.modules, "app", function)
    monkeypatch.setitem(sys.modules, "loopback_only", loopback_only)
    return api_gateway.lambda_handler(event, None)


def test_a_token_becomes_claims_each_of_them_a_text(monkeypatch):
    claims = {"sub": "user_1", "exp": 1795271784, "cognito:groups": ["a", "b"]}

    event = seen_by(request(Authorization=f"Bearer {token(claims)}"), monkeypatch)

    assert event["requestContext"]["authorizer"]["jwt"]["claims"] == {
        "sub": "user_1",
        "exp": "1795271784",
        "cognito:groups": "[a b]",
    }
    assert event["requestContext"]["requestId"] == "1"


@pytest.mark.parametrize("text", ["", "Bearer", "Bearer x", "Bearer a.b.c", "Basic a"])
def test_what_is_no_token_makes_nobody(monkeypatch, text):
    event = seen_by(request(Authorization=text), monkeypatch)

    assert "authorizer" not in event["requestContext"]


def test_header_names_are_in_lower_case(monkeypatch):
    event = seen_by(request(**{"Stripe-Signature": "t=1"}), monkeypatch)

    assert event["headers"] == {"host": "127.0.0.1:3001", "stripe-signature": "t=1"}


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.test:3001"},
        {"Origin": "https://evil.test"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Referer": "http://evil.test/"},
    ],
)
def test_a_page_of_another_site_is_refused_by_each_function(monkeypatch, headers):
    """Nobody checks the signature of its token here."""
    forged = {"Authorization": f"Bearer {token({'sub': 'user_1'})}"}

    answer = seen_by(request(**forged, **headers), monkeypatch)

    assert answer["statusCode"] == 403
    assert "This server" in answer["body"] or "another site" in answer["body"]


def test_a_page_of_this_machine_is_not(monkeypatch):
    event = seen_by(request(Origin="http://localhost:3000"), monkeypatch)

    assert event["headers"]["origin"] == "http://localhost:3000"


@pytest.mark.parametrize("file", sorted(sample_events()), ids=lambda file: file.stem)
def test_a_sample_event_is_taken_as_it_comes(monkeypatch, file):
    event = json.loads(file.read_text())

    assert "statusCode" not in seen_by(event, monkeypatch)


@pytest.mark.parametrize("event", [{"Records": []}, {"detail-type": "Scheduled Event"}])
def test_what_is_no_request_is_handed_on_as_it_is(monkeypatch, event):
    assert seen_by(event, monkeypatch) == event


# ---------------------------------------------------------------- the command


def test_without_a_stack_it_says_how_to_start_one(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "local.sam_local"],
        cwd=template_file.ROOT,
        env=os.environ | {"CHECKOUT_LOCAL_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert done.stderr == (
        "\nNo stack is running: start `make run` in another terminal.\n"
    )
