"""What a person may set, and what is said when it cannot be."""

import socket

import pytest

from local import settings as local_settings
from local.embedded_aws import EmbeddedAws
from local.settings import Settings, StackError, choose_ports, stripe_test_keys
from tests.template_file import template

FREE = {
    "AWS_PORT": "0",
    "STRIPE_PORT": "0",
    "ISSUER_PORT": "0",
    "STOREFRONT_PORT": "0",
}
OWN_KEYS = {"STRIPE_SECRET_KEY": "sk_test_1", "STRIPE_WEBHOOK_SECRET": "whsec_1"}


def in_use(*variables):
    """Occupy a port for each variable; return the sockets and the environment."""
    others = {name: socket.create_server(("127.0.0.1", 0)) for name in variables}
    return others, FREE | {n: str(o.getsockname()[1]) for n, o in others.items()}


def test_all_taken_ports_are_named_together_with_the_one_command_that_helps():
    others, env = in_use("AWS_PORT", "ISSUER_PORT", "STOREFRONT_PORT")

    with pytest.raises(StackError) as refusal:
        choose_ports(env)

    aws, issuer, storefront = (other.getsockname()[1] for other in others.values())
    assert str(refusal.value) == (
        f"Ports {aws} (AWS_PORT), {issuer} (ISSUER_PORT) and {storefront} "
        "(STOREFRONT_PORT) are in use. Stop what uses them, or take any free port:\n"
        "  make run AWS_PORT=0 ISSUER_PORT=0 STOREFRONT_PORT=0"
    )
    for other in others.values():
        other.close()


def test_one_taken_port_is_named_alone():
    others, env = in_use("STRIPE_PORT")

    with pytest.raises(StackError) as refusal:
        choose_ports(env)

    port = others["STRIPE_PORT"].getsockname()[1]
    assert str(refusal.value) == (
        f"Port {port} (STRIPE_PORT) is in use. Stop what uses it, or take any free "
        "port:\n  make run STRIPE_PORT=0"
    )
    others["STRIPE_PORT"].close()


def test_port_0_is_any_free_one_and_every_server_gets_its_own():
    ports = choose_ports(FREE)

    assert len(set(ports.values())) == 4
    assert 0 not in ports.values()


def test_one_port_cannot_serve_two():
    port = str(choose_ports(FREE)["aws_port"])

    with pytest.raises(StackError, match="twice"):
        choose_ports(FREE | {"AWS_PORT": port, "STRIPE_PORT": port})


def test_a_free_port_is_given_once_even_if_the_system_names_it_twice(monkeypatch):
    # What the system names when it is asked for any free port; 7001 is chosen by hand.
    named = iter([7001, 7002, 7002, 7001, 7003, 7002, 7004])
    monkeypatch.setattr(
        local_settings, "free_port", lambda wanted: wanted or next(named)
    )

    ports = choose_ports(FREE | {"STRIPE_PORT": "7001"})

    assert sorted(ports.values()) == [7001, 7002, 7003, 7004]
    assert ports["stripe_port"] == 7001


@pytest.mark.parametrize("text", ["http", "-1", "70000", ""])
def test_a_port_is_a_number(text):
    with pytest.raises(StackError, match="AWS_PORT must be a port number"):
        choose_ports(FREE | {"AWS_PORT": text})


def test_the_sandbox_gets_new_keys_at_each_start():
    first, second = Settings.from_env(FREE), Settings.from_env(FREE)

    assert first.sandbox
    assert first.keys.secret_key.startswith("sk_test_")
    assert first.keys.webhook_secret.startswith("whsec_")
    assert first.keys != second.keys


def test_stripes_own_test_keys_take_the_sandboxs_place():
    settings = Settings.from_env(FREE | OWN_KEYS)

    assert not settings.sandbox
    assert settings.keys.secret_key == "sk_test_1"
    assert settings.stripe_url == "https://api.stripe.com"


@pytest.mark.parametrize("key", ["sk_live_1", "rk_live_1", "pk_test_1", ""])
def test_only_a_test_key_is_taken(key):
    with pytest.raises(StackError, match="must be a test key"):
        stripe_test_keys(OWN_KEYS | {"STRIPE_SECRET_KEY": key})


def test_a_key_without_its_webhook_secret_is_refused():
    with pytest.raises(StackError, match="stripe listen"):
        stripe_test_keys({"STRIPE_SECRET_KEY": "sk_test_1"})


def test_a_frontend_elsewhere_is_named_to_the_template_and_to_every_server():
    settings = Settings.from_env(
        FREE | {"ALLOWED_ORIGINS": "https://shop.test:8443, https://App.test"}
    )

    named = ("https://shop.test:8443", "https://app.test")
    assert settings.allowed_origins == (settings.storefront_url, *named)
    assert settings.allow_origins == [f"--allow-origin={origin}" for origin in named]
    assert EmbeddedAws.of(settings).more_origins == named


@pytest.mark.parametrize(
    "origin",
    [
        *("*", "null", "shop.test", "https://", "https://shop.test/"),
        *("http://192.168.1.5:5173", "http://shop.test", "ftp://localhost"),
    ],
)
def test_what_the_template_would_refuse_is_refused_at_once(origin):
    with pytest.raises(StackError, match="ALLOWED_ORIGINS has") as refusal:
        Settings.from_env(FREE | {"ALLOWED_ORIGINS": f"https://a.test,{origin}"})

    assert repr(origin) in str(refusal.value)


def test_an_origin_is_what_the_template_takes():
    pattern = template()["Parameters"]["AllowedOrigins"]["AllowedPattern"]

    assert pattern == f"^{local_settings.ORIGIN.pattern}$"
