"""
Let the tests of the product and of mocktill run together.

pytest names a test file by its path, such as mocktill.tests.test_events. Without this
import, it can make an empty package `mocktill` for such a name.
"""

import mocktill  # noqa: F401
