"""Write the document and the tables: `make openapi`."""

import os

# Read when the package is imported.
os.environ.setdefault("METRICS_FORMAT", "cloudwatch")

from openapi.files import files  # noqa: E402

for path, made in files().items():
    path.write_text(made)
