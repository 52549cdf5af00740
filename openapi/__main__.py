"""Write the document and the tables: `make openapi`; with --check, compare them."""

import sys

from openapi.files import files

for path, made in files().items():
    if sys.argv[1:] != ["--check"]:
        path.write_text(made)
    elif path.read_text() != made:
        sys.exit(f"{path.name} is not as the models are: run `make openapi`.")
