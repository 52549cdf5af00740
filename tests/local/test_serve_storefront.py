"""The storefront's files, and the one answer that is made for it."""

import json
from hashlib import sha256

import pytest
import requests

from local.serve_storefront import CLIENT, STOREFRONT, create_app


@pytest.fixture
def config(tmp_path):
    return tmp_path / "storefront.json"


@pytest.fixture
def storefront(serve, config, tmp_path):
    return serve(lambda _url: create_app(config, tmp_path / "stack.json"))


RAPIDOC = "affbd173a65e870e18f392cca963113bcdafb6e50e88cd2f6a834a65b22db94d"


def get(url):
    return requests.get(url, timeout=10)


def test_its_configuration_is_there_when_the_stack_is(storefront, config):
    before = get(f"{storefront}/config.json")
    config.write_text(json.dumps({"api_url": "http://api"}))
    after = get(f"{storefront}/config.json")

    assert before.status_code == 503
    assert after.json() == {"api_url": "http://api"}


def test_a_frontend_on_another_port_may_read_the_configuration_and_the_client(
    storefront, config
):
    config.write_text("{}")
    own = {"Origin": "http://localhost:5173"}

    for path in ("config.json", "client/paidonce.js"):
        answer = requests.get(f"{storefront}/{path}", headers=own, timeout=10)
        assert answer.headers["Access-Control-Allow-Origin"] == "*", path
    # The admin routes are for the shop's own page.
    answer = requests.get(f"{storefront}/admin/payments", headers=own, timeout=10)
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_the_client_is_the_committed_bundle(storefront):
    answer = get(f"{storefront}/client/paidonce.js")

    assert answer.content == (CLIENT / "paidonce.js").read_bytes()
    assert "javascript" in answer.headers["Content-Type"]


@pytest.mark.parametrize("path", ["", "hero-me?session_id=cs_1", "orders/order_1"])
def test_a_path_that_is_no_file_is_the_pages_own_business(storefront, path):
    answer = get(f"{storefront}/{path}")

    assert (STOREFRONT / "index.html").read_text() == answer.text


@pytest.mark.parametrize("page", ["follow", "api-docs"])
def test_what_is_no_part_of_the_shop_is_a_page_of_its_own(storefront, page):
    answer = get(f"{storefront}/{page}?payment=ps_1")

    assert (STOREFRONT / f"{page}.html").read_text() == answer.text


def test_rapidoc_is_the_file_that_was_published():
    """RapiDoc 9.3.8 of npm, `dist/rapidoc-min.js`, with its licences beside it."""
    vendored = STOREFRONT / "vendor/rapidoc-min.js"

    assert sha256(vendored.read_bytes()).hexdigest() == RAPIDOC
    assert "MIT License" in vendored.with_suffix(".js.LICENSE.txt").read_text()


def test_the_admin_routes_wait_for_the_stack(storefront):
    assert get(f"{storefront}/admin/payments").status_code == 503


def test_a_file_is_served_as_what_it_is(storefront):
    answer = get(f"{storefront}/main.js")

    assert answer.status_code == 200
    assert "javascript" in answer.headers["Content-Type"]


@pytest.mark.parametrize("path", ["missing.js", "..%2f__main__.py"])
def test_nothing_else_is_served(storefront, path):
    assert get(f"{storefront}/{path}").status_code == 404
