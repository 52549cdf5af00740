"""The proof's own helpers say what was not as expected, as tests do."""

import pytest

pytest.register_assert_rewrite("tests.prove.history", "tests.prove.state")
