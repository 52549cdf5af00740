"""The local stack."""

import sys
from pathlib import Path

MOCKTILL = str(Path(__file__).resolve().parents[1] / "mocktill/src")

# Each process of the stack finds mocktill here, in either environment, without an
# installation. Functions inherit a process's environment, but not this path.
sys.path.insert(0, MOCKTILL)
