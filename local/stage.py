"""
Writes the SAM CLI's settings of a stage, with other values of some parameters.

`make deploy STAGE=prod WITH="DeploymentStrategy=off"` uses it. SAM would take the
parameters of a command line in place of all those that samconfig.toml has.
"""

from __future__ import annotations

import json
import os
import shlex
import sys
import tomllib
from typing import TYPE_CHECKING

from local import settings, template_yaml

if TYPE_CHECKING:
    from collections.abc import Iterable


def with_parameters(samconfig: str, stage: str, given: Iterable[str]) -> str:
    """Return settings that have the one stage; raises StackError for a wrong name."""
    deploy = tomllib.loads(samconfig)[stage]["deploy"]["parameters"]
    values = dict(each.split("=", 1) for each in deploy["parameter_overrides"])
    known = template_yaml.read(settings.ROOT / "template.yaml")["Parameters"]
    for each in given:
        name, is_given, value = each.partition("=")
        if not is_given or name not in known:
            raise settings.StackError(
                f"{each!r} gives no parameter of template.yaml a value."
            )
        values[name] = value
    deploy["parameter_overrides"] = [f"{name}={v}" for name, v in values.items()]
    # TOML writes these texts, booleans and lists of texts as JSON does.
    lines = [f"{name} = {json.dumps(value)}" for name, value in deploy.items()]
    return "\n".join(["version = 0.1", f"[{stage}.deploy.parameters]", *lines, ""])


def main(stage: str) -> int:
    # From the environment: no shell, and no make, has looked into it.
    given = shlex.split(os.environ["WITH"])
    file = settings.ROOT / ".local/samconfig.toml"
    samconfig = (settings.ROOT / "samconfig.toml").read_text()
    try:
        text = with_parameters(samconfig, stage, given)
    except settings.StackError as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    sys.stdout.write(f"{file}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
