"""
What `make run` checks before it installs anything.

Nothing else may run in the stack's folder, and the ports must be free. It runs on the
Python that `make` finds, 3.8 or newer, which has nothing but the standard library.
"""

from __future__ import annotations

import os
import sys

from local import settings
from local.lock import Lock


def main() -> int:
    try:
        Lock.look(settings.folder())
        settings.choose_ports(os.environ)
        settings.more_origins(os.environ)
        settings.stripe_test_keys(os.environ)
    except settings.StackError as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
