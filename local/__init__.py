"""The local stack."""

import sys
from pathlib import Path

MOCKTILL = str(Path(__file__).resolve().parents[1] / "mocktill/src")

# The stack's processes import mocktill from its folder, in both environments. Functions
# inherit a process's environment variables, but not this path.
sys.path.insert(0, MOCKTILL)
