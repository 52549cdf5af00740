"""
Take each permission away from the running stack, and see that a test goes red.

`make permissions` runs this beside `make run`. A permission is one action on one
resource of a function's role. Without it, and with the function cold, the tests named
for the function run until one fails. A permission that no test misses is there for
nothing, or nothing watches it.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from local import settings, stack_file
from tests.permissions.watchers import WATCHERS
from tests.stack.conftest import Stack
from tests.stack.functions import Functions
from tests.template_file import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

FAILED = re.compile(r"^(?:FAILED|ERROR) (\S+)", re.MULTILINE)
# What happens at all happens at once; what does not is not waited for.
WITHIN_SECONDS = "12"
# Not here: what waits longer, and what an anonymous client may do ten times a minute.
NOT_HERE = "not (poison or twenty or may_fail_later or product or quote or one_client)"
# What polls and keeps is the embedded AWS itself, which asks no role.
NOT_ENFORCED = {"ReadTheStream", "ReadTheQueue", "KeepUnpublishedRecords"}


class Permission(NamedTuple):
    function: str
    role: str
    policy: str
    statement: str
    action: str
    resource: str

    def __str__(self) -> str:
        *_, resource = re.split(r"[:/](?=[^:/]*(?:/index/.*)?$)", self.resource)
        return f"{self.function} {self.statement} {self.action} {resource}"


class RunningStack:
    """The stack that `make run` has started."""

    def __init__(self, stack: Stack) -> None:
        self._iam, self._functions = stack.aws("iam"), Functions(stack)
        listed = stack.aws("cloudformation").describe_stack_resources(
            StackName=stack.stack_name
        )["StackResources"]
        self._names = {
            each["LogicalResourceId"]: each["PhysicalResourceId"] for each in listed
        }

    def permissions(self) -> Iterator[Permission]:
        for function in WATCHERS:
            role = self._names[f"{function}Role"]
            for policy in self._iam.list_role_policies(RoleName=role)["PolicyNames"]:
                for statement in self._document(role, policy)["Statement"]:
                    for action in as_list(statement["Action"]):
                        for resource in as_list(statement["Resource"]):
                            yield Permission(
                                *(function, role, policy, statement["Sid"]),
                                *(action, resource),
                            )

    @contextmanager
    def without(self, taken: Permission) -> Iterator[None]:
        before = self._document(taken.role, taken.policy)
        self._put(taken, less(before, taken))
        self._functions.make_cold(taken.function)
        try:
            yield
        finally:
            self._put(taken, before)
            self._functions.make_cold(taken.function)

    def _document(self, role: str, policy: str) -> dict[str, Any]:
        found = self._iam.get_role_policy(RoleName=role, PolicyName=policy)
        document: dict[str, Any] = found["PolicyDocument"]
        return document

    def _put(self, taken: Permission, document: dict[str, Any]) -> None:
        self._iam.put_role_policy(
            RoleName=taken.role,
            PolicyName=taken.policy,
            PolicyDocument=json.dumps(document),
        )


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def less(document: dict[str, Any], taken: Permission) -> dict[str, Any]:
    """Return the *document* with each pair of action and resource but the one taken."""
    pairs = [
        {**statement, "Sid": f"{statement['Sid']}{n}", "Action": action, "Resource": on}
        for statement in document["Statement"]
        for n, (action, on) in enumerate(
            (action, on)
            for action in as_list(statement["Action"])
            for on in as_list(statement["Resource"])
        )
        if (statement["Sid"], action, on)
        != (taken.statement, taken.action, taken.resource)
    ]
    return {**document, "Statement": pairs}


def failing_test(tests: tuple[str, ...], stack: str) -> str | None:
    """Run *tests* until one fails; return its name, None if none does."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider"),
            *("--show-capture=no", "--tb=no", "-k", NOT_HERE, *tests),
        ],
        cwd=ROOT,
        env=os.environ
        | {"CHECKOUT_STACK_JSON": stack, "WITHIN_SECONDS": WITHIN_SECONDS},
        capture_output=True,
        text=True,
        check=False,
    )
    found = FAILED.search(done.stdout)
    if done.returncode and not found:
        raise RuntimeError(done.stdout + done.stderr)
    return found[1] if found else None


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> None:
    """Take away all permissions, or those whose names contain the argument."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", nargs="?", default="")
    wanted = parser.parse_args()
    # Whoever stops this stops it between two lines: the permission is put back.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("Stopped."))
    folder = settings.folder()
    try:
        stack = RunningStack(Stack(**stack_file.running_stack(folder)))
    except settings.StackError as problem:
        sys.exit(str(problem))
    described = str((folder / "stack.json").relative_to(ROOT))

    permissions = [
        each
        for each in stack.permissions()
        if wanted.name in str(each) and each.statement not in NOT_ENFORCED
    ]
    all_tests = {test for each in permissions for test in WATCHERS[each.function]}
    say("With every permission")
    if broken := failing_test(tuple(sorted(all_tests)), described):
        sys.exit(f"{broken} fails with every permission: nothing can be seen by it.")
    missed_by_nobody = []
    for permission in permissions:
        begun = time.monotonic()
        with stack.without(permission):
            missing = failing_test(WATCHERS[permission.function], described)
        seconds = time.monotonic() - begun
        say(f"{permission}: {missing or 'NO TEST MISSES IT'} ({seconds:.0f} s)")
        if not missing:
            missed_by_nobody.append(str(permission))
    if missed_by_nobody:
        sys.exit("No test misses:\n  " + "\n  ".join(missed_by_nobody))


if __name__ == "__main__":
    main()
