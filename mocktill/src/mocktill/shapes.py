"""Types that most modules use."""

from typing import Any

# A JSON object.
type Json = dict[str, Any]
# The named parts of a URL's path.
type PathParams = dict[str, str]
