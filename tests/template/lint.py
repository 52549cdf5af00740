"""
Run by the SAM CLI's own interpreter: print what cfn-lint says of templates, as JSON.

Standard input has, by the name of a file, the regions for which it must be right. What
is checked is what CloudFormation gets: cfn-lint transforms a template itself, but says
nothing of the resources that this makes.

All run in one process: most of the time goes into reading CloudFormation's schemas.
"""

import json
import os
import sys
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from cfnlint.api import ManualArgs, lint_file
from samcli.yamlhelper import yaml_parse
from transform import transformed


def lint(template: dict[str, Any], region: str) -> list[str]:
    if "Transform" in template:
        # SAM asks the environment for the region, to know the partition.
        os.environ["AWS_DEFAULT_REGION"] = region
        template = transformed(template, {}, region)
    with NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(template, file)
        file.flush()
        # SAM has used parameters of its own, so that they are used no more (W2001).
        config = ManualArgs(regions=[region], ignore_checks=["W2001"])
        matches = lint_file(Path(file.name), config=config)
    return [f"{match.rule.id} {match.message} {match.path}" for match in matches]


if __name__ == "__main__":
    said = {
        file: [
            f"{region}: {found}"
            for region in regions
            for found in lint(yaml_parse(Path(file).read_text()), region)
        ]
        for file, regions in json.load(sys.stdin).items()
    }
    print(json.dumps(said))  # noqa: T201 - the caller reads it
