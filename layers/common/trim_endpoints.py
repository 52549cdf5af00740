"""
Run by the layer's Makefile: leaves only some services in botocore's endpoints.json.

Every new client reads all of the file, and 400 services make more than a megabyte.
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
