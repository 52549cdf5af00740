"""Saves what a deployment has made, and restores it while nothing has changed."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from local import builds
from local.settings import ROOT
from local.stack_file import write

if TYPE_CHECKING:
    from pathlib import Path

    from local.embedded_aws import EmbeddedAws

# Besides the build: who deploys, and to what. Their versions are in the lock files.
SOURCES = ("local", "requirements/embedded-aws.txt", "mocktill/src/mocktill")
MARKER = "deployment.json"


@dataclass(frozen=True)
class SavedDeployment:
    """A deployment in a folder, which belongs to these sources and parameters only."""

    folder: Path
    key: str

    @classmethod
    def of(
        cls, aws: EmbeddedAws, parameters: dict[str, str], root: Path = ROOT
    ) -> Self:
        everything = {
            "build": builds.fingerprint(root),
            "deployer": builds.fingerprint(root, SOURCES),
            "address": aws.url,
            "parameters": parameters,
        }
        text = json.dumps(everything, sort_keys=True)
        key = hashlib.sha256(text.encode()).hexdigest()
        return cls(aws.folder / "deployed", key)

    def outputs(self) -> dict[str, str] | None:
        """Return the stack's outputs if this deployment is here and whole."""
        try:
            marker = json.loads((self.folder / MARKER).read_text())
            same = marker["key"] == self.key and marker["files"] == checksums(
                self.folder
            )
        except (OSError, ValueError, KeyError):
            return None
        outputs: dict[str, str] = marker["outputs"]
        return outputs if same else None

    def save(self, aws: EmbeddedAws, outputs: dict[str, str]) -> None:
        """Save what is deployed now. No secret of a person must be in it yet."""
        unfinished = self.folder.with_suffix(".new")
        shutil.rmtree(unfinished, ignore_errors=True)
        aws.ask("save-deployment")
        marker = {"key": self.key, "files": checksums(unfinished), "outputs": outputs}
        # With the marker it is whole, and only then it gets its name.
        write(unfinished / MARKER, marker)
        shutil.rmtree(self.folder, ignore_errors=True)
        unfinished.rename(self.folder)


def checksums(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != MARKER
    }
