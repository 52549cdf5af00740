"""The files that are made, with their contents."""

import json
from pathlib import Path

from local.settings import ROOT
from monitoring.datadog_dashboard import dashboard
from monitoring.datadog_monitors import monitors
from monitoring.table import with_table

MONITORS = ROOT / "docs/analytics/datadog-monitors.json"
DASHBOARD = ROOT / "docs/analytics/stripe-payments-dashboard.json"
OPERATIONS = ROOT / "docs/operations.md"


def files() -> dict[Path, str]:
    """Return what each file must contain."""
    return {
        MONITORS: json.dumps(monitors(), indent=2) + "\n",
        DASHBOARD: json.dumps(dashboard(), indent=2) + "\n",
        OPERATIONS: with_table(OPERATIONS.read_text()),
    }
