"""
What runs at GitHub may do little, and runs what a developer runs.

`make check` lets zizmor and GitHub's schemas judge each file; here is what we promise
beyond that.
"""

import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.template_file import ROOT

GITHUB = ROOT / ".github"
WORKFLOWS = sorted(GITHUB.glob("workflows/*.yml"))
ACTIONS = sorted(GITHUB.glob("actions/*/action.yml"))
PINNED = re.compile(r"[\w-]+/[\w/-]+@[\da-f]{40} # v\d+\.\d+\.\d+")
OUR_OWN = re.compile(r"\$/\.github/actions/[\w-]+")


def read(path: Path) -> dict[str, Any]:
    return yaml.load(path.read_text(), Loader=yaml.BaseLoader)  # noqa: S506 - `on`


def jobs() -> list[Any]:
    return [
        pytest.param(job, id=f"{path.stem}-{name}")
        for path in WORKFLOWS
        for name, job in read(path)["jobs"].items()
    ]


def commands() -> str:
    return "\n".join(path.read_text() for path in WORKFLOWS)


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_has_no_rights_and_says_what_becomes_of_an_older_run(workflow: Path):
    content = read(workflow)
    assert content["permissions"] == {}
    assert {"group", "cancel-in-progress"} == set(content["concurrency"])
    assert not {"pull_request_target", "workflow_run"} & set(content["on"])


@pytest.mark.parametrize("job", jobs())
def test_a_job_has_a_limit_and_says_what_it_may(job: dict[str, Any]):
    assert job["timeout-minutes"]
    assert isinstance(job["permissions"], dict)


def rights_to_write(job: dict[str, Any]) -> set[str]:
    return {name for name, right in job["permissions"].items() if right == "write"}


def test_only_two_jobs_may_write_a_pull_request_and_the_site():
    writing = {
        (path.stem, name): rights
        for path in WORKFLOWS
        for name, job in read(path)["jobs"].items()
        if (rights := rights_to_write(job) - {"id-token"})
    }
    assert writing == {
        ("dependencies", "propose"): {"contents", "pull-requests", "actions"},
        ("site", "publish"): {"pages"},
    }


def test_the_site_is_published_only_if_the_repository_says_so_from_the_main_branch():
    jobs = read(GITHUB / "workflows/site.yml")["jobs"]
    asked = "vars.PUBLISH_SITE == 'true' && github.ref == 'refs/heads/main'"
    [kept] = [s for s in jobs["build"]["steps"] if "pages" in s.get("uses", "")]
    assert kept["if"] == jobs["publish"]["if"] == asked


def test_the_job_that_publishes_the_site_runs_nothing_of_ours():
    steps = read(GITHUB / "workflows/site.yml")["jobs"]["publish"]["steps"]
    [used] = [step["uses"].partition("@")[0] for step in steps]
    assert used == "actions/deploy-pages"


def test_a_stage_is_deployed_by_hand_in_its_own_environment():
    """So that the environment's rules decide, and its role is the only one."""
    workflow = read(GITHUB / "workflows/deploy.yml")
    stages = workflow["on"]["workflow_dispatch"]["inputs"]["stage"]["options"]
    assert set(workflow["on"]) == {"workflow_dispatch"}
    assert workflow["jobs"]["deploy"]["environment"] == "${{ inputs.stage }}"
    settings = tomllib.loads((ROOT / "samconfig.toml").read_text())
    assert stages == [name for name in settings if name not in {"version", "default"}]


@pytest.mark.parametrize("job", jobs())
def test_a_job_has_an_identity_if_it_needs_one_and_in_aws_no_other_right(
    job: dict[str, Any],
):
    aws = "aws-actions/configure-aws-credentials@"
    is_in_aws = any(step.get("uses", "").startswith(aws) for step in job["steps"])
    publishes = "pages" in rights_to_write(job)
    assert ("id-token" in rights_to_write(job)) == (is_in_aws or publishes)
    assert not is_in_aws or rights_to_write(job) == {"id-token"}


@pytest.mark.parametrize(
    ("workflow", "installs", "then"),
    [
        ("smoke", "make .venv/ready", 'make smoke STAGE="$STAGE"'),
        ("deploy", "make .venv/ready .venvs/sam/ready", "make deploy"),
    ],
)
def test_a_job_in_aws_has_its_tools_before_it_has_credentials(
    workflow: str, installs: str, then: str
):
    [job] = read(GITHUB / f"workflows/{workflow}.yml")["jobs"].values()
    order = [step.get("run") or step["uses"].partition("@")[0] for step in job["steps"]]
    assert order[-3:] == [installs, "aws-actions/configure-aws-credentials", then]


def test_that_job_runs_nothing_of_what_it_proposes():
    steps = read(GITHUB / "workflows/dependencies.yml")["jobs"]["propose"]["steps"]
    scripts = "".join(step.get("run", "") for step in steps)
    assert set(re.findall(r"^(\w+)", scripts, re.MULTILINE)) == {
        "git",
        "if",
        "fi",
        "gh",
    }


@pytest.mark.parametrize("job", jobs())
def test_no_job_keeps_the_token_where_it_checks_out(job: dict[str, Any]):
    checkouts = [
        s for s in job["steps"] if s.get("uses", "").startswith("actions/checkout@")
    ]
    assert checkouts or not any("run" in step for step in job["steps"])
    assert all(step["with"]["persist-credentials"] == "false" for step in checkouts)


@pytest.mark.parametrize(
    "path", [*WORKFLOWS, *ACTIONS], ids=lambda path: str(path.relative_to(GITHUB))
)
def test_an_action_is_named_by_its_commit_with_its_version_beside_it(path: Path):
    used = re.findall(r"uses: (.+)$", path.read_text(), re.MULTILINE)
    assert [a for a in used if not (PINNED.fullmatch(a) or OUR_OWN.fullmatch(a))] == []


def test_one_version_of_an_action_is_used_everywhere():
    used = {
        use
        for path in [*WORKFLOWS, *ACTIONS]
        for use in re.findall(
            r"uses: ([\w-]+/[\w-]+.*)$", path.read_text(), re.MULTILINE
        )
    }
    versions = {
        ("/".join(use.split("@")[0].split("/")[:2]), use.partition("@")[2])
        for use in used
    }
    assert len({action for action, _ in versions}) == len(versions)


def test_the_checks_are_what_make_test_does():
    [matrix] = [
        job["strategy"]["matrix"]["include"]
        for job in read(GITHUB / "workflows/checks.yml")["jobs"].values()
        if "strategy" in job
    ]
    makefile = (ROOT / "Makefile").read_text()
    parts = re.search(r"^test: (.*) ##", makefile, re.MULTILINE)
    assert parts
    assert [entry["target"] for entry in matrix] == ["check", *parts[1].split()]


def test_every_make_target_of_a_workflow_exists():
    makefile = (ROOT / "Makefile").read_text()
    named = set(re.findall(r"\bmake ([.\w/-]+)", commands()))
    assert named
    for target in named:
        assert re.search(
            rf"^(?:.* )?{re.escape(target)}(?: .*)?:", makefile, re.MULTILINE
        )


def test_every_file_that_a_workflow_or_an_owner_names_exists():
    text = commands() + "".join(path.read_text() for path in ACTIONS)
    named = re.findall(r"(?:docs|tests|requirements|layers|\.github)/[\w./*-]+", text)
    assert named
    for path in named:
        assert any(ROOT.glob(path.rstrip("."))), path


def test_make_check_fails_when_a_workflow_gives_away_too_much(tmp_path: Path):
    """With the very command that the Makefile has."""
    makefile = (ROOT / "Makefile").read_text()
    [command] = re.findall(r"^\t(\.venv/bin/zizmor .*) \.$", makefile, re.MULTILINE)
    folder = tmp_path / ".github/workflows"
    folder.mkdir(parents=True)
    good = (GITHUB / "workflows/checks.yml").read_text()
    bad = good.replace("permissions: {}", "permissions: write-all")
    assert bad != good

    def judged(text: str) -> int:
        (folder / "checks.yml").write_text(text)
        tool = [str(ROOT / word) if "/" in word else word for word in command.split()]
        done = subprocess.run(
            [*tool, str(tmp_path)], capture_output=True, text=True, check=False
        )
        return done.returncode

    assert judged(good) == 0
    assert judged(bad) != 0
