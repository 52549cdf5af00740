"""
Remove all services but the given ones from botocore's endpoints.json.

The layer's Makefile runs it. Every new client reads the whole file, and with 400
services it is larger than a megabyte.
"""

import json
import sys
from pathlib import Path


def main(file: str, *services: str) -> None:
    path = Path(file)
    endpoints = json.loads(path.read_text())
    for partition in endpoints["partitions"]:
        known = partition["services"]
        partition["services"] = {
            name: known[name] for name in services if name in known
        }
    path.write_text(json.dumps(endpoints))


if __name__ == "__main__":
    main(*sys.argv[1:])
