"""The files that are made, with their contents."""

import json
from pathlib import Path

from openapi.document import document
from openapi.tables import with_tables

ROOT = Path(__file__).parents[1]
DOCUMENT = ROOT / "functions/openapi/openapi.json"
PAGES = (ROOT / "docs/api.md", ROOT / "docs/architecture.md")


def files() -> dict[Path, str]:
    """Return what each file must contain."""
    pages = {page: with_tables(page.read_text()) for page in PAGES}
    return {
        DOCUMENT: json.dumps(document(), indent=1, ensure_ascii=False) + "\n",
        **pages,
    }
