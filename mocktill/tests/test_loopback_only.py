"""The rules of LoopbackOnly, header by header."""

import asyncio
import json
import logging
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mocktill.loopback_only import BROWSER, FOREIGN_HOST, FOREIGN_PAGE, LoopbackOnly

PAGES = re.compile("/page")
BROWSER_PATHS = re.compile("/api/[a-z]+")
CONTAINER_HOST = "checkout-0123456789abcdef"

HERE = "127.0.0.1:4242"
CROSS_SITE = {"sec-fetch-site": "cross-site"}
LINK = CROSS_SITE | {"sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
OLD_BROWSER = {"user-agent": "Mozilla/5.0 (Macintosh) Safari/605.1.15"}


async def app(_scope, _receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"answered"})


SERVER = LoopbackOnly(app, pages=PAGES, container_host=CONTAINER_HOST)
FOR_TOOLS = LoopbackOnly(
    app, browser_paths=BROWSER_PATHS, container_host=CONTAINER_HOST
)


def scope(*pairs, path="/", method="GET", kind="http", **headers):
    """Make a request; *pairs* are for headers that occur twice."""
    named = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return {
        "type": kind,
        "method": method,
        "path": path,
        "headers": [
            (name.encode(), value.encode("latin-1")) for name, value in [*pairs, *named]
        ],
    }


def refusal(server=SERVER, /, *pairs, host=HERE, path="/", method="GET", **headers):
    pairs = (("host", host), *pairs)
    return server.refusal(scope(*pairs, path=path, method=method, **headers))


def sent_by(server, asked, received=()):
    """Return the ASGI messages that *server* sends."""
    sent = []
    to_receive = iter(received)

    async def receive():
        return next(to_receive)

    async def send(message):
        sent.append(message)

    asyncio.run(server(asked, receive, send))
    return sent


# ---------------------------------------------------------------- Host


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "localhost:3000",
        "LOCALHOST:3000",
        "shop.localhost:3000",
        "a.b_c.localhost",
        "127.0.0.1",
        "127.0.0.1:65535",
        "127.255.255.254:1",
        "[::1]",
        "[::1]:3000",
        "[0:0:0:0:0:0:0:1]:3000",
    ],
)
def test_a_name_of_the_loopback_is_answered(host):
    assert refusal(host=host) is None


FOREIGN_HOSTS = [
    "",
    " ",
    "evil.test",
    "evil.test:4566",
    "127.0.0.1.evil.test",
    "localhost.evil.test:4566",
    "evil-localhost",
    "evillocalhost:80",
    "localhost.",
    "localhost.:4566",
    ".localhost",
    "a..localhost",
    "127.0.0.1.",
    "localhost:",
    "localhost:65536",
    "localhost:4566:80",
    "localhost:port",
    "localhost:-1",
    "localhost:٣",
    "user@localhost",
    "localhost@evil.test",
    "localhost:4566@evil.test",
    "localhost/evil.test",
    "localhost#evil.test",
    "localhost,evil.test",
    "localhost evil.test",
    "evil.test\tlocalhost",
    "localhost\n",
    " localhost",
    "http://localhost",
    "2130706433",
    "0x7f.0.0.1",
    "0x7f000001",
    "0177.0.0.1",
    "127.1",
    "127.0.0.256",
    "0.0.0.0:4566",
    "128.0.0.1",
    "10.127.0.0",
    "169.254.169.254",
    "172.17.0.1:4566",
    "[::]",
    "[::2]:80",
    "[::ffff:127.0.0.1]:80",
    "[::ffff:7f00:1]:80",
    "[::1%25lo]:80",
    "[::1",
    "::1",
    "[]:80",
    "host.docker.internal:4566",
]


@pytest.mark.parametrize("host", FOREIGN_HOSTS)
def test_any_other_name_is_refused(host):
    """In DNS rebinding, a name of an attacker resolves to this machine."""
    asked = scope(path="/")
    asked["headers"] = [(b"host", host.encode())]

    assert SERVER.refusal(asked) == FOREIGN_HOST


def test_a_request_without_a_host_is_refused():
    assert SERVER.refusal(scope()) == FOREIGN_HOST


def test_a_request_with_two_hosts_is_refused():
    twice = scope(("host", HERE), ("Host", HERE))

    assert SERVER.refusal(twice) == FOREIGN_HOST


@given(st.from_regex(r"[a-z0-9.:@\[\]/-]{1,40}", fullmatch=True))
def test_a_name_that_is_answered_leads_nowhere_else(host):
    """A name of dots, digits and colons is judged by its last label."""
    if refusal(host=host) is None:
        name = host.rsplit(":", 1)[0] if re.search(r":\d+$", host) else host
        assert name.endswith("localhost") or re.fullmatch(
            r"127(\.\d{1,3}){3}|\[[0:]+:0*1\]", name
        )


def test_containers_call_the_machine_by_a_name_of_their_own():
    assert refusal(host=f"{CONTAINER_HOST}:4242") is None
    assert refusal(host=CONTAINER_HOST) is None


@pytest.mark.parametrize("host", [f"{CONTAINER_HOST}.evil.test", "checkout-", "None"])
def test_another_name_is_not_that_of_the_containers(host):
    assert refusal(host=host) == FOREIGN_HOST
    assert LoopbackOnly(app).refusal(scope(host=host)) == FOREIGN_HOST


@pytest.mark.parametrize(
    "of_a_browser",
    [
        {"origin": "http://localhost:3000"},
        {"sec_fetch_site": "same-origin"},
        OLD_BROWSER,
    ],
)
def test_no_browser_calls_the_machine_by_the_containers_name(of_a_browser):
    host = f"{CONTAINER_HOST}:4242"

    assert refusal(host=host, **as_headers(of_a_browser)) == BROWSER


def as_headers(headers):
    return {name.replace("-", "_"): value for name, value in headers.items()}


# ---------------------------------------------------------------- Origin


@pytest.mark.parametrize(
    "origin",
    [
        "http://localhost:3000",
        "http://127.0.0.1:5173",
        "https://localhost:5173",
        "http://shop.localhost",
        "http://[::1]:8080",
    ],
)
@pytest.mark.parametrize("site", ["cross-site", "same-site", "same-origin"])
def test_a_page_of_this_machine_is_answered(origin, site):
    """A browser treats localhost and 127.0.0.1 as two sites."""
    for method in ("POST", "OPTIONS"):
        assert refusal(method=method, origin=origin, sec_fetch_site=site) is None


FOREIGN_ORIGINS = [
    "null",
    "",
    "https://evil.test",
    "http://evil.test:3000",
    "http://localhost.evil.test",
    "http://127.0.0.1.evil.test:3000",
    "http://evil.test#localhost",
    "http://localhost@evil.test",
    "http://localhost:3000@evil.test",
    "http://localhost:3000/",
    "http://localhost:3000/path",
    "http://localhost:3000 http://evil.test",
    "http://localhost:3000, http://evil.test",
    "http://localhost.",
    "http://2130706433",
    "http://0177.0.0.1",
    "http://0.0.0.0:3000",
    "http://192.168.0.2:3000",
    "localhost:3000",
    "//localhost:3000",
    "file://localhost",
    "chrome-extension://localhost",
    "ftp://localhost",
    "httpx://localhost",
]


@pytest.mark.parametrize("origin", FOREIGN_ORIGINS)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_a_page_of_another_origin_is_refused(origin, method):
    assert refusal(method=method, origin=origin) == FOREIGN_PAGE


def test_no_other_header_makes_up_for_a_foreign_origin():
    claims = {"sec_fetch_site": "same-origin", "referer": "http://localhost:3000/"}

    assert refusal(origin="https://evil.test", **claims) == FOREIGN_PAGE


def test_two_origins_are_refused():
    twice = [("origin", "http://localhost:3000"), ("Origin", "http://localhost:3000")]

    assert refusal(SERVER, *twice) == FOREIGN_PAGE


NAMED = LoopbackOnly(app, origins=frozenset(["https://shop.test:8443"]))


def test_a_page_of_an_origin_that_was_named_is_answered():
    for method in ("GET", "POST", "OPTIONS"):
        page = {"origin": "https://shop.test:8443", "sec_fetch_site": "cross-site"}
        assert refusal(NAMED, method=method, **page) is None
        assert refusal(SERVER, method=method, **page) == FOREIGN_PAGE


def test_such_a_page_may_load_a_script_or_a_frame():
    for referer in ("https://shop.test:8443/", "https://shop.test:8443/a?b=c"):
        assert refusal(NAMED, referer=referer, **as_headers(CROSS_SITE)) is None


@pytest.mark.parametrize(
    "origin",
    [
        "https://shop.test",
        "http://shop.test:8443",
        "https://shop.test:84431",
        "https://shop.test:8443.evil.test",
        "https://shop.test:8443@evil.test",
        "https://a.shop.test:8443",
        "null",
    ],
)
def test_no_other_origin_is_taken_for_it(origin):
    assert refusal(NAMED, origin=origin) == FOREIGN_PAGE
    referer = {"referer": f"{origin}/", **as_headers(CROSS_SITE)}
    assert refusal(NAMED, **referer) == FOREIGN_PAGE


def test_its_page_cannot_be_two():
    twice = [("origin", "https://shop.test:8443"), ("origin", "https://shop.test:8443")]
    assert refusal(NAMED, *twice) == FOREIGN_PAGE
    twice = [("referer", "https://shop.test:8443/")] * 2
    assert refusal(NAMED, *twice) == FOREIGN_PAGE


# ------------------------------------------------ Sec-Fetch-Site and Referer


@pytest.mark.parametrize("site", ["same-origin", "none"])
def test_a_page_of_the_server_itself_and_an_address_typed_in_are_answered(site):
    assert refusal(sec_fetch_site=site) is None


FOREIGN_SITES = ["cross-site", "same-site", "", "None", "same-origin, cross-site", "x"]


@pytest.mark.parametrize("site", FOREIGN_SITES)
def test_a_request_from_another_site_without_an_origin_is_refused(site):
    """Requests for scripts, pictures, frames and links have no Origin."""
    assert refusal(sec_fetch_site=site) == FOREIGN_PAGE


def test_two_sites_are_refused():
    twice = [("sec-fetch-site", "same-origin"), ("sec-fetch-site", "none")]

    assert refusal(SERVER, *twice) == FOREIGN_PAGE


def test_a_browser_that_hides_its_page_is_refused():
    assert refusal(sec_fetch_mode="no-cors", sec_fetch_dest="image") == FOREIGN_PAGE


@pytest.mark.parametrize(
    "referer",
    [
        "http://localhost:3000/",
        "http://127.0.0.1:5173/shop?a=b",
        "https://localhost:5173",
        "http://[::1]:8080/",
    ],
)
@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_page_of_this_machine_may_load_a_script_or_a_frame(referer, site):
    """A shop at localhost loads stripe.js from 127.0.0.1."""
    assert refusal(referer=referer, sec_fetch_site=site) is None


FOREIGN_REFERERS = [
    "https://evil.test/",
    "http://localhost.evil.test/",
    "http://localhost@evil.test/",
    "http://localhost:3000@evil.test/",
    "http://evil.test/http://localhost/",
    "http://evil.test/?http://localhost",
    "http://localhost\\@evil.test/",
    "http://localhost.",
    "about:client",
    "localhost",
    "",
]


@pytest.mark.parametrize("referer", FOREIGN_REFERERS)
@pytest.mark.parametrize("browser", [CROSS_SITE, OLD_BROWSER])
def test_a_page_of_another_site_may_not_load_them(referer, browser):
    """An old browser sends no `Sec-Fetch-Site`, but it sends the page's address."""
    assert refusal(referer=referer, **as_headers(browser)) == FOREIGN_PAGE


def test_two_referers_are_refused():
    twice = [("referer", "http://localhost/"), ("referer", "http://localhost/")]

    assert refusal(SERVER, *twice) == FOREIGN_PAGE


# ---------------------------------------------------------------- links


def test_a_link_of_any_site_may_lead_to_a_page():
    """Stripe's page links back to the shop."""
    link = as_headers(LINK)

    assert refusal(path="/page", **link) is None
    assert refusal(path="/page", referer="https://evil.test/", **link) is None


@pytest.mark.parametrize(
    "change",
    [
        {"path": "/page/data"},
        {"path": "/data"},
        {"method": "POST"},
        {"method": "HEAD"},
        {"origin": "https://evil.test"},
        {"origin": "null"},
        {"sec_fetch_mode": "no-cors"},
        {"sec_fetch_mode": "cors"},
        {"sec_fetch_dest": "iframe"},
        {"sec_fetch_dest": "embed"},
        {"sec_fetch_dest": "image"},
        {"host": "evil.test"},
    ],
)
def test_no_other_request_is_taken_for_a_link(change):
    assert refusal(**{"path": "/page"} | as_headers(LINK) | change) is not None


def test_a_link_leads_to_no_page_of_a_server_that_has_none():
    asked = scope(path="/page", host=HERE, **as_headers(LINK))

    assert LoopbackOnly(app).refusal(asked) == FOREIGN_PAGE


# ------------------------------------------------------- what is for tools alone


@pytest.mark.parametrize("path", ["/", "/api", "/api/a/b", "/_ministack/reset"])
@pytest.mark.parametrize(
    "of_a_browser",
    [
        {"origin": "http://localhost:3000"},
        {"sec-fetch-site": "same-origin"},
        {"sec-fetch-site": "none"},
        {"sec-fetch-dest": "script", "sec-fetch-mode": "no-cors"},
        OLD_BROWSER,
    ],
)
def test_a_browser_gets_no_answer_from_the_paths_for_tools(path, of_a_browser):
    assert refusal(FOR_TOOLS, path=path, **as_headers(of_a_browser)) == BROWSER


@pytest.mark.parametrize(
    "agent", ["Boto3/1.44 md/Botocore", "curl/8", "aws-cli/2", "Python-urllib/3.13"]
)
def test_a_tool_gets_everything(agent):
    for path in ("/", "/api/a", "/_ministack/reset"):
        assert refusal(FOR_TOOLS, path=path, method="POST", user_agent=agent) is None


@pytest.mark.parametrize("server", [SERVER, FOR_TOOLS])
def test_nodes_fetch_is_a_tool(server):
    """It sends only the mode of a request, as no browser does."""
    asked = {"user_agent": "node", "sec_fetch_mode": "cors"}

    assert refusal(server, path="/api/a", method="POST", **asked) is None


def test_a_page_of_this_machine_may_use_the_paths_for_browsers():
    origin = {"origin": "http://localhost:3000", "sec_fetch_site": "cross-site"}

    assert refusal(FOR_TOOLS, path="/api/a", method="POST", **origin) is None


def test_a_page_of_another_site_may_not_use_the_paths_for_browsers():
    assert refusal(FOR_TOOLS, path="/api/a", origin="https://a.test") == FOREIGN_PAGE


def test_a_browser_chooses_no_service_by_a_name_below_localhost():
    asked = {"path": "/api/a", "origin": "http://localhost:3000"}

    assert refusal(FOR_TOOLS, host="sqs.localhost:4566", **asked) == BROWSER
    assert refusal(FOR_TOOLS, host="SQS.LOCALHOST", **asked) == BROWSER
    assert refusal(FOR_TOOLS, host="sqs.localhost:4566") is None


# ---------------------------------------------------------------- the answer


def test_an_allowed_request_gets_the_servers_own_answer():
    assert sent_by(SERVER, scope(host=HERE))[1]["body"] == b"answered"


def test_a_refusal_has_a_reason_that_no_page_can_read():
    asked = scope(method="OPTIONS", host=HERE, origin="https://evil.test")

    start, body = sent_by(SERVER, asked)

    assert start["status"] == 403
    assert not [name for name, _ in start["headers"] if b"access-control" in name]
    assert json.loads(body["body"]) == {"error": FOREIGN_PAGE}
    assert dict(start["headers"])[b"content-length"] == str(len(body["body"])).encode()


def test_a_refused_head_has_no_body():
    assert sent_by(SERVER, scope(method="HEAD", host="evil.test"))[1]["body"] == b""


def test_a_refusal_is_always_one_line_in_the_log(caplog):
    asked = scope(path="/a\nb", host="evil.test\nroot: all is well")

    with caplog.at_level(logging.WARNING):
        sent_by(SERVER, asked)

    [line] = caplog.messages
    assert "evil.test" in line
    assert "\n" not in line


def test_a_websocket_is_refused_before_it_opens():
    asked = scope(kind="websocket", host=HERE, origin="https://evil.test")

    [sent] = sent_by(SERVER, asked, [{"type": "websocket.connect"}])

    assert sent["type"] == "websocket.close"


def test_a_websocket_of_this_machine_opens():
    asked = scope(kind="websocket", host=HERE, origin="http://localhost:3000")

    assert sent_by(SERVER, asked)[1]["body"] == b"answered"


def test_a_server_starts_and_stops_behind_it():
    assert sent_by(SERVER, {"type": "lifespan"})[1]["body"] == b"answered"
