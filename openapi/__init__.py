"""
The HTTP API as an OpenAPI document, and the tables of fields in `docs/`.

Both are made at the desk by `make openapi`, from the models of the kinds, the answers
in `answers.py`, the routes in `routes.py` and the examples of `docs/api.md`. Nothing of
this folder is deployed but the file that it writes, `functions/openapi/openapi.json`.
"""

from checkout.api.fields import RequestBody

# The texts below the fields of a model become descriptions. pydantic reads them from
# the source when it makes the model, which no cold start should pay for.
RequestBody.model_config["use_attribute_docstrings"] = True
