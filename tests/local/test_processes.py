"""The children of a run are watched, and none of them outlives it."""

import os
import socket
import sys
import time
from pathlib import Path

import pytest

from local.processes import Processes
from local.settings import StackError

# Starts a child of its own, as a server with workers does, and waits.
PARENT_OF_ONE = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print(child.pid, flush=True)
child.wait()
"""


@pytest.fixture
def processes(tmp_path):
    with Processes(tmp_path) as processes:
        yield processes


def python(code):
    return [sys.executable, "-c", code]


def wait_for(condition):
    deadline = time.monotonic() + 10
    while not (result := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return result


def test_a_servers_own_children_end_with_it(tmp_path):
    with Processes(tmp_path) as processes:
        parent = processes.start("parent", python(PARENT_OF_ONE), os.environ)
        grandchild = int(wait_for(parent.log.read_text))

    wait_for(lambda: not _runs(grandchild))
    assert parent.process.returncode is not None


def _runs(pid):
    """A zombie, which nobody has waited for, runs no longer."""
    status = Path(f"/proc/{pid}/stat")
    try:
        return status.read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_a_failing_command_shows_the_end_of_its_log(processes):
    with pytest.raises(StackError) as failure:
        processes.run(
            "build", python("print('No such layer'); raise SystemExit(3)"), os.environ
        )

    assert "build ended with exit code 3" in str(failure.value)
    assert "No such layer" in str(failure.value)


def test_a_server_that_ends_by_itself_ends_the_wait_for_it(processes):
    processes.start("server", python("raise SystemExit('boom')"), os.environ)

    with pytest.raises(StackError, match="boom"):
        processes.wait_until_answers("http://127.0.0.1:9", within_seconds=10)


def test_a_server_that_never_answers_is_not_waited_for_for_ever(processes):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}"

        with pytest.raises(StackError, match="did not answer 200"):
            processes.wait_until_answers(url, within_seconds=0.3)
