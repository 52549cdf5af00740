"""What the run tells others: files that are whole, true, and free of real keys."""

import json
import re
from pathlib import Path

import pytest

from local import sam
from local.__main__ import print_summary, template_parameters
from local.embedded_aws import EmbeddedAws
from local.settings import Settings
from local.stack_file import describe, storefront_config, write

FREE = dict.fromkeys(["AWS_PORT", "STRIPE_PORT", "ISSUER_PORT", "STOREFRONT_PORT"], "0")
OWN_KEYS = {"STRIPE_SECRET_KEY": "sk_test_1", "STRIPE_WEBHOOK_SECRET": "whsec_1"}
OUTPUTS = {"ApiUrl": "http://api", "WebhookUrl": "http://webhook"}
TEMPLATE = Path(__file__).parents[2] / "template.yaml"


def described(settings):
    aws = EmbeddedAws.of(settings)
    return describe(settings, aws, OUTPUTS)


@pytest.fixture
def sandboxed():
    return Settings.from_env(FREE)


@pytest.fixture
def at_stripe():
    return Settings.from_env(FREE | OWN_KEYS)


def test_the_sandboxs_keys_are_in_the_stack_file(sandboxed):
    stack = described(sandboxed)

    assert sandboxed.keys.secret_key == stack["stripe_secret_key"]
    assert sandboxed.keys.webhook_secret == stack["stripe_webhook_secret"]


def test_a_persons_own_keys_are_never_written_down(at_stripe):
    stack = described(at_stripe)
    written = json.dumps([stack, storefront_config(at_stripe, stack)])

    assert "sk_test_1" not in written
    assert "whsec_1" not in written


def test_the_storefront_gets_no_secret_of_the_sandbox(sandboxed):
    written = json.dumps(storefront_config(sandboxed, described(sandboxed)))

    assert sandboxed.keys.publishable_key in written
    assert sandboxed.keys.secret_key not in written
    assert sandboxed.keys.webhook_secret not in written


def test_a_run_says_where_the_sandboxs_panel_is(sandboxed, at_stripe, capsys):
    print_summary(sandboxed, described(sandboxed))
    with_panel = capsys.readouterr().out
    print_summary(at_stripe, described(at_stripe))

    assert f"{sandboxed.stripe_url}/sandbox\n" in with_panel
    assert f"{sandboxed.storefront_url}/api-docs\n" in with_panel
    assert "/sandbox\n" not in capsys.readouterr().out


def test_the_storefront_links_to_the_sandboxs_panel_where_there_is_one(
    sandboxed, at_stripe
):
    there = storefront_config(sandboxed, described(sandboxed))
    elsewhere = storefront_config(at_stripe, described(at_stripe))

    assert there["sandbox_url"] == f"{sandboxed.stripe_url}/sandbox"
    assert elsewhere["sandbox_url"] is None


def test_every_parameter_is_one_of_the_template(sandboxed):
    template = TEMPLATE.read_text()

    for name in template_parameters(sandboxed):
        assert f"\n  {name}:\n" in template


def test_the_template_is_told_each_origin():
    named = Settings.from_env(FREE | {"ALLOWED_ORIGINS": "https://shop.test"})

    parameters = template_parameters(named)

    assert parameters["AllowedOrigins"] == f"{named.storefront_url},https://shop.test"
    assert (parameters["AllowLoopbackOrigins"], parameters["StripeMode"]) == (
        "on",
        "test",
    )


def test_a_run_says_which_frontends_may_call_it(sandboxed, capsys):
    print_summary(sandboxed, described(sandboxed))
    by_default = capsys.readouterr().out
    named = Settings.from_env(FREE | {"ALLOWED_ORIGINS": "https://shop.test"})
    print_summary(named, described(named))

    assert "any port of localhost" in by_default
    assert "https://shop.test" in capsys.readouterr().out


def test_a_file_appears_whole(tmp_path):
    path = tmp_path / "stack.json"

    write(path, {"api_url": "http://api"})

    assert json.loads(path.read_text()) == {"api_url": "http://api"}
    assert list(tmp_path.iterdir()) == [path]


def test_the_local_stack_knows_the_alias_of_the_template():
    [named] = re.findall(r"AutoPublishAlias: (\w+)", TEMPLATE.read_text())
    assert named == sam.ALIAS
