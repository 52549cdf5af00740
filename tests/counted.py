"""Which metrics there are, and which functions can count each of them."""

import re
from functools import cache

import grimp

from checkout.metric import Metric
from tests.template_file import ROOT, functions, module_of

# It imports the types of DynamoDB's items, and asks for none.
NEVER = {("PublishEventsFunction", Metric.DYNAMODB_THROTTLED)}

METRIC = re.compile(r"\bMetric\.([A-Z_]+)\b")


@cache
def _graph() -> grimp.ImportGraph:
    return grimp.build_graph(
        "checkout", "functions", exclude_type_checking_imports=True, cache_dir=None
    )


def _metrics_in(module: str) -> set[str]:
    folder = ROOT / ("" if module.startswith("functions") else "layers/common")
    path = folder / module.replace(".", "/")
    files = (path.with_suffix(".py"), path / "__init__.py")
    return {
        Metric[name].value
        for file in files
        if file.exists()
        for name in METRIC.findall(file.read_text())
    }


@cache
def functions_that_count() -> dict[str, set[str]]:
    """
    Return the functions that can count each metric, by their logical ids.

    A function can count what any module names that it imports, directly or not: that
    may be more than what it does, and is never less.
    """
    found: dict[str, set[str]] = {}
    for function, properties in functions().items():
        module = module_of(properties)
        imported = _graph().find_upstream_modules(module)
        for each in {module, *imported}:
            for metric in _metrics_in(each):
                if (function, metric) in NEVER:
                    continue
                found.setdefault(metric, set()).add(function)
    return found
