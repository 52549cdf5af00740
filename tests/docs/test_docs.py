"""What the documentation says of the code is so: names, addresses, links, headings."""

import json
import re
import tomllib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from time_machine import travel

from checkout import errors
from checkout.domain.audit_action import AuditAction
from checkout.domain.payment_session import RANK, Status
from checkout.domain.published_events import FIELDS, NAMES, published_event
from checkout.domain.quarantine_reason import QuarantineReason
from checkout.metric import Metric
from local.settings import DEFAULT_PORTS, stripe_test_keys
from tests import template_file
from tests.counted import functions_that_count
from tests.shop import Shop
from tests.template_file import ROOT

DOCS = ROOT / "docs"
LIFECYCLE = "docs/payment-lifecycle.md"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.glob("**/*.md")])
ADRS = sorted((DOCS / "adr").glob("[0-9]*.md"))
HEADINGS = ["Context", "Decision", "Consequences", "Alternatives", "References"]
DEPLOYED = [
    *ROOT.glob("layers/common/checkout/**/*.py"),
    *ROOT.glob("functions/*/app.py"),
]


def read(page: str) -> str:
    return (ROOT / page).read_text()


def without_code(text: str) -> str:
    return re.sub(r"^ *```.*?^ *```", "", text, flags=re.DOTALL | re.MULTILINE)


def shell_of(page: str) -> str:
    blocks = re.findall(r"```sh\n(.*?)```", read(page), re.DOTALL)
    return "".join(blocks)


def anchors_of(page: Path) -> set[str]:
    """Return the anchors that GitHub gives to a page's headings."""
    headings = re.findall(r"^#+ (.*)$", without_code(page.read_text()), re.MULTILINE)
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        for heading in headings
    }


def in_code(pattern: str) -> set[str]:
    return {
        found for path in DEPLOYED for found in re.findall(pattern, path.read_text())
    }


def logged() -> set[str]:
    """Return every event that is logged, by its text or by an audit action."""
    names = in_code(r'(?:logger\.(?:info|warning|error|exception)|report)\(\s*"(\w+)"')
    actions = in_code(r"(?:logger\.\w+|report)\(\s*AuditAction\.(\w+)")
    return names | {AuditAction[name].value for name in actions}


def all_errors(of: type[errors.CheckoutError]) -> set[type[errors.CheckoutError]]:
    return {of}.union(*(all_errors(kind) for kind in of.__subclasses__()))


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", read("Makefile"), re.MULTILINE))


# ---------------------------------------------------------------- docs/api.md


def test_every_route_is_in_the_api_page_and_the_other_way_round():
    named = re.findall(r"`((?:GET|POST|PUT) /[^`?]*)`", read("docs/api.md"))
    assert set(named) == set(template_file.routes())


def test_every_route_has_an_example():
    examples = re.findall(
        r"^```http\n((?:GET|POST|PUT) [^\s?]+)", read("docs/api.md"), re.MULTILINE
    )
    webhooks = {
        route
        for route, function in template_file.routes().items()
        if function == "StripeWebhookFunction"
    }
    for route in set(template_file.routes()) - webhooks:
        pattern = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(route))
        assert any(re.fullmatch(pattern, example) for example in examples), route


def test_the_example_of_a_refund_has_the_fields_of_the_answer(shop: Shop):
    shop.create("content")
    shop.stripe.pay(shop.stripe.sessions()[0]["id"])
    shop.deliver()
    with travel(datetime.now(UTC) + timedelta(minutes=2), tick=False):
        shop.invoke("ReconcileFunction", {})
    section = read("docs/api.md").split("### Refund a purchase")[1]
    http, answer, *_ = re.findall(r"```(?:http|json)\n(.*?)```", section, re.DOTALL)
    request = http.split("\n\n")[1]

    given = shop.call(
        "POST /api/purchases/{id}/refund",
        json.loads(request),
        buyer="operator_1",
        groups="[payments-admin]",
        path={"id": shop.purchases()[0]["id"]},
    )

    assert list(given.body) == list(json.loads(answer))


def test_every_error_code_is_in_the_api_page_with_its_status():
    # RefusedEventError is only ever raised as one of its kinds.
    raised = all_errors(errors.CheckoutError) - {errors.RefusedEventError}
    rows = re.findall(r"^\| (\d{3}) \| `(\w+)` \|", read("docs/api.md"), re.MULTILINE)
    assert set(rows) == {(str(error.status.value), error.code) for error in raised}


def test_the_events_that_stripe_is_to_send_are_those_that_we_act_on():
    from checkout.domain.stripe_events import FROM_STRIPE  # noqa: PLC0415 - once the environment is set

    listed = re.findall(r"^- `([\w.]+)`$", read("docs/api.md"), re.MULTILINE)
    assert len(listed) == len(FROM_STRIPE)
    assert set(listed) == FROM_STRIPE


# ---------------------------------------------------------------- docs/operations.md


def test_every_metric_is_in_the_operations_page_with_the_functions_that_count_it():
    rows = re.findall(
        r"^\| `(payments\.[\w.]+)` \| (.*?) \|",
        read("docs/operations.md"),
        re.MULTILINE,
    )
    counted_by = {
        metric: {
            function["CodeUri"].removeprefix("functions/")
            for name, function in template_file.functions().items()
            if name in names
        }
        for metric, names in functions_that_count().items()
    }
    assert counted_by.keys() == set(Metric)
    told = {metric: set(re.findall(r"`(\w+)`", told)) for metric, told in rows}
    assert told == counted_by


def test_every_log_line_is_in_the_operations_page():
    assert logged()
    assert {
        name for name in logged() if f"`{name}`" not in read("docs/operations.md")
    } == set()


def test_every_alarm_is_in_the_operations_page():
    alarms = set(template_file.resources("AWS::CloudWatch::Alarm"))
    named = re.findall(r"^\*\*`(\w+)`:", read("docs/operations.md"), re.MULTILINE)
    assert set(named) == alarms


def test_every_reason_for_quarantine_is_in_the_operations_page():
    for reason in QuarantineReason:
        assert f"`{reason}`" in read("docs/operations.md"), reason


@pytest.mark.parametrize("function", ["output", "resource"])
def test_what_the_operations_page_asks_the_stack_for_exists(function: str):
    asked = re.findall(rf"\$\({function} (\w+)\)", read("docs/operations.md"))
    section = "Outputs" if function == "output" else "Resources"
    assert asked
    assert set(asked) <= set(template_file.template()[section])


def test_every_audit_action_is_explained_in_the_operations_page():
    table = read("docs/operations.md").split("| The audit log says |")[1]
    rows = re.findall(r"^\| (`.*?`) \|", table.split("\n\n")[0], re.MULTILINE)
    explained = {action for row in rows for action in re.findall(r"`(\w+)`", row)}
    assert explained == set(AuditAction)


# ---------------------------------------------------------------- payment-lifecycle.md


def test_every_event_that_we_act_on_is_in_the_table_of_the_lifecycle_page():
    from checkout.domain.stripe_events import FROM_STRIPE, SESSION_OBSERVED  # noqa: PLC0415 - once the environment is set

    table = read(LIFECYCLE).split("| Event | Session |")[1].split("\n\n")[0]
    rows = re.findall(r"^\| `([\w.]+)`", table, re.MULTILINE)
    assert set(rows) == FROM_STRIPE | {SESSION_OBSERVED}


def test_every_status_is_a_row_of_the_lifecycle_page_in_its_section():
    from checkout.domain.purchase_status import PurchaseStatus  # noqa: PLC0415 - once the environment is set

    _, session, purchase, *_ = read(LIFECYCLE).split("\n## ")
    rows = re.findall(r"^\| `(\w+)` \| (\d) \|", session, re.MULTILINE)
    assert rows == [(status, str(rank)) for status, rank in RANK.items()]
    assert {s for s in PurchaseStatus if f"`{s}`" not in purchase} == set()


def test_what_the_diagrams_of_the_lifecycle_page_call_a_status_is_one():
    from checkout.domain.purchase_status import PurchaseStatus  # noqa: PLC0415 - once the environment is set

    diagrams = re.findall(r"```mermaid\n(.*?)```", read(LIFECYCLE), re.DOTALL)
    of_session, of_purchase = (
        set(re.findall(r"\b\w+\b(?= -->)|(?<=--> )\w+", diagram))
        for diagram in diagrams
    )
    assert of_session == set(Status)
    assert of_purchase == set(PurchaseStatus)


def test_the_lifecycle_page_names_every_audit_action_and_metrics_that_there_are():
    text = read(LIFECYCLE)
    assert {a for a in set(AuditAction) if f"`{a}`" not in text} == set()
    assert set(re.findall(r"`(payments\.[\w.]+)`", text)) <= set(Metric)


# ---------------------------------------------------------------- docs/events.md


def events_page_rows() -> dict[str, str]:
    """Return the audit action behind each event, as the page's table has them."""
    return dict(
        re.findall(
            r"^\| `(payments\.[\w.]+)` \| `(\w+)` \|",
            read("docs/events.md"),
            re.MULTILINE,
        )
    )


def test_the_events_page_has_the_events_that_there_are():
    assert events_page_rows() == {name: action for action, name in NAMES.items()}


def test_every_audit_action_is_published_or_listed_as_not_published():
    section = read("docs/events.md").split("These stay in the audit log")[1]
    rows = re.findall(r"^\| (`.*?`) \|", section.split("\n## ")[0], re.MULTILINE)
    left_out = {action for row in rows for action in re.findall(r"`(\w+)`", row)}
    assert left_out == set(AuditAction) - {*NAMES}


EXAMPLES = re.findall(r"```json\n(.*?)```", read("docs/events.md"), re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_is_what_an_entry_of_the_audit_log_becomes(example: str):
    event = json.loads(example)
    detail = event["detail"]
    entry = detail | {
        "action": events_page_rows()[event["detail-type"]],
        "at": detail["occurred_at"],
        "entry_id": detail["id"].partition("/")[2],
    }
    if "closes_at" in detail:
        # Its entry is of the offer; the key names the window.
        entry |= {
            "payment_session_id": f"{detail['kind']}#{detail['offer_id']}",
            "entry_id": f"{detail['closes_at']}#{entry['action']}",
        }

    made = published_event(entry)

    assert made is not None
    assert (made.name, made.detail) == (event["detail-type"], detail)


def test_every_fact_of_an_event_is_explained():
    section = read("docs/events.md").split("| In `detail` | |")[1].split("\n\n")[0]
    explained = {
        name
        for row in re.findall(r"^\| (`.*?`) \|", section, re.MULTILINE)
        for name in re.findall(r"`(\w+)`", row)
    }
    dollars = {"amount_usd", "amount_usd_missing"}
    assert explained == {"id", "occurred_at", *dollars, *FIELDS}


def test_the_sample_rule_hears_events_that_there_are():
    from checkout.clients.event_bus import SOURCE  # noqa: PLC0415 - once the environment is set

    [sample] = re.findall(r"```yaml\n(.*?)```", read("docs/events.md"), re.DOTALL)
    [source] = re.findall(r"source: \[(\w+)\]", sample)
    [names] = re.findall(r"detail-type: \[(.*)\]", sample)
    assert source == SOURCE
    assert set(names.split(", ")) <= set(NAMES.values())


# ---------------------------------------------------------------- README.md and others


def test_the_invocations_of_the_sam_local_page_name_a_function_and_its_sample():
    named = re.findall(
        r"\$WITH (\w+Function) -e (?:\$EVENTS|tests/events)/(\S+)",
        read("docs/sam-local.md"),
    )
    assert named
    for function, event in named:
        assert event.startswith(f"{function}/")
        assert (ROOT / "tests/events" / event).exists(), event


@pytest.mark.parametrize(
    "page",
    [
        *("README.md", "CONTRIBUTING.md"),
        *("docs/index.md", "docs/releasing.md", "docs/sam-local.md"),
    ],
)
def test_every_make_target_that_is_named_exists(page: str):
    named = re.findall(r"`make ([a-z-]+)|^make ([a-z-]+)", read(page), re.MULTILINE)
    targets = {target for pair in named for target in pair if target}
    assert targets
    assert targets <= make_targets()


def test_the_readme_looks_at_a_payment_that_its_reader_has_made():
    """The shop's reset would take the payment away again."""
    before, command, after = re.split(
        r"(\./checkout --local show \S+)", read("README.md"), maxsplit=1
    )
    [shown] = [
        offer
        for offer in json.loads(read("local/sample_offers.json"))
        if offer["id"] == f"content#{command.split()[-1]}"
    ]
    assert "Buy the course" in before.partition("## Try it")[2]
    assert "course" in shown["title"]
    assert shown["status"] == "published"
    assert "Reset the shop" in after


def test_the_variables_that_the_readme_names_are_read():
    text = read("README.md")
    named = set(re.findall(r"\b([A-Z]+(?:_[A-Z]+)+)=", text))
    settings = (ROOT / "local/settings.py").read_text()
    assert set(DEFAULT_PORTS) <= named
    assert {name for name in named if f'"{name}"' not in settings} == set()


def test_the_keys_that_the_readme_asks_for_are_enough():
    given = dict(re.findall(r"(STRIPE_[A-Z_]+)=\"?([^\s\"]+)", shell_of("README.md")))
    # The readme takes this one from the Stripe CLI.
    given["STRIPE_WEBHOOK_SECRET"] = "whsec_…"

    assert stripe_test_keys(given) is not None


def test_the_version_of_stripes_events_is_the_one_that_the_sdk_speaks():
    import stripe  # noqa: PLC0415

    assert f"API version `{stripe.api_version}`" in read("docs/api.md")


def test_the_secret_that_the_readme_makes_is_the_one_that_its_stage_reads():
    """The webhook's is made by the command that makes the endpoint."""
    made = re.findall(r"create-secret --name (\S+)", read("README.md"))
    [stage] = re.findall(r"make deploy STAGE=(\w+)", shell_of("README.md"))
    settings = tomllib.loads(read("samconfig.toml"))[stage]["deploy"]["parameters"]
    assert f"StripeSecretKeyName={made[0]}" in settings["parameter_overrides"]
    create = f"./checkout --stack {settings['stack_name']} webhook-endpoint create\n"
    assert create in shell_of("README.md")


def test_every_output_and_parameter_that_the_readme_names_exists():
    text = read("README.md")
    outputs = re.findall(r"the output (\w+)", text)
    parameters = re.findall(
        r"`(AllowedOrigins|FrontendUrl|Jwt\w+|Stripe[A-Z]\w+)", text
    )
    assert set(outputs) <= set(template_file.template()["Outputs"])
    assert set(parameters) <= set(template_file.template()["Parameters"])


@pytest.mark.parametrize(
    "page", ["README.md", "docs/going-live.md", "docs/index.md", "docs/operations.md"]
)
def test_what_a_page_asks_the_command_line_for_exists(page: str):
    from typer.main import get_command  # noqa: PLC0415 - slow to load

    from cli.app import app  # noqa: PLC0415 - once the environment is set

    asked = re.findall(r"\./checkout( [^`\n#]*)", read(page))
    assert asked
    for words in asked:
        command: Any = get_command(app)
        options = {"--help"}
        for word in words.split():
            if word in getattr(command, "commands", {}):
                command = command.commands[word]
            options |= {o for p in command.params for o in p.opts}
            assert not word.startswith("--") or word in options, words
        assert not getattr(command, "commands", None) or "--help" in words, words


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path):
    links = re.findall(r"\]\(([^)\s]+)\)", without_code(page.read_text()))
    for link in links:
        if link.startswith(("https://", "http://")):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors_of(target), link


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_paths_of_the_code_exist(page: Path):
    text = page.read_text()
    paths = re.findall(
        r"`((?:functions|layers|local|mocktill|tests|docs|requirements)/[\w./*-]*)`",
        text,
    )
    made_by_the_reader = {"layers/common/checkout/kinds/ticket.py"}
    for path in set(paths) - made_by_the_reader:
        assert any(ROOT.glob(path.rstrip("/"))), path


def test_the_architecture_names_functions_that_exist():
    """In a row a file is named first, then what to look at in it."""
    rows = re.findall(r"^\|.*\.py`.*\|$", read("docs/architecture.md"), re.MULTILINE)
    assert rows
    for row in rows:
        source = ""
        for name in re.findall(r"`([^`]+)`", row.split("|")[2]):
            if name.endswith(".py"):
                places = [ROOT / name, ROOT / "layers/common/checkout" / name]
                source = next(path.read_text() for path in places if path.exists())
            elif source:
                thing = name.removesuffix("()").rpartition(".")[2]
                assert re.search(
                    rf"^ *(?:(?:def|class) )?{thing}\b", source, re.MULTILINE
                ), row


def test_the_architecture_opens_every_module_of_the_package():
    text = read("docs/architecture.md")
    package = ROOT / "layers/common/checkout"
    for path in package.glob("*.py"):
        assert path.stem == "__init__" or f"`{path.name}`" in text, path.name


def test_every_table_and_index_is_described():
    text = read("docs/architecture.md")
    for name, table in template_file.resources("AWS::DynamoDB::Table").items():
        assert f"### {name.removesuffix('Table')}\n" in text
        for index in table.get("GlobalSecondaryIndexes", []):
            keys = ", ".join(f"`{key['AttributeName']}`" for key in index["KeySchema"])
            assert f"index `{index['IndexName']}` ({keys}" in text


# ---------------------------------------------------------------- decisions


@pytest.mark.parametrize("adr", ADRS, ids=lambda adr: adr.stem)
def test_a_decision_has_the_templates_headings(adr: Path):
    text = without_code(adr.read_text())
    number = "NNNN" if adr.stem.startswith("0000") else adr.stem[:4]
    assert text.startswith(f"# {number}: ")
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == HEADINGS


def status_of(adr: Path) -> str:
    [status] = re.findall(r"^Status: (.+)$", adr.read_text(), re.MULTILINE)
    return status


@pytest.mark.parametrize("adr", ADRS[1:], ids=lambda adr: adr.stem)
def test_a_decision_says_at_its_head_whether_it_stands_and_since_when(adr: Path):
    _, status, dated, following, *_ = adr.read_text().split("\n\n")
    assert status.startswith("Status: ")
    assert re.fullmatch(
        r"proposed|accepted|superseded (in part )?by \d{4}", status_of(adr)
    )
    assert date.fromisoformat(dated.removeprefix("Date: "))
    assert following == "## Context"


@pytest.mark.parametrize("adr", ADRS[1:], ids=lambda adr: adr.stem)
def test_a_superseded_decision_and_its_successor_name_each_other(adr: Path):
    by = re.fullmatch(r"superseded (?:in part )?by (\d{4})", status_of(adr))
    if by is None:
        return
    [successor] = (DOCS / "adr").glob(f"{by[1]}-*.md")
    assert adr.name in successor.read_text()


def test_decisions_are_numbered_without_a_gap():
    assert [int(adr.stem[:4]) for adr in ADRS] == list(range(len(ADRS)))


def dated(adr: Path) -> str:
    [found] = re.findall(r"^Date: (.+)$", adr.read_text(), re.MULTILINE)
    return str(found)


def test_a_later_decision_has_no_earlier_date():
    dates = [dated(adr) for adr in ADRS[1:]]
    assert dates == sorted(dates)


def test_the_list_of_decisions_has_each_with_its_title_status_and_date():
    listed = re.findall(
        r"^\| \[(\d{4})\]\((.+?)\) \| (.+) \| (.+), (.+) \|$",
        read("docs/adr/README.md"),
        re.MULTILINE,
    )
    titles = {
        adr: adr.read_text().partition("\n")[0][len("# 0000: ") :] for adr in ADRS
    }
    assert sorted(listed) == [
        (adr.stem[:4], adr.name, titles[adr], status_of(adr), dated(adr))
        for adr in ADRS[1:]
    ]


def test_every_dependency_has_its_reason():
    reasons = read("docs/adr/0002-dependencies.md")
    groups = tomllib.loads(read("pyproject.toml"))["dependency-groups"]
    named = {
        re.split(r"==", dependency)[0].partition("[")[0]
        for group in groups.values()
        for dependency in group
        if isinstance(dependency, str)
    }
    missing = {name for name in named if not re.search(rf"`{name}[`\[]", reasons)}
    assert missing == set()
