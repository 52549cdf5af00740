"""Write the document and the tables: `make openapi`."""

from openapi.files import files

for path, made in files().items():
    path.write_text(made)
