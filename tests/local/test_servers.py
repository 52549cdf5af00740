"""Every server of the local stack, as `make run` starts it, answers this machine."""

import ast
import shutil
import socket
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from local.__main__ import start_identity, start_mocktill, start_storefront
from local.embedded_aws import EmbeddedAws
from local.processes import Processes
from local.settings import ROOT, Settings
from tests.hostile import BY_A_PAGE, ask

FREE = dict.fromkeys(["AWS_PORT", "STRIPE_PORT", "ISSUER_PORT", "STOREFRONT_PORT"], "0")
NAMED = "https://shop.test:8443"
PYTHON_OF_THE_AWS = ROOT / ".venvs/embedded-aws/bin/python"


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    named = Settings.from_env(FREE | {"ALLOWED_ORIGINS": NAMED})
    return replace(named, folder=tmp_path_factory.mktemp("stack"))


@pytest.fixture(scope="module")
def processes(settings):
    with Processes(settings.folder / "logs") as started:
        yield started


@pytest.fixture(scope="module")
def identity(settings, processes):
    start_identity(settings, processes)
    url = f"http://127.0.0.1:{settings.issuer_port}/.well-known/jwks.json"
    processes.wait_until_answers(url)
    return settings.issuer_port


@pytest.fixture(scope="module")
def storefront(settings, processes):
    start_storefront(settings, processes)
    processes.wait_until_answers(f"http://127.0.0.1:{settings.storefront_port}/")
    return settings.storefront_port


@pytest.fixture(scope="module")
def sandbox(settings, processes):
    start_mocktill(settings, processes)
    processes.wait_until_answers(f"{settings.stripe_url}/sandbox")
    return settings.stripe_port


@pytest.fixture(scope="module")
def aws(settings, processes):
    if not PYTHON_OF_THE_AWS.exists():
        pytest.skip("The embedded AWS is not installed: make .venvs/embedded-aws/ready")
    embedded = EmbeddedAws.of(settings)
    embedded.start(processes)
    processes.wait_until_answers(f"{embedded.url}/_ministack/health")
    return settings.aws_port


PATHS = {
    "identity": "/token",
    "storefront": "/",
    "sandbox": "/sandbox/account",
    "aws": "/_ministack/health",
}


@pytest.fixture(params=PATHS)
def server(request):
    return request.getfixturevalue(request.param), PATHS[request.param]


@pytest.mark.parametrize("how", BY_A_PAGE)
def test_a_page_of_another_site_gets_no_answer(server, how):
    port, path = server
    method, headers = BY_A_PAGE[how]

    answer = ask(port, method, path, headers)

    # The server of the embedded AWS speaks WebSocket, and refuses it without a word.
    assert answer.is_refusal or (how, answer.status) == ("websocket", 403)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
def test_a_tool_gets_one(server, host):
    port, path = server

    assert ask(port, "GET", path, {"Host": f"{host}:{port}"}).status != 403


@pytest.mark.skipif(not shutil.which("node"), reason="Node is not there")
def test_nodes_own_fetch_gets_one(server):
    """A frontend that is rendered on a server, or a script."""
    url = f"http://127.0.0.1:{server[0]}{server[1]}"
    script = "fetch(process.argv[1]).then((answer) => console.log(answer.status))"
    answered = subprocess.run(
        ["node", "-e", script, url], capture_output=True, text=True, check=True
    )

    assert answered.stdout.strip() not in {"", "403"}


def test_a_name_that_says_nothing_is_refused(server):
    """HTTP/1.0 has no Host."""
    port, path = server

    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(f"GET {path} HTTP/1.0\r\n\r\n".encode())
        answer = connection.recv(4096)

    assert answer.split()[1] in (b"403", b"400")


def test_it_says_in_its_log_what_it_has_refused(server, settings):
    port, path = server

    ask(port, "GET", path, {"Host": "evil.test"})

    logs = (settings.folder / "logs").glob("*.log")
    assert any("Refused GET" in log.read_text() for log in logs)


def test_containers_know_a_name_for_what_they_need(sandbox, aws, settings):
    host = {"Host": f"{settings.container_host}:1"}

    assert ask(sandbox, "GET", "/sandbox/account", host).status == 200
    assert ask(aws, "GET", "/_ministack/health", host).status == 200


def test_containers_get_nothing_else(identity, storefront, settings):
    host = {"Host": f"{settings.container_host}:1"}

    assert ask(identity, "GET", "/.well-known/jwks.json", host).is_refusal
    assert ask(storefront, "GET", "/", host).is_refusal


def test_the_name_for_containers_is_a_new_one_each_time(settings):
    another = Settings.from_env(FREE)

    assert settings.container_host != another.container_host
    assert len(settings.container_host) > 32


# ---------------------------------------------------------------- pages


LINK = {
    "Sec-Fetch-Site": "cross-site",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Dest": "document",
}


@pytest.mark.parametrize("path", ["/", "/hero-me?session_id=cs_1", "/follow"])
def test_stripes_own_page_leads_back_to_the_shop(storefront, path):
    assert ask(storefront, "GET", path, LINK).status == 200


@pytest.mark.parametrize("path", ["/admin/payments", "/admin/payments/ps_1"])
def test_a_link_does_not_lead_behind_the_shop(storefront, path):
    assert ask(storefront, "GET", path, LINK).is_refusal


@pytest.mark.parametrize("path", ["/sandbox", "/c/pay/cs_1", "/receipts/ch_1"])
def test_a_link_leads_to_the_pages_of_the_sandbox(sandbox, path):
    assert ask(sandbox, "GET", path, LINK).status in {200, 404}


@pytest.mark.parametrize(
    "path", ["/sandbox/account", "/sandbox/requests", "/v1/events", "/stripe.js"]
)
def test_a_link_does_not_lead_to_its_data(sandbox, path):
    assert ask(sandbox, "GET", path, LINK).is_refusal


def test_the_shop_loads_stripes_script(sandbox):
    of_the_shop = {
        "Sec-Fetch-Site": "cross-site",
        "Sec-Fetch-Mode": "no-cors",
        "Sec-Fetch-Dest": "script",
        "Referer": "http://localhost:3000/",
    }

    assert ask(sandbox, "GET", "/stripe.js", of_the_shop).status == 200


# ---------------------------------------------------------------- named origins


FOR_FRONTENDS = PATHS | {"aws": "/_aws/execute-api/abc/$default/api/purchases"}


@pytest.mark.parametrize("server", FOR_FRONTENDS)
def test_a_page_of_an_origin_that_was_named_to_make_run_is_answered(request, server):
    port, path = request.getfixturevalue(server), FOR_FRONTENDS[server]

    def answer_to(origin):
        page = {"Origin": origin, "Sec-Fetch-Site": "cross-site"}
        return ask(port, "GET", path, page)

    assert not answer_to(NAMED).is_refusal
    for other in ("https://shop.test", "http://shop.test:8443", f"{NAMED}.evil.test"):
        assert answer_to(other).is_refusal, other


# ---------------------------------------------------------------- the embedded AWS


TO_SECRETS_MANAGER = {
    "X-Amz-Target": "secretsmanager.ListSecrets",
    "Content-Type": "application/x-amz-json-1.1",
    "Authorization": (
        "AWS4-HMAC-SHA256 "
        "Credential=test/20261127/us-east-1/secretsmanager/aws4_request, "
        "SignedHeaders=host, Signature=0"
    ),
}
ON_THIS_MACHINE = {"Origin": "http://localhost:3000", "Sec-Fetch-Site": "cross-site"}


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/_ministack/reset",
        "/_aws",
        "/_aws/execute-api",
        "/_aws/execute-api/",
        "/_aws/execute-api/abc",
        "/_aws/execute-api/abc/",
        "/_aws/execute-api//default/",
        "/_aws/execute-api/abc/../../../",
        "/_aws/execute-api/abc/%2e%2e/%2e%2e/",
        "/_aws/execute-api/abc/%2E%2E%2F..%2f_ministack/reset",
        "/_aws/execute-api/abc/default//_ministack/reset",
        "/_aws/execute-api/abc/default\\..\\reset",
        "/_aws%2fexecute-api%2f",
        "/_aws/lambda-url",
        "/_aws/lambda-url/",
        "/_aws/lambda-url/../",
        "//_aws/execute-api/abc/default/",
        "/./_aws/execute-api/abc/default/",
        "/x/../_aws/execute-api/abc/default/",
        "/_AWS/execute-api/abc/default/",
        "/restapis/abc/default/_user_request_/",
        "/2015-03-31/functions/",
        "/bucket/key",
    ],
)
@pytest.mark.parametrize("headers", [{}, TO_SECRETS_MANAGER])
def test_a_page_of_this_machine_reaches_no_service_of_aws(aws, path, headers):
    """MiniStack finds the service by path, Host and headers, all of them a page's."""
    answer = ask(aws, "POST", path, ON_THIS_MACHINE | headers, "{}")

    assert answer.is_refusal


@pytest.mark.parametrize(
    "path",
    [
        "/_aws/execute-api/abc/$default",
        "/_aws/execute-api/abc/%24default/api/purchases",
        "/_aws/execute-api/abc/$default/api/purchases/pur_1/",
        "/_aws/lambda-url/0123456789abcdef0123456789abcdef/",
        "/_aws/lambda-url/0123456789abcdef0123456789abcdef",
    ],
)
@pytest.mark.parametrize("headers", [{}, TO_SECRETS_MANAGER])
def test_what_it_reaches_is_deployed(aws, path, headers):
    answer = ask(aws, "POST", path, ON_THIS_MACHINE | headers, "{}")

    assert answer.status == 404
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_a_page_of_this_machine_opens_no_websocket_to_a_service(aws):
    _, headers = BY_A_PAGE["websocket"]

    assert ask(aws, "GET", "/", headers | ON_THIS_MACHINE).status == 403


# ---------------------------------------------------------------- all of them


# Who opens a port: each is tried above, or says why it need not be.
OPEN_PORTS = {
    "local/identity.py": "tried above",
    "local/serve_aws.py": "tried above",
    "local/serve_storefront.py": "tried above",
    "mocktill/src/mocktill/server.py": "tried above",
    "local/aws_state.py": "is behind the guard of serve_aws.py",
    "local/aws_workers.py": "is behind the guard of serve_aws.py",
    "local/sam_local/bridge.py": "leads containers to the servers above",
    "local/settings.py": "looks for a free port, and answers nothing",
}
SERVERS = {"aiohttp", "flask", "hypercorn", "ministack", "socketserver", "uvicorn"}
OPENING = {"bind", "create_server", "start_server", "serve_forever", "HTTPServer"}


def opens_a_port(file: Path) -> bool:
    for node in ast.walk(ast.parse(file.read_text())):
        match node:
            case ast.Import(names=[ast.alias(name=name)]):
                found = name.partition(".")[0] in SERVERS
            case ast.ImportFrom(module=str(name)):
                found = name.partition(".")[0] in SERVERS
            case ast.Attribute(attr=name) | ast.Name(id=name):
                found = name in OPENING
            case _:
                continue
        if found:
            return True
    return False


def test_a_new_server_is_tried_here_too():
    """tests/stack/test_closed_to_web_pages.py looks at the ports of a whole stack."""
    files = {
        str(file.relative_to(ROOT)): file
        for folder in (ROOT / "local", ROOT / "mocktill/src")
        for file in folder.glob("**/*.py")
    }

    assert {name for name, file in files.items() if opens_a_port(file)} == set(
        OPEN_PORTS
    )
