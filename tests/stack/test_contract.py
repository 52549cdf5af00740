"""
The stack against its OpenAPI document: schemathesis sends what it allows and forbids.

`make contract` runs this with more examples against the stack that runs.
"""

import os
import re
import subprocess
import sys

import pytest

from tests.stack.conftest import ROOT
from tests.stack.functions import Functions

SCHEMATHESIS = ROOT / ".venvs/contract/bin/schemathesis"
# Enough that no request is refused for their number.
MANY = "100000"
NO_LIMITS = {
    "ANONYMOUS_REQUESTS_PER_MINUTE": MANY,
    "CHECKOUTS_PER_BUYER_PER_MINUTE": MANY,
}


@pytest.fixture
def without_limits(stack):
    with Functions(stack).with_variables("CreateSessionFunction", NO_LIMITS):
        yield


@pytest.mark.usefixtures("without_limits")
def test_the_stack_answers_as_its_document_says(stack):
    """Nothing that is described is refused, unless a schema cannot say why."""
    token = stack.token("contract_1", groups=["payments-admin", "offers-admin"])
    tested = subprocess.run(
        [
            SCHEMATHESIS,
            *("run", "functions/openapi/openapi.json", "--url", stack.api_url),
            *("--seed", os.environ.get("SEED", "1")),
            *("--max-examples", os.environ.get("EXAMPLES", "2")),
            *("--phases", os.environ.get("PHASES", "examples,coverage,fuzzing")),
            *("--report", "ndjson", "--report-ndjson-path", "/tmp/c/report.ndjson"),
            "--no-color",
        ],
        cwd=ROOT,
        env=os.environ | {"API_TOKEN": token, "STOREFRONT": stack.storefront_url},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )

    sys.stdout.write(tested.stdout)
    assert tested.returncode == 0, tested.stdout[-20_000:]
    assert int(re.search(r"(\d+) passed", tested.stdout)[1]) > 1000
