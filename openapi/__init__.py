"""
The HTTP API as an OpenAPI document, and the tables of fields in `docs/`.

Both are made at the desk by `make openapi`, from the models of the kinds, the routes in
`routes.py` and the examples of `docs/api.md`. Nothing of this folder is deployed but
the file that it writes, `functions/openapi/openapi.json`.
"""
