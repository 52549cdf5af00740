"""A shopper is sent only to an origin on the operator's list."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checkout.domain.redirects import is_allowed, origin

ALLOWED = (
    "https://shop.example.test",
    "http://localhost:3000",
    "https://other.test:8443",
    "https://[2001:db8::1]",
)


@pytest.mark.parametrize(
    "url",
    [
        "https://shop.example.test",
        "https://shop.example.test/a/b?c=d#e",
        "https://shop.example.test:443/",
        "https://SHOP.Example.TEST/",
        "http://localhost:3000/",
        "https://other.test:8443/",
        "https://[2001:db8::1]/",
        "https://[2001:DB8::1]:443/a",
        "https://shop.example.test/{CHECKOUT_SESSION_ID}",
        "https://shop.example.test/?back=https://evil.test/@x",
    ],
)
def test_an_url_of_an_allowed_origin_is_allowed(url: str) -> None:
    assert is_allowed(url, ALLOWED)


def test_in_live_mode_only_https_is_allowed() -> None:
    """Not this machine either: a buyer's browser would look for the shop there."""
    assert is_allowed("https://other.test:8443/", ALLOWED, livemode=True)
    assert not is_allowed("http://localhost:3000/", ALLOWED, livemode=True)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://evil.test",
        "//shop.example.test/",
        "http://shop.example.test/",
        "https://shop.example.test:444/",
        "https://shop.example.test:0/",
        "https://evil[2001:db8::1]/",
        "https://other.test/",
        "https://localhost:3000/",
        "http://localhost/",
        "http://localhost:3000@evil.test/",
        "https://@shop.example.test/",
        "https://shop.example.test@evil.test/",
        "https://shop.example.test%40evil.test/",
        "https://shop.example.test%2eevil.test/",
        "https://shop.example.test.evil.test/",
        "https://evil.test#@shop.example.test/",
        "https://evil.test?@shop.example.test/",
        "https://evil.test/\\@shop.example.test/",
        "https://evil.test\\@shop.example.test/",
        "https://shop.example.test/\\evil.test",
        "https://shop.example.test/\x7f",
        "ftp://shop.example.test/",
        "javascript:alert(1)//shop.example.test/",
        "\thttps://shop.example.test/",
        "https://shop.example.test/\r\nLocation: https://evil.test",
        "https://shop.example.test/\u00e9",
        "https://[shop.example.test]/",
        "https://shop.example.test:-1/",
        "https://shop.example.test/".ljust(5001, "x"),
        "https://shop.example.test:00/",
        "https://other.test:08443x/",
        "https://[2001:db8::1]evil/",
        "https://[2001:db8::1].evil.test/",
        "https://[2001:db8::1]:0/",
        "https://@[2001:db8::1]/",
        "https://[2001:db8::1%25eth0]/",
    ],
)
def test_any_other_text_is_not(url: str) -> None:
    assert not is_allowed(url, ALLOWED)


@pytest.mark.parametrize(
    "origins", [(), ("",), ("*",), ("null", "not a url"), ("https://",)]
)
def test_a_list_that_names_no_origin_allows_nothing(origins: tuple[str, ...]) -> None:
    for url in ("https://shop.example.test/", "*", "null", "", "https://"):
        assert not is_allowed(url, origins)


def test_plain_http_is_for_this_machine_alone() -> None:
    for host in ("localhost", "127.0.0.1", "[::1]"):
        assert is_allowed(f"http://{host}:5173/", (f"http://{host}:5173",))
    for host in ("shop.example.test", "127.0.0.1.evil.test", "localhost.evil.test"):
        assert not is_allowed(f"http://{host}/", (f"http://{host}",))


OF_THIS_MACHINE = [
    "http://localhost",
    "http://localhost:5173/done?s={CHECKOUT_SESSION_ID}",
    "https://localhost:5173/",
    "http://LOCALHOST:1/",
    "http://127.0.0.1:8081/",
    "https://127.0.0.1/",
    "http://[::1]:65535/",
]


@pytest.mark.parametrize("url", OF_THIS_MACHINE)
def test_every_port_of_this_machine_is_allowed_if_that_is_asked_for(url: str) -> None:
    assert is_allowed(url, ALLOWED, loopback=True)
    assert not is_allowed(url, ALLOWED)


@pytest.mark.parametrize("url", OF_THIS_MACHINE)
def test_in_live_mode_no_port_of_this_machine_is_allowed(url: str) -> None:
    """Though the template's rule was passed by."""
    assert not is_allowed(url, ALLOWED, loopback=True, livemode=True)


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost.evil.test:5173/",
        "http://localhost:5173@evil.test/",
        "http://evil.test/localhost",
        "http://127.0.0.1.evil.test/",
        "http://127.0.0.2:5173/",
        "http://0.0.0.0:5173/",
        "http://[::2]:5173/",
        "http://192.168.1.5:5173/",
        "http://localhost:0/",
        "ftp://localhost/",
        "javascript://localhost/%0aalert(1)",
        "//localhost:5173/",
    ],
)
def test_nothing_else_is_of_this_machine(url: str) -> None:
    assert not is_allowed(url, ALLOWED, loopback=True)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60))
def test_no_text_at_all_makes_the_check_fail(text: str) -> None:
    for url in (text, f"https://{text}", f"https://shop.example.test{text}"):
        found = origin(url)
        if is_allowed(url, ("https://shop.example.test",)):
            assert found == ("https", "shop.example.test", 443)
