"""What a person may set, and what is said when it cannot be."""

import socket

import pytest

from local import settings as local_settings
from local.settings import Settings, StackError, choose_ports, stripe_test_keys

FREE = {
    "AWS_PORT": "0",
    "STRIPE_PORT": "0",
    "ISSUER_PORT": "0",
    "STOREFRONT_PORT": "0",
}
OWN_KEYS = {"STRIPE_SECRET_KEY": "sk_test_1", "STRIPE_WEBHOOK_SECRET": "whsec_1"}


def test_a_taken_port_is_named_together_with_the_way_out():
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        with pytest.raises(StackError) as refusal:
            choose_ports(FREE | {"ISSUER_PORT": str(port)})

    assert f"Port {port} is in use" in str(refusal.value)
    assert "ISSUER_PORT=" in str(refusal.value)


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
        local_settings, "free_port", lambda _, wanted: wanted or next(named)
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
