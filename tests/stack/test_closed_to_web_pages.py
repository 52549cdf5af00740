"""No server of the stack answers a web page of another site; its tools all work."""

import io
import json
import platform
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from botocore.exceptions import ClientError

from tests.hostile import BY_A_PAGE, ask
from tests.template_file import ROOT

linux = pytest.mark.skipif(
    platform.system() != "Linux", reason="ports are looked up as Linux has them"
)
ADDRESSES = ("aws_endpoint_url", "stripe_url", "issuer_url", "storefront_url")


def port_of(stack, name):
    return urlsplit(getattr(stack, name)).port


# ---------------------------------------------------------------- every port

LISTENING = "0A"
LOOPBACK = "0100007F"


def listening_sockets() -> dict[str, tuple[str, int]]:
    """Return the address and port of each socket that listens, by its inode."""
    found = {}
    for table in ("tcp", "tcp6"):
        for line in Path("/proc/net", table).read_text().splitlines()[1:]:
            _, local, _, state, *_, inode = line.split()[:10]
            if state == LISTENING:
                address, port = local.split(":")
                found[inode] = (address, int(port, 16))
    return found


@dataclass(frozen=True)
class Process:
    parent: str
    sockets: set[str]


def sockets_of(process: Path) -> Iterator[str]:
    for fd in process.glob("fd/*"):
        with suppress(FileNotFoundError):  # it has been closed meanwhile
            link = str(fd.readlink())
            if link.startswith("socket:["):
                yield link[8:-1]


def processes() -> dict[str, Process]:
    """Return what runs at one moment, by its number: read once, since it may end."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended, or is somebody else's
            parent = (process / "stat").read_text().rpartition(")")[2].split()[1]
            found[process.name] = Process(parent, {*sockets_of(process)})
    return found


def ports_of_the_stack(stack) -> dict[int, str]:
    """Return the address of each port that `make run` or a child of it has opened."""
    running = processes()
    listening = listening_sockets()
    aws = port_of(stack, "aws_endpoint_url")
    servers = {
        name: process
        for name, process in running.items()
        if aws in {listening[i][1] for i in process.sockets & listening.keys()}
    }
    # A worker that has just been forked has its parent's sockets for a moment.
    [run] = {process.parent for process in servers.values()} - servers.keys()
    family = {run}
    while children := {
        name
        for name, process in running.items()
        if process.parent in family and name not in family
    }:
        family |= children
    return {
        listening[inode][1]: listening[inode][0]
        for name in family
        for inode in running[name].sockets & listening.keys()
    }


@linux
def test_the_stack_listens_on_the_loopback_alone_at_the_ports_that_it_names(stack):
    ports = ports_of_the_stack(stack)

    assert set(ports.values()) == {LOOPBACK}
    assert set(ports) == {port_of(stack, name) for name in ADDRESSES}


@linux
@pytest.mark.parametrize("how", BY_A_PAGE)
def test_no_port_answers_a_page_of_another_site(stack, how):
    """A server that is added without the guard is found here, whatever it is."""
    method, headers = BY_A_PAGE[how]

    for port in ports_of_the_stack(stack):
        answer = ask(port, method, "/", headers)
        assert answer.is_refusal or (how, answer.status) == ("websocket", 403), port


# ---------------------------------------------------------------- what is deployed


@pytest.mark.parametrize("how", BY_A_PAGE)
def test_a_page_of_another_site_does_not_reach_what_is_deployed(stack, how):
    method, headers = BY_A_PAGE[how]

    for url in (f"{stack.api_url}/api/purchases", stack.webhook_url):
        answer = ask(urlsplit(url).port, method, urlsplit(url).path, headers)
        assert answer.is_refusal or (how, answer.status) == ("websocket", 403)


def of_the_api(stack, method, path, origin, **headers):
    url = urlsplit(f"{stack.api_url}{path}")
    of_the_page = {"Origin": origin, "Sec-Fetch-Site": "cross-site"}
    return ask(url.port, method, url.path, of_the_page | headers)


PORTS = ["http://localhost:1", "http://127.0.0.1:5173", "https://localhost:8443"]
FOREIGN = ["https://evil.test", "http://192.168.0.2:5173", "null", "http://localhost.a"]


@pytest.mark.parametrize("origin", PORTS)
def test_the_api_answers_a_page_of_any_port_of_this_machine(stack, origin):
    logged_in = {"Authorization": f"Bearer {stack.token('nobody_yet')}"}

    answer = of_the_api(stack, "GET", "/api/purchases", origin, **logged_in)

    assert answer.status == 200
    assert answer.headers["Access-Control-Allow-Origin"] == origin


@pytest.mark.parametrize("origin", PORTS)
def test_it_answers_the_preflight_of_such_a_page(stack, origin):
    wants = {"Access-Control-Request-Method": "POST"}

    answer = of_the_api(stack, "OPTIONS", "/api/checkout", origin, **wants)

    assert answer.status == 204
    assert answer.headers["Access-Control-Allow-Origin"] == origin


@pytest.mark.parametrize("origin", FOREIGN)
def test_it_answers_no_other_page(stack, origin):
    logged_in = {"Authorization": f"Bearer {stack.token('nobody_yet')}"}
    wants = {"Access-Control-Request-Method": "POST"}

    actual = of_the_api(stack, "GET", "/api/purchases", origin, **logged_in)
    preflight = of_the_api(stack, "OPTIONS", "/api/checkout", origin, **wants)

    for answer in (actual, preflight):
        assert answer.is_refusal
        assert "Access-Control-Allow-Origin" not in answer.headers


def test_nothing_says_that_every_origin_may_read_it(stack):
    for path in ("/", "/api/nothing", "/../", "/openapi.json"):
        answer = of_the_api(stack, "GET", path, stack.storefront_url)
        assert answer.headers.get("Access-Control-Allow-Origin") != "*"


@pytest.mark.parametrize("url", ["http://localhost:5173/done", "https://[::1]:1/"])
def test_stripe_may_send_a_buyer_back_to_any_port_of_this_machine(stack, buyer, url):
    answer = requests.post(
        f"{stack.api_url}/api/checkout",
        json={
            "contentId": stack.sample["contents"]["published"],
            "successUrl": url,
            "cancelUrl": url,
        },
        headers={"Authorization": f"Bearer {stack.token(buyer)}"},
        timeout=30,
    )

    assert answer.status_code == 200, answer.text


# ---------------------------------------------------------------- containers


def client_in_a_container(stack, service, name):
    """Return a client that calls the embedded AWS by *name*, and signs that."""
    client = stack.aws(service)
    host = f"{name}:{port_of(stack, 'aws_endpoint_url')}"

    def call_by_name(request, **_):
        request.headers["Host"] = host

    client.meta.events.register("before-sign", call_by_name)
    return client


def test_a_container_calls_the_services_by_the_name_that_it_is_given(stack):
    def services(name):
        return (
            client_in_a_container(stack, "dynamodb", name).list_tables()["TableNames"],
            client_in_a_container(stack, "sqs", name).list_queues()["QueueUrls"],
            client_in_a_container(stack, "s3", name).list_buckets()["Buckets"],
        )

    assert services(stack.container_host) == services("127.0.0.1")


def test_no_other_name_will_do(stack):
    """Not the one that engines give to this machine, either: DNS may know it."""
    with pytest.raises(ClientError, match="403"):
        client_in_a_container(stack, "sqs", "host.docker.internal").list_queues()


# ------------------------------------------------------------ what functions know

PATH_OF_A_FUNCTION = """
import importlib.util, os, sys
def lambda_handler(event, context):
    wanted = ("local", "mocktill", "checkout", "starlette", "jwt")
    return {
        "path": sys.path,
        "found": [name for name in wanted if importlib.util.find_spec(name)],
        "environment": sorted(os.environ),
    }
"""


@pytest.fixture
def bare_function(stack):
    """A function without a layer, made as the AWS CLI makes it."""
    functions = stack.aws("lambda")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("app.py", PATH_OF_A_FUNCTION)
    role = functions.list_functions()["Functions"][0]["Role"]
    functions.create_function(
        FunctionName="bare",
        Runtime="python3.13",
        Role=role,
        Handler="app.lambda_handler",
        Code={"ZipFile": packed.getvalue()},
    )
    yield functions
    functions.delete_function(FunctionName="bare")


def test_a_function_finds_nothing_of_ours_that_its_layer_does_not_bring(bare_function):
    answer = bare_function.invoke(FunctionName="bare")

    seen = json.load(answer["Payload"])
    assert seen["found"] == []
    assert [each for each in seen["path"] if each == str(ROOT)] == []
    assert "PYTHONPATH" not in seen["environment"]
