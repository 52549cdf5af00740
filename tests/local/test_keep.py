"""What KEEP=1 keeps is one account's, for its owner, and only when it is asked for."""

import json
import stat
from dataclasses import dataclass, field, replace

import jwt
import pytest
import requests

from local.identity import create_app
from local.keep import PUBLISHED_WITHIN_SECONDS, Kept, names_in_the_template
from local.settings import DEFAULT_PORTS, Settings, StackError

FREE = dict.fromkeys(DEFAULT_PORTS, "0")
OWN_KEYS = {"STRIPE_SECRET_KEY": "sk_test_1", "STRIPE_WEBHOOK_SECRET": "whsec_1"}
KEEP = {"KEEP": "1"}


@pytest.fixture
def settings(tmp_path):
    return replace(Settings.from_env(FREE), folder=tmp_path)


@pytest.mark.parametrize("env", [{}, {"KEEP": ""}, {"KEEP": "0"}])
def test_nothing_is_kept_unless_asked(settings, env):
    kept = Kept.from_env(settings, env)

    assert kept == Kept(None)
    assert not kept.has_data
    assert kept.identity_options == kept.mocktill_options == []
    assert kept.with_keys(settings) is settings
    assert list(settings.folder.iterdir()) == []


def test_the_keys_of_the_account_are_the_same_at_the_next_start(settings):
    first = Kept.from_env(settings, KEEP).with_keys(settings)
    later = replace(settings, keys=replace(settings.keys, secret_key="sk_test_new"))

    assert Kept.from_env(later, KEEP).with_keys(later).keys == first.keys
    file = settings.folder / "kept/stripe-keys.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_persons_own_keys_are_never_kept(settings):
    own = replace(Settings.from_env(FREE | OWN_KEYS), folder=settings.folder)

    kept = Kept.from_env(own, KEEP)

    assert kept.with_keys(own).keys.secret_key == "sk_test_1"
    written = [path.read_text() for path in kept.folder.iterdir()]
    assert not any("sk_test_1" in text or "whsec_1" in text for text in written)


@pytest.mark.parametrize("first_is_own", [True, False])
def test_the_data_of_two_accounts_are_not_mixed(settings, first_is_own):
    own = replace(Settings.from_env(FREE | OWN_KEYS), folder=settings.folder)
    first, second = (own, settings) if first_is_own else (settings, own)
    Kept.from_env(first, KEEP)

    with pytest.raises(StackError, match=r"Start without KEEP=1, or remove .*kept"):
        Kept.from_env(second, KEEP)

    assert Kept.from_env(second, {}) == Kept(None)


def test_a_folder_without_data_begins_anew(settings):
    kept = Kept.from_env(settings, KEEP)
    assert not kept.has_data

    (kept.folder / "data.json").write_text("{}")

    assert Kept.from_env(settings, KEEP).has_data


@pytest.fixture
def login(serve):
    """Log in at a provider with this file; return the token and the provider's key."""

    def login(key_file):
        url = serve(lambda url: create_app(url, key_file))
        answer = requests.post(f"{url}/token", data={"sub": "user_1"}, timeout=10)
        found = requests.get(f"{url}/.well-known/jwks.json", timeout=10)
        return answer.json()["access_token"], jwt.PyJWKSet.from_dict(found.json())

    return login


def test_a_login_is_valid_after_a_restart(tmp_path, login):
    file = tmp_path / "identity.pem"
    token, _ = login(file)

    _, keys = login(file)

    claims = jwt.decode(token, keys.keys[0], ["RS256"], audience="checkout-local")
    assert claims["sub"] == "user_1"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_without_a_file_each_start_has_a_key_of_its_own(login):
    token, _ = login(None)
    _, keys = login(None)

    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(token, keys.keys[0], ["RS256"], audience="checkout-local")


@dataclass
class Aws:
    """An AWS whose functions have published everything when asked so many times."""

    asked_until_published: int = 0
    asked: list = field(default_factory=list)
    resources: list = field(default_factory=list)

    def ask(self, action, body=None):
        self.asked.append((action, body))
        return len(self.asked) > self.asked_until_published

    def client(self, _service):
        return self

    def describe_stack_resources(self, **_):
        return {"StackResources": self.resources}


def resource(kind, logical, physical):
    return {
        "ResourceType": kind,
        "LogicalResourceId": logical,
        "PhysicalResourceId": physical,
    }


def test_tables_and_queues_are_known_by_their_names_in_the_template():
    aws = Aws(
        resources=[
            resource("AWS::DynamoDB::Table", "OffersTable", "checkout-OffersTable-1"),
            resource("AWS::SQS::Queue", "Queue", "http://127.0.0.1/000/checkout-Q-1"),
            resource("AWS::Lambda::Function", "Function", "checkout-Function-1"),
        ]
    )

    assert names_in_the_template(aws) == {
        "checkout-OffersTable-1": "OffersTable",
        "checkout-Q-1": "Queue",
    }


def test_a_stop_waits_until_everything_is_published(settings, capsys):
    aws = Aws(asked_until_published=3)

    Kept.from_env(settings, KEEP).finish(aws)

    assert [action for action, _ in aws.asked] == ["is-published"] * 4
    assert "KEEP=1" in capsys.readouterr().out


def test_a_stop_does_not_wait_for_ever(settings, monkeypatch):
    aws = Aws(asked_until_published=10**9)
    moments = iter(range(10**9))
    monkeypatch.setattr("local.keep.time.monotonic", lambda: next(moments))
    monkeypatch.setattr("local.keep.time.sleep", lambda _: None)

    Kept.from_env(settings, KEEP).finish(aws)

    assert len(aws.asked) <= PUBLISHED_WITHIN_SECONDS + 1


def test_a_stop_that_keeps_nothing_waits_for_nothing(settings):
    aws = Aws(asked_until_published=1)

    Kept.from_env(settings, {}).finish(aws)

    assert json.dumps(aws.asked) == "[]"
