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

# Of seven routes that take offers, with nearly the same options, one is enough.
FEWER = (
    *("--max-examples", "2", "--phases", "examples,coverage,fuzzing"),
    *("--exclude-operation-id-regex", "^put(?!Row$)"),
)
LEAST = 1000


@pytest.fixture
def without_limits(stack):
    with Functions(stack).with_variables("CreateSessionFunction", NO_LIMITS):
        yield


@pytest.mark.usefixtures("without_limits")
def test_the_stack_answers_as_its_document_says(stack):
    """Nothing that is described is refused, unless a schema cannot say why."""
    examples = os.environ.get("EXAMPLES")
    token = stack.token("contract_1", groups=["payments-admin", "offers-admin"])
    tested = subprocess.run(
        [
            SCHEMATHESIS,
            *("run", "functions/openapi/openapi.json", "--url", stack.api_url),
            *("--seed", os.environ.get("SEED", "1")),
            *(("--max-examples", examples) if examples else FEWER),
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
    passed = re.search(r"generated, (\d+) passed", tested.stdout)
    assert passed, tested.stdout[-2_000:]
    assert int(passed[1]) > LEAST
