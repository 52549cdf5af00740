"""No merge left its markers behind."""

import re
import subprocess

from tests.template_file import ROOT

MARKER = re.compile(r"^(<{7}|>{7}|\|{7})( |$)", re.MULTILINE)


def test_no_file_has_the_markers_of_a_conflict() -> None:
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.splitlines()
    texts = {
        name: (ROOT / name).read_text(errors="replace")
        for name in tracked
        if (ROOT / name).is_file()
    }

    assert [name for name, text in texts.items() if MARKER.search(text)] == []
